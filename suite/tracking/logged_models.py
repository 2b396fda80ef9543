"""Logged models: the saved model of a run and each of its exported files, as MLflow's Models view compares them.

What is logged here is logged to a run that may have ended: it is not opened again, and its end stays when it was.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from suite.artifact import Artifact, files_digest, package_versions
from suite.tracking.signatures import input_column, input_example, signature
from suite.tracking.store import experiment_id, open_store
from suite.tracking.stored import DIGEST, FOLDER, MODEL_FILE, SAVED_MODEL, logged_models

if TYPE_CHECKING:
    from mlflow.entities import LoggedModel, Run
    from mlflow.models import Model

# The run has the figure of its exported file with the highest step: that of the file that the suite itself answers with.
USUAL_FILE, USUAL_STEP = "interpreter.tflite", 1
EXPORTED = "tflite"  # what the metrics of an exported file begin with, which puts them behind those of the training
MOST_CHARACTERS = 500  # of a parameter, which is as much as every store takes


def log_saved_model(artifact: Artifact, run: "Run | None", steps: int = 0) -> str:
    """Log a model folder as the saved model of its run, unless the store has it; return the id of the logged model.

    Args:
        artifact: The model.
        run: Its run; None where that is not in this store.
        steps: The step of the run's final figures, which become those of the logged model.
    """
    client, digest = open_store().MlflowClient(), files_digest(artifact.record)
    known = _known(client, run, SAVED_MODEL, DIGEST, digest)
    if known is not None:
        return known.model_id

    tags = {DIGEST: digest, FOLDER: str(artifact.path.absolute())}
    parameters = {"deployment": "keras", "quantization": "none", **_parameters(run)}
    figures = run.data._metric_objs if run is not None else []
    metrics = [metric for metric in figures if metric.step == steps and metric.key.startswith(("val_", "test_"))]
    return _log(artifact, run, SAVED_MODEL, partial(save_folder, artifact), (tags, parameters), metrics)


def save_folder(artifact: Artifact, folder: Path, description: "Model") -> None:
    """Write a saved model in MLflow's layout: a pyfunc that answers raw inputs.

    Args:
        artifact: The model.
        folder: To write; must not exist.
        description: What becomes the file MLmodel.
    """
    from mlflow import pyfunc
    from mlflow.models.utils import _save_example

    pyfunc.save_model(
        path=str(folder),
        loader_module="suite.tracking.pyfunc",
        data_path=str(artifact.path),
        metadata={"input_column": input_column(artifact)},
        pip_requirements=[f"{package}=={number}" for package, number in package_versions().items()],
        mlflow_model=description,
    )
    # Not by `pyfunc.save_model`, which checks the example against a signature whatever the signature says of itself.
    description.signature = signature(artifact)
    _save_example(description, input_example(artifact), str(folder))
    description.save(str(folder / MODEL_FILE))


def log_exported(artifact: Artifact, run: "Run", entry: dict[str, Any]) -> str:
    """Log an exported file as a model of its run, with its figures; return the id of the logged model.

    Args:
        artifact: The model.
        run: Its run.
        entry: What the report says of the file.
    """
    from mlflow.entities import Metric

    from suite.tracking.tflite_flavor import save_model

    client, name = open_store().MlflowClient(), Path(entry["file"]).stem
    known = _known(client, run, name, "sha256", entry["sha256"])
    if known is not None:
        return known.model_id

    def save(folder: Path, description: "Model") -> None:
        save_model(folder, artifact, entry["file"], mlflow_model=description)

    figures = {"bytes": entry["bytes"], "latency_ms": entry["latency_ms"]["1"]}
    figures |= {"max_difference": entry["parity"]["max_difference"]}
    figures |= entry.get("metrics", {}).get("tflite", {})
    now, step = round(time.time() * 1000), USUAL_STEP if entry["file"] == USUAL_FILE else 0
    metrics = [Metric(f"{EXPORTED}_{metric}", float(value), now, step) for metric, value in figures.items()]
    parameters = {
        "deployment": entry["deployment"],
        "quantization": entry["quantization"],
        "file": entry["file"],
        "custom_ops": ", ".join(entry["custom"]) or "none",
        **{key: str(entry["metrics"][key]) for key in ("split", "examples") if "metrics" in entry},
    }
    return _log(artifact, run, name, save, ({"sha256": entry["sha256"]}, parameters), metrics)


def _parameters(run: "Run | None") -> dict[str, str]:
    return {} if run is None else {name: value[:MOST_CHARACTERS] for name, value in run.data.params.items()}


def _known(client: Any, run: "Run | None", name: str, tag: str, value: str) -> "LoggedModel | None":
    """Return the model of a run that is this one already."""
    newest = logged_models(client, run).get(name) if run is not None else None
    return newest if newest is not None and newest.tags.get(tag) == value else None


def _log(
    artifact: Artifact,
    run: "Run | None",
    name: str,
    save: Callable[[Path, "Model"], None],
    facts: tuple[dict[str, str], dict[str, str]],
    metrics: list[Any],
) -> str:
    """Log a model that `save(folder, description)` writes in MLflow's layout, with its tags and parameters (`facts`)."""
    from mlflow.entities import LoggedModelOutput, Metric
    from mlflow.models import Model

    mlflow = open_store()
    client, (tags, parameters) = mlflow.MlflowClient(), facts
    experiment = run.info.experiment_id if run is not None else experiment_id(mlflow, artifact.task)
    run_id = run.info.run_id if run is not None else None
    _remove_unfinished(client, experiment, run_id, name)
    logged = client.create_logged_model(experiment, name, run_id, tags, parameters, artifact.task)
    try:
        with TemporaryDirectory() as folder:
            description = Model(
                artifact_path=logged.artifact_location,
                model_uuid=logged.model_id,
                run_id=run_id,
                model_id=logged.model_id,
            )
            save(Path(folder) / "model", description)
            client.log_model_artifacts(logged.model_id, str(Path(folder) / "model"))
        if run_id is not None:
            client.log_outputs(run_id, [LoggedModelOutput(logged.model_id, step=0)])
            of_model = [
                Metric(metric.key, metric.value, metric.timestamp, metric.step, model_id=logged.model_id, run_id=run_id)
                for metric in metrics
            ]
            client.log_batch(run_id, metrics=of_model, synchronous=True)
        client.finalize_logged_model(logged.model_id, "READY")
    except BaseException:
        with suppress(Exception):  # the store may be what is at fault; the next attempt removes what was begun
            client.delete_logged_model(logged.model_id)
        raise
    return logged.model_id


def _remove_unfinished(client: Any, experiment: str, run_id: str | None, name: str) -> None:
    """Remove models of a run that were begun before the store went away, or the process ended."""
    if run_id is None:
        return
    for model in client.search_logged_models([experiment], f"source_run_id = '{run_id}' AND name = '{name}'"):
        if str(model.status) != "READY":
            client.delete_logged_model(model.model_id)
