"""The page of a speech model writes what Python writes, from files and from the microphone."""

import base64
import shutil

import keras
import numpy as np
import pytest
import soundfile

from pipelines.speech.config import Settings
from pipelines.speech.export import signatures
from pipelines.speech.model import build
from suite.answers.transcript import TRANSCRIPT
from suite.audio.read import read_audio
from suite.errors import UserError
from suite.export.metadata import About, write_metadata
from suite.inputs.audio import AUDIO
from suite.runtime.deployed import deployed_predictor
from suite.runtime.keras_runtime import KerasPredictor
from suite.web.page import describe

pytestmark = pytest.mark.browser
RATE = 8000
SYMBOLS = ["", " ", "'", *"abcdefghij", "ü", "語"]
DONE = "#result[aria-busy='false']"
SAMPLES = """async (content) => {
  const { readAudio } = await import("./audio/read.js");
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  return Array.from(await readAudio(new File([bytes], "sound"), %d));
}"""


@pytest.fixture(scope="module")
def speech(export_page):
    """An untrained model of fixed weights: its page, and predictors of the exported file and of Keras."""
    settings = Settings(
        sample_rate=RATE, n_fft=256, hop_length=80, n_mels=20, n_mfcc=10, units=16, layers=1,
        conv_channels=(4, 4), compiled_seconds=2.0,
    )  # fmt: skip
    keras.utils.set_random_seed(1)
    assets = {"symbols": SYMBOLS}
    model = build(settings, assets)
    logits = model.get_layer("logits")
    logits.set_weights([6 * weights for weights in logits.get_weights()])  # an untrained model likes one symbol best
    inputs = [{"samples": sound(1.2), "length": np.int32(1.2 * RATE)}]
    page, file = export_page("speech", model, settings, assets, inputs)
    known = signatures(assets, settings)
    return page, deployed_predictor(file, "compiled", known[0]), KerasPredictor(model, known)


@pytest.fixture
def visit(visit_page, speech):
    """`with visit() as page` opens the page."""
    return lambda **options: visit_page(speech[0], **options)


def sound(seconds, seed=0, rate=RATE):
    """Return something whose spectrum changes all the time, float32 (samples,)."""
    times = np.arange(round(seconds * rate)) / rate
    rng = np.random.default_rng(seed)
    tones = [
        np.sin(2 * np.pi * pitch * times + 3 * np.sin(pace * times)) for pitch, pace in rng.uniform(90, 1500, (8, 2))
    ]
    loudness = np.abs(np.sin(times * 7)) * (np.sin(times * 29) > -0.5)
    return (0.08 * np.sum(tones, axis=0) * loudness).astype(np.float32)


def text_of(predictor, samples):
    (answer,) = predictor([{"samples": samples, "length": np.int32(len(samples))}])
    return bytes(answer["text"][: int(answer["text_length"])]).decode()


def transcribed(page, path):
    """Choose a file and return the transcript that the page then shows."""
    page.set_input_files("#file", path)
    page.wait_for_function("name => document.querySelector('#used').textContent.startsWith(name + ':')", arg=path.name)
    page.wait_for_selector(DONE)
    return page.get_attribute("#answer", "data-text")


def test_the_page_writes_what_python_writes(visit, speech, tmp_path):
    _, tflite, trained = speech
    with visit() as page:
        for name, seconds in {"short": 0.4, "full": 2.0, "one_more": 2 + 1 / RATE, "long": 9.7}.items():
            path = tmp_path / f"{name}.wav"
            soundfile.write(path, sound(seconds), RATE)
            samples = read_audio(path, RATE)
            expected = text_of(tflite, samples)
            assert len(set(expected)) > 2
            assert transcribed(page, path) == expected
            assert page.inner_text("#words") == " ".join(expected.split())
            assert page.inner_text("#used") == f"{path.name}: {seconds:.1f} s"
            assert f"{seconds:.1f} s of audio in " in page.inner_text("#latency")
            if seconds <= 2:
                assert text_of(trained, samples) == expected
        assert page.locator("svg.waveform").is_visible()
        assert page.faults == []
        assert all(url.startswith(page.address) for url in page.requests), page.requests


@pytest.mark.parametrize(("name", "shape", "subtype"), [("stereo", 2, "PCM_16"), ("float", 1, "FLOAT")])
def test_wav_files_of_other_kinds(visit, speech, tmp_path, name, shape, subtype):
    path = tmp_path / f"{name}.wav"
    channels = np.stack([sound(1.5, seed) for seed in range(shape)], axis=1)
    soundfile.write(path, channels, RATE, subtype=subtype)
    with visit() as page:
        assert transcribed(page, path) == text_of(speech[1], read_audio(path, RATE))


@pytest.mark.parametrize(
    ("kind", "rate", "tolerance"), [("flac", RATE, 1e-4), ("wav", 44100, 5e-3), ("flac", 48000, 5e-3)]
)
def test_what_the_browser_decodes_is_the_same_sound(visit, tmp_path, kind, rate, tolerance):
    path = tmp_path / f"sound.{kind}"
    soundfile.write(path, sound(1.0, rate=rate), rate)
    with visit() as page:
        samples = np.array(page.evaluate(SAMPLES % RATE, base64.b64encode(path.read_bytes()).decode()))
        assert transcribed(page, path) is not None
    expected = sound(1.0)
    assert abs(len(samples) - len(expected)) <= 1
    size = min(len(samples), len(expected))
    assert np.sqrt(np.mean((samples[:size] - expected[:size]) ** 2)) < tolerance


def test_files_without_sound_are_told(visit, tmp_path):
    (tmp_path / "words.wav").write_text("no sound at all")
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), RATE)
    soundfile.write(tmp_path / "nan.wav", np.array([0.1, np.nan]), RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "good.wav", sound(1), RATE)
    with visit() as page:
        for name, words in [
            ("words.wav", "words.wav is no sound that this browser can read."),
            ("empty.wav", "empty.wav holds no sound."),
            ("nan.wav", "nan.wav holds numbers that are no sound."),
        ]:
            page.set_input_files("#file", tmp_path / name)
            page.wait_for_selector("#notice:not([hidden])")
            assert page.inner_text("#notice") == words
            transcribed(page, tmp_path / "good.wav")
            assert page.is_hidden("#notice")


def test_silence_has_a_transcript_too(visit, speech, tmp_path):
    soundfile.write(tmp_path / "silence.wav", np.zeros(RATE), RATE)
    with visit() as page:
        assert page.inner_text("#words") == "The transcript appears here."
        text = transcribed(page, tmp_path / "silence.wav")
        assert text == text_of(speech[1], np.zeros(RATE, np.float32))
        assert page.inner_text("#words") == (" ".join(text.split()) or "No words were recognised.")


def test_a_microphone_that_is_refused_or_missing_is_told(visit):
    with visit() as page:
        page.click("#record")
        page.wait_for_selector("#notice:not([hidden])")
        assert "microphone" in page.inner_text("#notice")
        assert page.is_enabled("#record") and page.inner_text("#record") == "Record"


def test_without_https_the_page_says_why_it_cannot_record(visit):
    script = "Object.defineProperty(navigator, 'mediaDevices', { value: undefined })"
    with visit(before=lambda page: page.add_init_script(script)) as page:
        assert page.is_disabled("#record")
        assert "localhost or over https" in page.inner_text("#used")


def test_the_microphone_is_recorded(launch, visit, tmp_path):
    path = tmp_path / "spoken.wav"
    soundfile.write(path, sound(20), 48000)
    microphone = launch(
        "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", f"--use-file-for-fake-audio-capture={path}"
    )  # fmt: skip
    with visit(browser=microphone) as page:
        page.focus("#record")
        page.keyboard.press("Enter")
        page.wait_for_function("() => /[1-9]\\.[0-9] s$/.test(document.querySelector('#used').textContent)")
        assert page.inner_text("#record") == "Stop"
        assert float(page.get_by_role("meter").get_attribute("aria-valuenow")) > 0
        page.keyboard.press("Enter")
        page.wait_for_selector("svg.waveform")
        page.wait_for_selector(DONE)
        assert page.inner_text("#record") == "Record"
        assert len(set(page.get_attribute("#answer", "data-text"))) > 2
        assert page.inner_text("#used").startswith("Recording: ")
        assert page.faults == []


def test_the_page_fits_a_phone(visit, tmp_path):
    with visit(viewport={"width": 360, "height": 640}, color_scheme="dark") as page:
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_file_without_its_front_end_is_refused(speech, tmp_path):
    file = shutil.copy(speech[0] / "model.tflite", tmp_path / "compiled.tflite")
    write_metadata(file, About("speech", ""), {"transcribe": {"inputs": {}, "outputs": {}}})
    inputs = {
        "samples": {"dtype": "float32", "shape": [1, 16000]},
        "length": {"dtype": "int32", "shape": [1]},
    }
    entry = {"file": "compiled.tflite", "signatures": {"transcribe": {"inputs": inputs, "outputs": {"frames": {}}}}}
    with pytest.raises(UserError, match="Missing: log_probs, sample_rate, step_samples, symbols"):
        describe(file, entry, "Speech", (AUDIO, TRANSCRIPT))
