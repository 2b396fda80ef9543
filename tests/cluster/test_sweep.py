"""A sweep whose study is in PostgreSQL, and one whose trials are Ray tasks."""

import json
from dataclasses import replace

import pytest

from pipelines.sentiment.config import Settings
from suite.sweep.claims import claim, give_back, record_heartbeats, release
from suite.sweep.plan import Sweep
from suite.sweep.study import alone, open_study, storage_of

pytestmark = pytest.mark.cluster
SPACE = {"learning_rate": {"low": 1e-4, "high": 1e-2, "log": True}, "units": {"low": 4, "high": 16, "step": 4}}


def test_machines_share_a_study_and_take_over_who_falls_silent(tmp_path, postgres_uri):
    """Two machines have folders of their own; one is alive as long as the database hears of it."""
    import sqlalchemy

    ours, theirs = (
        Sweep("sentiment", "search", Settings(), SPACE, 4, tmp_path / name, postgres_uri) for name in ("ours", "theirs")
    )
    for sweep in (ours, theirs):
        sweep.folder.mkdir(parents=True)
    with alone(ours):
        study = open_study(ours)
    mine, other = claim(ours, study), claim(theirs, open_study(theirs))
    assert (mine.number, other.number) == (0, 1) and mine.params != other.params
    rest = [claim(ours, study) for _ in range(3)]
    assert [claimed and claimed.number for claimed in rest] == [2, 3, None]  # the silent one has 60 seconds
    record_heartbeats(study, [mine.trial_id])
    with sqlalchemy.create_engine(postgres_uri).begin() as database:
        database.execute(
            sqlalchemy.text(
                "UPDATE trial_heartbeats SET heartbeat = heartbeat - interval '61 seconds' WHERE trial_id = :id"
            ),
            {"id": other.trial_id},
        )
    again = claim(ours, study)
    assert (again.number, again.params) == (other.number, other.params)
    assert claim(theirs, open_study(theirs)) is None
    give_back(study, again)  # as Ctrl-C does: at once, no minute is waited
    taken = claim(theirs, open_study(theirs))
    assert taken is None  # its own process still holds the lock in this folder
    release(other)
    assert claim(theirs, open_study(theirs)).number == other.number
    assert storage_of(study).get_heartbeat_interval()


def test_trials_as_ray_tasks_in_a_study_in_postgresql(workdir, suite, reviews, tiny, postgres_uri):
    pytest.importorskip("ray", reason="Ray is not installed: pip install '.[cluster]'")
    (workdir / "space.yaml").write_text("learning_rate: [0.003, 0.01, 0.03]\nunits: [4, 8]\n")
    command = ["sweep", "sentiment", "--data", reviews, *tiny, "--set", "epochs=1", "--name", "search", "--trials", 3]
    command += ["--space", workdir / "space.yaml", "--storage", postgres_uri, "--ray", "--cores", 1, "--json"]
    told = suite(*command)
    assert told.status == 0, told.err
    assert told.json["trials"] == {"complete": 3, "pruned": 0, "failed": 0}
    again = suite(
        "train", "sentiment", "--data", reviews, "--config", told.json["settings"], "--name", "again", "--json"
    )
    assert again.json["metrics"] == told.json["best"]["metrics"]
    study = open_study(Sweep("sentiment", "search", Settings(), SPACE, 3, workdir / "saved_models", postgres_uri))
    assert len({json.dumps(trial.params) for trial in study.trials}) == 3


def test_a_task_of_more_than_the_cluster_has_is_refused(workdir, suite, reviews, tiny):
    pytest.importorskip("ray", reason="Ray is not installed: pip install '.[cluster]'")
    command = ["sweep", "sentiment", "--data", reviews, *tiny, "--trials", 3, "--ray", "--cores", 1000]
    refused = suite(*command)
    assert refused.status == 2 and "1000 cores" in refused.err


def test_machines_of_a_cluster_need_a_study_that_they_share(tmp_path, monkeypatch):
    from suite.errors import UserError
    from suite.sweep.ray_workers import _check_shared

    sweep = Sweep("sentiment", "search", Settings(), SPACE, 3, tmp_path)
    _check_shared({"one"}, sweep)
    with pytest.raises(UserError, match=r"2 machines.*--storage"):
        _check_shared({"one", "two"}, sweep)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///mlflow.db")
    with pytest.raises(UserError, match="MLFLOW_TRACKING_URI"):
        _check_shared({"one", "two"}, replace(sweep, storage="postgresql://x/y"))
