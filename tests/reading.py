"""Reading a data set as every command does: the pipeline's reader, then parts."""

from collections.abc import Callable
from functools import partial

from suite.data.examples import Examples
from suite.data.reading import read_examples
from suite.registry import load_pipeline


def reader(task: str) -> Callable[..., Examples]:
    """Return `read(path, settings, format=None, assets=None)` of a task, which gives examples with their parts."""
    return partial(read_examples, load_pipeline(task))
