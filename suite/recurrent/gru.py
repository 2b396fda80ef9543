"""The gated recurrent unit layer."""
import keras


@keras.saving.register_keras_serializable(package="suite")
class GRU(keras.layers.GRU):
    """Gated recurrent unit, with the arguments, weights and config of `keras.layers.GRU`."""
