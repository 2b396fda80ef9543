import numpy as np

HEIGHT = 96  # fill
WIDTH = 96  # fill


def fit(picture: np.ndarray) -> np.ndarray:
    """A picture [height, width, channels] scaled to fit HEIGHT and WIDTH, with black bars, as in training."""
    height, width = picture.shape[:2]
    if (height, width) == (HEIGHT, WIDTH):
        return picture
    scale = min(HEIGHT / height, WIDTH / width)
    rows = weights(height, HEIGHT, max(round(height * scale), 1))
    columns = weights(width, WIDTH, max(round(width * scale), 1))
    scaled = np.einsum("ij,jkc,lk->ilc", rows, picture.astype(np.float32), columns, optimize=True)
    return np.round(scaled.clip(0, 255)).astype(np.uint8)


def weights(count: int, size: int, inner: int) -> np.ndarray:
    """How much each of `count` places counts for each of `size`, of which the middle `inner` are the picture."""
    scale = count / inner
    places = np.arange(size, dtype=np.float32)[:, np.newaxis] - (size - inner) // 2
    distances = np.abs((places + 0.5) * scale - (np.arange(count, dtype=np.float32) + 0.5))
    values = np.maximum(1 - distances / max(scale, 1), 0)
    return values * ((places >= 0) & (places < inner)) / np.maximum(values.sum(1, keepdims=True), 1e-6)
