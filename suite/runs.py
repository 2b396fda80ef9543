"""One run from start to end: data, model, fit, evaluate, save, track. The only place that logs a run."""

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from rich.console import Console

from suite.artifact import Artifact, Trained, read_artifact, read_json, write_artifact, write_json
from suite.config import TrainingSettings
from suite.data.examples import Examples
from suite.data.reading import read_examples, refuse_problems
from suite.errors import UserError
from suite.pipeline import Evaluation, Pipeline, draw_inputs, primary_metric
from suite.registry import load_pipeline
from suite.tracking.card import model_card
from suite.training.lock import locked
from suite.training.pruned import Pruned
from suite.training.state import read_history
from suite.training.unfinished import Request, free_name, open_state

if TYPE_CHECKING:
    import keras

    from suite.tracking.epochs import EpochExtras
    from suite.tracking.outbox import Outbox
    from suite.training.state import Epoch

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
    format: str | None,
    on_bad_example: str,
    assets: dict[str, Any] | None = None,
) -> Examples:
    """Read and check a data set.

    Raises:
        UserError: if it cannot be read, or has bad examples and `on_bad_example` is `"fail"`; the first ones are named.
    """
    examples = read_examples(load_pipeline(task), path, settings, format, assets)
    if on_bad_example == "fail":
        refuse_problems(task, examples)
    return examples


def train(request: Request, examples: Examples, console: Console) -> RunResult:
    """Train one model on examples that were read and checked; save and log it.

    Raises:
        UserError: if the name is taken, a resume does not fit, the disk is too full or the loss is no longer a number.
        Pruned: as `request.after_epoch` does.
    """
    if not examples.part("train"):
        raise UserError(f"{examples.path}: no training example; parts found: {examples.sizes}")
    target, state, begun = open_state(request, examples)
    sizes = ", ".join(f"{size} {part}" for part, size in examples.sizes.items())
    console.print(f"{request.task} [bold]{target.name}[/bold]: {examples.format} data, {sizes}", highlight=False)
    for note in examples.notes:
        console.print(f"note: {note}", markup=False, highlight=False)

    from suite.tracking.outbox import Outbox
    from suite.tracking.patience import StoreAway
    from suite.tracking.record import log_finished, log_pruned
    from suite.tracking.store import tracked_run
    from suite.training.workers.cluster import naming_lost_workers
    from suite.training.workers.turns import send_end

    say = partial(console.print, markup=False, highlight=False)
    try:
        with locked(state), tracked_run(request.task, target.name, begun["run_id"], request.parent, say) as run:
            outbox = Outbox(state / "outbox", run.info.run_id, say)
            if begun["run_id"] != run.info.run_id:
                outbox.forget()
            write_json(state / "run.json", begun | {"run_id": run.info.run_id})
            if not target.exists():
                try:
                    with naming_lost_workers(request.workers):
                        _fit_and_save(request, examples, target, state, outbox, console)
                except Pruned as pruned:
                    log_pruned(outbox, str(pruned))
                    raise
            if request.workers is not None:
                send_end(request.workers)
            artifact = read_artifact(target)
            log_finished(outbox, artifact, artifact.record["seconds"], model=request.after_epoch is None)
            result = _saved_result(artifact)
    except StoreAway as away:
        if not target.exists():
            _leave(state, target, request, console)
            raise
        say(
            f"{away}. The model is whole, in {target}. `suite train {request.task} --name {target.name} --resume` with the "
            "same data and settings sends what the store lacks."
        )
        return _saved_result(read_artifact(target, verify=False))
    except BaseException:
        _leave(state, target, request, console)
        raise
    shutil.rmtree(state)
    return result


def train_folds(
    request: Request, examples: Examples, count: int, console: Console
) -> tuple[list[RunResult], dict[str, dict[str, float]], str]:
    """Train one model per fold; the runs are gathered under a parent run with mean and standard deviation.

    Each fold is the dev part once. With early stopping the fold also chooses the epoch, so the mean leans to the good side.
    All folds are checked, and what each learns from its data (labels, vocabulary) is learned, before the first one trains.

    Returns:
        The runs; `{"mean": {...}, "std": {...}}` of their dev metrics; the id of the parent run.

    Raises:
        UserError: if any fold cannot be trained and scored, naming it.
    """
    from suite.tracking.outbox import Entry, Outbox
    from suite.tracking.patience import StoreAway
    from suite.tracking.record import log_start
    from suite.tracking.store import tracked_run
    from suite.training.check_folds import begin_folds, plan_folds, remove_untrained
    from suite.training.process import prepare_process

    say = partial(console.print, markup=False, highlight=False)
    name = request.name or free_name(request.output / request.task, examples.path)
    pipeline, results, run_id = load_pipeline(request.task), [], ""
    prepare_process(request.settings)
    planned = plan_folds(Request(**vars(request) | {"name": name}), pipeline, examples, count, console)
    try:
        begin_folds(planned, pipeline)
        with TemporaryDirectory() as folder, tracked_run(request.task, name, say=say) as parent:
            run_id = parent.info.run_id
            outbox = Outbox(Path(folder) / "outbox", run_id, say)
            log_start(outbox, request.settings, examples, {"folds": count})
            for fold in planned:
                if fold.finished:
                    results.append(_saved_result(read_artifact(fold.target, verify=False)))
                else:
                    begun = Request(**vars(fold.request) | {"resume": True, "parent": run_id})
                    results.append(train(begun, fold.examples, console))
            summary = _summarize(results)
            means = {f"val_{metric}": value for metric, value in summary["mean"].items()}
            outbox.add("mean", Entry(means | {f"val_{metric}_std": value for metric, value in summary["std"].items()}))
            outbox.finish()
    except StoreAway as away:
        remove_untrained(planned)
        if len(results) < count:
            raise
        say(f"{away}: the store lacks the mean of the folds, which is shown here")
    except BaseException:
        remove_untrained(planned)
        raise
    return results, summary, run_id


def _summarize(results: list[RunResult]) -> dict[str, dict[str, float]]:
    """Return mean and standard deviation of the dev metrics of all folds."""
    from statistics import fmean, stdev

    values = {metric: [result.metrics["val"][metric] for result in results] for metric in results[0].metrics["val"]}
    return {
        "mean": {metric: fmean(figures) for metric, figures in values.items()},
        "std": {metric: stdev(figures) for metric, figures in values.items()},
    }


def _saved_result(artifact: Artifact) -> RunResult:
    record, path = artifact.record, artifact.path
    return RunResult(artifact.task, path.name, path, record["run_id"], _shown(record["metrics"]), record["seconds"])


def export(
    model_dir: Path | Artifact,
    combinations: Sequence[tuple[str, str]],
    data: Path | None,
    web: Path | None,
    only_offered: bool,
    console: Console,
) -> tuple[dict[str, Any], list[str]]:
    """Export a saved model and log what came of it to its run.

    Args:
        model_dir: The saved model, or what `read_artifact` read of it.
        combinations: Deployment and quantization of each file.
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
    from suite.export.card import add_exports
    from suite.export.export import export_files
    from suite.export.guide import write_guide
    from suite.export.offers import choose_offered
    from suite.export.source import open_source
    from suite.tracking.record import log_export
    from suite.web.page import check_page, write_page

    artifact = read_artifact(model_dir)
    if web is not None:
        check_page(web)
    source = open_source(artifact, _export_data(artifact, data))
    if web is not None and ("compiled", "none") not in combinations:
        combinations = [*combinations, ("compiled", "none")]
    offered, left_out = choose_offered(source.facts, combinations, only_offered)
    with console.status("exporting") as status:
        report = export_files(source, offered, lambda step: status.update(f"exporting {step}"))
    kinds = (artifact.pipeline.INPUT, artifact.pipeline.ANSWER)
    add_exports(artifact, report)
    write_guide(artifact.path, report, kinds)
    if web is not None:
        entry = next(entry for entry in report["files"] if entry["file"] == "compiled.tflite")
        write_page(
            artifact.path / "tflite" / entry["file"],
            entry,
            web,
            f"{artifact.task}: {artifact.path.absolute().name}",
            kinds,
        )
    entries = [entry for entry in report["files"] if (entry["deployment"], entry["quantization"]) in offered]
    say = partial(console.print, markup=False, highlight=False)
    missing = log_export(artifact, entries, say)
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
    from suite.tracking.epochs import EpochExtras
    from suite.tracking.machine import watched_machine
    from suite.tracking.record import log_curves, log_evaluation, log_notes, log_pictures
    from suite.training.begin import begin_model, phase_sources
    from suite.training.fit import FitPlan, fit
    from suite.training.process import prepare_process
    from suite.training.record import run_record, with_digests
    from suite.training.workers.turns import lead, send_begin

    started = time.monotonic()
    pipeline, settings = load_pipeline(request.task), request.settings
    prepare_process(settings)
    epochs_before = read_history(state).epochs
    _log_begun(request, examples, epochs_before, outbox)
    seconds_before = sum(epoch.seconds for epoch in epochs_before)
    model, assets = begin_model(request, pipeline, examples, state, console)
    for note in assets.get("notes", ()):
        console.print(f"note: {note}", markup=False, highlight=False)
    if "notes" in assets:
        log_notes(outbox, assets["notes"])
    _check_disk(state, model)
    preview = getattr(pipeline, "training_pictures", None)
    if "training" not in outbox and preview is not None and settings.log_samples:
        log_pictures(outbox, "training", preview(examples.part("train"), assets, settings))
    predictor = KerasPredictor(model, pipeline.signatures(assets, settings))

    def evaluate_part(part: str, settings: TrainingSettings = settings) -> Evaluation:
        return pipeline.evaluate(predictor, examples.part(part), assets, settings)

    phases = pipeline.phases(settings, assets)
    sources = phase_sources(pipeline, phases, model, examples.part("train"), assets, settings)
    if request.workers is not None:
        send_begin(request.workers, read_json(state / "run.json"), assets)
        phases, sources = lead(request.workers, model, phases, sources)
    with watched_machine(seconds_before, settings.log_system_metrics) as machine:
        extras = EpochExtras(outbox, sum(phase.epochs for phase in phases), settings.log_samples, machine)
        score = (lambda: extras.scored(evaluate_part("dev", settings.for_epochs()))) if examples.part("dev") else None
        plan = FitPlan(phases, sources, primary_metric(pipeline.METRICS), score)
        history = fit(model, plan, settings, state, partial(_log_ended, outbox, extras, request), console)
    _calibrate(pipeline, model, examples, assets, settings)
    log_curves(outbox, history)

    chosen_epoch = history.epochs[-1 if history.best is None else history.best]
    metrics = {"train": {name[6:]: value for name, value in chosen_epoch.metrics.items() if name.startswith("train_")}}
    for prefix, part in (("val", "dev"), ("test", "test")):
        if examples.part(part):
            evaluation = evaluate_part(part)
            metrics[prefix] = evaluation.metrics
            log_evaluation(outbox, prefix, evaluation, settings.log_samples, len(history.epochs))
    seconds = round(seconds_before + time.monotonic() - started, 1)
    outcome = {"metrics": metrics, "parameters": model.count_params(), "seconds": seconds}
    record = run_record(request, examples, history, name=target.name, run_id=outbox.run_id, **outcome)
    record["data"]["notes"] += assets.get("notes", [])
    parity_source = examples.part("dev") or examples.part("test") or examples.part("train")
    inputs = draw_inputs(pipeline, parity_source, settings.parity_samples)
    parity = [pipeline.raw_arrays(raw_input, settings) for raw_input in inputs]
    assets = with_digests(request, examples, assets)
    card = model_card(record, pipeline.METRICS)
    write_artifact(target, Trained(model, settings, assets, record, card, parity), work=state)


def _log_begun(request: Request, examples: Examples, epochs: "Sequence[Epoch]", outbox: "Outbox") -> None:
    """Log what goes into a run, and the epochs that it finished before it was resumed."""
    from suite.tracking.record import log_epoch, log_start

    command: dict[str, Any] = {name: value for name, value in (("fold", request.fold), ("init", request.init)) if value}
    units = {f"unit.{name}": unit for name, (_, unit) in load_pipeline(request.task).METRICS.items()}
    if request.workers is not None:
        command["workers"] = request.workers.share.workers
    log_start(outbox, request.settings, examples, command | units)
    for epoch in epochs:
        log_epoch(outbox, epoch)
        _tell(request, epoch)


def _log_ended(outbox: "Outbox", extras: "EpochExtras", request: Request, epoch: "Epoch") -> None:
    from suite.tracking.record import log_epoch

    log_epoch(outbox, epoch)
    extras.log(epoch)
    _tell(request, epoch)


def _tell(request: Request, epoch: "Epoch") -> None:
    if request.after_epoch is not None:
        request.after_epoch(epoch)


def _leave(state: Path, target: Path, request: Request, console: Console) -> None:
    """Say how to go on with a run that ended early; a run without a finished epoch leaves nothing behind."""
    finished = read_history(state).epochs
    if request.after_epoch is not None:
        return  # the sweep decides
    if finished:
        command = f"suite train {request.task} --name {target.name} --resume"
        console.print(
            f"{len(finished)} epochs are kept; `{command}` with the same data and settings goes on", highlight=False
        )
    elif not target.exists():
        shutil.rmtree(state, ignore_errors=True)


def _calibrate(
    pipeline: Pipeline, model: "keras.Model", examples: Examples, assets: dict[str, Any], settings: TrainingSettings
) -> None:
    calibrate = getattr(pipeline, "calibrate", None)
    if calibrate is not None and examples.part("dev"):
        calibrate(model, examples.part("dev"), assets, settings)


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
