"""The layers of the captioning model that only it has: words in and out, the penalty of places never looked at."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="suite")
class WordEmbedding(keras.layers.Layer):
    """Words to embeddings, and back to a logit for each word.

        in:   x = E[word]
        out:  logits = y O^T + b,   O = E where tied

    At first `b` is what Zipf's law says of a vocabulary in order of frequency, `-ln(1 + number of the word)`.

    Args:
        words: Size of the vocabulary.
        features: Width of an embedding.
        tied: Whether words come out by the embeddings they come in with.

    Call arguments:
        inputs: Word numbers, integers `(batch, time)` or `(batch,)`; with `reverse` features `(..., features)`.
        reverse: Whether this is the way back.

    Returns:
        `(..., features)`; with `reverse` logits, float32 `(..., words)`.

    Source: Press and Wolf 2017, "Using the Output Embedding to Improve Language Models"; Inan et al. 2017.
    """

    def __init__(self, words, features, tied=True, **options):
        super().__init__(**options)
        self.words, self.features, self.tied = words, features, tied

    def build(self, inputs_shape):
        shape, spread = (self.words, self.features), keras.initializers.RandomNormal(stddev=self.features**-0.5)
        self.embeddings = self.add_weight(name="embeddings", shape=shape, initializer=spread)
        self.outputs = self.embeddings
        if not self.tied:
            self.outputs = self.add_weight(name="outputs", shape=shape, initializer="glorot_uniform")
        self.bias = self.add_weight(name="bias", shape=(self.words,), initializer=_zipf)

    def call(self, inputs, reverse=False):
        if not reverse:
            return tf.gather(tf.cast(tf.convert_to_tensor(self.embeddings), self.compute_dtype), inputs)
        outputs = tf.cast(tf.convert_to_tensor(self.outputs), self.compute_dtype)
        front = tf.shape(inputs)[:-1]
        rows = tf.reshape(inputs, (-1, self.features))
        logits = tf.cast(tf.matmul(rows, outputs, transpose_b=True), tf.float32) + tf.cast(self.bias, tf.float32)
        return tf.reshape(logits, tf.concat([front, [self.words]], 0))

    def compute_output_spec(self, inputs, reverse=False):
        if reverse:
            return keras.KerasTensor((*inputs.shape[:-1], self.words), "float32")
        return keras.KerasTensor((*inputs.shape, self.features), self.compute_dtype)

    def get_config(self):
        own = {"words": self.words, "features": self.features, "tied": self.tied}
        return super().get_config() | own


def _zipf(shape, dtype=None):
    return -tf.math.log(1 + tf.range(shape[0], dtype=dtype or tf.float32))


@keras.saving.register_keras_serializable(package="suite")
class GivenWords(keras.layers.Layer):
    """Tokens as the caption has them: `-1 - word` to `word`, integers `(batch, time)`."""

    def call(self, tokens):
        return tf.where(tokens < 0, -1 - tokens, tokens)


@keras.saving.register_keras_serializable(package="suite")
class OwnWords(keras.layers.Layer):
    """Tokens with the model's most probable word in every place of a `-1 - word`.

    Call arguments:
        tokens: int32 `(batch, time)`; the first of each caption is the start.
        logits: What the model made of the given words, `(batch, time, words)`.

    Source: Bengio et al. 2015, "Scheduled Sampling for Sequence Prediction with Recurrent Neural Networks"; all words at
    once: Duckworth et al. 2019, "Parallel Scheduled Sampling".
    """

    def call(self, tokens, logits):
        own = tf.argmax(logits[:, :-1], -1, tokens.dtype)
        return tf.where(tokens < 0, tf.pad(own, [[0, 0], [1, 0]]), tokens)

    def compute_output_spec(self, tokens, logits):
        return keras.KerasTensor(tokens.shape, tokens.dtype)


@keras.saving.register_keras_serializable(package="suite")
class PlaceEmbedding(keras.layers.Layer):
    """Adds to each place of a grid what is learned of it, so that the decoder knows where it looks.

    `(batch, places, features)` to the same shape; the number of places is known.
    """

    def build(self, values_shape):
        self.embeddings = self.add_weight(name="embeddings", shape=values_shape[1:], initializer="zeros")

    def call(self, values):
        return values + tf.cast(tf.convert_to_tensor(self.embeddings), values.dtype)


@keras.saving.register_keras_serializable(package="suite")
class LookEverywhere(keras.layers.Layer):
    """Adds to the loss what is missing from every place being looked at once; gives the logits back as they came.

        penalty = weight * mean over pictures of  sum over places l of (1 - sum over words t of a_tl)^2 / words

    Args:
        weight: Of the penalty.

    Call arguments:
        logits: Of any shape.
        attention: `(batch, time, places)`.
        mask: `(batch, time)`, boolean, True where a word counts.

    Source: Xu et al. 2015, "Show, Attend and Tell", equation 14 ("doubly stochastic attention").
    """

    def __init__(self, weight, **options):
        super().__init__(**options)
        self.weight = weight

    def call(self, logits, attention, mask, training=False):
        if training:
            kept = tf.cast(mask, attention.dtype)
            looked = tf.reduce_sum(attention * kept[..., tf.newaxis], 1)
            missing = tf.reduce_sum(tf.square(1 - looked), 1) / tf.reduce_sum(kept, 1)
            self.add_loss(self.weight * tf.reduce_mean(missing))
        return logits

    def compute_output_spec(self, logits, attention, mask, training=False):
        return keras.KerasTensor(logits.shape, logits.dtype)

    def get_config(self):
        return super().get_config() | {"weight": self.weight}
