"""Long sequences, determinism, and what the forward-only form leaves out."""

import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from suite.recurrent import GRU, LSTM, SimpleRNN, compilation

QUICK = (LSTM, 20000), (GRU, 2000), (SimpleRNN, 20000)


@pytest.mark.parametrize(
    ("cls", "length"),
    [
        pytest.param(cls, length, marks=() if (cls, length) in QUICK else pytest.mark.slow)
        for cls in (LSTM, GRU, SimpleRNN)
        for length in (2000, 20000)
    ],
)
def test_gradients_of_a_long_sequence_equal_those_of_its_end(cls, length):
    """A gate-free tail: the loss looks at the last steps, so a sequence cut to its end has the same gradient."""
    layer = cls(8)
    inputs = tf.random.stateless_normal((2, length, 3), (1, 2))
    layer.build(inputs.shape)
    # Small recurrent weights forget within some dozens of steps: what came before cannot matter.
    layer.set_weights([weight * (0.3 if weight.ndim == 2 else 0) for weight in layer.get_weights()])
    found = []
    with compilation(True):
        for part in (inputs, inputs[:, -300:]):
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(layer(part, training=True) ** 2)
            found.append(tape.gradient(loss, [weight.value for weight in layer.trainable_weights]))
    for whole, end in zip(*found, strict=True):
        assert np.all(np.isfinite(whole))
        np.testing.assert_allclose(whole, end, rtol=1e-4, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(
    "forms",
    [pytest.param("(LSTM, True), (GRU, False)", marks=pytest.mark.whole), "(LSTM, False), (GRU, True)"],
)
def test_two_runs_under_op_determinism_are_the_same_bit_for_bit(forms):
    code = f"""
import numpy as np, tensorflow as tf, keras
from suite.recurrent import LSTM, GRU, compilation
tf.config.experimental.enable_op_determinism()
keras.utils.set_random_seed(1)
x = tf.random.stateless_normal((32, 20, 8), (1, 2))
for cls, compiled in ({forms}):
    layer = cls(64, return_sequences=True)
    layer.build(x.shape)
    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.sin(layer(x, training=True)))
        return tape.gradient(loss, [w.value for w in layer.trainable_weights])
    with compilation(compiled):
        first = step()
        for _ in range(3):
            assert all(np.array_equal(a, b) for a, b in zip(first, step()))
print("same")
"""
    every_thread = {name: value for name, value in os.environ.items() if name != "TF_NUM_INTRAOP_THREADS"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=200, env=every_thread)
    assert done.stdout.strip() == "same", done.stderr[-800:]
