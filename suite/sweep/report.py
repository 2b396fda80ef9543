"""What a sweep came to: the best settings as a file, a table of trials, what mattered, pictures; logged to the run of the sweep."""

import json
import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from suite.artifact import read_artifact
from suite.data.examples import Examples
from suite.errors import UserError
from suite.pipeline import primary_metric
from suite.registry import load_pipeline
from suite.sweep.plan import Sweep
from suite.sweep.space import decode, trial_settings
from suite.sweep.study import ranked

if TYPE_CHECKING:
    import optuna
    from matplotlib.figure import Figure
    from optuna.trial import FrozenTrial

REPORTED = "reported"  # study attribute: how many trials the tracking store has the report of
TABLES = ("trials.json", "importance.json")


@dataclass(frozen=True)
class Report:
    """What a sweep came to.

    Attributes:
        sweep: What was searched.
        run_id: The run that gathers the trials.
        counts: `{"complete": 12, "pruned": 7, "failed": 1}`.
        trials: Complete trials, the best first: `number`, `value`, `params`, `metrics`, `run_id`, `seconds`, `epochs`.
        importance: Share of each setting in how the figures differ, the largest first; empty where too few trials tell.
        settings_file: The best settings, for `suite train --config`.
        model_dir: The model of the best trial, as the process that trained it names it.
    """

    sweep: Sweep
    run_id: str
    counts: dict[str, int]
    trials: list[dict[str, Any]]
    importance: dict[str, float]
    settings_file: Path
    model_dir: str


def log_beginning(sweep: Sweep, examples: Examples, run_id: str, say: Callable[[str], None]) -> None:
    """Log what goes into a sweep to its run: settings, data, what is searched."""
    from suite.tracking.outbox import Outbox
    from suite.tracking.record import log_start

    outbox = Outbox(sweep.folder / "outbox", run_id, say)
    outbox.forget()
    log_start(outbox, sweep.settings, examples, {"sweep.trials": sweep.trials, "sweep.space": json.dumps(sweep.space)})


def is_reported(sweep: Sweep, study: "optuna.Study") -> bool:
    """Return whether all trials are finished and the tracking store has the report."""
    finished = sum(_counts(study).values())
    return finished >= sweep.trials and study.user_attrs.get(REPORTED) == finished


def report(sweep: Sweep, study: "optuna.Study", examples: Examples, run_id: str, say: Callable[[str], None]) -> Report:
    """Write the best settings and log the report, where the trials are others than at the last one; the lock is held.

    Raises:
        UserError: if no trial was complete.
        StoreAway: if the tracking store is away for longer than a training waits.
    """
    complete = ranked(study)
    counts = _counts(study)
    if not complete:
        raise UserError(f"no trial of {sweep.study_name} was complete: {counts}")
    best = complete[0]
    result = Report(
        sweep,
        run_id,
        counts,
        [_plain(sweep, trial) for trial in complete],
        importance(study),
        sweep.best_file,
        str(best.user_attrs.get("model_dir")),
    )
    _write_best(sweep, best, examples, len(study.get_trials(deepcopy=False)))
    finished = sum(counts.values())
    if study.user_attrs.get(REPORTED) != finished:
        _log(result, study, best, say)
        study.set_user_attr(REPORTED, finished)
    return result


def _counts(study: "optuna.Study") -> dict[str, int]:
    from optuna.trial import TrialState

    names = {TrialState.COMPLETE: "complete", TrialState.PRUNED: "pruned", TrialState.FAIL: "failed"}
    states = [trial.state for trial in study.get_trials(deepcopy=False)]
    return {name: states.count(state) for state, name in names.items()}


def _plain(sweep: Sweep, trial: "FrozenTrial") -> dict[str, Any]:
    facts = {name: trial.user_attrs.get(name) for name in ("metrics", "run_id", "seconds", "epochs")}
    return {"number": trial.number, "value": trial.value, "params": decode(sweep.space, trial.params)} | facts


def importance(study: "optuna.Study") -> dict[str, float]:
    """Return by how much each setting explains that the figures of complete trials differ (fANOVA); all add up to 1."""
    import optuna

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
            return {
                key: float(share)
                for key, share in optuna.importance.get_param_importances(study, evaluator=evaluator).items()
            }
        except (ValueError, RuntimeError):  # too few trials, or all with one figure
            return {}


def _write_best(sweep: Sweep, best: "FrozenTrial", examples: Examples, count: int) -> None:
    """Write all settings of the best trial, those that were searched first, whole or not at all."""
    metric, _ = primary_metric(load_pipeline(sweep.task).METRICS)
    values = trial_settings(sweep.settings, decode(sweep.space, best.params)).model_dump(mode="json")
    searched = {key: values[key] for key in sweep.space}
    rest = {key: value for key, value in values.items() if key not in searched}
    text = (
        f"# Trial {best.number} of the sweep {sweep.name}, the best of {count}: {metric} {best.value:.4f} on dev.\n"
        f"# suite train {sweep.task} --data {examples.path} --config {sweep.best_file}\n"
        f"\n# searched\n{_yaml(searched)}\n# as the sweep had them\n{_yaml(rest)}"
    )
    temporary = sweep.best_file.with_name(f".{sweep.best_file.name}.part")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, sweep.best_file)


def _yaml(values: dict[str, Any]) -> str:
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True) if values else ""


def _log(result: Report, study: "optuna.Study", best: "FrozenTrial", say: Callable[[str], None]) -> None:
    from suite.tracking.outbox import Entry, Outbox
    from suite.tracking.pictures import write_pictures
    from suite.tracking.record import log_model_of

    def write(folder: Path) -> None:
        (folder / "best.yaml").write_bytes(result.settings_file.read_bytes())
        _write_tables(folder, result)
        (folder / "pictures").mkdir()
        metric, _ = primary_metric(load_pipeline(result.sweep.task).METRICS)
        write_pictures(folder / "pictures", pictures(study, f"{metric} on dev"))

    metrics = {
        f"{part}_{name}": value
        for part, figures in (result.trials[0]["metrics"] or {}).items()
        for name, value in figures.items()
    }
    tags = {"sweep.best_trial": str(best.number), "sweep.best_run_id": str(result.trials[0]["run_id"])}
    tags |= {f"sweep.{name}": str(count) for name, count in result.counts.items()}
    outbox = Outbox(result.sweep.folder / "outbox", result.run_id, say)
    outbox.add(f"report-{sum(result.counts.values())}", Entry(metrics, tags=tags, write=write, tables=TABLES))
    outbox.finish()
    if Path(result.model_dir).is_dir():  # not where another machine has it
        log_model_of(result.trials[0]["run_id"], read_artifact(result.model_dir), say)


def _write_tables(folder: Path, result: Report) -> None:
    import pandas

    rows = [
        {"trial": trial["number"], "value": trial["value"], "seconds": trial["seconds"], "epochs": trial["epochs"]}
        | {key: value if isinstance(value, int | float) else str(value) for key, value in trial["params"].items()}
        for trial in result.trials
    ]
    shares = [{"setting": key, "importance": share} for key, share in result.importance.items()]
    for name, table in zip(TABLES, (rows, shares), strict=True):
        pandas.DataFrame(table).to_json(folder / name, orient="split", index=False)


def pictures(study: "optuna.Study", figure_name: str) -> "dict[str, Callable[[], Figure]]":
    """Return file name -> function that draws: history, dev curves of all trials, a slice per setting, parallel
    coordinates, importance.

    Args:
        study: With at least one complete trial.
        figure_name: What its values are.
    """
    import matplotlib

    matplotlib.use("Agg")
    from optuna.visualization import matplotlib as plots

    def drawn_quietly(draw: Callable[..., Any], **options: Any) -> "Figure":
        with warnings.catch_warnings(), matplotlib.rc_context():
            warnings.simplefilter("ignore")
            axes = draw(study, **options)
        return (axes if hasattr(axes, "figure") else axes.flat[0]).figure

    named = {"target": lambda trial: trial.value, "target_name": figure_name}
    drawn: dict[str, Callable[[], Figure]] = {
        "history": partial(drawn_quietly, plots.plot_optimization_history, **named),
        "dev_curves": partial(drawn_quietly, plots.plot_intermediate_values),
        "slices": partial(drawn_quietly, plots.plot_slice, **named),
        "parallel_coordinates": partial(drawn_quietly, plots.plot_parallel_coordinate, **named),
    }
    if importance(study):
        drawn["importance"] = partial(drawn_quietly, plots.plot_param_importances)
    return drawn
