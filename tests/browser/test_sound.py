"""The page of a sound model gives the probabilities that Python gives, of short and of long recordings."""

import json

import keras
import numpy as np
import pytest
import soundfile

from pipelines.sound.config import Settings
from pipelines.sound.export import signatures
from pipelines.sound.model import build
from pipelines.sound.sample_data import RATE as TONE_RATE
from pipelines.sound.sample_data import make_tones
from suite.artifact import read_artifact, replace_assets
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


@pytest.fixture(scope="module")
def listener(train_on, tracking_uri, runtime, tmp_path_factory):
    """The page of a model trained on tones for which "rising" is the word to wait for."""
    from rich.console import Console

    from suite.runs import export

    folder = tmp_path_factory.mktemp("tones")
    for number, (part, label, _, samples) in enumerate(make_tones()):
        path = folder / part / ("word" if label == "rising" else "other") / f"{number}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, samples, TONE_RATE)
    small = (
        "n_mels=20",
        "units=16",
        "conv_channels=[8]",
        "epochs=8",
        "batch_size=16",
        "learning_rate=0.01",
        "patience=0",
    )
    trained = train_on(
        "sound", folder, "tones", *small, "shift_seconds=0.4", "noise_snr_db=[10,40]", "hop_seconds=0.25"
    )
    replace_assets(read_artifact(trained.model_dir), {"detector": {"label": "word", "cutoff": 0.8}})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", tracking_uri)
        export(trained.model_dir, [("compiled", "none")], folder, folder / "page", False, Console(quiet=True))
    return folder / "page"


def play(path, seconds, *times):
    """Write other tones and noise for so many seconds, and the word at some times."""
    clips = make_tones(seed=7)
    others = [samples for _, label, _, samples in clips if label != "rising"]
    (word, *_) = [samples for part, label, _, samples in clips if (part, label) == ("test", "rising")]
    chosen = np.random.default_rng(3).integers(len(others), size=seconds)
    soundfile.write(
        path, np.concatenate([word if at in times else others[chosen[at]] for at in range(seconds)]), TONE_RATE
    )


def test_three_words_in_ten_minutes_of_other_sound_are_three_detections(visit_page, listener, tmp_path):
    play(tmp_path / "long.wav", 600, 61, 300, 555)
    with visit_page(listener) as page:
        page.set_input_files("#file", tmp_path / "long.wav")
        page.wait_for_selector("#answer[data-detections]", timeout=240_000)
        detections = json.loads(page.get_attribute("#answer", "data-detections"))
        assert [at["label"] for at in detections] == ["word"] * 3
        np.testing.assert_allclose([at["time"] for at in detections], [62, 301, 556], atol=1)
        assert page.locator("#detections li").count() == 3 and not page.faults


def test_the_microphone_is_listened_to_as_it_comes(visit_page, listener, launch, tmp_path):
    play(tmp_path / "loop.wav", 6, 3)
    microphone = launch(
        "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={tmp_path / 'loop.wav'}",
    )  # fmt: skip
    with visit_page(listener, browser=microphone, permissions=["microphone"]) as page:
        page.click("#listen")
        page.wait_for_function("() => document.querySelectorAll('#detections li').length >= 1", timeout=60_000)
        assert page.text_content("#used").startswith("Listening:")
        page.click("#listen")
        assert page.text_content("#listen") == "Listen" and not page.faults
