import os
from pathlib import Path

import librosa
import numpy as np
import pytest

from suite.audio.features import MFCC
from suite.audio.read import check_audio, inspect_audio, read_audio


@pytest.fixture
def speech_folder():
    """The folder of the real speech."""
    if "SUITE_DATA" not in os.environ:
        pytest.skip("SUITE_DATA does not name the folder of the real data sets")
    folder = Path(os.environ["SUITE_DATA"]) / "speech"
    if not folder.is_dir():
        pytest.skip(f"{folder} does not exist")
    return folder


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("pattern", "rate", "n_fft", "hop_length", "every"),
    [("fsdd/recordings/*.wav", 8000, 256, 80, 45), ("ljspeech/wavs/*.ogg", 16000, 400, 160, 15)],
)
def test_mfcc_of_real_speech_equals_librosa(speech_folder, pattern, rate, n_fft, hop_length, every):
    files = sorted(speech_folder.glob(pattern))
    assert len(files) > 300
    options = {"n_mfcc": 20, "n_fft": n_fft, "hop_length": hop_length, "n_mels": 32}
    exact, fast = (MFCC(sample_rate=rate, **options, dtype=dtype) for dtype in ("float64", "float32"))
    for file in files[::every]:
        assert inspect_audio(file).sample_rate == rate
        samples = read_audio(file, rate)
        assert not any("silent" in note for note in check_audio(samples, rate))
        expected = librosa.feature.mfcc(y=samples.astype("float64"), sr=rate, **options).T
        np.testing.assert_allclose(exact(samples[np.newaxis].astype("float64"))[0], expected, atol=1e-6)
        np.testing.assert_allclose(fast(samples[np.newaxis])[0], expected, atol=1e-3)
