"""The MLflow flavor: what is logged answers as the suite's own TFLite runtime does."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from suite.artifact import Trained, package_versions, read_artifact, write_artifact
from suite.errors import UserError
from suite.runtime.loaded import load, plain
from suite.tracking.tflite_flavor import load_model, log_model, save_model

LABELS = ["negative", "positive"]
TEXTS = ["a fine film, and a short one", "dull", "", "добре кіно ☕", "'quoted', \"twice\"\n"]


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory):
    """A whole model folder, its weights random, with an exported file: the tokenizer's words, mean embedding, softmax."""
    import keras
    import tensorflow as tf

    from pipelines.sentiment.config import Settings
    from suite.text import make_tokenizer

    settings = Settings(hash_buckets=64, ngrams=(), embedding=4, units=4)
    assets = {"labels": LABELS}
    tokenizer = make_tokenizer(settings, assets)
    random = np.random.default_rng(0)
    table = tf.constant(random.normal(size=(64, 2)).astype("float32"))

    def classify(text):
        words = tokenizer(text)["words"]
        weight = tf.cast(words > 0, tf.float32)[..., tf.newaxis]
        attention = weight[..., 0] / tf.maximum(tf.reduce_sum(weight, axis=1), 1)
        return {
            "probabilities": tf.nn.softmax(tf.reduce_sum(tf.gather(table, words) * weight, axis=1)),
            "attention": attention,
        }

    folder = tmp_path_factory.mktemp("models")
    module = tf.Module()
    module.call = tf.function(classify, input_signature=[tf.TensorSpec((1, None), tf.uint8, "text")], autograph=False)
    tf.saved_model.save(module, str(folder / "saved"), signatures={"classify": module.call})
    converted = tf.lite.TFLiteConverter.from_saved_model(str(folder / "saved"), signature_keys=["classify"]).convert()
    record = {"task": "sentiment", "name": "reviews", "versions": package_versions()}
    parity = [{"text": np.frombuffer(b"a private text", np.uint8)}]
    inputs = keras.Input((1,))
    weights = keras.Model(inputs, keras.layers.Dense(2)(inputs))
    write_artifact(folder / "reviews", Trained(weights, settings, assets, record, "# card\n", parity), folder)
    (folder / "reviews" / "tflite").mkdir()
    (folder / "reviews" / "tflite" / "interpreter.tflite").write_bytes(converted)
    (folder / "reviews" / "tflite" / "labels.txt").write_text("negative\npositive\n", encoding="utf-8")
    return folder / "reviews"


@pytest.fixture
def expected(model_dir):
    model = load(model_dir, tflite=model_dir / "tflite" / "interpreter.tflite")
    return [plain(answer) for answer in model.predict(TEXTS)]


@pytest.fixture
def logged(model_dir, workdir):
    """The model logged to the session's store, in a run of its own."""
    from suite.tracking.store import tracked_run

    with tracked_run("sentiment", "reviews"):
        return log_model(model_dir, name="phone")


def test_pyfunc_predicts_from_raw_texts(logged, expected):
    import mlflow

    model = mlflow.pyfunc.load_model(logged.model_uri)
    assert model.predict(TEXTS) == expected
    assert model.predict(TEXTS[:1], params={"explain": True})[0]["tokens"][0]["text"] == "a"


def test_load_model_gives_the_predictor(logged, model_dir, expected):
    model = load_model(logged.model_uri)
    assert [plain(answer) for answer in model.predict(TEXTS)] == expected
    (answer,) = model.predictor([{"text": np.frombuffer(b"fine", np.uint8)}])
    assert answer["probabilities"].shape == (2,)
    assert model.artifact.path != model_dir


def test_layout_and_signature(logged):
    import mlflow
    import yaml

    folder = Path(mlflow.artifacts.download_artifacts(artifact_uri=logged.model_uri))
    description = yaml.safe_load((folder / "MLmodel").read_text(encoding="utf-8"))
    assert description["flavors"]["tflite"]["file"] == "interpreter.tflite"
    assert description["flavors"]["tflite"]["deployment"] == "interpreter"
    assert description["flavors"]["python_function"]["loader_module"] == "suite.tracking.tflite_flavor"
    assert json.loads((folder / "input_example.json").read_text(encoding="utf-8")) is not None
    assert [column.type.name for column in logged.signature.inputs] == ["string"]
    assert [column.name for column in logged.signature.outputs] == ["label", "scores"]
    assert [parameter.name for parameter in logged.signature.params] == ["explain"]
    names = {file.name for file in folder.rglob("*") if file.is_file()}
    assert {
        "requirements.txt",
        "conda.yaml",
        "python_env.yaml",
        "settings.yaml",
        "interpreter.tflite",
        "labels.txt",
    } <= names
    assert not any(name.endswith((".pkl", ".keras", ".npz")) for name in names)


def test_a_moved_copy_still_answers(model_dir, tmp_path, workdir, expected):
    import mlflow

    copy = tmp_path / "copy"
    shutil.copytree(model_dir, copy)
    save_model(tmp_path / "saved", copy)
    shutil.rmtree(copy)
    assert mlflow.pyfunc.load_model(str(tmp_path / "saved")).predict(TEXTS) == expected


def test_says_what_is_wrong(model_dir, tmp_path, workdir):
    with pytest.raises(UserError, match=r"compiled\.tflite: no such file; exported: interpreter\.tflite"):
        save_model(tmp_path / "a", model_dir, file="compiled.tflite")
    assert not (tmp_path / "a").exists()
    with pytest.raises(UserError, match="expected a name as the export gives it"):
        save_model(tmp_path / "b", model_dir, file="mine.tflite")
    with pytest.raises(UserError, match="never overwritten"):
        save_model(tmp_path, model_dir)
    with pytest.raises(UserError, match="no such model folder"):
        save_model(tmp_path / "c", tmp_path / "nothing")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "MLmodel").write_text("flavors: {}\n")
    with pytest.raises(UserError, match="flavor 'tflite'"):
        load_model(str(tmp_path / "other"))


def test_every_exported_file_is_a_model_of_its_run_and_the_end_of_the_run_stays(model_dir, workdir, expected):
    import mlflow

    from suite.tracking.record import log_export
    from suite.tracking.store import tracked_run
    from suite.tracking.stored import model_folder

    with tracked_run("sentiment", "reviews") as run:
        pass
    client, files = mlflow.MlflowClient(), ("interpreter.tflite", "interpreter-float16.tflite")
    ended = client.get_run(run.info.run_id).info.end_time
    artifact = read_artifact(model_dir)
    artifact = replace(artifact, record=artifact.record | {"run_id": run.info.run_id})
    shutil.copy(model_dir / "tflite" / files[0], model_dir / "tflite" / files[1])
    (model_dir / "tflite" / "report.json").write_text("{}")
    try:
        entries = [entry(file, place) for place, file in enumerate(files)]
        for _ in range(2):  # what is exported again as it was is not logged again
            assert log_export(artifact, entries, print) is None
        models = client.search_logged_models([run.info.experiment_id], f"source_run_id = '{run.info.run_id}'")
        assert sorted(model.name for model in models) == ["interpreter", "interpreter-float16"]
        for model in models:
            place = len(model.name) > len("interpreter")
            figures = {metric.key: metric.value for metric in model.metrics}
            assert figures == {
                "tflite_bytes": 1000.0 + place,
                "tflite_latency_ms": 0.5 + place,
                "tflite_max_difference": 1e-6,
                "tflite_accuracy": 0.75,
            }
            assert {**model.params}.items() >= {"quantization": ("none", "float16")[place], "split": "test"}.items()
            assert mlflow.pyfunc.load_model(model.model_uri).predict(TEXTS) == expected
        finished = client.get_run(run.info.run_id)
        assert (finished.info.end_time, finished.info.status) == (ended, "FINISHED")
        assert finished.data.metrics["tflite_bytes"] == 1000.0  # of the file that `suite predict` takes
        assert {output.model_id for output in finished.outputs.model_outputs} == {model.model_id for model in models}
        file = model_folder(f"runs:/{run.info.run_id}/interpreter-float16")
        assert file.read_bytes() == (model_dir / "tflite" / files[1]).read_bytes()
    finally:
        (model_dir / "tflite" / files[1]).unlink()
        (model_dir / "tflite" / "report.json").unlink()


def entry(file, place):
    """Return what a report says of an exported file, as far as it is logged."""
    return {
        "file": file,
        "deployment": "interpreter",
        "quantization": ("none", "float16")[place],
        "custom": [],
        "bytes": 1000 + place,
        "sha256": str(place),
        "parity": {"max_difference": 1e-6},
        "latency_ms": {"1": 0.5 + place},
        "metrics": {"split": "test", "examples": 60, "tflite": {"accuracy": 0.75}, "keras": {"accuracy": 0.75}},
    }


@pytest.mark.slow
def test_mlflow_serves_it(logged, expected, tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    root = Path(__file__).resolve().parents[3]
    paths = os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH")]))
    environment = os.environ | {
        "PYTHONPATH": paths,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--env-manager", "local", "-m", logged.model_uri]
    with (tmp_path / "log.txt").open("w+b") as log:
        server = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", str(port)],
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            wait_until_up(server, f"http://127.0.0.1:{port}/ping", tmp_path / "log.txt")
            assert post(port, {"inputs": TEXTS}) == expected
            assert (
                post(port, {"dataframe_split": {"columns": ["text"], "data": [[text] for text in TEXTS]}}) == expected
            )
            (explained,) = post(port, {"inputs": TEXTS[:1], "params": {"explain": True}})
            assert [token["text"] for token in explained["tokens"]][:2] == ["a", "fine"]
        finally:
            os.killpg(server.pid, 15)
            server.wait(30)


def wait_until_up(server, url, log):
    for _ in range(240):
        assert server.poll() is None, log.read_text(errors="replace")[-2000:]
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.5)
    pytest.fail(f"the server did not answer: {log.read_text(errors='replace')[-2000:]}")


def post(port, body):
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/invocations", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)["predictions"]
