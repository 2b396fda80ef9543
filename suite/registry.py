"""Task name -> pipeline package. The only place in `suite` that knows a task by name."""

import difflib
import importlib
import importlib.util
from collections.abc import Iterator
from typing import Any

from suite.errors import UserError
from suite.pipeline import Pipeline

PIPELINES = {
    "sentiment": "pipelines.sentiment",
    "speech": "pipelines.speech",
    "video": "pipelines.video",
    "captioning": "pipelines.captioning",
    "tagging": "pipelines.tagging",
    "forecasting": "pipelines.forecasting",
    "sound": "pipelines.sound",
}


def load_pipeline(task: str) -> Pipeline:
    """Return the pipeline package of a task; `suite/pipeline.py` says what it exports.

    Raises:
        UserError: for an unknown task; the message lists the known ones.
    """
    if task not in PIPELINES:
        nearest = difflib.get_close_matches(task, PIPELINES, n=1)
        hint = f" Did you mean {nearest[0]!r}?" if nearest else ""
        raise UserError(f"unknown task {task!r}; the known tasks are: {', '.join(PIPELINES)}.{hint}")
    return Pipeline(PIPELINES[task])


def own_commands() -> Iterator[tuple[str, Any]]:
    """Yield task and typer app of each pipeline that brings commands of its own (`commands.py`)."""
    for task, package in PIPELINES.items():
        if importlib.util.find_spec(f"{package}.commands") is not None:
            yield task, importlib.import_module(f"{package}.commands").app
