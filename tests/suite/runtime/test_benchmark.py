"""`suite benchmark MODEL_DIR` names every runner with every number of threads; no figure is judged here."""

import shutil

import numpy as np

from suite.runtime.benchmark import measure_predictor


def test_keras_and_each_file_at_each_number_of_threads(suite, workdir, trained, monkeypatch):
    monkeypatch.setattr(
        "suite.runtime.benchmark._keras_in_child", lambda *_: {"milliseconds": 1, "examples_per_second": 9}
    )
    model_dir = shutil.copytree(trained.model_dir, workdir / "copy")
    assert suite("export", model_dir).status == 0
    done = suite("benchmark", model_dir, "--rounds", "1", "--json")
    assert done.status == 0, done.err
    runners = {row["runner"] for row in done.json["rows"]}
    assert runners == {"keras", "interpreter.tflite"} and done.json["task"] == "sentiment"
    assert {1} <= {row["threads"] for row in done.json["rows"]}
    assert all(row["milliseconds"] > 0 and row["examples_per_second"] > 0 for row in done.json["rows"])
    assert "interpreter.tflite" in suite("benchmark", model_dir, "--rounds", "1").out


def test_neither_a_model_nor_recurrent(suite, workdir):
    done = suite("benchmark", "nowhere")
    assert done.status == 2 and "knows: recurrent, or the folder" in done.err
    assert suite("benchmark", workdir).status == 2


def test_every_input_is_answered_alone_and_with_all_others():
    asked = []

    def predictor(inputs):
        asked.append(len(inputs))
        return inputs

    found = measure_predictor(predictor, [{"x": np.zeros(1)}] * 3, rounds=2)
    assert asked == [3, 1, 1, 1] * 3 and found["milliseconds"] >= 0
