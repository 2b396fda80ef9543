"""The experiment of a task, with what people read of it in the MLflow UI."""

from typing import Any

from suite.errors import UserError
from suite.pipeline import Pipeline, primary_metric
from suite.registry import PIPELINES, load_pipeline

DESCRIPTION_TAG = "mlflow.note.content"
# MLflow otherwise guesses from what it finds whether models are trained here or prompts written.
KIND_TAGS = {"mlflow.experimentKind": "custom_model_development"}
RUNS_PAGE = "#/experiments/{id}/runs?workflowType=machine_learning"
EXPERIMENTS_PAGE = "#/experiments?workflowType=machine_learning"
DIRECTIONS = {"max": "higher is better", "min": "lower is better"}


def experiment_id(mlflow: Any, task: str) -> str:
    """Return the id of the task's experiment, created where it does not exist yet, its description added where it has none.

    Raises:
        UserError: if it was deleted, or the task is unknown.
    """
    from mlflow.exceptions import MlflowException

    tags = {DESCRIPTION_TAG: describe(load_pipeline(task))} | KIND_TAGS
    experiment = mlflow.get_experiment_by_name(task)
    if experiment is None:
        try:
            return mlflow.create_experiment(task, tags=tags)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        experiment = mlflow.get_experiment_by_name(task)  # another process was first
    if experiment.lifecycle_stage != "active":
        raise UserError(
            f"the MLflow experiment {task!r} is deleted; "
            f"restore it with `mlflow experiments restore -x {experiment.experiment_id}`"
        )
    for name, value in tags.items():
        if name not in experiment.tags:
            mlflow.MlflowClient().set_experiment_tag(experiment.experiment_id, name, value)
    return experiment.experiment_id


def describe(pipeline: Pipeline) -> str:
    """Return what a task is, its primary metric and in which direction that is better, as Markdown."""
    name, direction = primary_metric(pipeline.METRICS)
    unit = pipeline.METRICS[name][1]
    return (
        f"{pipeline.summary}\n\nPrimary metric: `val_{name}` ({unit}; {DIRECTIONS[direction]}), on the dev part; "
        f"`test_{name}` on the test part."
    )


def page_of(mlflow: Any, task: str | None) -> str:
    """Return the end of the address of MLflow's page with the training runs of a task; None is the task that ran last.

    Without `workflowType` MLflow takes any experiment for one of prompts and traces.
    """
    if task is not None:
        return RUNS_PAGE.format(id=experiment_id(mlflow, task))
    experiments = [
        experiment.experiment_id for experiment in mlflow.search_experiments() if experiment.name in PIPELINES
    ]
    if not experiments:
        return EXPERIMENTS_PAGE
    last = mlflow.MlflowClient().search_runs(experiments, max_results=1, order_by=["attributes.start_time DESC"])
    return RUNS_PAGE.format(id=last[0].info.experiment_id) if last else EXPERIMENTS_PAGE
