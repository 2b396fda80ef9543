"""Deep recurrent networks from one function."""

import functools
from collections.abc import Callable, Sequence
from typing import Any, get_args

import keras

from suite.config import Cell
from suite.recurrent.bidirectional import Bidirectional
from suite.recurrent.cells import LayerNormLSTMCell, ZoneoutCell
from suite.recurrent.compact_lstm import CompactLSTM
from suite.recurrent.gru import GRU
from suite.recurrent.indy_lstm import IndyLSTM
from suite.recurrent.lstm import LSTM
from suite.recurrent.min_gru import MinGRU
from suite.recurrent.min_lstm import MinLSTM
from suite.recurrent.rg_lru import RGLRU
from suite.recurrent.rnn import RNN
from suite.recurrent.simple_rnn import SimpleRNN
from suite.recurrent.transformer import TransformerEncoder


def _cifg(units: int, *, projected: bool = False, **options) -> CompactLSTM:
    """A CIFG; projected to half of its units, so that most of what the recurrence weighs is gone."""
    return CompactLSTM(units, projection=-(-units // 2) if projected else None, couple_gates=True, **options)


LAYERS: dict[str, Callable[..., Any]] = {
    "simple_rnn": SimpleRNN,
    "lstm": LSTM,
    "gru": GRU,
    "min_gru": MinGRU,
    "min_lstm": MinLSTM,
    "rg_lru": RGLRU,
    "cifg": _cifg,
    "cifg_projected": functools.partial(_cifg, projected=True),
    "cifg_projected_norm": functools.partial(_cifg, projected=True, layer_norm=True),
    "indy_lstm": IndyLSTM,
}
STEPPED = {
    "simple_rnn": keras.layers.SimpleRNNCell,
    "lstm": keras.layers.LSTMCell,
    "gru": keras.layers.GRUCell,
    "layer_norm_lstm": LayerNormLSTMCell,
}
ATTENDING = "transformer"
CELLS = get_args(Cell)


def recurrent_stack(
    inputs: keras.KerasTensor,
    units: int | Sequence[int],
    *,
    cell: str = "lstm",
    layers: int = 1,
    bidirectional: bool = False,
    dropout: float = 0.0,
    variational: bool = True,
    recurrent_dropout: float = 0.0,
    zoneout: float = 0.0,
    residual: bool = False,
    layer_norm: bool = False,
    return_sequences: bool = True,
    mask: keras.KerasTensor | None = None,
    seed: int | None = None,
    name: str = "recurrent",
) -> keras.KerasTensor:
    """Puts recurrent layers on top of one another.

    Args:
        inputs: Keras tensor `(batch, time, features)`; its mask, if it has one, is honoured.
        units: Units of each layer (of each direction), or a list with one number per layer; `_projected` ones give half as many.
        cell: One of `suite.config.Cell`.
        layers: Number of layers; ignored where `units` is a list.
        bidirectional: Whether every layer reads in both directions; the outputs are concatenated. A `transformer` is then twice
            as wide and looks at all steps; else it looks at those before alone.
        dropout: Share of the features dropped between layers.
        variational: Whether the features dropped are the same ones at every step (variational dropout), or drawn anew.
        recurrent_dropout: Share of the state dropped, the same units at every step (variational dropout, Gal and
            Ghahramani 2016), others for each gate; for `simple_rnn`, `lstm` and `gru`.
        zoneout: Probability that a unit of the state keeps its last value at a step; for those and `layer_norm_lstm`.
        residual: Whether a layer's input is added to its output where the widths agree.
        layer_norm: Whether each layer's output is layer-normalised.
        return_sequences: Whether the last layer returns every step, or the last one alone.
        mask: Keras tensor `(batch, time)`, boolean; wins over the mask of `inputs`.
        seed: Seed of every dropout; each layer derives its own from it.
        name: Prefix of the layers' names.

    Returns:
        Keras tensor `(batch, time, features)`, or `(batch, features)` without `return_sequences`.

    Example: `recurrent_stack(keras.Input((None, 13)), 64, cell="gru", layers=2, bidirectional=True, dropout=0.3)`
    """
    if cell not in CELLS:
        raise ValueError(f"`cell` must be one of {', '.join(CELLS)}. Received: cell={cell}")
    widths = [units] * layers if isinstance(units, int) else list(units)
    if not widths:
        raise ValueError(f"A stack has at least one layer. Received: units={units}, layers={layers}")
    outputs = inputs
    for index, width in enumerate(widths):
        layer_seed = None if seed is None else seed + 10 * index
        if index and dropout:
            rows = (None, 1, outputs.shape[-1]) if variational else None
            outputs = keras.layers.Dropout(dropout, rows, layer_seed, name=f"{name}_dropout_{index}")(outputs)
        sequences = return_sequences or index < len(widths) - 1
        layer = _layer(
            cell,
            width,
            bidirectional=bidirectional,
            recurrent_dropout=recurrent_dropout,
            zoneout=zoneout,
            seed=layer_seed,
            return_sequences=sequences,
            name=f"{name}_{index}",
        )
        above = layer(outputs, mask=mask)
        if residual and sequences and above.shape[-1] == outputs.shape[-1]:
            above = keras.layers.Add(name=f"{name}_residual_{index}")([outputs, above])
        outputs = keras.layers.LayerNormalization(name=f"{name}_norm_{index}")(above) if layer_norm else above
    return outputs


def _layer(
    cell: str, units: int, *, bidirectional: bool, recurrent_dropout: float, zoneout: float, seed: int | None, **options
) -> keras.layers.Layer:
    """One layer of a stack."""
    if recurrent_dropout and (zoneout or cell not in ("simple_rnn", "lstm", "gru")):
        raise ValueError(
            "`recurrent_dropout` is for simple_rnn, lstm and gru, without zoneout. "
            f"Received: cell={cell}, recurrent_dropout={recurrent_dropout}, zoneout={zoneout}"
        )
    if zoneout and cell not in STEPPED:
        raise ValueError(f"`zoneout` is for {', '.join(STEPPED)}. Received: cell={cell}, zoneout={zoneout}")
    if cell == ATTENDING:
        return TransformerEncoder(2 * units if bidirectional else units, causal=not bidirectional, **options)
    if recurrent_dropout:
        options["recurrent_dropout"] = recurrent_dropout
    if not bidirectional:
        return _recurrent(cell, units, zoneout, seed, **options)
    name = options.pop("name")
    return Bidirectional(_recurrent(cell, units, zoneout, seed, name=f"{name}_{cell}", **options), name=name)


def _recurrent(cell: str, units: int, zoneout: float, seed: int | None, **options) -> keras.layers.Layer:
    """A recurrent layer; the cells that no kernel knows are stepped through by `RNN`."""
    if zoneout:
        return RNN(ZoneoutCell(STEPPED[cell](units), zoneout, seed), **options)
    if cell not in LAYERS:
        return RNN(STEPPED[cell](units), **options)
    return LAYERS[cell](units, seed=seed, **options)
