"""A sweep from start to end: trials are runs, one that fails is one that failed, and what stopped goes on."""

from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from pipelines.sentiment.config import Settings
from suite.artifact import load_model, read_artifact
from suite.config import load_settings
from suite.errors import UserError
from suite.sweep.plan import Sweep
from suite.sweep.run import run_sweep
from suite.sweep.study import open_study
from suite.sweep.trial import Job, Outcome, run_trial
from suite.tracking.patience import StoreAway
from tests.suite.sweep.conftest import InThisProcess

ROW = {"metrics": {"val": {"accuracy": 0.5}}, "run_id": "none", "seconds": 1.0, "epochs": 1, "model_dir": "gone"}
SPACE = {"learning_rate": {"low": 1e-4, "high": 1e-2, "log": True}, "units": {"low": 4, "high": 16, "step": 4}}


def complete(value):
    return Outcome("complete", value, ROW | {"metrics": {"val": {"accuracy": value}}})


def test_the_best_trial_is_reported_and_its_model_is_the_one_that_stays(swept):
    report, sweep = swept.report, swept.sweep
    assert report.counts == {"complete": 3, "pruned": 0, "failed": 0}
    assert sorted(trial["number"] for trial in report.trials) == [0, 1, 2]
    values = [trial["value"] for trial in report.trials]
    assert values == sorted(values, reverse=True)
    assert swept.jobs[0].params["learning_rate"] == 0.01 and swept.jobs[0].params["units"] == 8  # as --set has them
    assert [path.name for path in sweep.folder.parent.glob("search-trial*")] == [Path(report.model_dir).name]
    record = read_artifact(report.model_dir).record
    assert record["metrics"]["val"]["accuracy"] == values[0]
    best = load_settings(Settings, report.settings_file)
    assert best == read_artifact(report.model_dir).settings
    assert {key: getattr(best, key) for key in sweep.space} == report.trials[0]["params"]
    assert not [*sweep.folder.parent.glob("*.unfinished")]


def test_the_best_settings_train_to_the_very_weights_of_their_trial(swept, train_on):
    lines = swept.report.settings_file.read_text().splitlines()
    assert lines[1] == f"# suite train sentiment --data {swept.examples.path} --config {swept.report.settings_file}"
    assignments = [line.replace(": ", "=", 1) for line in lines if line[:1].isalpha() and line[-1] != ":"]
    assignments = [line for line in assignments if not line.startswith("ngrams")] + ["ngrams=[]"]
    again = train_on("sentiment", swept.examples.path, "again", *assignments)
    assert again.metrics["val"] == swept.report.trials[0]["metrics"]["val"]
    for ours, theirs in zip(
        load_model(read_artifact(again.model_dir)).weights,
        load_model(read_artifact(swept.report.model_dir)).weights,
        strict=True,
    ):
        assert np.array_equal(ours.numpy(), theirs.numpy()), ours.path


def test_trials_are_runs_below_the_run_of_the_sweep(swept, tracking_uri, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", tracking_uri)
    from suite.tracking.store import open_store

    client = open_store().MlflowClient()
    parent = client.get_run(swept.report.run_id)
    below = client.search_runs([parent.info.experiment_id], f"tags.`mlflow.parentRunId` = '{swept.report.run_id}'")
    best = swept.report.trials[0]
    assert {run.info.run_name for run in below} == {"search-trial0", "search-trial1", "search-trial2"}
    assert {run.info.status for run in [parent, *below]} == {"FINISHED"}
    assert best["run_id"] in {run.info.run_id for run in below}
    assert parent.data.metrics["val_accuracy"] == best["value"]
    assert (
        parent.data.tags["sweep.best_run_id"] == best["run_id"] and "learning_rate" in parent.data.tags["sweep.space"]
    )
    logged = {file.path for file in client.list_artifacts(swept.report.run_id)}
    assert {"best.yaml", "trials.json", "importance.json", "pictures"} <= logged
    drawn = {Path(file.path).stem for file in client.list_artifacts(swept.report.run_id, "pictures")}
    assert {"history", "dev_curves", "slices", "parallel_coordinates"} <= drawn


def test_a_finished_sweep_trains_nothing_and_says_the_same(
    swept, suite, workdir, tiny, reviews, space_file, monkeypatch
):
    workers = InThisProcess(lambda job: None)
    monkeypatch.setattr("suite.sweep.workers.LocalWorker", lambda examples: workers)
    command = ["sweep", "sentiment", "--data", reviews, *tiny, "--set", "epochs=1", "--name", "search", "--trials", 3]
    command += ["--output", swept.sweep.output, "--space", space_file]
    told = suite(*command, "--json")
    assert told.status == 0 and not workers.jobs, told.err
    assert told.json["best"]["value"] == swept.report.trials[0]["value"]
    assert told.json["trials"] == swept.report.counts and told.json["run_id"] == swept.report.run_id
    shown = suite(*command)
    assert f"suite train sentiment --data {reviews} --config {swept.report.settings_file}" in shown.out
    assert suite(*command, "--set", "epochs=2").status == 2
    assert "epochs=1" in suite(*command, "--set", "epochs=2").err
    few = suite(*command, "--cores", 2)
    assert few.status == 2 and "--ray" in few.err


@pytest.fixture
def plan(tmp_path, tracking_uri, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", tracking_uri)
    return Sweep("sentiment", "scripted", Settings(), SPACE, 5, tmp_path)


def test_a_trial_that_fails_or_loses_its_process_is_not_the_end(plan, swept):
    script = iter(
        [
            complete(0.5),
            BrokenProcessPool("killed"),
            complete(0.7),
            Outcome("failed", facts={"error": "the loss became nan"}),
            Outcome("pruned", facts={"epochs": 2, "pruned": "after epoch 2"}),
            BrokenProcessPool("killed"),
            BrokenProcessPool("killed"),
        ]
    )

    def train(job):
        outcome = next(script)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    workers = InThisProcess(train)
    report = run_sweep(plan, swept.examples, workers, Console(quiet=True))
    assert [job.number for job in workers.jobs] == [0, 1, 1, 2, 3, 4, 4]
    assert workers.jobs[1].params == workers.jobs[2].params
    assert report.counts == {"complete": 2, "pruned": 1, "failed": 2}
    assert report.trials[0]["number"] == 1 and report.trials[0]["value"] == 0.7
    trials = open_study(plan).trials
    assert "nan" in trials[2].user_attrs["error"] and "2 times" in trials[4].user_attrs["error"]
    more = InThisProcess(lambda job: complete(0.9))
    assert run_sweep(replace(plan, trials=6), swept.examples, more, Console(quiet=True)).trials[0]["number"] == 5
    assert [job.number for job in more.jobs] == [5]


@pytest.mark.parametrize("stop", [KeyboardInterrupt, StoreAway])
def test_what_stopped_goes_on_with_the_same_trial(plan, swept, stop):
    def train(job):
        if job.number == 1 and stop is KeyboardInterrupt:
            raise KeyboardInterrupt
        return Outcome("store away", facts={"error": "gone"}) if job.number == 1 else complete(0.5)

    first = InThisProcess(train)
    with pytest.raises(stop):
        run_sweep(plan, swept.examples, first, Console(quiet=True))
    second = InThisProcess(lambda job: complete(0.6))
    report = run_sweep(plan, swept.examples, second, Console(quiet=True))
    assert [job.number for job in second.jobs] == [1, 2, 3, 4]
    assert second.jobs[0].params == first.jobs[1].params
    assert report.counts["complete"] == 5


def test_a_sweep_whose_first_trials_all_fail_ends_with_the_reason(plan, swept):
    workers = InThisProcess(lambda job: Outcome("failed", facts={"error": "the loss became nan"}))
    with pytest.raises(UserError, match=r"first 3 trials failed.*the loss became nan"):
        run_sweep(plan, swept.examples, workers, Console(quiet=True))
    assert len(workers.jobs) == 3


def test_more_trials_than_the_space_has_and_data_without_dev_are_refused(plan, swept):
    workers = InThisProcess(lambda job: complete(0.5))
    with pytest.raises(UserError, match=r"2 combinations.*5"):
        run_sweep(replace(plan, space={"units": [4, 8]}), swept.examples, workers, Console(quiet=True))
    no_dev = swept.examples.with_items(swept.examples.part("train"))
    with pytest.raises(UserError, match="no dev part"):
        run_sweep(plan, no_dev, workers, Console(quiet=True))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (UserError("the loss became nan in epoch 1"), "the loss became nan in epoch 1"),
        (MemoryError("20 GB"), "MemoryError: 20 GB"),
    ],
)
def test_what_is_wrong_with_one_trial_is_its_outcome(plan, swept, monkeypatch, error, words):
    def train(request, examples, console):
        raise error

    monkeypatch.setattr("suite.sweep.trial.train", train)
    plan.folder.mkdir(parents=True)
    trial = open_study(plan).ask()
    outcome = run_trial(Job(plan, 0, trial._trial_id, {"units": 8}, "parent"), swept.examples)
    assert outcome.state == "failed" and outcome.facts["error"] == words


def test_a_pruned_run_is_finished_and_marked_and_leaves_its_state_to_the_sweep(
    swept, tmp_path, tracking_uri, monkeypatch
):
    from suite.runs import train
    from suite.tracking.store import open_store
    from suite.training.pruned import Pruned
    from suite.training.unfinished import Request

    monkeypatch.setenv("MLFLOW_TRACKING_URI", tracking_uri)
    epochs = []

    def stop(epoch):
        epochs.append(epoch)
        raise Pruned("after epoch 1: others are better")

    request = Request("sentiment", swept.sweep.settings, "hopeless", tmp_path, after_epoch=stop)
    with pytest.raises(Pruned):
        train(request, swept.examples, Console(quiet=True))
    mlflow = open_store()
    run = mlflow.search_runs(
        search_all_experiments=True, filter_string="tags.`mlflow.runName` = 'hopeless'", output_format="list"
    )[0]
    assert run.info.status == "FINISHED" and run.data.tags["pruned"] == "after epoch 1: others are better"
    assert run.data.metrics["val_accuracy"] == epochs[0].metrics["val_accuracy"]
    assert [path.name for path in (tmp_path / "sentiment").iterdir()] == [".hopeless.unfinished"]
