"""What is logged of a run: settings, versions, data, figures per epoch, pictures, samples, the saved model."""

import json
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from suite.artifact import Artifact, package_versions
from suite.config import TrainingSettings
from suite.data.examples import Examples
from suite.pipeline import Evaluation
from suite.tracking.data_sets import part_data_sets
from suite.tracking.logged_models import log_exported, log_saved_model
from suite.tracking.outbox import Entry, Outbox
from suite.tracking.patience import StoreAway, harmlessly
from suite.tracking.pictures import draw_curves, shown_pictures, write_pictures
from suite.tracking.store import open_store
from suite.training.process import hardware
from suite.training.state import Epoch, History

# MLflow draws what has a slash in its name in sections above the model's metrics (but `system/`, which comes last), and
# each section, the parallel coordinates and the columns in the order of the alphabet: figures that say nothing of the model
# stand behind `test_`, `train_` and `val_`.
LOGGED_AS = {"learning_rate": "train_learning_rate"}


def log_start(outbox: Outbox, settings: TrainingSettings, examples: Examples, command: dict[str, Any]) -> None:
    """Log what goes into a run: settings, seed, versions, git commit, hardware, the data sets of its parts."""
    params = {
        name: json.dumps(value) if not isinstance(value, str) else value
        for name, value in settings.model_dump(mode="json").items()
    }
    tags = (
        {f"version.{package}": number for package, number in package_versions().items()}
        | {f"hardware.{name}": value for name, value in hardware().items()}
        | {
            "data.path": str(examples.path),
            "data.format": examples.format,
            "data.fingerprint": examples.fingerprint,
            **{f"data.{part}_examples": str(size) for part, size in examples.sizes.items()},
            "git_commit": git_commit() or "unknown",
            **{name: str(value) for name, value in command.items()},
        }
    )

    def write(folder: Path) -> None:
        if examples.problems:
            lines = [f"{problem.name}: {problem.message}" for problem in examples.problems]
            (folder / "skipped_examples.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        if examples.notes:
            (folder / "data_notes.txt").write_text("\n".join(examples.notes) + "\n", encoding="utf-8")

    outbox.add("start", Entry(params=params, tags=tags, write=write, data_sets=part_data_sets(examples)))


def log_notes(outbox: Outbox, notes: Sequence[str]) -> None:
    """Log what a task said of what it learned from the training part (`assets["notes"]`) as the run's description."""
    if "notes" not in outbox:
        outbox.add("notes", Entry(tags={"mlflow.note.content": "\n\n".join(notes)}))


def log_epoch(outbox: Outbox, epoch: Epoch) -> None:
    """Log the figures of one epoch, its number (from 1) as the step; once, also where a run is resumed."""
    name = f"epoch-{epoch.number:04d}"
    if name not in outbox:
        metrics = {LOGGED_AS.get(metric, metric): value for metric, value in epoch.metrics.items()}
        outbox.add(name, Entry(metrics | {"wall_epoch_seconds": epoch.seconds}, epoch.number + 1))


def log_evaluation(outbox: Outbox, part: str, evaluation: Evaluation, samples: bool, epochs: int) -> None:
    """Log metrics (with `part_` before them), pictures and, where allowed, sample predictions and files of one part.

    The figures of the kept weights are logged after those of the last epoch (number `epochs`), so that they are what
    MLflow shows as a run's figures. The first picture is the last of those that MLflow shows step by step.
    """
    table = f"{part}/samples.json" if samples and evaluation.samples else None
    pictures = shown_pictures(evaluation, samples)

    def write(folder: Path) -> None:
        import pandas

        target = folder / part
        target.mkdir()
        write_pictures(target, pictures)
        if evaluation.details:
            (target / "details.json").write_text(json.dumps(evaluation.details, indent=2), encoding="utf-8")
        if table:
            pandas.DataFrame(evaluation.samples).to_json(folder / table, orient="split", index=False, date_format="iso")
        if samples and evaluation.files:
            (target / "files").mkdir()
            for name, write_file in evaluation.files.items():
                write_file(target / "files" / name)

    metrics = {f"{part}_{name}": value for name, value in evaluation.metrics.items()}
    images = tuple(f"{part}/{name}.png" for name in list(pictures)[:1])
    outbox.add(part, Entry(metrics, epochs, write=write, tables=(table,) if table else (), images=images))


def log_pictures(outbox: Outbox, name: str, pictures: dict[str, Callable[[], Any]]) -> None:
    """Draw pictures and log them as PNG files of a folder."""

    def write(folder: Path) -> None:
        (folder / name).mkdir()
        write_pictures(folder / name, pictures)

    outbox.add(name, Entry(write=write))


def log_curves(outbox: Outbox, history: History) -> None:
    """Log one picture of the learning curves, a panel for each metric."""
    outbox.add(
        "curves", Entry(write=lambda folder: write_pictures(folder, {"learning_curves": lambda: draw_curves(history)}))
    )


def log_pruned(outbox: Outbox, reason: str) -> None:
    """Log what the store still lacks of a run that was ended early, and why it was.

    Raises:
        StoreAway: as `log_finished`.
    """
    outbox.add("end", Entry(tags={"pruned": reason}))
    outbox.finish()


def log_finished(outbox: Outbox, artifact: Artifact, seconds: float, model: bool = True) -> None:
    """Log what the store still lacks of a run, and with `model` its model folder as an MLflow model.

    `mlflow.pyfunc.load_model` of the run predicts from raw inputs. A store that is away is waited for, within bounds.

    Raises:
        StoreAway: if the store is away for longer, or refuses what it is told; `artifact` is whole whatever it says.
    """
    outbox.add("end", Entry({"wall_seconds": seconds}, tags={"model_dir": str(artifact.path.absolute())}))
    outbox.finish()
    if model:
        log_model_of(outbox.run_id, artifact, outbox.say)


def log_model_of(run_id: str, artifact: Artifact, say: Callable[[str], None]) -> None:
    """Log a model folder as the saved model of its run, once.

    Raises:
        StoreAway: as `log_finished`.
    """

    def log_model() -> None:
        log_saved_model(artifact, open_store().MlflowClient().get_run(run_id), artifact.record["epochs"])

    harmlessly(log_model, say)


def log_export(artifact: Artifact, entries: list[dict[str, Any]], say: Callable[[str], None]) -> str | None:
    """Log the report of exported files to the run of their model; return why this store does not have it, or None.

    A store that is away is waited for, within bounds; `say` is told so.
    """
    try:
        return harmlessly(lambda: _log_export(artifact, entries), say)
    except StoreAway as away:
        return str(away)


def _log_export(artifact: Artifact, entries: list[dict[str, Any]]) -> str | None:
    from mlflow.entities import Metric
    from mlflow.exceptions import MlflowException

    client = open_store().MlflowClient()
    run_id = artifact.record["run_id"]
    try:
        run = client.get_run(run_id)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return "the run of this model is not in this tracking store"
    now = round(time.time() * 1000)
    metrics = [Metric(name, value, now, 0) for entry in entries for name, value in _export_figures(entry).items()]
    client.log_batch(run_id, metrics=metrics)
    client.log_artifact(run_id, str(artifact.path / "tflite" / "report.json"), "tflite")
    for entry in entries:
        log_exported(artifact, run, entry)
    return None


def _export_figures(entry: dict[str, Any]) -> dict[str, float]:
    custom = "_custom" if entry["custom"] else ""
    prefix = f"tflite_{entry['deployment']}{custom}_{entry['quantization']}"
    figures = {
        "bytes": entry["bytes"],
        "latency_ms": entry["latency_ms"]["1"],
        "max_difference": entry["parity"]["max_difference"],
    }
    figures |= entry.get("metrics", {}).get("tflite", {})
    return {f"{prefix}_{name}": value for name, value in figures.items()}


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
