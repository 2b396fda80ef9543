"""The options of `suite predict` that a task brings itself, read by click's own parser."""

from collections.abc import Sequence
from typing import Any

import click
from click.core import ParameterSource

from suite.errors import UserError
from suite.pipeline import PredictOption


def split_options(
    words: Sequence[str], options: Sequence[PredictOption], task: str
) -> tuple[list[str], dict[str, Any]]:
    """Split what follows MODEL_DIR into inputs and the values of the options that were typed.

    Raises:
        UserError: for an option that the task does not have, or a value that it does not take.
    """
    parser = click.Command(
        "predict",
        params=[*map(_click_option, options), click.Argument(["inputs"], nargs=-1)],
        add_help_option=False,
        context_settings={"ignore_unknown_options": True},  # a text may begin with a dash: "-5 degrees"
    )
    try:
        context = parser.make_context("predict", list(words))
    except click.UsageError as error:
        raise UserError(f"predict: {error.format_message()}") from error
    values = dict(context.params)
    inputs = list(values.pop("inputs"))
    unknown = next((word for word in inputs if word.startswith("--")), None)
    if unknown is not None:
        names = ", ".join(declaration(option) for option in options) or "none"
        raise UserError(
            f"predict: unknown option {unknown!r}; options of {task}: {names}. "
            "A text that begins with -- goes in through - or a file"
        )
    typed = {name for name in values if context.get_parameter_source(name) is ParameterSource.COMMANDLINE}
    return inputs, {name: values[name] for name in values if name in typed}


def declaration(option: PredictOption) -> str:
    """Return an option as it is typed: `--n-best`, or `--explain/--no-explain`."""
    name = option.name.replace("_", "-")
    return f"--{name}/--no-{name}" if option.type is bool else f"--{name}"


def _click_option(option: PredictOption) -> click.Option:
    return click.Option([declaration(option), option.name], type=option.type, default=option.default, help=option.help)
