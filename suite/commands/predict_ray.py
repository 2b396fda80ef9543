"""`suite predict --ray`, `suite evaluate --ray`: many inputs answered by actors of a Ray cluster."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suite.commands.output import progress, terminal
from suite.errors import UserError

if TYPE_CHECKING:
    from suite.artifact import Artifact
    from suite.cluster.answering import Model
    from suite.inputs.kind import Input
    from suite.pipeline import PredictOption
    from suite.signature import Predictor


@dataclass(frozen=True)
class ActorsAsked:
    """Where actors run, and how many; None for as many as there are cores."""

    address: str
    count: int | None


def refuse_with_ray(options: dict[str, Any], known: Sequence["PredictOption"], asked: dict[str, bool]) -> None:
    """Raise UserError for what makes no sense where many processes answer.

    Args:
        options: Of the task, as typed.
        known: All that the task has.
        asked: Other words of the command that do not go with it, and whether they were typed.
    """
    together = [
        f"--{option.name.replace('_', '-')}" for option in known if option.together and options.get(option.name)
    ]
    refused = [*together, *(name for name, typed in asked.items() if typed)]
    if refused:
        raise UserError(f"{refused[0]} does not go with --ray, which answers many files or texts into a folder")


def answer_on_ray(
    artifact: "Artifact",
    model: "Model",
    inputs: Iterable["Input"],
    folder: Path | None,
    actors: ActorsAsked,
) -> int:
    """Answer inputs into a folder; return how many of its answers are errors.

    Raises:
        UserError: without a folder, or if it holds something else; if Ray cannot be reached.
    """
    if folder is None:
        raise UserError("--ray needs --output FOLDER: the answers are the files in it")
    from suite.cluster.answering import answer_in_shards, cores_of
    from suite.cluster.connect import connect

    console = terminal()
    with console.status("starting Ray"):
        ray = connect(actors.address)
    count = actors.count or cores_of(ray)
    steps = answer_in_shards(ray, artifact, model, list(inputs), folder, count)
    begun, started = next(steps), time.monotonic()
    if begun.answered:
        console.print(f"{folder}: {begun.answered:,} of {begun.inputs:,} are answered already", highlight=False)
    reached = begun
    try:
        for step in progress(steps, None, "answering"):
            reached = step
    except KeyboardInterrupt:
        console.print(
            f"{folder}: {reached.answered:,} of {reached.inputs:,} are answered; the same command goes on",
            highlight=False,
        )
        raise
    seconds = time.monotonic() - started
    console.print(
        f"{folder}: {reached.inputs:,} answers, {reached.answered - begun.answered:,} of them now by {count} actors in "
        f"{seconds:.1f} s; {reached.failed:,} of all are errors",
        markup=False,
        highlight=False,
    )
    return reached.failed


def spread_on_ray(model: "Model", actors: ActorsAsked) -> "Callable[[Predictor], Predictor]":
    """Return what makes of a predictor one whose inputs are answered by actors with the same model.

    Raises:
        UserError: if Ray cannot be reached.
    """
    from suite.cluster.answering import cores_of
    from suite.cluster.connect import connect
    from suite.cluster.pool import PoolPredictor

    with terminal().status("starting Ray"):
        ray = connect(actors.address)
    return lambda predictor: PoolPredictor(predictor, ray, model, actors.count or cores_of(ray))
