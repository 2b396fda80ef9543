"""What is logged of a run: settings, versions, data, figures per epoch, pictures, samples, the saved model."""

import json
import subprocess
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from suite.artifact import Artifact, package_versions
from suite.config import TrainingSettings
from suite.data.examples import Examples
from suite.pipeline import Evaluation
from suite.tracking.store import open_store, uninterrupted
from suite.training.process import hardware
from suite.training.state import Epoch, History


@uninterrupted()
def log_start(settings: TrainingSettings, examples: Examples, command: dict[str, Any]) -> None:
    """Log what goes into a run: settings, seed, versions, git commit, hardware, data fingerprint and sizes."""
    mlflow = open_store()
    mlflow.log_params(
        {
            name: json.dumps(value) if not isinstance(value, str) else value
            for name, value in settings.model_dump(mode="json").items()
        }
    )
    mlflow.set_tags(
        {f"version.{package}": number for package, number in package_versions().items()}
        | {f"hardware.{name}": value for name, value in hardware().items()}
        | {
            "data.path": str(examples.path),
            "data.format": examples.format,
            "data.fingerprint": examples.fingerprint,
            "git_commit": git_commit() or "unknown",
            **{name: str(value) for name, value in command.items()},
        }
    )
    mlflow.log_metrics({f"data_{part}_examples": size for part, size in examples.sizes.items()})
    if examples.problems:
        lines = [f"{problem.name}: {problem.message}" for problem in examples.problems]
        mlflow.log_text("\n".join(lines) + "\n", "skipped_examples.txt")
    if examples.notes:
        mlflow.log_text("\n".join(examples.notes) + "\n", "data_notes.txt")


@uninterrupted()
def log_epoch(epoch: Epoch) -> None:
    """Log the figures of one epoch, its number (from 1) as the step."""
    open_store().log_metrics(epoch.metrics | {"epoch_seconds": epoch.seconds}, step=epoch.number + 1)


@uninterrupted()
def log_evaluation(part: str, evaluation: Evaluation, samples: bool, epochs: int) -> None:
    """Log metrics (with `part_` before them), pictures and, where allowed, sample predictions and files of one part.

    The figures of the kept weights are logged after those of the last epoch (number `epochs`), so that they are what
    MLflow shows as a run's figures.
    """
    mlflow = open_store()
    mlflow.log_metrics({f"{part}_{name}": value for name, value in evaluation.metrics.items()}, step=epochs)
    log_pictures(part, evaluation.pictures)
    if evaluation.details:
        mlflow.log_dict(evaluation.details, f"{part}/details.json")
    if not samples:
        return
    if evaluation.samples:
        mlflow.log_table(evaluation.samples, f"{part}/samples.json")
    if evaluation.files:
        with tempfile.TemporaryDirectory() as folder:
            for name, write in evaluation.files.items():
                write(Path(folder) / name)
            mlflow.log_artifacts(folder, f"{part}/files")


@uninterrupted()
def log_pictures(folder: str, pictures: dict[str, Callable[[], Any]]) -> None:
    """Draw pictures and log them as PNG files of a folder."""
    import matplotlib.pyplot as plt

    for name, draw in pictures.items():
        figure = draw()
        open_store().log_figure(figure, f"{folder}/{name}.png")
        plt.close(figure)


@uninterrupted()
def log_curves(history: History) -> None:
    """Log one picture of the learning curves, a panel for each metric."""
    import matplotlib.pyplot as plt

    figure = draw_curves(history)
    open_store().log_figure(figure, "learning_curves.png")
    plt.close(figure)


def draw_curves(history: History) -> Any:
    """Return a matplotlib figure: train and dev curves of every metric, the best epoch marked."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    names = sorted(
        {
            name.split("_", 1)[1]
            for epoch in history.epochs
            for name in epoch.metrics
            if name.startswith(("train_", "val_"))
        }
    )
    figure, panels = plt.subplots(
        1, max(1, len(names)), figsize=(4 * max(1, len(names)), 3.2), squeeze=False, layout="constrained"
    )
    for panel, name in zip(panels[0], names, strict=False):
        for part in ("train", "val"):
            points = [
                (epoch.number + 1, epoch.metrics[f"{part}_{name}"])
                for epoch in history.epochs
                if f"{part}_{name}" in epoch.metrics
            ]
            if points:
                panel.plot(*zip(*points, strict=True), marker="o", markersize=3, label={"val": "dev"}.get(part, part))
        if history.best is not None:
            panel.axvline(history.best + 1, color="grey", linewidth=0.8, linestyle=":")
        panel.set(title=name, xlabel="epoch")
        panel.legend(frameon=False)
    return figure


@uninterrupted()
def log_saved_model(artifact: Artifact, seconds: float) -> None:
    """Log the model folder as an MLflow model: `mlflow.pyfunc.load_model` of the run predicts from raw inputs."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    mlflow = open_store()
    mlflow.set_tag("model_dir", str(artifact.path.absolute()))
    mlflow.log_metric("seconds", seconds)
    with warnings.catch_warnings():
        # An input example would make MLflow load the model and predict with it, which the run has just done.
        warnings.filterwarnings("ignore", message=".*input example was not provided.*")
        mlflow.pyfunc.log_model(
            name="model",
            loader_module="suite.tracking.pyfunc",
            data_path=str(artifact.path),
            signature=ModelSignature(inputs=Schema([ColSpec("string")])),
            pip_requirements=[f"{package}=={number}" for package, number in package_versions().items()],
        )


@uninterrupted()
def log_export(artifact: Artifact, entries: list[dict[str, Any]]) -> bool:
    """Log the report of exported files to the run of their model; return False where this store does not have that run."""
    from mlflow.exceptions import MlflowException

    from suite.tracking.tflite_flavor import log_model

    mlflow = open_store()
    client = mlflow.MlflowClient()
    run_id = artifact.record["run_id"]
    try:
        client.get_run(run_id)
    except MlflowException:
        return False
    for entry in entries:
        custom = "_custom" if entry["custom"] else ""
        prefix = f"tflite_{entry['deployment']}{custom}_{entry['quantization']}"
        figures = {
            "bytes": entry["bytes"],
            "latency_ms": entry["latency_ms"]["1"],
            "max_difference": entry["parity"]["max_difference"],
        }
        figures |= entry.get("metrics", {}).get("tflite", {})
        for name, value in figures.items():
            client.log_metric(run_id, f"{prefix}_{name}", value)
    client.log_artifact(run_id, str(artifact.path / "tflite" / "report.json"), "tflite")
    if any(entry["file"] == "interpreter.tflite" for entry in entries):
        with mlflow.start_run(run_id=run_id, nested=True):
            log_model(artifact.path, name="tflite")
    return True


def git_commit() -> str | None:
    """Return the commit of the suite's own checkout; None for an installed copy."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    try:
        answer = subprocess.run(
            ["git", "-C", root, "rev-parse", "HEAD"], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()
