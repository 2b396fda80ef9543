"""The page of a sound model gives the probabilities that Python gives, of short and of long recordings."""

import json

import keras
import numpy as np
import pytest
import soundfile

from pipelines.sound.config import Settings
from pipelines.sound.export import signatures
from pipelines.sound.model import build
from suite.audio.read import read_audio
from suite.runtime.deployed import deployed_predictor

pytestmark = pytest.mark.browser
RATE = 8000


@pytest.fixture(scope="module")
def sound(export_page):
    """An untrained model of fixed weights: its page, and a predictor of the exported file."""
    settings = Settings(sample_rate=RATE, n_fft=256, hop_length=80, n_mels=20, units=8, conv_channels=(4,))
    keras.utils.set_random_seed(1)
    assets = {"labels": ["yes", "no", "stop"], "feature_mean": [-20.0] * 20, "feature_std": [9.0] * 20}
    model = build(settings, assets)
    logits = model.get_layer("logits")
    logits.set_weights([9 * weights for weights in logits.get_weights()])
    inputs = [{"samples": np.zeros(RATE, np.float32), "length": np.int32(RATE)}]
    page, file = export_page("sound", model, settings, assets, inputs)
    return page, deployed_predictor(file, "compiled", signatures(assets, settings)[0])


def test_files_are_answered_as_python_answers_them(visit_page, sound, tmp_path):
    page_folder, predictor = sound
    answers = []
    with visit_page(page_folder) as page:
        for seconds in (0.4, 3.7):
            times = np.arange(int(seconds * RATE)) / RATE
            samples = 0.2 * np.sin(2 * np.pi * (200 + 300 * times) * times)
            path = tmp_path / f"{seconds}.wav"
            soundfile.write(path, samples, RATE)
            page.set_input_files("#file", path)
            page.wait_for_function(
                "name => document.querySelector('#used').textContent.startsWith(name + ':')", arg=path.name
            )
            page.wait_for_selector("#result[aria-busy='false']")
            received = json.loads(page.get_attribute("#answer", "data-probabilities"))
            heard = read_audio(path, RATE)
            (expected,) = predictor([{"samples": heard, "length": np.int32(len(heard))}])
            np.testing.assert_allclose(received, expected["probabilities"], atol=1e-4)
            answers.append(received)
    assert not np.allclose(*answers, atol=1e-2)
