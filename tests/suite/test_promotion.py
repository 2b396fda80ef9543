"""Promotion: the better model of two has the place; and models are found by their names in the store."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from suite.artifact import Trained, load_model, read_artifact, write_artifact
from suite.errors import UserError
from suite.tracking.stored import find_model, model_folder, own_folder
from tests.conftest import approximately


@pytest.fixture(scope="module")
def worse(trained, tmp_path_factory):
    """The trained model with its answers turned round, of a run that this store does not know."""
    artifact, folder = read_artifact(trained.model_dir), tmp_path_factory.mktemp("worse")
    model = load_model(artifact)
    for variable in model.layers[-1].weights:
        variable.assign(-variable)
    record = {name: value for name, value in artifact.record.items() if name != "files"} | {"run_id": "0" * 32}
    write_artifact(folder / "worse", Trained(model, artifact.settings, artifact.assets, record, "", []), folder)
    return folder / "worse"


@pytest.fixture(scope="module")
def client(trained, tracking_uri):
    import mlflow

    mlflow.set_tracking_uri(tracking_uri)
    return mlflow.MlflowClient()


@pytest.fixture(scope="module")
def film(worse, trained, client, tracking_uri):
    """A registered model: version 1 is the worse one, forced; version 2 the trained one. Returns its name."""
    from suite.promotion import compare, facts
    from suite.tracking.registering import holder, register, registered_task

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", tracking_uri)
        for folder in (worse, trained.model_dir):
            artifact = read_artifact(folder)
            contest = compare(artifact, holder("film", "champion"), registered_task("film"), None)
            assert contest.refusal is None
            register(artifact, "film", "champion", facts(contest))
    return "film"


def test_the_better_model_takes_the_place(suite, workdir, film, worse, trained, client):
    assert find_model(f"models:/{film}@champion").version == "2"
    version = client.get_model_version(film, "2")
    assert (version.run_id, version.tags["task"]) == (trained.run_id, "sentiment")
    assert version.tags["champion_before"].startswith("version 1 of film: ")
    assert version.tags["compared_examples"] == "60"
    assert float(version.tags["accuracy"]) == pytest.approx(trained.metrics["test"]["accuracy"], abs=1e-6)
    assert float(version.tags["accuracy"]) > float(client.get_model_version(film, "1").tags["accuracy"])
    assert client.get_run(trained.run_id).info.status == "FINISHED"


def test_a_worse_model_is_refused_with_both_figures(suite, workdir, film, worse, trained, client):
    refused = suite("promote", worse, "--as", film, "--json")
    assert refused.status == 2
    figures = refused.json["model"]["metrics"]["accuracy"], refused.json["champion"]["metrics"]["accuracy"]
    assert figures == approximately((1 - trained.metrics["test"]["accuracy"], trained.metrics["test"]["accuracy"]))
    assert (refused.json["version"], refused.json["champion"]["version"], refused.json["examples"]) == (None, "2", 60)
    assert f"accuracy {figures[0]:.4f} is not higher than {figures[1]:.4f} of version 2 of film" in refused.err
    assert find_model(f"models:/{film}@champion").version == "2"


def test_force_gives_the_place_to_the_version_that_it_is_already(suite, workdir, film, worse, client):
    ended = client.get_run(find_model(f"models:/{film}/2").run_id).info.end_time
    forced = suite("promote", worse, "--as", film, "--alias", "challenger", "--force")
    assert forced.status == 0 and "film version 1 is @challenger" in forced.out
    assert len(client.search_model_versions(f"name='{film}'")) == 2
    assert client.get_run(find_model(f"models:/{film}/2").run_id).info.end_time == ended


def test_the_champion_itself_and_another_task_are_refused(suite, workdir, film, trained, client):
    same = suite("promote", trained.model_dir, "--as", film)
    assert same.status == 2 and "is the champion already, version 2 of film" in same.err
    client.create_registered_model("digits", tags={"task": "speech"})
    other = suite("promote", trained.model_dir, "--as", "digits")
    assert other.status == 2 and "what is registered is of the task speech, not sentiment" in other.err


@pytest.mark.parametrize(
    ("option", "value"), [("--as", "a/b"), ("--as", "a@b"), ("--alias", "v3"), ("--alias", "latest")]
)
def test_a_name_that_the_registry_does_not_take_is_named(suite, workdir, trained, option, value):
    typed = {"--as": "film", "--alias": "champion"} | {option: value}
    refused = suite("promote", trained.model_dir, *(word for pair in typed.items() for word in pair))
    assert refused.status == 2 and f"{option} {value!r}" in refused.err


def test_data_that_is_no_longer_there_is_asked_for(trained, tmp_path):
    from suite.promotion import compare

    artifact = read_artifact(trained.model_dir)
    record = artifact.record | {"data": artifact.record["data"] | {"path": str(tmp_path / "gone")}}
    with pytest.raises(UserError, match=r"gone: .*; --data PATH names other data$"):
        compare(replace(artifact, record=record), None, None, None)


def test_every_command_takes_a_name_in_place_of_a_folder(suite, workdir, film, worse, trained, reviews, tiny):
    texts = ["a quiet film", "never dull , but clumsy"]
    for name in (f"models:/{film}@champion", f"models:/{film}/2", f"models:/{film}/latest", f"runs:/{trained.run_id}"):
        assert model_folder(name) == trained.model_dir
    turned = suite("predict", f"models:/{film}/1", *texts, "--json").json_lines
    assert turned == suite("predict", worse, *texts, "--json").json_lines
    scored = suite("evaluate", f"models:/{film}@champion", "--data", reviews, "--json")
    assert scored.json["metrics"]["accuracy"] == approximately(trained.metrics["test"]["accuracy"])
    assert f"models:/{film}@champion: version 2 of film, {trained.model_dir}" in scored.err
    benchmarked = suite("benchmark", f"models:/{film}/nothing")
    assert benchmarked.status == 2 and "expected models:/NAME@ALIAS" in benchmarked.err
    begun = suite("train", "sentiment", "--data", reviews, "--init", "models:/nobody@champion", *tiny)
    assert begun.status == 2 and "no registered model 'nobody'" in begun.err


def test_suite_load_takes_a_name(workdir, film, trained):
    import suite

    answers = [suite.load(model).predict("a quiet film") for model in (f"models:/{film}@champion", trained.model_dir)]
    assert answers[0] == answers[1]


def test_what_the_store_does_not_have_is_said_with_what_it_has(workdir, film, trained):
    with pytest.raises(UserError, match=r"^models:/movie@champion: no registered model 'movie'; registered in .*film"):
        find_model("models:/movie@champion")
    with pytest.raises(
        UserError, match=r"no such version; there are aliases .*@champion \(version 2\).*, versions 1, 2$"
    ):
        find_model("models:/film@staging")
    with pytest.raises(UserError, match="no such version; there are aliases"):
        find_model("models:/film/7")
    with pytest.raises(UserError, match=r"^runs:/123: no such run in sqlite"):
        find_model("runs:/123")
    with pytest.raises(UserError, match=r"logged no model 'phone'; it logged: .*model"):
        find_model(f"runs:/{trained.run_id}/phone")


def test_a_folder_that_moved_away_is_read_in_the_store_and_copied_to_be_written(
    workdir, film, worse, trained, monkeypatch
):
    stored = find_model(f"models:/{film}/1")
    assert model_folder(stored.reference) == worse
    away = worse.with_name("away")
    shutil.move(worse, away)
    try:
        in_store = model_folder(stored.reference)
        assert in_store.is_relative_to(Path(stored.location.removeprefix("file://")))
        copy = own_folder(stored.reference)
        assert copy == Path("saved_models/sentiment/film-v1")
        assert read_artifact(copy).record["files"] == read_artifact(away).record["files"]
        (copy / "tflite").mkdir()  # what an export adds changes nothing of the model
        assert own_folder(stored.reference) == copy and not (in_store / "tflite").exists()
        (copy / "record.json").write_text('{"files": {}}')
        with pytest.raises(UserError, match="film-v1 exists and is not version 1 of film"):
            own_folder(stored.reference)
    finally:
        shutil.move(away, worse)


def test_a_model_of_somebody_else_is_none(workdir, client, tmp_path):
    import mlflow

    class Echo(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input):
            return model_input

    run = client.create_run("0")
    mlflow.set_tracking_uri(client.tracking_uri)
    with mlflow.start_run(run_id=run.info.run_id):
        mlflow.pyfunc.log_model(name="echo", python_model=Echo(), pip_requirements=[])
    with pytest.raises(UserError, match="expected a model of this suite"):
        model_folder(f"runs:/{run.info.run_id}/echo")
