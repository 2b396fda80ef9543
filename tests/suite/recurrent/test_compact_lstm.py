"""The LSTM with fewer weights and IndyLSTM: against equations in NumPy, numeric gradients, and files with one fused op."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from suite.recurrent import Bidirectional, CompactLSTM, IndyLSTM, compilation
from tests.suite.recurrent.files import answer, convert, noise, ops_of

BATCH, TIME, FEATURES, UNITS = 3, 7, 4, 5
FORMS = {
    "cifg": {"couple_gates": True},
    "projected": {"projection": 3},
    "cifg_projected": {"couple_gates": True, "projection": 3},
    "norm": {"layer_norm": True},
    "cifg_projected_norm": {"couple_gates": True, "projection": 3, "layer_norm": True},
    "indy": {"diagonal": True},
    "indy_cifg_norm": {"diagonal": True, "couple_gates": True, "layer_norm": True},
}
QUICK = ("cifg_projected", "norm", "cifg_projected_norm", "indy")
# What is absent in a file by the form, and what is narrow in it by the quantization.
QUICK_FILES = [
    ("cifg_projected", "none"),
    ("cifg_projected_norm", "float16"),
    ("cifg_projected_norm", "dynamic"),
    ("indy", "dynamic"),
]
MARKED_FORMS = [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in FORMS]


def make(form, units=UNITS, features=FEATURES, dtype="float32", **options):
    """A built layer with random weights."""
    form = dict(FORMS[form])
    layer = (IndyLSTM if form.pop("diagonal", False) else CompactLSTM)(units, dtype=dtype, **form, **options)
    layer.build((BATCH, None, features))
    random = np.random.default_rng(7)
    layer.set_weights([random.normal(0, 0.5, weight.shape) for weight in layer.get_weights()])
    return layer


def by_hand(layer, inputs, mask=None, h=None, c=None):
    """The equations, a step after the other, in NumPy and double precision: outputs of all steps, h and c."""
    cell = layer.cell
    weights = dict(
        zip((w.path.split("/")[-1] for w in cell.weights), map(np.float64, layer.get_weights()), strict=True)
    )
    gates, units = (3 if cell.couple_gates else 4), cell.units

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    h = np.zeros((len(inputs), cell.output_size)) if h is None else h
    c = np.zeros((len(inputs), units)) if c is None else c
    outputs = []
    for time in range(inputs.shape[1]):
        pre = []
        for gate in range(gates):
            columns = slice(gate * units, (gate + 1) * units)
            p = inputs[:, time] @ weights["kernel"][:, columns]
            if cell.diagonal:
                p = p + h * weights["recurrent_kernel"][:, gate]
            else:
                p = p + h @ weights["recurrent_kernel"][:, columns]
            if cell.layer_norm:
                p = (
                    (p - p.mean(-1, keepdims=True))
                    / np.sqrt(p.var(-1, keepdims=True) + 1e-8)
                    * weights["gain"][columns]
                )
            pre.append(p + weights["bias"][columns])
        f, g, o = sigmoid(pre[-3]), np.tanh(pre[-2]), sigmoid(pre[-1])
        i = 1 - f if cell.couple_gates else sigmoid(pre[0])
        new_c = f * c + i * g
        new_h = o * np.tanh(new_c)
        if cell.projection is not None:
            new_h = new_h @ weights["projection_kernel"]
        real = np.ones(len(inputs), bool) if mask is None else mask[:, time]
        h, c = np.where(real[:, None], new_h, h), np.where(real[:, None], new_c, c)
        outputs.append(h)
    return np.stack(outputs, 1), h, c


# All parts of the kernel at once go through XLA as well.
@pytest.mark.parametrize(
    ("form", "compiled"),
    [
        *((form, False) for form in QUICK),
        ("cifg_projected_norm", True),
        *(pytest.param(form, True, marks=pytest.mark.slow) for form in FORMS if form != "cifg_projected_norm"),
    ],
)
def test_equals_the_equations(form, compiled):
    layer = make(form, return_sequences=True, return_state=True)
    inputs, mask = noise(BATCH, TIME, FEATURES), np.random.default_rng(1).random((BATCH, TIME)) < 0.7
    states = [noise(BATCH, width, seed=3 + width) for width in layer.state_size]
    expected = by_hand(layer, inputs, mask, *states)
    real = np.maximum.accumulate(mask, 1)  # before its first step a row has no output: zeros, as Keras gives
    with compilation(compiled):
        for training in (False, True):
            outputs, h, c = layer(inputs, initial_state=states, mask=mask, training=training)
            np.testing.assert_allclose(outputs, expected[0] * real[..., None], atol=1e-5)
            np.testing.assert_allclose(h, expected[1], atol=1e-5)
            np.testing.assert_allclose(c, expected[2], atol=1e-5)
    outputs, *_ = layer(inputs)
    np.testing.assert_allclose(outputs, by_hand(layer, inputs)[0], atol=1e-5)


@pytest.mark.parametrize("compiled", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["graph", "xla"])
@pytest.mark.parametrize("form", MARKED_FORMS)
def test_gradients_are_numerically_right(form, compiled):
    layer = make(form, dtype="float64", return_sequences=True, return_state=True)
    random = np.random.default_rng(11)
    mask = random.random((BATCH, TIME)) < 0.7
    weights = [weight.value for weight in layer.trainable_weights]
    points = [random.normal(size=(BATCH, TIME, FEATURES))]
    points += [random.normal(size=(BATCH, width)) for width in layer.state_size]
    points = [tf.constant(point) for point in points] + [tf.identity(weight) for weight in weights]

    def loss(inputs, h, c, *values):
        for weight, value in zip(weights, values, strict=True):
            weight.assign(value)
        results = layer(inputs, initial_state=[h, c], mask=mask, training=True)
        return sum(tf.reduce_sum(tf.sin(result)) for result in results)

    with compilation(compiled):
        with tf.GradientTape() as tape:
            tape.watch(points[:3])
            results = layer(points[0], initial_state=points[1:3], mask=mask, training=True)
            value = sum(tf.reduce_sum(tf.sin(result)) for result in results)
        exact = tape.gradient(value, [*points[:3], *weights])
        for index, (point, gradient) in enumerate(zip(points, exact, strict=True)):
            direction = random.normal(size=point.shape)
            up, down = (loss(*points[:index], point + sign * direction, *points[index + 1 :]) for sign in (1e-6, -1e-6))
            assert float(up - down) / 2e-6 == pytest.approx(float(np.sum(gradient * direction)), rel=1e-5, abs=1e-7)


def test_kernel_and_keras_loop_are_one_layer():
    """`unroll` runs the cell in Keras' loop: same outputs, same gradients, dropout drawn once for all steps."""
    fast, slow = (make("cifg_projected_norm", dropout=0.4, seed=3, unroll=unroll) for unroll in (False, True))
    inputs, found = tf.constant(noise(BATCH, TIME, FEATURES)), []
    for layer in (fast, slow):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            loss = tf.reduce_sum(layer(inputs, training=True) ** 2)
        found.append([loss, *tape.gradient(loss, [inputs, *[weight.value for weight in layer.trainable_weights]])])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_unknown_batch_and_length_in_parts(monkeypatch):
    monkeypatch.setattr("suite.recurrent.policy.SHARD_FROM", 0)
    monkeypatch.setattr("suite.recurrent.policy.cores", lambda: 2)
    layer = make("cifg_projected", return_sequences=True)
    wide = make("cifg_projected", units=9, return_sequences=True)  # differs in its cells alone
    for one in (layer, wide):
        call = tf.function(one, input_signature=[tf.TensorSpec((None, None, FEATURES))])
        for batch, time in ((1, 1), (5, 9)):
            inputs = noise(batch, time, FEATURES)
            np.testing.assert_allclose(call(inputs), by_hand(one, inputs)[0], atol=1e-5)


@pytest.mark.parametrize(
    ("form", "quantization"),
    [
        case if case in QUICK_FILES else pytest.param(*case, marks=pytest.mark.slow)
        for case in itertools.product(FORMS, ("none", "float16", "dynamic"))
    ],
)
def test_a_file_has_one_fused_op(form, quantization, tmp_path):
    layer = make(form, units=48, features=24, return_sequences=True)
    layer.set_weights([weight * 0.3 for weight in layer.get_weights()])
    content = convert(layer, (None, 24), tmp_path, form="fused", quantization=quantization)
    ops = ops_of(content)
    assert ops["UNIDIRECTIONAL_SEQUENCE_LSTM"] == 1 and "WHILE" not in ops and not any("Suite" in op for op in ops)
    tolerance = {"none": 1e-5, "float16": 5e-3, "dynamic": 5e-2}[quantization]
    for time in (1, 30):
        inputs = noise(1, time, 24, seed=time)
        outputs = answer(content, sequences=inputs)["outputs"]
        np.testing.assert_allclose(outputs, by_hand(layer, inputs)[0], atol=tolerance)
    floats = sum(np.size(weight) for weight in layer.get_weights()) * 4
    assert len(content) < {"none": 1.0, "float16": 0.5, "dynamic": 0.25}[quantization] * floats + 8000


def test_both_directions_in_one_file(tmp_path):
    layer = Bidirectional(make("cifg_projected_norm", return_sequences=True))
    inputs = noise(1, 9, FEATURES)
    expected = layer(inputs)
    content = convert(layer, (None, FEATURES), tmp_path, form="fused")
    assert ops_of(content)["UNIDIRECTIONAL_SEQUENCE_LSTM"] == 2
    np.testing.assert_allclose(answer(content, sequences=inputs)["outputs"], expected, atol=1e-5)


@pytest.mark.parametrize("form", ["cifg_projected_norm", pytest.param("indy", marks=pytest.mark.slow)])
def test_chunks_of_a_stream_are_the_whole(form, tmp_path):
    layer = make(form, return_sequences=True, name="layer")
    inputs = noise(1, 12, FEATURES)
    content = convert(layer, (4, FEATURES), tmp_path, streaming=True)
    states = {
        f"layer_{name}": np.zeros((1, width), np.float32) for name, width in zip("hc", layer.state_size, strict=True)
    }
    outputs = []
    for begin in range(0, 12, 4):
        got = answer(content, sequences=inputs[:, begin : begin + 4], **states)
        outputs.append(got["outputs"])
        states = {name: got[name] for name in states}
    np.testing.assert_allclose(np.concatenate(outputs, 1), layer(inputs), atol=1e-5)


def test_fewer_weights():
    counts = {}
    for name, layer in {
        "lstm": keras.layers.LSTM(670),
        "cifg": CompactLSTM(670, couple_gates=True),
        "projected": CompactLSTM(670, projection=96, couple_gates=True),
        "indy": IndyLSTM(670),
    }.items():
        layer.build((None, None, 96))
        counts[name] = layer.count_params()
    n, x, p = 670, 96, 96
    assert counts["lstm"] == 4 * n * (x + n + 1)
    assert counts["cifg"] == 3 * n * (x + n + 1)
    assert counts["projected"] == 3 * n * (x + p + 1) + n * p
    assert counts["indy"] == 4 * n * (x + 2)


@pytest.mark.parametrize(
    "options", [{"units": 0}, {"units": 3, "projection": 0}, {"units": 3, "projection": 2, "diagonal": True}]
)
def test_what_cannot_be_is_refused(options):
    with pytest.raises(ValueError, match="Received: "):
        CompactLSTM(**options)
