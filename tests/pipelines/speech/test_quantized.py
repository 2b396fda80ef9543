"""Trained LSTMs in files of lower precision: what they transcribe."""

import pytest

from tests.pipelines.speech.conftest import TINY_SPEECH

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(train_on, tones):
    """The folder of a trained LSTM that reads in one direction."""
    return train_on("speech", tones, "lstm", *TINY_SPEECH, "cell=lstm").model_dir


def test_a_fused_lstm_in_8_bits_says_what_the_trained_model_says(suite, workdir, folder):
    """Its state can be reset in a file with one signature alone."""
    done = suite("export", folder, "--quantize", "all", "--json")
    assert done.status == 0, done.err
    files = {entry["quantization"]: entry for entry in done.json["files"]}
    assert set(files) == {"none", "float16", "dynamic", "int8"}
    for entry in files.values():
        assert list(entry["signatures"]) == ["transcribe"] and "UNIDIRECTIONAL_SEQUENCE_LSTM" in entry["ops"]
        assert entry["metrics"]["tflite"]["wer"] <= entry["metrics"]["keras"]["wer"] + 0.02


def test_a_streaming_lstm_in_8_bits_says_what_the_trained_model_says(suite, workdir, folder):
    """Also in the silence after the end, where powers are 0, and where the last chunk is padded."""
    done = suite("export", folder, "--deployment", "streaming", "--quantize", "int8", "--json")
    assert done.status == 0, done.err
    entry = next(entry for entry in done.json["files"] if entry["file"] == "streaming-int8.tflite")
    assert entry["metrics"]["keras"]["wer"] < 0.5
    assert entry["metrics"]["tflite"]["wer"] <= entry["metrics"]["keras"]["wer"] + 0.02
