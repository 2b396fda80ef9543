"""`suite train --workers`: start the workers that train one model together, or take this process's place among them."""

from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any

from suite.commands.output import terminal
from suite.errors import UserError

if TYPE_CHECKING:
    import typer

    from suite.data.examples import Examples
    from suite.training.unfinished import Request
    from suite.training.workers.cluster import Place, Workers


def own_place(workers: int | None, ray: str | None, folds: int | None) -> "Place | None":
    """Return the place of this process among workers that somebody has started, if it has one.

    Raises:
        UserError: if the options contradict that, or one another.
    """
    from suite.training.workers.cluster import VARIABLE, read_place

    place = read_place()
    if place is not None and workers not in (None, len(place.addresses)):
        raise UserError(f"--workers: {VARIABLE} names {len(place.addresses)} workers. Received: {workers}")
    if folds and (place is not None or (workers or 1) > 1):
        raise UserError(
            "--folds does not go with several workers: each fold is a run of its own; start them side by side"
        )
    if ray is not None and (place is not None or (workers or 1) < 2):
        raise UserError("--ray goes with --workers N, of 2 or more, which it places")
    return place


def run_workers(count: int, ray: str | None, context: "typer.Context") -> int:
    """Start workers, each by the command that was typed without the options that ask for them; return the exit status."""
    from suite.training.workers.local import run_on_this_machine, suite_command

    command = suite_command(["train", *typed_words(context, {"workers", "ray"})])
    say = partial(terminal().print, markup=False, highlight=False)
    if ray is None:
        return run_on_this_machine(command, count, say)
    from suite.cluster.workers_on_ray import run_on_ray

    return run_on_ray(command, count, ray, say)


def typed_words(context: "typer.Context", left_out: set[str]) -> list[str]:
    """Return the arguments and options that were typed, but for some."""
    typed: list[str] = []
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name)
        if source is None or source.name != "COMMANDLINE" or parameter.name in left_out:
            continue
        value = context.params[parameter.name]
        values = value if isinstance(value, list | tuple) else [value]
        if parameter.param_type_name == "argument":
            typed += map(_word, values)
        elif getattr(parameter, "is_flag", False):
            typed += parameter.opts[:1]
        else:
            typed += [word for value in values for word in (parameter.opts[0], _word(value))]
    return typed


def _word(value: Any) -> str:
    return str(value.value if isinstance(value, StrEnum) else value)


def train_along(workers: "Workers", request: "Request", examples: "Examples") -> None:
    """Train as a worker that is not the chief.

    Raises:
        UserError: as `follow`, or if another worker is lost.
    """
    from suite.training.workers.cluster import naming_lost_workers
    from suite.training.workers.turns import follow

    with naming_lost_workers(workers):
        follow(workers, request, examples)
