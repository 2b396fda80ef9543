"""The loops underneath the layers: forward and backward scans written by hand in TensorFlow."""
