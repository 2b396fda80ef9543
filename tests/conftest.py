"""What all tests share: a quiet TensorFlow, a tracking store of their own, and the command line in this process."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MPLBACKEND", "Agg")

if "PYTEST_XDIST_WORKER" in os.environ:  # the processor is shared: threads would wait for one another
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")

import gc
import json
import subprocess
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from suite.artifact import Artifact

# TensorFlow's modules and traced functions are millions of objects: each full collection looks at all of them.
gc.set_threshold(100_000, 50, 100)

# The files that take longest, longest first: where files run beside one another, the last ones should be short.
LONGEST_FILES = (
    "end_to_end/test_run.py",
    "suite/export/test_export.py",
    "suite/recurrent/test_conformance.py",
    "suite/test_contract_behavior.py",
    "suite/sequence/test_crf.py",
    "pipelines/captioning/test_model.py",
    "pipelines/speech/test_run.py",
    "end_to_end/test_resume.py",
    "suite/runtime/test_file_alone.py",
    "pipelines/video/test_export.py",
    "pipelines/video/test_model.py",
    "field/test_padding.py",
    "field/test_two_lengths.py",
    "docs/test_adding_a_pipeline.py",
    "pipelines/captioning/test_run.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files; pytest-xdist leaves the order alone with `--no-loadscope-reorder`."""
    tests = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        name = item.path.relative_to(tests).as_posix()
        return LONGEST_FILES.index(name) if name in LONGEST_FILES else len(LONGEST_FILES)

    items.sort(key=place)


def pytest_collection_finish() -> None:
    """Leave what the modules hold out of every collection from here on: each conversion asks for a full one."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def convert_in_this_process() -> Iterator[None]:
    """Convert without a child process, which takes seconds to start; one test of the export has the child back.

    Full-integer quantization keeps it, since that is what crashes, and so does a child that is no Python.
    """
    from suite.export import convert

    python = sys.executable

    def run(command: list[str], **options: Any) -> subprocess.CompletedProcess:
        request = json.loads(Path(command[-1]).read_text(encoding="utf-8"))
        if request["quantization"] == "int8" or command[0] != python:
            return subprocess.run(command, **options)
        from suite.export import worker

        try:
            worker.convert(convert.Conversion(**request))
        except Exception:
            return subprocess.CompletedProcess(command, 1, "", traceback.format_exc())
        return subprocess.CompletedProcess(command, 0, "", "")

    with pytest.MonkeyPatch.context() as patch:
        here = SimpleNamespace(run=run, TimeoutExpired=subprocess.TimeoutExpired)
        patch.setattr(convert, "subprocess", here)
        yield


MODELS_AT_ONCE = 8  # bounds the memory of what is read once


@pytest.fixture(scope="session", autouse=True)
def read_each_model_once() -> Iterator[None]:
    """Read and trace the Keras model of a folder once, for all commands that open it as long as its record says the same."""
    from suite.export import source
    from suite.runtime import loaded
    from suite.runtime.model_in_file import is_file_model, open_model

    load, predictors = loaded.load, {}

    def load_once(
        model_dir: "str | Path | Artifact", runtime: str = "keras", tflite: str | Path | None = None
    ) -> loaded.LoadedModel:
        if runtime != "keras" or tflite is not None:
            return load(model_dir, runtime, tflite)
        artifact = open_model(model_dir)
        if is_file_model(artifact.path):
            return load(artifact)
        record = json.dumps(artifact.record, sort_keys=True, default=str)  # with the digest of every file
        if record not in predictors:
            predictors[record] = load(artifact).predictor
            if len(predictors) > MODELS_AT_ONCE:
                del predictors[next(iter(predictors))]
        return loaded.LoadedModel(artifact, predictors[record])

    def predictor_of(model: Any, signatures: Any) -> Any:
        return next(predictor for predictor in predictors.values() if predictor.model is model)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loaded, "load", load_once)
        patch.setattr(source, "load_model", lambda artifact: load_once(artifact).predictor.model)
        patch.setattr(source, "KerasPredictor", predictor_of)
        yield


@dataclass(frozen=True)
class Outcome:
    """Exit status and output of one command."""

    status: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def json_lines(self):
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def workdir(tmp_path, monkeypatch, tracking_uri):
    """An empty working directory, with the tracking store of this test session."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", tracking_uri)
    return tmp_path


@pytest.fixture(scope="session")
def tracking_uri(tmp_path_factory):
    """One SQLite store for the session: making a new one takes seconds."""
    return f"sqlite:///{tmp_path_factory.mktemp('tracking')}/mlflow.db"


@pytest.fixture
def suite(monkeypatch, capfd):
    """Run `suite ARGUMENTS...` in this process; returns status, stdout and stderr."""
    from suite.cli import main

    def run(*arguments):
        capfd.readouterr()
        monkeypatch.setattr(sys, "argv", ["suite", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        return Outcome(ended.value.code or 0, out, err)

    return run


@pytest.fixture(scope="session")
def reviews(tmp_path_factory):
    """A small sample data set: reviews.tsv parts train, dev, test."""
    from pipelines.sentiment.sample_data import make_sample

    whole = make_sample(tmp_path_factory.mktemp("sample") / "whole")
    small = tmp_path_factory.mktemp("reviews") / "reviews"
    small.mkdir()
    for part, count in (("train", 240), ("dev", 60), ("test", 60)):
        lines = (whole / f"{part}.tsv").read_text(encoding="utf-8").splitlines(keepends=True)
        (small / f"{part}.tsv").write_text("".join(lines[: count + 1]), encoding="utf-8")
    return small


TINY = ("embedding=8", "units=8", "hash_buckets=512", "ngrams=[]", "batch_size=32", "learning_rate=0.01", "epochs=2")


@pytest.fixture(scope="session")
def tiny():
    """Settings of a model that trains in a second, as command-line arguments."""
    return [argument for assignment in TINY for argument in ("--set", assignment)]


@pytest.fixture(scope="session")
def train_on(tmp_path_factory, tracking_uri):
    """Train a task's model on some data with some assignments, into a new folder; returns the RunResult."""
    from rich.console import Console

    from suite.config import load_settings
    from suite.registry import load_pipeline
    from suite.runs import Request, read_data, train

    def run(task, data, name, *assignments):
        settings = load_settings(load_pipeline(task).Settings, None, assignments)
        request = Request(task, settings, name, Path(tmp_path_factory.mktemp("models")))
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("MLFLOW_TRACKING_URI", tracking_uri)
            return train(request, read_data(task, data, settings, None, "fail"), Console(quiet=True))

    return run


@pytest.fixture(scope="session")
def train_tiny(train_on, reviews):
    """Train on `reviews` with TINY settings and those given; returns the RunResult."""
    return lambda name, *assignments: train_on("sentiment", reviews, name, *TINY, *assignments)


@pytest.fixture(scope="session")
def trained(train_tiny):
    """A model folder trained on `reviews` with TINY settings."""
    return train_tiny("trained")


@pytest.fixture(scope="session")
def encode_sound(tmp_path_factory):
    """`encode_sound(samples, rate, codec, container)` gives the bytes of a file that FFmpeg writes.

    `samples` float32 `(samples,)` or `(channels, samples)`. With `pipe` it is written as to a pipe, where nothing can be
    filled in afterwards. Other arguments: `options` of the container, `quality` (variable bit rate of an mp3), `video`
    (a grey picture of that many frames at 10 a second beside the sound).
    """
    import av
    import numpy as np

    class Pipe:
        def __init__(self):
            self.content = bytearray()

        def write(self, data):
            self.content += bytes(data)
            return len(data)

    def encode(samples, rate, codec, container, pipe=False, options=None, quality=None, video=0):
        samples = np.atleast_2d(samples)
        layout = {1: "mono", 2: "stereo", 6: "5.1"}[len(samples)]
        target = Pipe() if pipe else tmp_path_factory.mktemp("encoded") / "file"
        with av.open(target if pipe else str(target), "w", format=container, options=options or {}) as file:
            stream = file.add_stream(codec, rate=rate, layout=layout)
            if quality is not None:
                stream.options = {"flags": "+qscale", "global_quality": str(118 * quality)}
            picture = file.add_stream("mpeg4", rate=10) if video else None
            if picture is not None:
                picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
                for number in range(video):
                    grey = np.full((48, 64, 3), number * 5 % 255, np.uint8)
                    frame = av.VideoFrame.from_ndarray(grey, format="rgb24")
                    frame.pts = number
                    file.mux(picture.encode(frame))
                file.mux(picture.encode(None))
            for start in range(0, samples.shape[1], 1024):
                piece = np.ascontiguousarray(samples[:, start : start + 1024], np.float32)
                frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout=layout)
                frame.sample_rate, frame.pts = rate, start
                file.mux(stream.encode(frame))
            file.mux(stream.encode(None))
        return bytes(target.content) if pipe else target.read_bytes()

    return encode


SMALLEST = {
    "sentiment": ("embedding=4", "units=4", "hash_buckets=64", "ngrams=[]"),
    "speech": (
        "sample_rate=8000",
        "n_fft=256",
        "hop_length=80",
        "n_mels=20",
        "n_mfcc=12",
        "conv_channels=[4]",
        "units=8",
    ),
    "video": ("height=16", "width=24", "frames=8", "filters=[4]", "features=4", "units=4"),
    "captioning": (
        "height=32",
        "width=32",
        "filters=[4,8]",
        "grid=2",
        "units=8",
        "attention_units=4",
        "embedding_size=8",
    ),
    "tagging": ("embedding=6", "affix_embedding=3", "units=6"),
    "forecasting": (
        "horizon=4",
        "look_back=14",
        "units=6",
        "epoch_windows=1400",
    ),
    "sound": ("sample_rate=8000", "n_fft=256", "hop_length=80", "n_mels=16", "conv_channels=[4]", "units=6"),
}
LEARNED = {
    "sentiment": {"labels": ["bad", "good"]},
    "speech": {"symbols": ["", " ", "a", "b", "c"]},
    "video": {"labels": ["run", "sit", "jump"]},
    "sound": {"labels": ["yes", "no", "stop"], "feature_mean": [-15.0] * 16, "feature_std": [9.0] * 16},
    "captioning": {"words": ["<pad>", "<start>", "<end>", "<unknown>", "a", "dog", "cat", "runs"]},
    "tagging": {
        "labels": ["O", "B-NAME", "I-NAME", "E-NAME", "S-NAME"],
        "scheme": "bioes",
        "intents": ["ask", "order"],
        "words": list(range(100, 9000, 7)),
        "affixes": list(range(50, 9000, 3)),
        "token_rule": {},
        "longest": 256,
    },
    "forecasting": {
        "channels": ["y"],
        "frequency": "D",
        "season": 7,
        "horizon": 4,
        "look_back": 14,
        "segment": 7,
        "least_history": 14,
        "normalize": "last",
        "scales": [2.0],
        "covariates": [],
        "covariate_means": [],
        "covariate_scales": [],
        "series": [],
        "quantiles": [0.1, 0.5, 0.9],
        "statistics": {},
    },
}


@pytest.fixture(scope="session")
def untrained():
    """`untrained(task, *assignments)` gives a small LoadedModel with the weights that it begins with."""
    import keras

    from suite.config import load_settings
    from suite.registry import load_pipeline
    from suite.runtime.keras_runtime import KerasPredictor
    from suite.runtime.loaded import LoadedModel

    def make(task, *assignments):
        pipeline, assets = load_pipeline(task), LEARNED[task]
        settings = load_settings(pipeline.Settings, None, (*SMALLEST[task], *assignments))
        keras.utils.set_random_seed(3)
        predictor = KerasPredictor(pipeline.build(settings, assets), pipeline.signatures(assets, settings))
        return LoadedModel(SimpleNamespace(task=task, pipeline=pipeline, assets=assets, settings=settings), predictor)

    return make


def approximately(value):
    """Return what equals a JSON-able value, its floats to 1e-5."""
    if isinstance(value, dict):
        return {name: approximately(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(approximately(item) for item in value)
    return pytest.approx(value, rel=1e-5, abs=1e-5) if isinstance(value, float) else value
