"""A data set read by its pipeline, with a part for every example: the one place where parts are assigned."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from suite.config import TrainingSettings
from suite.data.examples import Examples
from suite.errors import UserError

if TYPE_CHECKING:
    from suite.pipeline import Pipeline


def read_examples(
    pipeline: "Pipeline",
    path: Path | str,
    settings: TrainingSettings,
    format: str | None = None,
    assets: dict[str, Any] | None = None,
) -> Examples:
    """Return the examples of a data set with their parts, and what is wrong with the rest as problems and notes.

    Args:
        pipeline: Of the task that the data is for.
        path: A file or a folder.
        settings: How the data is read and how its parts are drawn.
        format: One of the pipeline's `FORMATS`; by default recognized from the files.
        assets: Of the trained model that these examples are to evaluate.

    Raises:
        UserError: if the path, a column or a whole file is at fault, or parts cannot be drawn as the settings ask.
    """
    return with_parts(pipeline, pipeline.read(path, settings, format), settings, assets)


def with_parts(
    pipeline: "Pipeline", examples: Examples, settings: TrainingSettings, assets: dict[str, Any] | None = None
) -> Examples:
    """Return examples that the pipeline read with their parts, checked as far as that depends on the parts.

    The same reading can be given the parts of several settings; no file is read again.

    Raises:
        UserError: as the pipeline's `assign_parts` and `check_parts`.
    """
    return pipeline.check_parts(pipeline.assign_parts(examples, settings), settings, assets)


def refuse_problems(task: str, examples: Examples) -> None:
    """Raise UserError if there are examples that cannot be used; the first one is named."""
    if not examples.problems:
        return
    first = examples.problems[0]
    more = f" and {len(examples.problems) - 1} more" if len(examples.problems) > 1 else ""
    raise UserError(
        f"{first.name}: {first.message}{more}.\n"
        f"`suite data check {task} --data {examples.path}` lists them all; --on-bad-example skip goes on without them."
    )
