"""Plan K folds, and find what would stop one of them before the first one trains."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from suite.data.examples import Examples
from suite.errors import UserError
from suite.pipeline import Pipeline
from suite.training.begin import prepare_assets, warm_source
from suite.training.state import latest_state
from suite.training.unfinished import (
    Request,
    check_finished,
    check_state,
    keep_assets,
    kept_assets,
    open_state,
    state_of,
)


@dataclass(frozen=True)
class PlannedFold:
    """One fold: what to train, on what, where the model goes, and whether it has been trained already."""

    request: Request
    examples: Examples
    target: Path
    finished: bool


def plan_folds(
    request: Request, pipeline: Pipeline, examples: Examples, count: int, console: Console
) -> list[PlannedFold]:
    """Return all folds, checked; nothing is begun.

    Args:
        request: Its name is that of all folds together; with `resume`, finished folds stay and unfinished ones go on.

    Raises:
        UserError: if there are too few examples or groups, or as `_check`.
    """
    cut = pipeline.folds(examples, count, request.settings)
    planned = []
    for number, fold in enumerate(cut, 1):
        name = f"{request.name}-fold{number}"
        target = request.output / request.task / name
        begun = state_of(target).exists()
        identity = {"name": name, "fold": f"{number}/{count}", "resume": request.resume and begun}
        single = Request(**vars(request) | identity)
        checked = _check(single, pipeline, fold, console)
        finished = request.resume and target.exists() and not begun
        if finished:
            check_finished(single, checked)
        else:
            check_state(single, checked)
        planned.append(PlannedFold(single, checked, target, finished))
    return planned


def _check(request: Request, pipeline: Pipeline, fold: Examples, console: Console) -> Examples:
    """Return a fold whose parts can be trained and scored; what changed is printed.

    Parts are checked as those of the whole data set: a label that only the fold's dev part holds returns to train.

    Raises:
        UserError: naming the fold, if a label cannot be learned or a part would be empty.
    """
    checked = pipeline.check_parts(fold, request.settings)
    for note in checked.notes:
        if note not in fold.notes:
            console.print(f"note: fold {request.fold}: {note}", markup=False, highlight=False)
    problems = checked.problems[len(fold.problems) :]
    if problems:
        more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
        raise UserError(f"--folds: fold {request.fold}: {problems[0].name}: {problems[0].message}{more}")
    for part in ("train", "dev"):
        if not checked.part(part):
            raise UserError(
                f"--folds: fold {request.fold}: expected an example in {part}. Received: none; use fewer folds"
            )
    return checked


def begin_folds(planned: list[PlannedFold], pipeline: Pipeline) -> None:
    """Learn each fold's assets and leave them with its unfinished run, where its training finds them.

    Raises:
        UserError: naming the fold, if nothing can be learned from its train part.
    """
    source = warm_source(planned[0].request)  # the same for all
    for fold in planned:
        if fold.finished:
            continue
        _, state, _ = open_state(fold.request, fold.examples)
        if kept_assets(state) is not None:
            continue
        try:
            keep_assets(state, prepare_assets(fold.request, pipeline, fold.examples, source))
        except UserError as error:
            raise UserError(f"--folds: fold {fold.request.fold}: {error}") from error


def remove_untrained(planned: list[PlannedFold]) -> None:
    """Remove what was begun of folds that finished no epoch and have no model."""
    for fold in planned:
        if latest_state(state_of(fold.target)) is None and not fold.target.exists():
            shutil.rmtree(state_of(fold.target), ignore_errors=True)
