"""Two recurrent layers over one sequence, one in each direction."""

import keras


@keras.saving.register_keras_serializable(package="suite")
class Bidirectional(keras.layers.Bidirectional):
    """Runs a recurrent layer forwards and backwards, with the arguments and config of `keras.layers.Bidirectional`."""
