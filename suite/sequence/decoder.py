"""A trained generator one token at a time: what a search, an export and sampling call."""

import keras
import tensorflow as tf

from suite.signature import Graph


class TokenDecoder:
    """The layers of a model that makes sequences, called token by token; they share the model's weights.

    The model's layers are known by their names: `whole` (its input is what is seen), `first_h` and `first_c` (the first
    state), `words` (a `TokenEmbedding`), `decoder` (a recurrent layer, or an `AttentionDecoder`), `from_output`,
    `from_context` where there is attention, and `deep`.

    Args:
        model: The model, also saved and loaded again.
        encoder_input: Name of the input that the encoder looks at.

    Attributes:
        state_size: Numbers of a state.
        vocabulary_size: Tokens of the vocabulary.
        places, features: Places that attention sees and their width; 1 without attention.
    """

    def __init__(self, model: keras.Model, encoder_input: str = "picture") -> None:
        layer = {layer.name: layer for layer in model.layers}
        self.attends = "from_context" in layer
        self._layer = layer
        values = layer["whole"].input
        first = [layer[name].output for name in ("first_h", "first_c") if name in layer]
        self._see = keras.Model(model.input[encoder_input], [values, *first], name="see")
        self._parts = len(first)
        self.units = first[0].shape[-1]
        self.state_size = self.units * self._parts
        self.vocabulary_size = layer["words"].vocabulary_size
        self.places, self.features = values.shape[1:] if self.attends else (1, 1)

    def encode(self, encoder_input: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Look at inputs.

        Args:
            encoder_input: `(batch, ...)`, as the model takes it.

        Returns:
            `(values, keys, state)`: `(batch, places, features)`, `(batch, places, attention units)` and the state before
            the first token `(batch, state_size)`. Without attention values and keys are zeros `(batch, 1, 1)`.
        """
        values, *first = self._see(encoder_input, training=False)
        state = tf.concat(first, -1) if self._parts > 1 else first[0]
        if not self.attends:
            nothing = tf.zeros_like(state[:, tf.newaxis, :1])
            return nothing, nothing, state
        return values, self._layer["decoder"].keys(values), state

    def step(
        self, tokens: tf.Tensor, state: tf.Tensor, values: tf.Tensor, keys: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Read one token of one sequence about each input, or of several.

        Args:
            tokens: int32 `(batch,)` or `(batch, sequences)`.
            state: As `encode` or the step before returned it, `(batch, state_size)` or `(batch, sequences, state_size)`.
            values, keys: As `encode` returned them.

        Returns:
            `(logits, state, attention)`: of the next token, float32 `(..., vocabulary)`; the next state; where this step
            looked, `(..., places)`, adding up to 1.
        """
        decoder, parts = self._layer["decoder"], tf.split(state, self._parts, axis=-1)
        embedded = self._layer["words"](tokens)
        if self.attends:
            output, context, attention, after = decoder.step(embedded, values, keys, parts)
            summed = self._layer["from_output"](output) + self._layer["from_context"](context) + embedded
        else:
            shape = tf.shape(parts[0])
            rows = [tf.reshape(tensor, (-1, tensor.shape[-1])) for tensor in (embedded, *parts)]
            output, after = decoder.step(rows[0], rows[1:])
            output, *after = (tf.reshape(tensor, shape) for tensor in (output, *after))
            summed, attention = self._layer["from_output"](output), tf.ones_like(state[..., :1])
        logits = self._layer["words"](self._layer["deep"](summed), reverse=True)
        return logits, tf.concat(list(after), -1) if self._parts > 1 else after[0], attention


def of_step(model: keras.Model) -> Graph:
    """Return `decode_step`: the last tokens `(batch, beams)` with their states, and what was seen, to the next ones."""
    decoder = TokenDecoder(model)

    def decode_step(tokens: tf.Tensor, state: tf.Tensor, values: tf.Tensor, keys: tf.Tensor) -> dict[str, tf.Tensor]:
        values = tf.ensure_shape(values, (None, None, decoder.features))
        logits, state, attention = decoder.step(tokens, state, values, keys)
        return {"log_probs": tf.nn.log_softmax(logits), "state": state, "attention": attention}

    return decode_step
