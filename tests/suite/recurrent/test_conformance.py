"""Our layers against the Keras layers: outputs, states, all gradients."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from suite.recurrent import GRU, LSTM, SimpleRNN
from suite.recurrent.policy import compilation

LAYERS = {
    "lstm": (LSTM, keras.layers.LSTM, {}),
    "gru": (GRU, keras.layers.GRU, {}),
    "gru_reset_before": (GRU, keras.layers.GRU, {"reset_after": False}),
    "simple_rnn": (SimpleRNN, keras.layers.SimpleRNN, {}),
}
OPTIONS = {
    "last": {},
    "sequences": {"return_sequences": True},
    "state": {"return_state": True},
    "sequences_state": {"return_sequences": True, "return_state": True},
    "backwards": {"go_backwards": True, "return_sequences": True, "return_state": True},
    "no_bias": {"use_bias": False, "return_sequences": True},
    "zero_output": {"zero_output_for_mask": True, "return_sequences": True, "return_state": True},
    "zero_output_last": {"zero_output_for_mask": True, "return_state": True},
}
MASKS = ("none", "right", "random")
BATCH, FEATURES, UNITS = 5, 4, 3
SHORT, LONG = 5, 9  # steps; a compiled loop prepares eight at once, so that it takes nine to meet a second piece


def pair(name, dtype="float32", **options):
    """One of our layers and the Keras layer, built with the same random weights."""
    ours, theirs, fixed = LAYERS[name]
    layers = [cls(UNITS, dtype=dtype, **fixed, **options) for cls in (ours, theirs)]
    for layer in layers:
        layer.build((BATCH, None, FEATURES))
    random = np.random.default_rng(7)
    weights = [random.normal(0, 0.5, weight.shape) for weight in layers[0].get_weights()]
    for layer in layers:
        layer.set_weights(weights)
    return layers


def mask_of(kind, random, time=SHORT):
    if kind == "none":
        return None
    if kind == "right":
        lengths = np.array([time, 1, time // 2, 0, time - 2])
        return tf.constant(np.arange(time)[None] < lengths[:, None])
    mask = random.random((BATCH, time)) < 0.6
    mask[1] = False
    mask[2, 0], mask[3, 0] = False, True
    return tf.constant(mask)


def run(layer, inputs, states, mask, training=False, seed=3):
    """Outputs, states and the gradients by inputs, initial states and weights of a random weighted sum of them."""
    with tf.GradientTape() as tape:
        tape.watch([inputs, *states])
        results = tf.nest.flatten(layer(inputs, initial_state=list(states), mask=mask, training=training))
        random = np.random.default_rng(seed)
        loss = sum(tf.reduce_sum(tf.cast(random.normal(size=r.shape), r.dtype) * r) for r in results)
    weights = [weight.value for weight in layer.trainable_weights]
    return results, tape.gradient(loss, [inputs, *states, *weights])


def inputs_for(layer, dtype="float32", time=SHORT):
    random = np.random.default_rng(11)
    inputs = tf.constant(random.normal(size=(BATCH, time, FEATURES)), dtype)
    states = [tf.constant(random.normal(size=(BATCH, UNITS)), dtype) for _ in layer.state_size]
    return inputs, states, random


def assert_same(ours, theirs, tolerance=1e-5):
    for mine, other in zip(tf.nest.flatten(ours), tf.nest.flatten(theirs), strict=True):
        np.testing.assert_allclose(mine, other, rtol=tolerance, atol=tolerance)


# Compiling takes a second: XLA gets the options that between them reach every part of the kernels.
FORMS = [(False, option) for option in OPTIONS] + [(True, option) for option in ("last", "backwards", "zero_output")]
# Which masks each form meets in the quick tests: all where a mask decides what comes out, otherwise they take turns.
QUICK_MASKS = {
    (False, "last"): ["random"],
    (False, "sequences"): ["right"],
    (False, "state"): ["none"],
    (False, "sequences_state"): ["random"],
    (False, "backwards"): MASKS,
    (False, "no_bias"): ["right"],
    (False, "zero_output"): ["right", "random"],
    (False, "zero_output_last"): ["right", "random"],
    (True, "last"): ["random"],
    (True, "backwards"): ["none", "right"],
    (True, "zero_output"): ["random"],
}
CASES = [
    pytest.param(
        name,
        option,
        mask,
        compiled,
        id=f"{name}-{mask}-{('graph', 'xla')[compiled]}-{option}",
        marks=() if mask in QUICK_MASKS[compiled, option] else pytest.mark.slow,
    )
    for name in LAYERS
    for mask in MASKS
    for compiled, option in FORMS
]


@pytest.mark.parametrize(("name", "options", "mask", "compiled"), CASES)
def test_equals_keras(name, options, mask, compiled):
    ours, theirs = pair(name, **OPTIONS[options])
    time = LONG if compiled else SHORT
    inputs, states, random = inputs_for(ours, time=time)
    mask = mask_of(mask, random, time)
    expected = run(theirs, inputs, states, mask, training=True)  # without dropout training changes nothing
    with compilation(compiled):
        for training in (False, True):
            assert_same(run(ours, inputs, states, mask, training), expected)


@pytest.mark.parametrize("name", LAYERS)
def test_gradients_are_numerically_right(name):
    ours, _ = pair(name, dtype="float64", return_sequences=True, return_state=True)
    inputs, states, random = inputs_for(ours, "float64")
    mask = mask_of("random", random)
    weights = [weight.value for weight in ours.trainable_weights]

    def loss(inputs, *rest):
        for weight, value in zip(weights, rest[len(states) :], strict=True):
            weight.assign(value)
        results = tf.nest.flatten(ours(inputs, initial_state=list(rest[: len(states)]), mask=mask, training=True))
        return sum(tf.reduce_sum(tf.sin(result)) for result in results)

    at = [inputs, *states, *[tf.identity(weight) for weight in weights]]
    with tf.GradientTape() as tape:
        tape.watch([inputs, *states])
        results = tf.nest.flatten(ours(inputs, initial_state=states, mask=mask, training=True))
        value = sum(tf.reduce_sum(tf.sin(result)) for result in results)
    exact = tape.gradient(value, [inputs, *states, *weights])
    for index, (point, gradient) in enumerate(zip(at, exact, strict=True)):
        direction = random.normal(size=point.shape)
        shift = 1e-6 * direction
        up, down = (loss(*at[:index], point + sign * shift, *at[index + 1 :]) for sign in (1, -1))
        assert float(up - down) / 2e-6 == pytest.approx(float(np.sum(gradient * direction)), rel=1e-6, abs=1e-8)


@pytest.mark.parametrize(
    "compiled", [pytest.param(False, id="graph"), pytest.param(True, id="xla", marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("name", LAYERS)
def test_unknown_batch_and_length(name, compiled, monkeypatch):
    monkeypatch.setattr("suite.recurrent.policy.SHARD_FROM", 0)  # so that a batch of one leaves a part empty
    monkeypatch.setattr("suite.recurrent.policy.cores", lambda: 2)
    ours, theirs = pair(name, return_sequences=True)

    @tf.function(input_signature=[tf.TensorSpec((None, None, FEATURES)), tf.TensorSpec((None, None), tf.bool)])
    def step(inputs, mask):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = ours(inputs, mask=mask, training=True)
            loss = tf.reduce_sum(outputs * outputs)
        return outputs, tape.gradient(loss, [inputs, *[weight.value for weight in ours.trainable_weights]])

    random = np.random.default_rng(5)
    with compilation(compiled):
        for batch, time in ((1, 1), (5, 9), (3, 4), *([(2, 17)] if compiled else [])):
            inputs = tf.constant(random.normal(size=(batch, time, FEATURES)), tf.float32)
            mask = tf.constant(random.random((batch, time)) < 0.8)
            outputs, gradients = step(inputs, mask)
            with tf.GradientTape() as tape:
                tape.watch(inputs)
                expected = theirs(inputs, mask=mask, training=True)
                loss = tf.reduce_sum(expected * expected)
            weights = [weight.value for weight in theirs.trainable_weights]
            assert_same([outputs, *gradients], [expected, *tape.gradient(loss, [inputs, *weights])])


@pytest.mark.parametrize(
    ("name", "shards"),
    [
        pytest.param(name, shards, marks=() if place < 2 and shards == 2 + place else pytest.mark.slow)
        for place, name in enumerate(LAYERS)
        for shards in (2, 3)
    ],
)
def test_parts_of_the_batch_give_the_whole(name, shards, monkeypatch):
    monkeypatch.setattr("suite.recurrent.policy.SHARD_FROM", 0)
    monkeypatch.setattr("suite.recurrent.policy.ROWS_PER_SHARD", 1)
    monkeypatch.setattr("suite.recurrent.policy.cores", lambda: shards)
    ours, theirs = pair(name, return_sequences=True, return_state=True)
    inputs, states, random = inputs_for(ours, time=LONG)
    mask = mask_of("random", random, LONG)
    with compilation(True):
        assert_same(run(ours, inputs, states, mask, True), run(theirs, inputs, states, mask, True))


@pytest.mark.parametrize("name", LAYERS)
def test_unused_results_have_no_part_in_the_gradient(name):
    ours, theirs = pair(name, return_sequences=True, return_state=True)
    inputs, _, _ = inputs_for(ours)
    gradients = []
    for layer in (ours, theirs):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            loss = tf.reduce_sum(layer(inputs)[-1] ** 2)
        gradients.append(tape.gradient(loss, [inputs, *[weight.value for weight in layer.trainable_weights]]))
    assert_same(*gradients)


@pytest.mark.parametrize("name", LAYERS)
def test_second_derivative_is_refused(name):
    ours, _ = pair(name)
    inputs, _, _ = inputs_for(ours)
    with tf.GradientTape() as outer:
        outer.watch(inputs)
        with tf.GradientTape() as inner:
            inner.watch(inputs)
            loss = tf.reduce_sum(ours(inputs) ** 2)
        slope = tf.reduce_sum(inner.gradient(loss, inputs) ** 2)
        with pytest.raises(LookupError, match="first derivatives only"):
            outer.gradient(slope, inputs)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("name", LAYERS)
def test_half_precision_is_at_least_as_exact_as_keras(name, policy):
    ours, theirs = pair(name, dtype=policy, return_sequences=True)
    exact, _ = pair(name, return_sequences=True)
    inputs, _, random = inputs_for(ours)
    mask = mask_of("random", random)
    expected = exact(inputs, mask=mask)
    mine, other = (layer(inputs, mask=mask) for layer in (ours, theirs))
    assert mine.dtype == other.dtype
    error, bound = (np.abs(tf.cast(x, tf.float32) - expected).max() for x in (mine, other))
    assert error <= max(bound * 1.1, 2e-3)


@pytest.mark.parametrize(
    "options",
    [{"activation": "relu"}, {"unroll": True}, {"recurrent_dropout": 0.3}, {"dropout": 0.4}],
    ids=lambda options: next(iter(options)),
)
@pytest.mark.parametrize("name", LAYERS)
def test_other_options_equal_keras_too(name, options):
    ours, theirs = pair(name, return_sequences=True, seed=1, **options)
    inputs, states, random = inputs_for(ours)
    mask = mask_of("random", random)
    for training in (False, True):
        assert_same(run(ours, inputs, states, mask, training), run(theirs, inputs, states, mask, training))


@pytest.mark.parametrize("name", LAYERS)
def test_stateful_goes_on_where_it_stopped(name):
    ours, theirs = pair(name)
    layers = [
        cls.from_config({**layer.get_config(), "stateful": True})
        for cls, layer in ((LAYERS[name][0], ours), (LAYERS[name][1], theirs))
    ]
    inputs, _, _ = inputs_for(ours)
    for layer in layers:
        layer.build(inputs.shape)
        layer.set_weights(ours.get_weights() + layer.get_weights()[len(ours.get_weights()) :])
    for _ in range(3):
        assert_same(layers[0](inputs), layers[1](inputs))
    for layer in layers:
        layer.reset_state()
    assert_same(layers[0](inputs), ours(inputs))


@pytest.mark.parametrize(
    "name", [name if name in ("lstm", "gru") else pytest.param(name, marks=pytest.mark.slow) for name in LAYERS]
)
def test_inside_a_model_compiled_whole(name):
    ours, theirs = pair(name)
    inputs, _, random = inputs_for(ours, time=LONG)
    target = random.normal(size=(BATCH, UNITS)).astype("float32")
    losses = []
    for layer, jit in ((ours, True), (ours, False), (theirs, False)):
        start = layer.get_weights()
        model = keras.Sequential([keras.Input((LONG, FEATURES)), layer])
        model.compile("sgd", "mse", jit_compile=jit)
        losses.append(model.fit(inputs, target, epochs=3, verbose=0, batch_size=BATCH).history["loss"])
        layer.set_weights(start)
    np.testing.assert_allclose(losses[0], losses[2], rtol=1e-5)
    np.testing.assert_allclose(losses[1], losses[2], rtol=1e-5)
