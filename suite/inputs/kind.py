"""What an input kind is: everything that is true of all tasks that read alike."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from suite.inputs.calls import Call, GuideSources
from suite.inputs.sent import Sent
from suite.pipeline import PredictOption
from suite.signature import Arrays


@dataclass(frozen=True)
class Input:
    """One input: how it is called in the answer, and the raw input itself, or the error that stands in its place."""

    name: str
    raw: Any = None
    error: str | None = None


@dataclass(frozen=True)
class FileContents:
    """What an exported file says of one of its signatures.

    Attributes:
        path: The file.
        signature: The signature's name.
        inputs, outputs: Name -> `dtype`, `shape` and `meaning`, as the report has them.
        labels: Names of the classes; empty without.
        front_end: Parameters of what the graph does to the raw input.
        words: The vocabulary; empty without.
    """

    path: Path
    signature: str
    inputs: dict[str, dict[str, Any]]
    outputs: dict[str, dict[str, Any]]
    labels: list[str] = field(default_factory=list)
    front_end: dict[str, Any] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class InputKind:
    """What a person may type or point at.

    Attributes:
        name: The module of the page that takes such an input: `static/inputs/NAME.js`.
        column: Name of the setting that names the column of inputs in a table.
        read_path: `read_path(path, settings, encoding)` yields the inputs that a file, folder or table holds.
        page: `page(contents)` returns what the page's module needs to know of a file, JSON-able, and a sentence about what the
            model takes; None where the file takes something else.
        raw_arrays: `raw_arrays(raw_input, settings)` returns a raw input as the arrays that a signature takes; None where each
            task of this kind has its own.
        typed: Whether what is typed is the input itself; else it is the path of a file.
        live: Sources that `predict` takes in place of a path: `("microphone",)`, `("camera",)` for `camera:0`.
        array_options: What `predict` in Python takes with an array in place of a file: `sample_rate`.
        guide: `guide(call, front_end)` returns the sources that make the inputs of a signature of what an app has, None where
            it takes something else; `front_end` is what travels in the file as `front_end.json`, empty if unknown. Without
            one, an app brings the arrays.
        several: `several(raw_inputs, count)` returns `count` raw inputs that lie in those of examples, where one example holds many
            (a series has a forecast from each row); None where an example is one input.
        raw_types: Types of raw inputs beside paths and arrays.
        sent: What another machine may send in place of the path of a file; None where the input is typed.
    """

    name: str
    column: str
    read_path: Callable[[Path, Any, str | None], Iterator[Input]]
    page: Callable[[FileContents], tuple[dict[str, Any], str] | None]
    raw_arrays: Callable[[Any, Any], Arrays] | None = None
    typed: bool = False
    live: tuple[str, ...] = ()
    array_options: tuple[PredictOption, ...] = ()
    guide: Callable[[Call, dict[str, Any]], GuideSources | None] | None = None
    sent: Sent | None = None
    raw_types: tuple[type, ...] = ()
    several: Callable[[Sequence[Any], int], list[Any]] | None = None


def fits(details: dict[str, Any], dtype: str, axes: int) -> bool:
    """Return whether a tensor has a dtype, one row, and this many axes, all of fixed length."""
    shape = details["shape"]
    return details["dtype"] == dtype and len(shape) == axes and shape[0] == 1 and all(shape)
