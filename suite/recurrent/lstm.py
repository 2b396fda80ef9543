"""The long short-term memory layer."""
import keras


@keras.saving.register_keras_serializable(package="suite")
class LSTM(keras.layers.LSTM):
    """Long short-term memory, with the arguments, weights and config of `keras.layers.LSTM`."""
