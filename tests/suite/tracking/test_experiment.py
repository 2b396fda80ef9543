"""The experiment of a task: what people read of it, and the address of its runs."""

import pytest

from suite.registry import PIPELINES, load_pipeline
from suite.tracking import store
from suite.tracking.experiment import describe, experiment_id, page_of


@pytest.fixture
def mlflow(tmp_path, monkeypatch, tracking_uri):
    """MLflow with a store that other tests have filled."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", tracking_uri)
    return store.open_store()


@pytest.mark.parametrize("task", PIPELINES)
def test_a_description_says_the_task_and_its_primary_metric_with_its_direction(task):
    pipeline = load_pipeline(task)
    name, (direction, _) = next(iter(pipeline.METRICS.items()))
    text = describe(pipeline)
    assert pipeline.summary.endswith("out.") and pipeline.summary in text
    assert f"`val_{name}`" in text and {"max": "higher is better", "min": "lower is better"}[direction] in text


def test_an_experiment_has_its_description_and_kind_and_words_of_people_stay(mlflow):
    client = mlflow.MlflowClient()
    number = experiment_id(mlflow, "speech")
    tags = client.get_experiment(number).tags
    assert tags["mlflow.note.content"] == describe(load_pipeline("speech"))
    assert tags["mlflow.experimentKind"] == "custom_model_development"
    client.set_experiment_tag(number, "mlflow.note.content", "ours")
    assert experiment_id(mlflow, "speech") == number
    assert client.get_experiment(number).tags["mlflow.note.content"] == "ours"
    client.set_experiment_tag(number, "mlflow.note.content", describe(load_pipeline("speech")))


def test_an_experiment_that_another_process_makes_just_then_is_taken(mlflow, monkeypatch):
    number = experiment_id(mlflow, "video")
    by_name, asked = mlflow.get_experiment_by_name, []

    def not_yet(name):
        asked.append(name)
        return None if len(asked) == 1 else by_name(name)

    monkeypatch.setattr(mlflow, "get_experiment_by_name", not_yet)
    assert experiment_id(mlflow, "video") == number and len(asked) == 2


def test_the_page_of_a_task_and_of_the_last_run(mlflow):
    speech = f"#/experiments/{experiment_id(mlflow, 'speech')}/runs?workflowType=machine_learning"
    assert page_of(mlflow, "speech") == speech
    with store.tracked_run("speech", "last"):
        pass
    assert page_of(mlflow, None) == speech
