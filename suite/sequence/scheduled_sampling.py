"""Scheduled sampling: some of the tokens that a decoder reads in training are its own.

A token `-1 - token` asks for the model's most probable one in its place.

Source: Bengio et al. 2015, "Scheduled Sampling for Sequence Prediction with Recurrent Neural Networks"; all tokens at once:
Duckworth et al. 2019, "Parallel Scheduled Sampling".
"""

import keras
import tensorflow as tf


# The registered names are those of models saved before.
@keras.saving.register_keras_serializable(package="suite", name="GivenWords")
class TeacherTokens(keras.layers.Layer):
    """Tokens as the data has them: `-1 - token` to `token`, integers `(batch, time)`."""

    def call(self, tokens: tf.Tensor) -> tf.Tensor:
        """Return tokens of the same shape, none below 0."""
        return tf.where(tokens < 0, -1 - tokens, tokens)


@keras.saving.register_keras_serializable(package="suite", name="OwnWords")
class ModelTokens(keras.layers.Layer):
    """Tokens with the model's most probable one in every place of a `-1 - token`.

    Call arguments:
        tokens: int32 `(batch, time)`; the first of each sequence is the start.
        logits: What the model made of the data's tokens, `(batch, time, vocabulary)`.
    """

    def call(self, tokens: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        """Return tokens of the same shape, none below 0."""
        most_probable = tf.argmax(logits[:, :-1], -1, tokens.dtype)
        return tf.where(tokens < 0, tf.pad(most_probable, [[0, 0], [1, 0]]), tokens)

    def compute_output_spec(self, tokens: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
        """Return shape and dtype of the tokens."""
        return keras.KerasTensor(tokens.shape, tokens.dtype)
