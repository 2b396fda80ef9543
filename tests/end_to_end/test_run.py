"""The command line from data to answers, in one process."""

import io
import json
import math
import os
import shutil
import subprocess
import sys
from itertools import chain
from pathlib import Path
from types import SimpleNamespace

import pytest


def test_train_ends_with_figures_a_whole_folder_and_the_weights_of_its_seed(suite, workdir, trained, reviews, tiny):
    """`trained` had the same data, settings and seed."""
    import numpy as np

    from suite.artifact import load_model, read_artifact

    done = suite("train", "sentiment", "--data", reviews, *tiny, "--json")
    assert done.status == 0, done.err
    result = done.json
    assert set(result) == {"task", "name", "model_dir", "run_id", "metrics", "seconds"}
    assert result["name"] == "reviews" and result["model_dir"] == "saved_models/sentiment/reviews"
    assert set(result["metrics"]) == {
        f"{part}_{name}" for part in ("val", "test") for name in ("accuracy", "macro_f1", "loss", "calibration_error")
    }
    assert sorted(os.listdir("saved_models/sentiment")) == ["reviews"]
    assert "epoch 2/2" in done.err and "train_loss" in done.err

    listed = suite("runs", "sentiment", "--count", 1000, "--json").json["runs"]
    row = next(row for row in listed if row["run_id"] == result["run_id"])
    assert row["status"] == "FINISHED"
    assert row["metrics"] == pytest.approx(result["metrics"])
    weights = [load_model(read_artifact(folder)).get_weights() for folder in (trained.model_dir, result["model_dir"])]
    assert all(np.array_equal(*pair) for pair in zip(*weights, strict=True))


def test_figures_are_the_same_elsewhere(trained, reviews, tmp_path):
    """Another directory for the model, another working directory, another process."""
    copy = shutil.copytree(trained.model_dir, tmp_path / "moved" / "model")
    (tmp_path / "cwd").mkdir()
    command = [sys.executable, "-m", "suite", "evaluate", copy, "--data", reviews, "--json"]
    answer = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=tmp_path / "cwd",
        check=True,
        env=os.environ | {"PYTHONPATH": os.getcwd()},
    )
    found = json.loads(answer.stdout)
    assert (found["split"], found["examples"]) == ("test", 60)
    assert found["metrics"] == pytest.approx(trained.metrics["test"], abs=1e-6)


def test_evaluate_takes_the_part_that_the_design_says(suite, workdir, trained, reviews):
    assert suite("evaluate", trained.model_dir, "--data", reviews, "--json", "--split", "all").json["examples"] == 360
    assert suite("evaluate", trained.model_dir, "--data", reviews, "--json", "--split", "dev").json[
        "metrics"
    ] == pytest.approx(trained.metrics["val"], abs=1e-6)
    shutil.copy(reviews / "test.tsv", "unnamed.tsv")
    everything = suite("evaluate", trained.model_dir, "--data", "unnamed.tsv", "--json").json
    assert (everything["split"], everything["examples"]) == ("all", 60)
    (workdir / "named").mkdir()
    shutil.copy(reviews / "train.tsv", "named/train.tsv")
    missing = suite("evaluate", trained.model_dir, "--data", "named", "--json")
    assert missing.status == 2 and "no test part" in missing.err


@pytest.mark.slow
def test_parts_that_are_drawn_are_the_runs_own_test_part(suite, workdir, reviews, tiny):
    shutil.copy(reviews / "train.tsv", "all.tsv")
    trained = suite("train", "sentiment", "--data", "all.tsv", *tiny, "--json").json
    found = suite("evaluate", trained["model_dir"], "--data", "all.tsv", "--json").json
    assert found["split"] == "test" and 0 < found["examples"] < 60
    assert found["metrics"]["loss"] == pytest.approx(trained["metrics"]["test_loss"], abs=1e-6)


def test_predict_gives_one_object_per_input(suite, workdir, trained):
    (workdir / "one.txt").write_text("the cast was great")
    (workdir / "two.csv").write_text("text,stars\nthe plot was dull,1\n,2\n")
    done = suite("predict", trained.model_dir, "a fine film", "one.txt", "two.csv", "--json", "--explain")
    rows = done.json_lines
    assert done.status == 2, "the empty text of two.csv failed"
    assert [row["input"] for row in rows] == ["a fine film", "one.txt", "two.csv:2", "two.csv:3"]
    assert "empty" in rows[3]["error"]
    for row in rows[:3]:
        assert row["label"] == max(row["scores"], key=row["scores"].get)
        assert sum(row["scores"].values()) == pytest.approx(1)
        assert sum(token["weight"] for token in row["tokens"]) == pytest.approx(1, abs=1e-5)
    assert [token["text"] for token in rows[0]["tokens"]] == ["a", "fine", "film"]
    assert all(rows[0]["input"][token["start"] : token["end"]] == token["text"] for token in rows[0]["tokens"])


def test_predict_reads_a_file_by_what_it_is_and_names_its_own_option(suite, workdir, trained):
    (workdir / "utf16.csv").write_bytes("text\nit’s dull\n".encode("utf-16"))
    (workdir / "old.csv").write_bytes("text\nit’s dull\n".encode("cp1252"))
    (plain,) = suite("predict", trained.model_dir, "it’s dull", "--json").json_lines
    (marked,) = suite("predict", trained.model_dir, "utf16.csv", "--json").json_lines
    refused = suite("predict", trained.model_dir, "old.csv", "--json")
    assert refused.status == 2 and "--encoding cp1252" in refused.out and "--set" not in refused.out
    (named,) = suite("predict", trained.model_dir, "old.csv", "--json", "--encoding", "cp1252").json_lines
    assert marked["scores"] == named["scores"] == pytest.approx(plain["scores"])


@pytest.mark.parametrize(
    "text", ["", " ", "\0", "😀😀", "日本語のレビュー", "x" * 100_000, "a\udce9b", "-", "not\nbad"]
)
def test_any_text_has_an_answer(trained, text):
    import suite

    answer = suite.load(trained.model_dir).predict(text)
    assert math.isclose(sum(answer.scores.values()), 1, rel_tol=1e-5)


def test_python_and_command_line_agree(suite, workdir, trained):
    import suite as package

    (said,) = suite("predict", trained.model_dir, "never dull , but clumsy", "--json").json_lines
    answer = package.load(trained.model_dir).predict("never dull , but clumsy")
    assert said["scores"] == pytest.approx(answer.scores, abs=1e-6) and said["label"] == answer.label


def test_lines_of_stdin_are_answered_into_a_file(suite, workdir, trained, monkeypatch):
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"a good film\nso bad\n")))
    done = suite("predict", trained.model_dir, "-", "--output", "answers.jsonl")
    assert done.status == 0 and "answers.jsonl: 2 answers" in done.err, done.err
    lines = Path("answers.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["input"] for line in lines] == ["a good film", "so bad"]


def test_the_tracked_model_predicts_from_plain_strings(workdir, trained):
    import mlflow

    import suite

    mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
    texts = ["the cast was great", "the story was awful"]
    answers = mlflow.pyfunc.load_model(f"runs:/{trained.run_id}/model").predict(texts)
    expected = suite.load(trained.model_dir).predict(texts)
    assert [answer["label"] for answer in answers] == [answer.label for answer in expected]
    assert [answer["scores"] for answer in answers] == [pytest.approx(answer.scores, abs=1e-6) for answer in expected]


def test_a_run_logs_what_makes_it_comparable(workdir, trained):
    import mlflow

    mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
    client = mlflow.MlflowClient()
    run = client.get_run(trained.run_id)
    assert run.data.params["units"] == "8" and run.data.params["seed"] == "0"
    assert {"data.fingerprint", "data.format", "git_commit", "version.tensorflow", "model_dir"} <= set(run.data.tags)
    parts = {row.tags[0].value: row.dataset for row in run.inputs.dataset_inputs}
    assert json.loads(parts["train"].profile)["num_rows"] == 240 and {"train", "dev", "test"} == set(parts)
    assert not any(name.startswith("data") for name in run.data.metrics)
    # MLflow draws them in the order of the alphabet, and those with a slash above all others.
    prefixes = [name.partition("_")[0] for name in sorted(run.data.metrics)]
    assert [prefix for prefix in dict.fromkeys(prefixes) if prefix != "tflite"] == ["test", "train", "val", "wall"]
    assert "/" not in "".join(run.data.metrics)
    assert [point.step for point in client.get_metric_history(trained.run_id, "val_accuracy")][:2] == [1, 2]
    assert run.data.metrics["test_accuracy"] == pytest.approx(trained.metrics["test"]["accuracy"])
    names = {item.path for item in client.list_artifacts(trained.run_id)}
    assert {"learning_curves.png", "val", "test"} <= names
    inside = {item.path for item in client.list_artifacts(trained.run_id, "test")}
    pictures = {"test/confusion_matrix.png", "test/reliability.png"}
    assert inside == pictures | {"test/details.json", "test/samples.json"}
    steps = [item.path for item in client.list_artifacts(trained.run_id, "images") if item.path.endswith(".png")]
    # An epoch of more than ten seconds, on a busy machine, has a picture too.
    assert {path.partition("+timestamp")[0] for path in steps} - {"images/val_confusion_matrix+step+1"} == {
        "images/val_confusion_matrix+step+2",
        "images/test_confusion_matrix+step+2",
    }


def test_folds_are_all_checked_before_the_first_one_trains_averaged_and_resumed(suite, workdir, reviews, tiny):
    import mlflow

    # One example of a class: in the fold whose dev part it would be, it stays in train.
    lines = (reviews / "train.tsv").read_text().splitlines()[:60]
    (workdir / "rare.tsv").write_text("\n".join([*lines, "seen once\tunheard-of"]) + "\n")
    private = ("--set", "log_samples=false", "--set", "parity_samples=0")
    command = (
        "train",
        "sentiment",
        "--data",
        "rare.tsv",
        *tiny,
        *private,
        "--set",
        "epochs=1",
        "--folds",
        "2",
        "--name",
    )
    ended = suite(*command, "rare", "--json")
    assert ended.status == 0, ended.err
    before, _, after = ended.err.partition("epoch 1/1")
    assert (
        "/2: The label 'unheard-of' is so rare that all its examples stay in train." in before and "epoch 1/1" in after
    )
    folds = ended.json["folds"]
    labels = [json.loads(Path(fold["model_dir"], "assets", "labels.json").read_text()) for fold in folds]
    assert all("unheard-of" in names for names in labels)
    values = [fold["metrics"]["val_accuracy"] for fold in folds]
    assert ended.json["mean"]["accuracy"] == pytest.approx(sum(values) / 2)
    assert sorted(os.listdir("saved_models/sentiment")) == ["rare-fold1", "rare-fold2"]
    # Private data stay out of the store and of the folder.
    paths = {item.path for item in mlflow.MlflowClient().list_artifacts(folds[0]["run_id"], "val")}
    assert paths and "val/samples.json" not in paths
    assert not {"parity", "trained_on.npy"} & set(os.listdir("saved_models/sentiment/rare-fold1/assets"))
    # Stopped before the second fold, it goes on with that one.
    shutil.rmtree("saved_models/sentiment/rare-fold2")
    resumed = suite(*command, "rare", "--resume", "--json").json
    assert resumed["folds"][0] == folds[0] and resumed["folds"][1] != folds[1]
    assert resumed["mean"] == pytest.approx(ended.json["mean"])
    # A name that is taken for the last fold stops the first one, and nothing is left behind.
    Path("saved_models/sentiment/cv-fold2").mkdir()
    refused = suite(*command, "cv")
    assert refused.status == 2 and "cv-fold2 exists" in refused.err and "epoch" not in refused.err
    assert sorted(path.name for path in Path("saved_models/sentiment").glob("*cv*")) == ["cv-fold2"]


def test_folds_by_group_without_a_label_in_train_are_refused_at_once(suite, workdir, tiny):
    rows = [
        f"text {n} of {group}\t{label}\t{group}"
        for group, label in zip("abc", ("x", "x", "y"), strict=True)
        for n in range(9)
    ]
    (workdir / "confounded.tsv").write_text("text\tlabel\tgroup\n" + "\n".join(rows) + "\n")
    data = ("--data", "confounded.tsv", *tiny, "--set", "dev_fraction=0", "--set", "test_fraction=0")
    refused = suite("train", "sentiment", *data, "--folds", "3")
    assert refused.status == 2 and "'y' occurs nowhere in train" in refused.err and "split_by=content" in refused.err
    assert "fold" in refused.err and "epoch" not in refused.err and not list(Path("saved_models").rglob("*fold*"))


def test_a_warm_start_begins_from_the_other_models_weights_and_is_evaluated_with_one_reading_of_its_data(
    suite, workdir, trained, reviews, tiny, monkeypatch
):
    """On a test part that the run drew itself, which other settings would draw otherwise."""
    from pipelines import sentiment
    from suite import artifact

    lines = [
        (reviews / f"{part}.tsv").read_text(encoding="utf-8").splitlines(keepends=True)[1:]
        for part in ("train", "dev", "test")
    ]
    (workdir / "all.tsv").write_text("".join(["text\tlabel\n", *chain(*lines)]), encoding="utf-8")
    drawn = ["--set", "split_by=time", "--set", f"test_fraction={1 / 6}"]  # the last ones: the test part of `trained`
    start = ["--set", "learning_rate=1e-9", "--set", "epochs=1", "--init", trained.model_dir, "--name", "warm"]
    begun = suite("train", "sentiment", "--data", "all.tsv", *tiny, *drawn, *start, "--json")
    assert begun.status == 0, begun.err
    # With next to no learning the figures are those of the model it began from.
    assert begun.json["metrics"]["test_loss"] == pytest.approx(trained.metrics["test"]["loss"], abs=1e-4)
    hashed, reads = [], []
    checksum, read = artifact.checksum, sentiment.read
    monkeypatch.setattr(artifact, "checksum", lambda path: hashed.append(path) or checksum(path))
    monkeypatch.setattr(sentiment, "read", lambda *arguments: reads.append(arguments) or read(*arguments))
    evaluated = suite("evaluate", begun.json["model_dir"], "--data", "all.tsv", "--json")
    assert evaluated.status == 0, evaluated.err
    assert evaluated.json["split"] == "test" and evaluated.json["examples"] == 60
    assert evaluated.json["trained_on"] == 0
    assert evaluated.json["metrics"] == pytest.approx(
        {name[5:]: value for name, value in begun.json["metrics"].items() if name.startswith("test_")}, abs=1e-6
    )
    assert len(reads) == 1
    assert len(hashed) == len(set(hashed)) > 3


def test_evaluate_says_how_many_examples_the_run_was_trained_on(suite, workdir, trained, reviews):
    train = (reviews / "train.tsv").read_text().splitlines()
    (workdir / "grown.tsv").write_text("\n".join([*train, "a new text\tpositive", "and one more\tnegative"]) + "\n")
    grown = suite("evaluate", trained.model_dir, "--data", "grown.tsv", "--json")
    assert grown.status == 0, grown.err
    assert grown.json["examples"] == len(train) + 1 and grown.json["trained_on"] == len(train) - 1
    assert f"was trained on {len(train) - 1} of these {len(train) + 1} examples" in grown.err
    test = suite("evaluate", trained.model_dir, "--data", reviews, "--json")
    assert test.json["split"] == "test" and test.json["trained_on"] == 0 and "trained on" not in test.err
    # A model without digests, as older ones and those of private data, says nothing.
    bare = workdir / "bare"
    shutil.copytree(trained.model_dir, bare)
    (bare / "assets" / "trained_on.npy").unlink()
    record = json.loads((bare / "record.json").read_text())
    del record["files"]["assets/trained_on.npy"]
    (bare / "record.json").write_text(json.dumps(record))
    silent = suite("evaluate", bare, "--data", "grown.tsv", "--json")
    assert "trained_on" not in silent.json and "trained on" not in silent.err


def test_a_final_fit_takes_everything(suite, workdir, reviews, tiny):
    shutil.copy(reviews / "train.tsv", "all.tsv")
    done = suite(
        "train",
        "sentiment",
        "--data",
        "all.tsv",
        *tiny,
        "--set",
        "dev_fraction=0",
        "--set",
        "test_fraction=0",
        "--set",
        "epochs=1",
        "--json",
    )
    assert done.status == 0, done.err
    assert done.json["metrics"] == {}
    record = json.loads((workdir / done.json["model_dir"] / "record.json").read_text())
    assert record["data"]["sizes"] == {"train": 240, "dev": 0, "test": 0} and record["best_epoch"] is None
