from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import soundfile

from suite.audio import cache
from suite.audio.cache import AudioCache
from suite.errors import UserError


@pytest.fixture
def files(tmp_path):
    paths = []
    for number in range(4):
        paths.append(tmp_path / f"{number}.wav")
        soundfile.write(paths[-1], np.full(1000, (number + 1) / 10, "float32"), 8000)
    return paths


@pytest.fixture
def decoded(monkeypatch):
    """The paths that were decoded, in order."""
    seen = []

    def read_audio(path, sample_rate, read=cache.read_audio):
        seen.append(path)
        return read(path, sample_rate)

    monkeypatch.setattr(cache, "read_audio", read_audio)
    return seen


def test_a_file_is_decoded_once(files, decoded):
    audio = AudioCache(8000, megabytes=1)
    audio.get(files[0])
    with ThreadPoolExecutor(2) as pool:
        for _ in range(3):
            for number, samples in enumerate(pool.map(audio.get, files)):
                assert samples.dtype == np.float32
                np.testing.assert_allclose(samples, (number + 1) / 10, atol=1 / 32768)
    assert sorted(decoded) == [str(path) for path in files]


def test_beyond_the_limit_files_are_decoded_again_to_the_same_samples(files, decoded):
    audio = AudioCache(8000, megabytes=0.005)  # two files of 2,000 bytes
    first = [audio.get(path) for path in files]
    again = [audio.get(path) for path in files]
    assert decoded == [str(path) for path in (*files, *files[2:])]
    assert all(np.array_equal(*pair) for pair in zip(first, again, strict=True))


def test_full_scale_stays_full_scale(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.array([1.0, -1.0, 1.5], "float32"), 8000, subtype="FLOAT")
    assert AudioCache(8000).get(tmp_path / "a.wav").tolist() == [32767 / 32768, -1, 32767 / 32768]


def test_faults_are_raised_where_the_file_is_asked_for(tmp_path):
    audio = AudioCache(8000)
    with pytest.raises(UserError, match=r"none\.wav"):
        audio.get(tmp_path / "none.wav")
