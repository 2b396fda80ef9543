"""The plain (Elman) recurrent layer."""
import keras


@keras.saving.register_keras_serializable(package="suite")
class SimpleRNN(keras.layers.SimpleRNN):
    """The plain recurrent layer, with the arguments, weights and config of `keras.layers.SimpleRNN`."""
