import copy
import json
import re

import pytest

from suite.answers.classes import CLASSES
from suite.answers.transcript import TRANSCRIPT
from suite.errors import UserError
from suite.export.model_file import write_file
from suite.inputs.audio import AUDIO
from suite.inputs.text import TEXT
from suite.inputs.video import VIDEO
from suite.web import page
from suite.web.page import STATIC, describe, write_page

TEXTS = TEXT, CLASSES
ENTRY = {
    "file": "compiled.tflite",
    "signatures": {
        "classify": {
            "inputs": {"text": {"dtype": "uint8", "shape": [1, 256], "meaning": "UTF-8 bytes"}},
            "outputs": {
                "attention": {"dtype": "float32", "shape": [1, 64], "meaning": "weights"},
                "probabilities": {"dtype": "float32", "shape": [1, 2], "meaning": "probabilities"},
            },
        }
    },
    "labels": ["dull", "bright"],
    "metrics": {"split": "test", "examples": 1200, "tflite": {"macro_f1": 0.8125, "accuracy": 0.9}},
}


@pytest.fixture
def entry():
    return copy.deepcopy(ENTRY)


@pytest.fixture
def tflite(tmp_path):
    path = tmp_path / "compiled.tflite"
    path.write_bytes(b"\0\0\0\0TFL3" + b"model" * 1000)
    return path


@pytest.fixture(autouse=True)
def runtime(monkeypatch):
    """No npm in these tests."""
    monkeypatch.setattr(page, "runtime_files", lambda: {"runtime/litert.js": b"// runtime"})


def test_the_folder_holds_page_model_and_runtime(tflite, entry, tmp_path):
    write_page(tflite, entry, tmp_path / "web" / "page", "Dull & bright", TEXTS)
    folder = tmp_path / "web" / "page"
    assert (folder / "model.tflite").read_bytes() == tflite.read_bytes()
    assert (folder / "runtime" / "litert.js").is_file()
    markup = (folder / "index.html").read_text(encoding="utf-8")
    assert markup.count("Dull &amp; bright") == 2
    assert "{{" not in markup
    names = {path.relative_to(STATIC) for path in STATIC.rglob("*") if path.is_file()}
    assert names <= {path.relative_to(folder) for path in folder.rglob("*")}


def test_the_page_learns_everything_from_the_entry(tflite, entry, tmp_path):
    write_page(tflite, entry, tmp_path / "page", "Moods", TEXTS)
    description = json.loads((tmp_path / "page" / "page.json").read_text(encoding="utf-8"))
    inputs = {"text": {"dtype": "uint8", "shape": [1, 256]}}
    assert description["signatures"] == {"classify": {"inputs": inputs, "outputs": ["probabilities"]}}
    assert description["input"] == {"kind": "text", "name": "text", "size": 256}
    assert description["answer"] == {"kind": "classes", "labels": ["dull", "bright"], "output": "probabilities"}
    facts = dict(description["facts"])
    assert facts["Model"] == "compiled.tflite"
    assert facts["Size"] == "5 kB"
    assert facts["Macro f1"] == "0.812 on 1,200 test examples"
    assert facts["Input"].startswith("256 bytes")


def test_a_page_is_replaced_and_another_folder_is_not(tflite, entry, tmp_path):
    write_page(tflite, entry, tmp_path / "page", "First", TEXTS)
    write_page(tflite, entry, tmp_path / "page", "Second", TEXTS)
    assert "Second" in (tmp_path / "page" / "index.html").read_text(encoding="utf-8")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").touch()
    with pytest.raises(UserError, match="mine holds other files"):
        write_page(tflite, entry, tmp_path / "mine", "Third", TEXTS)
    with pytest.raises(UserError, match="Received: a file"):
        write_page(tflite, entry, tflite, "Fourth", TEXTS)


def test_files_that_no_page_can_run_are_refused(tflite, entry, tmp_path):
    with pytest.raises(UserError, match="no such file"):
        describe(tmp_path / "none.tflite", entry, "", TEXTS)
    with pytest.raises(UserError, match="export the model again"):
        describe(tflite, {**entry, "sha256": "0" * 64}, "", TEXTS)
    with pytest.raises(UserError, match="0 labels and attention: float32"):
        describe(tflite, {**entry, "labels": []}, "", TEXTS)
    signature = entry["signatures"]["classify"]
    signature["outputs"]["attention"]["dtype"] = "int64"
    with pytest.raises(UserError, match=r"Received: output attention: int64\[1, 64\]"):
        describe(tflite, entry, "", TEXTS)
    signature["inputs"]["text"]["shape"] = [1, None]
    with pytest.raises(UserError, match=r"fixed shape.*Received: classify\(text: uint8\[1, any\]\)"):
        describe(tflite, entry, "", TEXTS)
    state = {"dtype": "float32", "shape": [1, 8]}
    signature["inputs"] = {"chunk": ENTRY["signatures"]["classify"]["inputs"]["text"], "state": state}
    with pytest.raises(UserError, match="fixed shape"):
        describe(tflite, entry, "", TEXTS)


def described(tmp_path, kinds, inputs, outputs, front_end, labels=()):
    """Return what page.json says of a file with one signature."""
    path = tmp_path / "compiled.tflite"
    write_file(path, b"\0\0\0\0TFL3model", {"front_end.json": json.dumps(front_end).encode()})
    tensors = [
        {name: {"dtype": dtype, "shape": shape} for name, (dtype, shape) in some.items()} for some in (inputs, outputs)
    ]
    signature = {"inputs": tensors[0], "outputs": tensors[1]}
    return describe(path, {"file": path.name, "signatures": {"answer": signature}, "labels": labels}, "", kinds)


SAMPLES = {"samples": ("float32", [1, 16000]), "length": ("int32", [1])}
STEPS = {"text": ("uint8", [1, 50]), "log_probs": ("float32", [1, 50, 3]), "frames": ("int32", [1])}
SOUND = {"sample_rate": 8000, "step_samples": 320, "symbols": ["", "a", "b"]}


def test_a_page_transcribes(tmp_path):
    description = described(tmp_path, (AUDIO, TRANSCRIPT), SAMPLES, STEPS, {**SOUND, "n_fft": 512})
    [signature] = description["signatures"].values()
    assert signature["inputs"]["length"] == {"dtype": "int32", "shape": [1]}
    assert signature["outputs"] == ["log_probs", "frames"]
    assert description["input"] == {"kind": "audio", "size": 16000, "sample_rate": 8000, "step_samples": 320}
    assert description["answer"] == {"kind": "transcript", "size": 16000, **SOUND}
    assert dict(description["facts"])["Input"].startswith("2 seconds of sound at 8,000 Hz")
    with pytest.raises(UserError, match=r"Missing: frames, sample_rate$"):
        described(
            tmp_path,
            (AUDIO, TRANSCRIPT),
            SAMPLES,
            {"log_probs": STEPS["log_probs"]},
            {"step_samples": 320, "symbols": []},
        )


def test_a_page_watches_video(tmp_path):
    clip = {"frames": ("uint8", [1, 8, 32, 40, 3]), "length": ("int32", [1])}
    outputs = {"probabilities": ("float32", [1, 2]), "attention": ("float32", [1, 8])}
    front_end = {"frames": 16, "sampling": "stride", "frame_rate": 12.5}
    description = described(tmp_path, (VIDEO, CLASSES), clip, outputs, front_end, ["left", "right"])
    size = {"size": 8, "height": 32, "width": 40, "channels": 3}
    assert description["input"] == {"kind": "video", **size, **front_end}
    assert description["answer"] == {"kind": "classes", "labels": ["left", "right"], "output": "probabilities"}
    assert dict(description["facts"])["Input"] == "the last 16 frames, 12.5 a second, scaled to 40 × 32 pixels"
    with pytest.raises(UserError, match="Received: 0 labels and"):
        described(tmp_path, (VIDEO, CLASSES), clip, outputs, front_end)


def test_the_page_names_no_outside_address():
    for path in STATIC.rglob("*"):
        if path.suffix in (".html", ".js", ".css"):
            assert not re.search(r"https?:|//[a-z0-9-]+\.[a-z]", path.read_text(encoding="utf-8")), path
