"""Video and pictures: reading, resizing, sampling, a cache of decoded clips, augmentation."""
