"""What a network of keras.applications does to pixels first, as layers that are saved and exported with it."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

# Of ImageNet: mean and standard deviation of the channels red, green, blue, 0..1; and mean, 0..255, in Caffe's order.
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
CAFFE_MEAN = (103.939, 116.779, 123.68)
MODES = ("tf", "torch", "caffe")


@keras.saving.register_keras_serializable(package="suite")
class ReverseChannels(keras.layers.Layer):
    """Turns red, green, blue into blue, green, red, `(batch, height, width, 3)`."""

    def call(self, pictures: tf.Tensor) -> tf.Tensor:
        return tf.reverse(pictures, [-1])

    def compute_output_shape(self, shape: tuple) -> tuple:
        return shape


def preprocessing_mode(preprocess_input: Callable[[np.ndarray], np.ndarray]) -> str:
    """Return which of `MODES` a module's `preprocess_input` is; `"none"` where it leaves the pixels as they are.

    Raises:
        ValueError: if it is none of them.
    """
    pixels = np.linspace(0, 255, 48, dtype=np.float32).reshape(1, 4, 4, 3)
    prepared = np.asarray(preprocess_input(pixels.copy()))
    if np.array_equal(prepared, pixels):
        return "none"
    for mode in MODES:
        if np.allclose(
            prepared, keras.applications.imagenet_utils.preprocess_input(pixels.copy(), mode=mode), atol=1e-4
        ):
            return mode
    raise ValueError(f"`preprocess_input` must be one of the modes {', '.join(MODES)}. Received: {preprocess_input}")


def preprocessing_layers(mode: str) -> list[keras.layers.Layer]:
    """Return the layers of a mode, from pixels 0..255: `"tf"` to -1..1, `"torch"` to mean 0 and deviation 1 of
    ImageNet, `"caffe"` to blue, green, red with mean 0, `"none"` no layer."""
    if mode == "none":
        return []
    if mode == "tf":
        return [keras.layers.Rescaling(1 / 127.5, -1, name="preprocessing")]
    if mode == "torch":
        scale = [1 / (255 * deviation) for deviation in DEVIATION]
        offset = [-mean / deviation for mean, deviation in zip(MEAN, DEVIATION, strict=True)]
        return [keras.layers.Rescaling(scale, offset, name="preprocessing")]
    offset = [-mean for mean in CAFFE_MEAN]
    return [ReverseChannels(name="reversed"), keras.layers.Rescaling(1.0, offset, name="preprocessing")]


def restore_normalization(network: keras.Model) -> None:
    """Make EfficientNet's normalization divide by the deviation of ImageNet, where a file of weights was loaded.

    The file holds that deviation as the variance, whose root is what the layer divides by. Keras mends this by a layer
    more, but only where it downloads the weights itself.
    """
    for layer in network.layers:
        adapted = isinstance(layer, keras.layers.Normalization) and layer.built and layer.input_mean is None
        if adapted and np.allclose(layer.adapt_variance, DEVIATION, atol=1e-5):
            layer.adapt_variance.assign(np.square(layer.adapt_variance))
            layer.finalize_state()
