"""The trained model one word at a time: what a search over sentences, an export and the sampling of captions call."""

import keras
import tensorflow as tf


class WordDecoder:
    """The layers of a captioning model, called word by word; they share the model's weights.

    Args:
        model: As `pipelines.captioning.model.build` returns it, also saved and loaded again.

    Attributes:
        state_size: Numbers of a state.
        words: Size of the vocabulary.
        places, features: Places that attention sees and their width; 1 without attention.
    """

    def __init__(self, model: keras.Model):
        layer = {layer.name: layer for layer in model.layers}
        self.attends = "from_context" in layer
        self._layer = layer
        values = layer["whole"].input
        first = [layer[name].output for name in ("first_h", "first_c") if name in layer]
        self._see = keras.Model(model.input["picture"], [values, *first], name="see")
        self._parts = len(first)
        self.units = first[0].shape[-1]
        self.state_size = self.units * self._parts
        self.words = layer["words"].words
        self.places, self.features = values.shape[1:] if self.attends else (1, 1)

    def encode(self, picture):
        """Look at pictures.

        Args:
            picture: uint8 `(batch, height, width, 3)`, of the model's size.

        Returns:
            `(values, keys, state)`: `(batch, places, features)`, `(batch, places, attention units)` and the state before
            the first word `(batch, state_size)`. Without attention values and keys are zeros `(batch, 1, 1)`.
        """
        values, *first = self._see(picture, training=False)
        state = tf.concat(first, -1) if self._parts > 1 else first[0]
        if not self.attends:
            nothing = tf.zeros_like(state[:, tf.newaxis, :1])
            return nothing, nothing, state
        return values, self._layer["decoder"].keys(values), state

    def step(self, tokens, state, values, keys):
        """Read one word of one sentence about each picture, or of several.

        Args:
            tokens: Word numbers, int32 `(batch,)` or `(batch, sentences)`.
            state: As `encode` or the step before returned it, `(batch, state_size)` or `(batch, sentences, state_size)`.
            values, keys: As `encode` returned them.

        Returns:
            `(logits, state, attention)`: of the next word, float32 `(..., words)`; the next state; where in the picture
            this step looked, `(..., places)`, adding up to 1.
        """
        decoder, parts = self._layer["decoder"], tf.split(state, self._parts, axis=-1)
        embedded = self._layer["words"](tokens)
        if self.attends:
            output, context, attention, after = decoder.step(embedded, values, keys, parts)
            summed = self._layer["from_output"](output) + self._layer["from_context"](context) + embedded
        else:
            shape = tf.shape(parts[0])
            rows = [tf.reshape(one, (-1, one.shape[-1])) for one in (embedded, *parts)]
            output, after = decoder.step(rows[0], rows[1:])
            output, *after = (tf.reshape(one, shape) for one in (output, *after))
            summed, attention = self._layer["from_output"](output), tf.ones_like(state[..., :1])
        logits = self._layer["words"](self._layer["deep"](summed), reverse=True)
        return logits, tf.concat(list(after), -1) if self._parts > 1 else after[0], attention
