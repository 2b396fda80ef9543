"""Stacks, cells beyond Keras', explicit states."""

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import suite.recurrent
from suite.recurrent import (
    GRU,
    LSTM,
    RGLRU,
    RNN,
    CompactLSTM,
    IndyLSTM,
    LayerNormLSTMCell,
    LSTMState,
    MinGRU,
    SimpleRNN,
    ZoneoutCell,
    recurrent_stack,
)
from suite.recurrent.stack import ATTENDING, CELLS, LAYERS, STEPPED


def model_of(**options):
    tokens = keras.Input((None,), dtype="int32")
    embedded = keras.layers.Embedding(20, 6, mask_zero=True)(tokens)
    return keras.Model(tokens, recurrent_stack(embedded, **{"units": 6, **options}))


CASES = [*((cell, False) for cell in CELLS), ("lstm", True), ("min_gru", True), ("transformer", True)]


# The minimal cells have a test of their own; of the others each is quick once.
QUICK = [
    ("simple_rnn", False),
    ("gru", False),
    ("layer_norm_lstm", False),
    ("lstm", True),
    ("min_gru", True),
    ("transformer", True),
]


@pytest.mark.parametrize(
    ("cell", "bidirectional"),
    [case if case in QUICK else pytest.param(*case, marks=pytest.mark.slow) for case in CASES],
)
def test_every_cell_trains_saves_and_ignores_padding(cell, bidirectional, tmp_path):
    model = model_of(
        cell=cell,
        layers=2 if cell in ("lstm", "min_gru") and not bidirectional else 1,
        bidirectional=bidirectional,
        dropout=0.1,
        residual=True,
        layer_norm=True,
        return_sequences=False,
        seed=1,
    )
    random = np.random.default_rng(0)
    tokens = random.integers(1, 20, (4, 7))
    tokens[1, 3:] = 0
    longer = np.pad(tokens, [(0, 0), (0, 4)])
    np.testing.assert_allclose(model(tokens), model(longer), rtol=1e-5, atol=1e-5)
    model.compile("adam", "mse")
    before = model.get_weights()
    model.fit(tokens, random.normal(size=(4, model.output_shape[-1])), verbose=0)
    assert sum(np.any(a != b) for a, b in zip(before, model.get_weights(), strict=True)) >= 0.9 * len(before)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(model(tokens), loaded(tokens), atol=1e-6)


def test_every_cell_that_settings_name_can_be_made():
    assert set(CELLS) == {*LAYERS, *STEPPED, ATTENDING}


@pytest.mark.parametrize("options", [{"recurrent_dropout": 0.4}, {"zoneout": 0.4}], ids=["dropout", "zoneout"])
@pytest.mark.parametrize("cell", ["lstm", "gru", "simple_rnn"])
def test_random_states_only_while_training(cell, options):
    model = model_of(cell=cell, layers=1, seed=1, **options)
    tokens = np.random.default_rng(0).integers(1, 20, (4, 7))
    np.testing.assert_array_equal(model(tokens), model(tokens))
    assert np.any(np.asarray(model(tokens, training=True)) != np.asarray(model(tokens, training=True)))


def test_zoneout_of_one_keeps_the_state_and_of_zero_changes_nothing():
    inputs = tf.random.stateless_normal((2, 5, 3), (1, 2))
    cell = keras.layers.LSTMCell(4)
    plain, none, whole = (RNN(c) for c in (cell, ZoneoutCell(cell, 0.0), ZoneoutCell(cell, [1.0, 1.0])))
    np.testing.assert_allclose(plain(inputs), none(inputs, training=True), atol=1e-6)
    assert not np.any(whole(inputs, training=True))


def test_layer_normalised_lstm_follows_its_equations():
    layer = RNN(LayerNormLSTMCell(4))
    x = tf.random.stateless_normal((2, 1, 3), (1, 2))
    output = layer(x)
    cell = layer.cell

    def norm(v):
        v = np.asarray(v)
        return (v - v.mean(-1, keepdims=True)) / np.sqrt(v.var(-1, keepdims=True) + cell.epsilon)

    def sigmoid(v):
        return 1 / (1 + np.exp(-v))

    i, _, g, o = np.split(norm(x[:, 0] @ cell.kernel) + np.asarray(cell.bias), 4, axis=-1)
    np.testing.assert_allclose(output, sigmoid(o) * np.tanh(norm(sigmoid(i) * np.tanh(g))), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "layer",
    [
        LSTM(4, return_sequences=True),
        GRU(4, return_sequences=True),
        GRU(4, return_sequences=True, reset_after=False),
        SimpleRNN(4, return_sequences=True),
        MinGRU(4, return_sequences=True),
        RGLRU(4, return_sequences=True),
        CompactLSTM(4, projection=2, couple_gates=True, layer_norm=True, return_sequences=True),
        IndyLSTM(4, return_sequences=True),
        RNN(LayerNormLSTMCell(4), return_sequences=True),
        RNN(ZoneoutCell(keras.layers.GRUCell(4)), return_sequences=True),
    ],
    ids=lambda layer: layer.name,
)
def test_steps_with_an_explicit_state_equal_the_whole(layer):
    inputs = tf.random.stateless_normal((2, 9, 3), (1, 2))
    outputs = layer(inputs)
    state = layer.start(2)
    assert hasattr(state, "h") or isinstance(state, LSTMState)
    for time in range(9):
        output, state = layer.step(inputs[:, time], state)
        np.testing.assert_allclose(output, outputs[:, time], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "options",
    [
        {"cell": "mamba"},
        {"cell": "min_gru", "zoneout": 0.1},
        {"cell": "min_gru", "recurrent_dropout": 0.1},
        {"cell": "transformer", "zoneout": 0.1},
        {"zoneout": 0.1, "recurrent_dropout": 0.1},
        {"layers": 0},
    ],
    ids=str,
)
def test_what_does_not_go_together_is_refused(options):
    with pytest.raises(ValueError, match="Received: "):
        model_of(**options)


def test_the_new_cell_of_the_readme_runs():
    readme = Path(suite.recurrent.__file__).with_name("README.md").read_text(encoding="utf-8")
    code = readme.split("## A new cell in ten lines")[1].split("```python")[1].split("```")[0]
    names = {"keras": keras, "RNN": RNN}
    exec(code, names)
    inputs = tf.random.stateless_normal((2, 5, 3), (1, 2))
    assert names["layer"](inputs).shape == (2, 5, 64)
    assert suite.recurrent.Bidirectional(RNN(names["LeakyCell"](4)))(inputs).shape == (2, 8)
