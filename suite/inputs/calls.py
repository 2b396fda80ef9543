"""What a guide knows of a signature of an exported file, and the sources that a kind of input or answer picks for it."""

import math
from dataclasses import dataclass, field
from typing import Any

WINDOWED_RANK = 2  # (batch, length): what can be cut into pieces of a fixed length


@dataclass(frozen=True)
class Tensor:
    """An input or output of a signature; None in the shape is an axis of any length.

    `kind` is that of the report; `length` names the output that says how many of its rows count.
    """

    name: str
    dtype: str
    shape: tuple[int | None, ...]
    meaning: str
    kind: str = ""
    length: str = ""

    @property
    def fixed(self) -> bool:
        """Whether all axes have a known length."""
        return None not in self.shape

    @property
    def is_text(self) -> bool:
        """Whether it is UTF-8 text as bytes."""
        return self.dtype == "uint8" and len(self.shape) == WINDOWED_RANK and self.kind == "text"

    @property
    def size(self) -> int:
        """Elements, an axis of any length counted as 1."""
        return math.prod(axis or 1 for axis in self.shape)

    @property
    def described(self) -> str:
        """Name, dtype, shape and meaning on one line."""
        axes = ", ".join("any" if axis is None else str(axis) for axis in self.shape)
        return f"`{self.name}` {self.dtype}[{axes}]: {self.meaning}"


@dataclass(frozen=True)
class Call:
    """A signature: what goes in anew, what comes out, and the states that go from each call into the next."""

    signature: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    states: tuple[Tensor, ...]

    @property
    def only_input(self) -> Tensor | None:
        """The input of a call that has one; None of several."""
        return self.inputs[0] if len(self.inputs) == 1 else None

    @property
    def window(self) -> Tensor | None:
        """The only input, where it has one axis of a fixed length: longer input is cut into pieces, shorter is padded."""
        only = self.only_input
        return only if only and only.fixed and len(only.shape) == WINDOWED_RANK else None

    @property
    def whole(self) -> bool:
        """Whether one answer is that of the whole input: it has any length, or a state goes from piece to piece."""
        return bool(self.states) or not all(tensor.fixed for tensor in self.inputs)

    def input_with_length(self, axes: int, dtypes: tuple[str, ...]) -> tuple[Tensor, Tensor] | None:
        """Return the two inputs of a call: one of these axes, and a whole number that says how much of it counts."""
        if len(self.inputs) != 2:
            return None
        content = next((tensor for tensor in self.inputs if len(tensor.shape) == axes and tensor.dtype in dtypes), None)
        length = next((tensor for tensor in self.inputs if tensor.shape == (1,) and tensor.dtype == "int32"), None)
        return (content, length) if content and length else None

    def output_of(self, kind: str) -> Tensor | None:
        """Return the first output of a kind (`suite.answers.outputs`); of several, one with rows before one without."""
        fitting = [tensor for tensor in self.outputs if tensor.kind == kind]
        return max(fitting, key=lambda tensor: len(tensor.shape), default=None)


@dataclass(frozen=True)
class GuideSources:
    """How the guide shows a kind of input or answer: sources of each language, and what they are filled with.

    Attributes:
        name: Of the sources: `guides/LANGUAGE/inputs/NAME`, or `answers/NAME`.
        values: By name, what the marked places are filled with.
        conditions: That hold beside those of the deployment.
        extra: Further sources that these use.
        returns: Of an answer: its type in the languages that write one down (`"python"`, `"swift"`).
        inputs: Of an answer that needs its input cut in a way of its own: the sources that take the place of the input's.
    """

    name: str
    values: dict[str, Any] = field(default_factory=dict)
    conditions: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    returns: dict[str, str] = field(default_factory=dict)
    inputs: str = ""
