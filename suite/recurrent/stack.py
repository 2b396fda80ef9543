"""Deep recurrent networks from one function."""
import keras

from suite.recurrent.bidirectional import Bidirectional
from suite.recurrent.gru import GRU
from suite.recurrent.lstm import LSTM
from suite.recurrent.simple_rnn import SimpleRNN

CELLS = {"simple_rnn": SimpleRNN, "lstm": LSTM, "gru": GRU}


def recurrent_stack(
    inputs,
    units,
    *,
    cell="lstm",
    layers=1,
    bidirectional=False,
    dropout=0.0,
    recurrent_dropout=0.0,
    zoneout=0.0,
    residual=False,
    layer_norm=False,
    return_sequences=True,
    mask=None,
    seed=None,
    name="recurrent",
):
    """Puts recurrent layers on top of one another.

    Args:
        inputs: Keras tensor `(batch, time, features)`; its mask, if it has one, is honoured.
        units: Width of each layer (of each direction), or a list with one width per layer.
        cell: One of the names in `CELLS`.
        layers: Number of layers; ignored where `units` is a list.
        bidirectional: Whether every layer reads in both directions; the outputs are concatenated.
        dropout: Share of the features dropped between layers, the same ones at every step (variational dropout).
        recurrent_dropout: Share of the state dropped, the same units at every step.
        zoneout: Probability that a unit of the state keeps its last value at a step.
        residual: Whether a layer's input is added to its output where the widths agree.
        layer_norm: Whether each layer's output is layer-normalised.
        return_sequences: Whether the last layer returns every step, or the last one alone.
        mask: Keras tensor `(batch, time)`, boolean; wins over the mask of `inputs`.
        seed: Seed of every dropout.
        name: Prefix of the layers' names.

    Returns:
        Keras tensor `(batch, time, features)`, or `(batch, features)` without `return_sequences`.
    """
    if cell not in CELLS:
        raise ValueError(f"`cell` must be one of {', '.join(CELLS)}. Received: cell={cell}")
    widths = list(units) if isinstance(units, (list, tuple)) else [units] * layers
    outputs = inputs
    for index, width in enumerate(widths):
        last = index == len(widths) - 1
        if index and dropout:
            shape = (None, 1, outputs.shape[-1])
            outputs = keras.layers.Dropout(dropout, noise_shape=shape, seed=seed, name=f"{name}_dropout_{index}")(outputs)
        sequences = return_sequences or not last
        layer = CELLS[cell](
            width,
            return_sequences=sequences,
            recurrent_dropout=recurrent_dropout,
            seed=seed,
            name=f"{name}_{index}_{cell}" if bidirectional else f"{name}_{index}",
        )
        if bidirectional:
            layer = Bidirectional(layer, name=f"{name}_{index}")
        above = layer(outputs, mask=mask)
        if residual and sequences and above.shape[-1] == outputs.shape[-1]:
            above = keras.layers.Add(name=f"{name}_residual_{index}")([outputs, above])
        if layer_norm:
            above = keras.layers.LayerNormalization(name=f"{name}_norm_{index}")(above)
        outputs = above
    return outputs
