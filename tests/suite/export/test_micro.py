"""What a file asks of a microcontroller, against arithmetic."""

import numpy as np
import pytest

from suite.export.micro import _planned, micro_figures


@pytest.fixture(scope="module")
def convert(tmp_path_factory):
    import tensorflow as tf

    def run(function, *specifications):
        module = tf.Module()
        module.call = tf.function(
            function, input_signature=[tf.TensorSpec(shape, name=name) for name, shape in specifications]
        )
        folder = tmp_path_factory.mktemp("saved")
        tf.saved_model.save(module, str(folder), signatures={"answer": module.call})
        path = folder / "file.tflite"
        path.write_bytes(tf.lite.TFLiteConverter.from_saved_model(str(folder)).convert())
        return path

    return run


def test_products_convolutions_and_transforms_are_counted(convert):
    import tensorflow as tf

    weights = tf.constant(np.random.default_rng(0).normal(size=(20, 7)), tf.float32)
    kernel = tf.constant(np.random.default_rng(1).normal(size=(3, 5, 2, 4)), tf.float32)

    def call(vector, picture, signal, state_sum):
        convolved = tf.nn.conv2d(picture, kernel, (1, 2), "VALID")
        spectrum = tf.abs(tf.signal.rfft(signal))
        return {
            "product": vector @ weights,
            "convolved": convolved,
            "spectrum": spectrum,
            "state_sum": state_sum + vector,
        }

    shapes = {"vector": (1, 20), "picture": (1, 8, 9, 2), "signal": (1, 3, 64), "state_sum": (1, 20)}
    figures = micro_figures(convert(call, *shapes.items()), "answer", 0.5)
    expected = 20 * 7 + (6 * 3 * 4) * (3 * 5 * 2) + 3 * 64 * 6
    assert figures["multiply_adds"] == expected and figures["multiply_adds_per_second"] == 2 * expected
    assert figures["state_bytes"] == 80
    whole = sum(4 * np.prod(shape) for shape in (*shapes.values(), (1, 7), (1, 6, 3, 4), (1, 3, 33), (1, 20)))
    assert whole <= figures["arena_bytes"] <= 2 * whole + 8 * 3 * 33


def test_open_shapes_and_loops_give_no_figures(convert):
    import tensorflow as tf

    def loop(vector):
        return {"sum": tf.while_loop(lambda x: tf.reduce_sum(x) < 10, lambda x: (x + 1,), (vector,))[0]}

    assert micro_figures(convert(lambda vector: {"twice": 2 * vector}, ("vector", (1, None))), "answer", 0) == {}
    assert micro_figures(convert(loop, ("vector", (1, 3))), "answer", 0) == {}


def test_memory_is_that_of_tensors_needed_together():
    spans = {0: (0, 1), 1: (1, 2), 2: (2, 3), 3: (0, 3)}
    assert _planned(spans, [160, 64, 160, 16], [False] * 4) == 160 + 64 + 16
    assert _planned(spans, [160, 64, 160, 16], [False, True, False, False]) == 160 + 16
    assert _planned(spans, [150, 64, 1, 16], [False] * 4) == 160 + 64 + 16
