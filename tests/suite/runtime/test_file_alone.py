"""An exported file answers by itself, without TensorFlow, as the model folder does with it."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from PIL import Image

import suite
from suite.artifact import Trained, read_artifact, write_artifact
from suite.config import load_settings
from suite.errors import UserError
from suite.export.export import export_files
from suite.export.source import open_source
from suite.registry import PIPELINES, load_pipeline
from tests.conftest import LEARNED, SMALLEST, approximately

ROOT = Path(suite.__file__).parents[1]
MEGABYTES = 200  # of memory that one answer may take
# Runs commands one after another in a fresh process; the last line says what it came to.
COMMANDS = """
import json, resource, sys
from suite.cli import main
for command in json.loads(sys.argv[1]):
    sys.argv = ["suite", *command]
    try:
        main()
    except SystemExit as ended:
        assert not ended.code, ended.code
status = open("/proc/self/status").read() if sys.platform == "linux" else "VmHWM: 0"
print(json.dumps({"modules": sorted({name.partition(".")[0] for name in sys.modules}),
                  "megabytes": int(status.split("VmHWM:")[1].split()[0]) / 1024}))
"""


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """One input of each task, and a table of data that holds it: task -> (input, table)."""
    folder, generator = tmp_path_factory.mktemp("inputs"), np.random.default_rng(0)
    soundfile.write(folder / "a.wav", (generator.standard_normal(8000) * 3000).astype(np.int16), 16000)
    Image.fromarray(generator.integers(0, 256, (60, 80, 3)).astype(np.uint8)).save(folder / "a.png")
    with av.open(str(folder / "a.mkv"), "w") as file:
        stream = file.add_stream("ffv1", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "bgr0"
        for number in range(8):
            pixels = (generator.integers(0, 60, (48, 64, 3)) + 9 * number).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts = number
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    labels = {task: LEARNED[task]["labels"] for task in ("sentiment", "video", "sound")}
    tables = {
        "sentiment": ("a.csv", "text,label\n" + "".join(f"a {name} film,{name}\n" for name in labels["sentiment"])),
        "speech": ("b.csv", "audio,text\na.wav,a b\n"),
        "video": ("c.csv", "video,label\n" + "".join(f"a.mkv,{name}\n" for name in labels["video"])),
        "sound": ("f.csv", "audio,label\n" + "".join(f"a.wav,{name}\n" for name in labels["sound"])),
        "captioning": ("d.jsonl", json.dumps({"image": "a.png", "captions": ["a b"]}) + "\n"),
    }
    spans = {"text": "Anna flies", "spans": [{"start": 0, "end": 4, "label": "NAME"}], "intent": "ask"}
    tables["tagging"] = ("e.jsonl", json.dumps(spans) + "\n")
    days = [f"2024-01-{day:02d},{day % 7}" for day in range(1, 32)]
    tables["forecasting"] = ("g.csv", "\n".join(["ds,y", *days, ""]))
    files = {"speech": "a.wav", "video": "a.mkv", "captioning": "a.png", "sound": "a.wav"}
    files["forecasting"] = "g.csv"
    for name, content in tables.values():
        (folder / name).write_text(content, encoding="utf-8")
    raw = {"sentiment": "a fine film", "tagging": "Anna flies"} | {
        task: str(folder / file) for task, file in files.items()
    }
    return {task: (raw[task], str(folder / tables[task][0])) for task in raw}


@pytest.fixture(scope="module")
def exported(tmp_path_factory, inputs):
    """`exported(task)` gives the folder of an untrained model with its `interpreter` file."""
    folders = {}

    def export(task):
        if task not in folders:
            work, pipeline, assets = tmp_path_factory.mktemp(task), load_pipeline(task), LEARNED[task]
            assets = assets | ({"training_captions": []} if task == "captioning" else {})
            # A path of this machine, which is nobody's business where the file goes.
            private = {"sentiment": ["word_vectors=/home/somebody/vectors.txt"]}.get(task, [])
            settings = load_settings(pipeline.Settings, None, (*SMALLEST[task], *private))
            arrays = [pipeline.raw_arrays(inputs[task][0], settings)]
            model = pipeline.build(settings.model_copy(update={"word_vectors": None}) if private else settings, assets)
            record = {"task": task, "data": {"fingerprint": "none", "path": "none"}}
            write_artifact(work / "model", Trained(model, settings, assets, record, "", arrays), work)
            export_files(open_source(read_artifact(work / "model"), None), [("interpreter", "none")], lambda step: None)
            folders[task] = work / "model"
        return folders[task]

    return export


FORECASTING = (
    *("channels", "frequency", "season", "horizon", "look_back", "segment"),
    *("quantiles", "series", "covariates"),
)


def run(*commands):
    """Run commands in a process of their own; return what each printed as JSON, and what the process came to."""
    finished = subprocess.run(
        [sys.executable, "-c", COMMANDS, json.dumps(commands)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr
    *answers, process = map(json.loads, finished.stdout.splitlines())
    return answers, process


@pytest.mark.parametrize(
    "task", [task if task == "sentiment" else pytest.param(task, marks=pytest.mark.slow) for task in PIPELINES]
)
def test_one_answer_from_the_file_alone(task, exported, inputs, tmp_path):
    folder, raw = exported(task), inputs[task][0]
    file = tmp_path / "model.tflite"  # of another name, with nothing beside it
    file.write_bytes((folder / "tflite" / "interpreter.tflite").read_bytes())
    [alone], process = run(["predict", str(file), raw, "--json"])
    unwanted = {"tensorflow", "keras", "numba", "librosa", "scipy", "sklearn", "matplotlib", "mlflow", "pandas"}
    assert not unwanted.intersection(process["modules"])
    assert process["megabytes"] < MEGABYTES
    [beside], process = run(["predict", str(folder), raw, "--json", "--runtime", "tflite"])
    assert not unwanted.intersection(process["modules"])
    assert alone == beside
    assert suite.load(file).predict(raw) == suite.load(folder, tflite=folder / "tflite" / "interpreter.tflite").predict(
        raw
    )
    trained = {name: value for name, value in alone.items() if name != "input"}
    keras = suite.runtime.loaded.plain(suite.load(folder).predict(raw))
    assert trained == approximately(keras) or task in ("speech", "captioning")  # ties of untrained models


@pytest.mark.slow
@pytest.mark.whole
def test_evaluate_needs_no_tensorflow(exported, inputs):
    """The model folder's file and the file alone, of each task in turn, in one process."""
    commands = []
    for task in PIPELINES:
        folder, options = exported(task), ["--data", inputs[task][1], "--split", "all", "--json"]
        commands.append(["evaluate", str(folder), "--runtime", "tflite", *options])
        commands.append(["evaluate", str(folder / "tflite" / "interpreter.tflite"), *options])
    answers, process = run(*commands)
    assert not {"tensorflow", "keras"}.intersection(process["modules"])
    assert [answer["task"] for answer in answers[::2]] == list(PIPELINES)
    for beside, alone in zip(answers[::2], answers[1::2], strict=True):
        beside["metrics"].pop("copied", None)  # digests of the training captions do not travel
        assert alone == beside


def test_what_travels_inside_is_no_more_than_the_host_needs(exported):
    inside = {}
    for task in PIPELINES:
        with zipfile.ZipFile(exported(task) / "tflite" / "interpreter.tflite") as packed:
            inside[task] = json.loads(packed.read("model.json"))
    assert {task: set(model["assets"]) for task, model in inside.items()} == {
        "sentiment": {"labels"},
        "speech": {"symbols"},
        "video": {"labels"},
        "captioning": {"words"},
        "tagging": {"labels", "scheme", "intents", "longest"},
        "forecasting": {*FORECASTING},
        "sound": {"labels"},
    }
    assert inside["sentiment"]["settings"]["word_vectors"] == "vectors.txt"
    assert not any("epochs" in model["settings"] or "seed" in model["settings"] for model in inside.values())


def test_a_file_of_before_says_to_export_again(exported, tmp_path):
    from suite.export.model_file import read_model, write_model

    file = tmp_path / "interpreter.tflite"
    write_model(file, read_model(exported("sentiment") / "tflite" / "interpreter.tflite"), {}, {})
    with pytest.raises(UserError, match=r"model\.json.*export again"):
        suite.load(file)
    assert suite.load(exported("sentiment"), tflite=file).predict("a fine film").label
    with pytest.raises(UserError, match="goes with a model folder"):
        suite.load(exported("sentiment") / "tflite" / "interpreter.tflite", tflite=file)
    other = tmp_path / "b.tflite"
    other.write_text("nothing")
    with pytest.raises(UserError, match=r"b\.tflite: not a \.tflite file"):
        suite.load(other)
