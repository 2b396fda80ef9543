"""One run from start to end: data, model, fit, evaluate, save, track. The only place that logs a run."""

import shutil
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from rich.console import Console

from suite.artifact import Artifact, package_versions, read_artifact, write_artifact, write_json
from suite.config import TrainingSettings
from suite.data.examples import Examples
from suite.errors import UserError
from suite.pipeline import BatchSource, Evaluation, draw, primary_metric
from suite.registry import load_pipeline
from suite.tracking.card import model_card
from suite.training.lock import locked
from suite.training.state import read_history
from suite.training.unfinished import Request, free_name, open_state, refuse_other, state_of

if TYPE_CHECKING:
    from suite.tracking.outbox import Outbox

STATE_SPARE_BYTES = 100_000_000


@dataclass(frozen=True)
class RunResult:
    """What a run came to: where its model is, its run id, `{"val": {...}, "test": {...}}`, seconds."""

    task: str
    name: str
    model_dir: Path
    run_id: str
    metrics: dict[str, dict[str, float]]
    seconds: float


def read_data(
    task: str,
    path: Path,
    settings: TrainingSettings,
    form: str | None,
    on_bad_example: str,
    assets: dict[str, Any] | None = None,
) -> Examples:
    """Read and check a data set.

    Raises:
        UserError: if it cannot be read, or has bad examples and `on_bad_example` is `"fail"`; the first ones are named.
    """
    examples = load_pipeline(task).read(path, settings, form, assets)
    if examples.problems and on_bad_example == "fail":
        first = examples.problems[0]
        more = f" and {len(examples.problems) - 1} more" if len(examples.problems) > 1 else ""
        raise UserError(
            f"{first.name}: {first.message}{more}.\n"
            f"`suite data check {task} --data {path}` lists them all; --on-bad-example skip goes on without them."
        )
    return examples


def train(request: Request, examples: Examples, console: Console) -> RunResult:
    """Train one model on examples that were read and checked; save and log it.

    Raises:
        UserError: if the name is taken, a resume does not fit, the disk is too full or the loss is no longer a number.
    """
    if not examples.part("train"):
        raise UserError(f"{examples.path}: no training example; parts found: {examples.sizes}")
    target, state, kept = open_state(request, examples)
    sizes = ", ".join(f"{size} {part}" for part, size in examples.sizes.items())
    console.print(f"{request.task} [bold]{target.name}[/bold]: {examples.format} data, {sizes}", highlight=False)
    for note in examples.notes:
        console.print(f"note: {note}", markup=False, highlight=False)

    from suite.tracking.outbox import Outbox
    from suite.tracking.patience import StoreAway
    from suite.tracking.record import log_finished
    from suite.tracking.store import tracked_run

    say = partial(console.print, markup=False, highlight=False)
    try:
        with locked(state), tracked_run(request.task, target.name, kept["run_id"], request.parent, say) as run:
            outbox = Outbox(state / "outbox", run.info.run_id, say)
            if kept["run_id"] != run.info.run_id:
                outbox.forget()
            write_json(state / "run.json", kept | {"run_id": run.info.run_id})
            if not target.exists():
                _fit_and_save(request, examples, target, state, outbox, console)
            artifact = read_artifact(target)
            log_finished(outbox, artifact, artifact.record["seconds"])
    except StoreAway as away:
        if not target.exists():
            _leave(state, target, request, console)
            raise
        say(
            f"{away}. The model is whole, in {target}. `suite train {request.task} --name {target.name} --resume` with the "
            "same data and settings sends what the store lacks."
        )
        return _saved_result(request.task, target)
    except BaseException:
        _leave(state, target, request, console)
        raise
    shutil.rmtree(state)
    return _saved_result(request.task, target)


def train_folds(
    request: Request, examples: Examples, count: int, console: Console
) -> tuple[list[RunResult], dict[str, dict[str, float]], str]:
    """Train one model per fold; the runs are gathered under a parent run with mean and standard deviation.

    Each fold is the dev part once. With early stopping the fold also chooses the epoch, so the mean leans to the good side.

    Returns:
        The runs; `{"mean": {...}, "std": {...}}` of their dev metrics; the id of the parent run.
    """
    from statistics import fmean, stdev

    from suite.data.folds import folds
    from suite.data.groups import splits_by_group
    from suite.tracking.outbox import Entry, Outbox
    from suite.tracking.patience import StoreAway
    from suite.tracking.record import log_start
    from suite.tracking.store import tracked_run

    say = partial(console.print, markup=False, highlight=False)
    name = request.name or free_name(request.output / request.task, examples.path)
    pool = [example for example in examples.items if example.part != "test"]
    parts = folds(examples, count, by_group=splits_by_group(pool, request.settings.split_by))
    results = []
    run_id = None
    try:
        with TemporaryDirectory() as folder, tracked_run(request.task, name, say=say) as parent:
            run_id = parent.info.run_id
            outbox = Outbox(Path(folder) / "outbox", run_id, say)
            log_start(outbox, request.settings, examples, {"folds": count})
            for index, fold in enumerate(parts, 1):
                identity = {"name": f"{name}-fold{index}", "fold": f"{index}/{count}", "parent": run_id}
                results.append(_train_fold(Request(**vars(request) | identity), fold, console))
            values = {
                metric: [result.metrics["val"][metric] for result in results] for metric in results[0].metrics["val"]
            }
            summary = {
                "mean": {metric: fmean(figures) for metric, figures in values.items()},
                "std": {metric: stdev(figures) for metric, figures in values.items()},
            }
            means = {f"val_{metric}": value for metric, value in summary["mean"].items()}
            outbox.add("mean", Entry(means | {f"val_{metric}_std": value for metric, value in summary["std"].items()}))
            outbox.finish()
    except StoreAway as away:
        if len(results) < count:
            raise
        say(f"{away}: the store lacks the mean of the folds, which is shown here")
    return results, summary, run_id


def _train_fold(request: Request, fold: Examples, console: Console) -> RunResult:
    """Train one fold, or go on with it; one that has finished is read."""
    target = request.output / request.task / request.name
    unfinished = state_of(target).exists()
    if request.resume and target.exists() and not unfinished:
        record = read_artifact(target).record
        refuse_other(target, record | record["data"], request, fold)
        return _saved_result(request.task, target)
    return train(Request(**vars(request) | {"resume": request.resume and unfinished}), fold, console)


def _saved_result(task: str, target: Path) -> RunResult:
    record = read_artifact(target).record
    return RunResult(task, target.name, target, record["run_id"], _shown(record["metrics"]), record["seconds"])


def evaluate(
    model_dir: Path,
    data: Path,
    split: str | None = None,
    form: str | None = None,
    runtime: str = "keras",
    assignments: tuple[str, ...] = (),
    on_bad_example: str = "fail",
    tflite: Path | None = None,
) -> tuple[str, int, Evaluation]:
    """Evaluate a saved model on data.

    Args:
        model_dir: The saved model.
        data: Any data the task reads.
        split: `"train"`, `"dev"`, `"test"` or `"all"`. None takes the run's own test part on the very data of the run,
            the test part of data that names its parts, and everything of data that names none.
        form: Format name; None recognises it.
        runtime: What computes the answers.
        assignments: `KEY=VALUE` settings for reading this data (columns, encoding).
        on_bad_example: `"fail"` or `"skip"`.
        tflite: An exported file for the runtime `"tflite"`; its float32 `interpreter` file by default.

    Returns:
        The part, the number of examples and the evaluation.

    Raises:
        UserError: if model or data cannot be read, or the part is empty.
    """
    from suite.config import load_settings
    from suite.runtime.loaded import load

    artifact = read_artifact(model_dir)
    settings = artifact.settings
    if assignments:
        settings = load_settings(type(settings), Path(model_dir) / "settings.yaml", assignments)
    # How the run drew its parts says nothing about other data, whose groups may have other names.
    plain = settings.model_copy(update={"split_by": "content", "group_pattern": None, "dev_groups": ()})
    examples = read_data(artifact.task, data, plain, form, on_bad_example, artifact.assets)
    own = examples.fingerprint == artifact.record["data"]["fingerprint"]
    if own:
        examples = read_data(artifact.task, data, settings, form, on_bad_example, artifact.assets)
    part = split or ("test" if own or examples.named_parts else "all")
    chosen = examples.part(part)
    if not chosen:
        parts = ", ".join(name for name, size in examples.sizes.items() if size)
        raise UserError(
            f"{data}: no {part} part; it has {parts or 'no example'}. --split dev, --split train or --split all choose another"
        )
    from suite.training.process import prepare_process

    prepare_process(artifact.settings)
    model = load(model_dir, runtime, tflite)
    return part, len(chosen), artifact.pipeline.evaluate(model.predictor, chosen, artifact.assets, settings)


def export(
    model_dir: Path,
    deployments: tuple[str, ...],
    quantizations: tuple[str, ...],
    data: Path | None,
    web: Path | None,
    only_offered: bool,
    console: Console,
) -> tuple[dict[str, Any], list[str]]:
    """Export a saved model and log what came of it to its run.

    Args:
        model_dir: The saved model.
        deployments, quantizations: All their combinations are made.
        data: Real inputs to check on, calibrate with and score; None takes the data of the run where it is still there
            as it was, else the inputs kept with the model.
        web: Folder for a page that runs the float32 `compiled` file in a browser; that file is then made too.
        only_offered: Leave out combinations that this model does not allow, rather than refuse.
        console: For progress.

    Returns:
        The report of the model folder, and why each combination left out was.

    Raises:
        UserError: for a folder, data or combination that will not do.
    """
    from suite.export.export import export_files
    from suite.export.guide import write_guide
    from suite.export.offers import refusal
    from suite.export.source import open_source
    from suite.tracking.record import log_export
    from suite.web.page import check_page, write_page

    artifact = read_artifact(model_dir)
    if web is not None:
        check_page(web)
    source = open_source(artifact, _export_data(artifact, data))
    wanted = [(deployment, quantization) for deployment in deployments for quantization in quantizations]
    refused = {pair: refusal(source.facts, *pair) for pair in wanted}
    left_out = [f"{pair[0]} {pair[1]}: {reason}" for pair, reason in refused.items() if reason]
    if only_offered:
        wanted = [pair for pair in wanted if not refused[pair]]
    if web is not None and ("compiled", "none") not in wanted:
        wanted.append(("compiled", "none"))
    with console.status("exporting") as status:
        report = export_files(source, wanted, lambda step: status.update(f"exporting {step}"))
    write_guide(model_dir, report)
    if web is not None:
        entry = next(entry for entry in report["files"] if entry["file"] == "compiled.tflite")
        write_page(
            artifact.path / "tflite" / entry["file"],
            entry,
            web,
            f"{artifact.task}: {artifact.path.absolute().name}",
            (artifact.pipeline.INPUT, artifact.pipeline.ANSWER),
        )
    made = [entry for entry in report["files"] if (entry["deployment"], entry["quantization"]) in wanted]
    say = partial(console.print, markup=False, highlight=False)
    missing = log_export(artifact, made, say)
    if missing:
        say(f"{missing}, so the report is in the model folder alone")
    return report, left_out


def _export_data(artifact: Artifact, data: Path | None) -> Examples | None:
    if data is not None:
        return read_data(artifact.task, data, artifact.settings, None, "fail", artifact.assets)
    path = Path(artifact.record["data"]["path"])
    try:
        examples = read_data(artifact.task, path, artifact.settings, None, "skip", artifact.assets)
    except UserError:
        return None
    return examples if examples.fingerprint == artifact.record["data"]["fingerprint"] else None


def _fit_and_save(
    request: Request, examples: Examples, target: Path, state: Path, outbox: "Outbox", console: Console
) -> None:
    from suite.runtime.keras_runtime import KerasPredictor
    from suite.tracking.record import log_curves, log_epoch, log_evaluation, log_notes, log_pictures, log_start
    from suite.training.fit import fit
    from suite.training.process import prepare_process

    started = time.monotonic()
    pipeline, settings = load_pipeline(request.task), request.settings
    prepare_process(settings)
    log_start(
        outbox,
        settings,
        examples,
        {name: value for name, value in (("fold", request.fold), ("init", request.init)) if value}
        | {f"unit.{name}": unit for name, (_, unit) in pipeline.METRICS.items()},
    )
    epochs_before = read_history(state).epochs
    for epoch in epochs_before:
        log_epoch(outbox, epoch)
    seconds_before = sum(epoch.seconds for epoch in epochs_before)
    model, assets = _build(request, pipeline, examples, console)
    for note in assets.get("notes", ()):
        console.print(f"note: {note}", markup=False, highlight=False)
    if "notes" in assets:
        log_notes(outbox, assets["notes"])
    _check_disk(state, model)
    preview = getattr(pipeline, "training_pictures", None)
    if "training" not in outbox and preview is not None and settings.log_samples:
        log_pictures(outbox, "training", preview(examples.part("train"), assets, settings))
    predictor = KerasPredictor(model, pipeline.signatures(assets, settings))

    def evaluate_part(part: str, settings: TrainingSettings = settings) -> Evaluation | None:
        chosen = examples.part(part)
        return pipeline.evaluate(predictor, chosen, assets, settings) if chosen else None

    score = (lambda: evaluate_part("dev", settings.for_epochs()).metrics) if examples.part("dev") else None
    monitor, phases = primary_metric(pipeline.METRICS), pipeline.phases(settings, assets)
    sources = _sources(pipeline, phases, model, examples.part("train"), assets, settings)
    history = fit(model, phases, sources, settings, monitor, score, state, partial(log_epoch, outbox), console)
    log_curves(outbox, history)

    chosen_epoch = history.epochs[-1 if history.best is None else history.best]
    metrics = {"train": {name[6:]: value for name, value in chosen_epoch.metrics.items() if name.startswith("train_")}}
    for prefix, part in (("val", "dev"), ("test", "test")):
        found = evaluate_part(part)
        if found is not None:
            metrics[prefix] = found.metrics
            log_evaluation(outbox, prefix, found, settings.log_samples, len(history.epochs))
    seconds = round(seconds_before + time.monotonic() - started, 1)
    record = _record(request, examples, target.name, outbox.run_id, history, metrics, model.count_params(), seconds)
    record["data"]["notes"] += assets.get("notes", [])
    kept = examples.part("dev") or examples.part("test") or examples.part("train")
    parity = [pipeline.raw_arrays(example.input, settings) for example in draw(kept, settings.parity_samples)]
    write_artifact(target, model, settings, assets, record, model_card(record, pipeline.METRICS), parity, work=state)


def _sources(pipeline, phases, model, examples, assets, settings) -> list[BatchSource]:
    """Return the training batches of each phase."""
    shared = pipeline.batches(examples, assets, settings, True)
    return [phase.batches(model, examples, assets, settings) if phase.batches else shared for phase in phases]


def _leave(state: Path, target: Path, request: Request, console: Console) -> None:
    """Say how to go on with a run that ended early; a run without a finished epoch leaves nothing behind."""
    finished = read_history(state).epochs
    if finished:
        command = f"suite train {request.task} --name {target.name} --resume"
        console.print(
            f"{len(finished)} epochs are kept; `{command}` with the same data and settings goes on", highlight=False
        )
    elif not target.exists():
        shutil.rmtree(state, ignore_errors=True)


def _build(request, pipeline, examples, console):
    from suite.training.warm_start import copy_weights

    source = read_artifact(request.init) if request.init else None
    if source is not None and source.task != request.task:
        raise UserError(f"--init {request.init}: expected a {request.task} model. Received: a {source.task} model")
    assets = pipeline.prepare(examples.part("train"), request.settings, source.assets if source else None)
    model = pipeline.build(request.settings, assets)
    if source is not None:
        copied, fresh = copy_weights(source, model)
        console.print(
            f"--init: {copied} weights copied; fresh: {', '.join(fresh) or 'none'}", markup=False, highlight=False
        )
    return model, assets


def _record(request, examples, name, run_id, history, metrics, parameters, seconds) -> dict[str, Any]:
    return {
        "task": request.task,
        "name": name,
        "metrics": metrics,
        "epochs": len(history.epochs),
        "best_epoch": None if history.best is None else history.best + 1,
        "seconds": seconds,
        "finished": datetime.now(UTC).strftime("%Y-%m-%d"),
        "seed": request.settings.seed,
        "parameters": parameters,
        "run_id": run_id,
        "fold": request.fold,
        "settings": request.settings.model_dump(mode="json"),
        "versions": package_versions(),
        "data": {
            "path": str(Path(examples.path).absolute()),
            "format": examples.format,
            "fingerprint": examples.fingerprint,
            "parts": examples.parts_fingerprint,
            "order": examples.order_fingerprint,
            "sizes": examples.sizes,
            "notes": list(examples.notes),
        },
    }


def _check_disk(folder: Path, model: Any) -> None:
    # Two epochs' states (weights, two optimizer moments, best weights) stand side by side, then the model and its logged copy.
    needed = 12 * 4 * model.count_params() + STATE_SPARE_BYTES
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise UserError(
            f"{folder}: {free / 1e6:.0f} MB free on this disk; a run of this model takes about {needed / 1e6:.0f} MB"
        )


def _shown(metrics: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    return {part: figures for part, figures in metrics.items() if part != "train"}
