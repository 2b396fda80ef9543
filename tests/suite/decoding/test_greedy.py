"""Greedy decoding: merging repeats, and the same text from Python, TensorFlow and a .tflite file."""

import numpy as np
import pytest
import tensorflow as tf

from suite.decoding.greedy import greedy, greedy_bytes

SYMBOLS = ["", " ", "'", "a", "b", "é", "字", "th"]


def log_probs_of(path):
    """Log-probabilities in which the path has 0.9 of every frame."""
    probabilities = np.full((len(path), len(SYMBOLS)), 0.1 / (len(SYMBOLS) - 1), np.float32)
    probabilities[np.arange(len(path)), path] = 0.9
    return np.log(probabilities)


def texts(result):
    return [bytes(row[:length]).decode() for row, length in zip(np.array(result[0]), np.array(result[1]), strict=True)]


def test_repeats_merge_unless_a_blank_stands_between():
    path = greedy(log_probs_of([0, 3, 3, 0, 3, 4, 4, 1, 7, 0]))
    assert path.text(SYMBOLS) == "aab th"
    assert path.frames.tolist() == [1, 4, 5, 7, 8]
    np.testing.assert_allclose(path.probabilities, 0.9, rtol=1e-6)


def test_the_probability_of_a_symbol_is_its_highest():
    log_probs = log_probs_of([0, 3, 3, 0])
    log_probs[2, 3] = np.log(0.99)
    np.testing.assert_allclose(greedy(log_probs).probabilities, [0.99], rtol=1e-6)


@pytest.mark.parametrize("path", [[], [0, 0]])
def test_nothing_said(path):
    assert greedy(log_probs_of(path)).text(SYMBOLS) == ""


def test_the_graph_says_what_python_says(random_log_probs):
    batch = np.stack([random_log_probs(23, len(SYMBOLS), seed) for seed in range(20)]).astype(np.float32)
    frames = np.arange(20) + 4 - 4 * (np.arange(20) == 0)
    result = greedy_bytes(batch, frames, SYMBOLS)
    assert result.text.dtype == tf.uint8
    expected = [greedy(row[:length]).text(SYMBOLS) for row, length in zip(batch, frames, strict=True)]
    assert texts(result) == expected
    assert all(not row[length:].any() for row, length in zip(result.text.numpy(), result.text_length, strict=True))


def test_text_is_whole_where_every_frame_writes_its_longest_symbol():
    path = [6, 0] + [6, 5] * 4 + [6]
    result = greedy_bytes(log_probs_of(path)[None], [len(path)], SYMBOLS)
    assert texts(result) == ["字字é字é字é字é字"]


@pytest.mark.parametrize("chunk", [1, 2, 3, 7])
def test_chunks_write_what_the_whole_writes(random_log_probs, chunk):
    log_probs = random_log_probs(20, 4, 3).astype(np.float32).repeat(2, 0)  # symbols go on over the borders of chunks
    whole = greedy(log_probs).text(SYMBOLS)
    previous, text = np.zeros(1, np.int32), ""
    for start in range(0, 40, chunk):
        part = log_probs[start : start + chunk]
        padded = np.zeros((1, chunk + 2, 4), np.float32)
        padded[0, : len(part)] = part
        result = greedy_bytes(padded, [len(part)], SYMBOLS[:4], previous)
        silent = greedy_bytes(padded, [0], SYMBOLS[:4], result.last)
        assert texts(silent) == [""]
        assert silent.last == result.last
        previous, text = result.last, text + texts(result)[0]
    assert text == whole


@pytest.mark.parametrize("frames", [None, 30])
def test_a_tflite_file_says_what_python_says_with_builtin_ops_only(random_log_probs, tmp_path, frames):
    from ai_edge_litert.interpreter import Interpreter

    signature = [
        tf.TensorSpec((1, frames, len(SYMBOLS)), tf.float32, name="log_probs"),
        tf.TensorSpec((1,), tf.int32, name="frames"),
        tf.TensorSpec((1,), tf.int32, name="previous"),
    ]

    @tf.function(input_signature=signature)
    def decode(log_probs, frames, previous):
        return greedy_bytes(log_probs, frames, SYMBOLS, previous)._asdict()

    module = tf.Module()
    module.decode = decode
    tf.saved_model.save(module, str(tmp_path), signatures={"decode": decode})
    converter = tf.lite.TFLiteConverter.from_saved_model(str(tmp_path))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    interpreter = Interpreter(model_content=converter.convert())
    run = interpreter.get_signature_runner()
    for seed, length in enumerate([30, 1, 17, 0]):
        steps = frames or max(length, 1)
        log_probs = np.zeros((1, steps, len(SYMBOLS)), np.float32)
        log_probs[0, :length] = random_log_probs(max(length, 1), len(SYMBOLS), seed)[:length]
        result = run(log_probs=log_probs, frames=np.array([length], np.int32), previous=np.array([seed % 3], np.int32))
        expected = greedy_bytes(log_probs, [length], SYMBOLS, [seed % 3])
        assert result["text"].dtype == np.uint8
        for name, value in expected._asdict().items():
            np.testing.assert_array_equal(result[name], value.numpy())
        if seed % 3 == 0:
            assert texts((result["text"], result["text_length"])) == [greedy(log_probs[0, :length]).text(SYMBOLS)]
