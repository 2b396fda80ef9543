"""Recurrences that are linear in their state, as they are exported: without a loop, and equal to the layer."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.compiled_model import CompiledModel
from ai_edge_litert.interpreter import Interpreter

from suite.recurrent import Bidirectional, MinGRU, MinLSTM
from suite.recurrent.export_scan import CHUNK, exported_scan
from tests.suite.recurrent.files import answer, convert, noise, ops_of

SCAN_OPS = {"SLICE", "CONCATENATION", "MUL", "ADD"}
GATE_OPS = {"FULLY_CONNECTED", "RESHAPE", "SPLIT", "LOGISTIC", "SUB", "DELEGATE"}


def step_through(decay, drive, start):
    states = [start]
    for time in range(decay.shape[1]):
        states.append(decay[:, time] * states[-1] + drive[:, time])
    return np.stack(states[1:], 1)


@pytest.mark.parametrize("time", [1, 2, 3, 4, 5, 8, 9, 64, 65, 500])
def test_doublings_are_the_steps_one_after_the_other(time):
    random = np.random.default_rng(time)
    decay, drive = random.uniform(0, 1, (1, time, 3)), random.normal(size=(1, time, 3))
    start = random.normal(size=(1, 3))
    expected = step_through(decay, drive, start)
    np.testing.assert_allclose(exported_scan(decay, drive, start), expected, rtol=1e-12, atol=1e-12)


def test_any_length_goes_in_chunks():
    scan = tf.function(exported_scan, input_signature=[tf.TensorSpec((1, None, 3))] * 2 + [tf.TensorSpec((1, 3))])
    for time in (1, CHUNK - 1, CHUNK, CHUNK + 1, 5 * CHUNK + 7):
        decay, drive, start = np.abs(np.tanh(noise(1, time, 3))), noise(1, time, 3, seed=1), noise(1, 3, seed=2)
        np.testing.assert_allclose(scan(decay, drive, start), step_through(decay, drive, start), rtol=1e-5, atol=1e-5)


def test_a_file_of_fixed_shape_has_no_loop_and_keeps_masks(tmp_path):
    keras.utils.set_random_seed(1)
    layer = Bidirectional(MinGRU(6, return_sequences=True))
    sequences, mask = noise(1, 21, 4), np.arange(21)[None] < 15
    expected = layer(sequences, mask=mask)
    content = convert(layer, (21, 4), tmp_path, mask=True)
    np.testing.assert_allclose(answer(content, sequences=sequences, mask=mask)["outputs"], expected, atol=1e-5)
    assert "WHILE" not in ops_of(content)


@pytest.mark.parametrize("cls", [MinGRU, pytest.param(MinLSTM, marks=pytest.mark.slow)])
def test_the_scan_has_four_kinds_of_ops_and_runs_in_the_compiled_model(cls, tmp_path):
    layer = cls(32, return_sequences=True)
    sequences = noise(1, 50, 40)
    expected = np.asarray(layer(sequences))
    content = convert(layer, (50, 40), tmp_path)
    ops = ops_of(content)
    assert set(ops) > SCAN_OPS
    if cls is MinGRU:
        assert set(ops) <= SCAN_OPS | GATE_OPS
    model = CompiledModel.from_buffer(content)
    inputs, outputs = model.create_input_buffers(0), model.create_output_buffers(0)
    inputs[0].write(sequences)
    model.run_by_index(0, inputs, outputs)
    np.testing.assert_allclose(outputs[0].read(expected.size, np.float32).reshape(expected.shape), expected, atol=1e-5)


def test_weights_become_bytes_and_the_recurrence_stays_in_float(tmp_path):
    layer = MinGRU(32, return_sequences=True)
    sequences = noise(1, 50, 40)
    expected = layer(sequences)
    content = convert(layer, (50, 40), tmp_path, quantization="dynamic")
    np.testing.assert_allclose(answer(content, sequences=sequences)["outputs"], expected, atol=0.05)
    narrow = [
        tensor for tensor in Interpreter(model_content=content).get_tensor_details() if tensor["dtype"] == np.int8
    ]
    assert [sorted(tensor["shape"]) for tensor in narrow] == [[40, 64]]


def test_any_length_in_one_file(tmp_path):
    layer = MinGRU(6, return_sequences=True, go_backwards=True)
    layer.build((1, None, 4))
    content = convert(layer, (None, 4), tmp_path, form="fused")
    for time in (1, 33, 100):
        sequences = noise(1, time, 4, seed=time)
        np.testing.assert_allclose(answer(content, sequences=sequences)["outputs"], layer(sequences), atol=1e-5)


@pytest.mark.parametrize("chunk", [1, 6])
def test_chunks_of_a_stream_are_the_whole(chunk, tmp_path):
    layer = MinGRU(6, return_sequences=True, name="layer")
    sequences = noise(1, 18, 4)
    expected = layer(sequences)
    content = convert(layer, (chunk, 4), tmp_path, streaming=True)
    assert "WHILE" not in ops_of(content)
    state, outputs = np.zeros((1, 6), np.float32), []
    for begin in range(0, 18, chunk):
        got = answer(content, sequences=sequences[:, begin : begin + chunk], layer_h=state)
        outputs.append(got["outputs"])
        state = got["layer_h"]
    np.testing.assert_allclose(np.concatenate(outputs, 1), expected, atol=1e-5)
