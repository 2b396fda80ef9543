"""Voices are kept beside a model, told apart by direction, and mean nothing to another model."""

import json

import numpy as np
import pytest

from pipelines.sound.config import Settings
from pipelines.sound.voices import UNTUNED, Speaker, enroll, scores, verify, voices_file
from suite.errors import UserError

GENERATOR = np.random.default_rng(0)


def by_pitch(inputs):
    """A predictor whose print of a tone is a direction that its pitch decides."""
    prints = []
    for arrays in inputs:
        pitch = np.abs(np.fft.rfft(arrays["samples"])).argmax() * 8000 // len(arrays["samples"])
        prints.append(np.random.default_rng(pitch // 100).standard_normal(6) + 0.02 * (pitch % 100) / 100)
    return [{"embedding": (vector / np.linalg.norm(vector)).astype(np.float32)} for vector in prints]


@pytest.fixture
def speaker(tmp_path):
    return Speaker(tmp_path / "model", "weights", by_pitch, Settings(sample_rate=8000), {})


def test_the_voice_that_was_enrolled_is_accepted_and_another_is_not(make, tmp_path, speaker):
    make({"ann1.wav": 310, "ann2.wav": 350, "ann3.wav": 330, "bob1.wav": 610})
    path = voices_file(speaker.path)
    assert path == tmp_path / "model.voices.json"  # beside the model's folder
    entry = enroll(speaker, "ann", [tmp_path / "ann1.wav", tmp_path / "ann2.wav"], path)
    assert entry["recordings"] == 2 and entry["voices"] == 1
    answers = verify(speaker, "ann", [tmp_path / "ann3.wav", tmp_path / "bob1.wav"], path)
    assert [answer["accepted"] for answer in answers] == [True, False]
    assert all(answer["threshold"] == UNTUNED for answer in answers)
    enroll(speaker, "bob", [tmp_path / "bob1.wav"], path)
    assert set(json.loads(path.read_text())["voices"]) == {"ann", "bob"}


def test_a_score_is_the_cosine():
    tried, known = GENERATOR.standard_normal((2, 6)), GENERATOR.standard_normal((3, 6))
    cosines = scores(tried, known)
    first, second = tried[1] / np.linalg.norm(tried[1]), known[2] / np.linalg.norm(known[2])
    assert cosines.shape == (2, 3) and cosines[1, 2] == pytest.approx(first @ second)


def test_silence_unknown_names_and_prints_of_another_model_are_refused(make, tmp_path, speaker):
    make({"ann1.wav": 310})
    silent = make({"silent.wav": (0, 0.5)}) / "silent.wav"
    path = voices_file(speaker.path)
    with pytest.raises(UserError, match=r"silent\.wav: expected a voice. Received: silence"):
        enroll(speaker, "ann", [silent], path)
    assert not path.exists()
    enroll(speaker, "ann", [tmp_path / "ann1.wav"], path)
    with pytest.raises(UserError, match=r"enrolled voices: ann. Received: 'zoe'"):
        verify(speaker, "zoe", [tmp_path / "ann1.wav"], path)
    newer = Speaker(tmp_path / "other", "other weights", by_pitch, speaker.settings, {})
    with pytest.raises(
        UserError, match=r"model\.voices\.json: expected voices of .*other. Received: those of another model"
    ):
        verify(newer, "ann", [tmp_path / "ann1.wav"], path)
