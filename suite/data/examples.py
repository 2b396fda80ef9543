"""What a reader returns: examples with their place, part and group, and what was wrong with the rest."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

PARTS = ("train", "dev", "test")


@dataclass(frozen=True, slots=True)
class Example:
    """One example.

    Attributes:
        name: Where it stands, for people: `"train.tsv:17"` or `"wavs/7_jackson_32.wav"`.
        input: The raw input: a text, or the path of an audio, video or picture file.
        target: What is to be learned: a label name, a transcript, a list of captions.
        part: `"train"`, `"dev"` or `"test"`; None until splits are assigned where the data names no part.
        group: Speaker, scene, language or source that must not straddle two parts; None without groups.
        key: What stands for the content in hashes and duplicate checks: the text itself or a digest of the file.
        facts: What the reader measured of the input, where the task's `check_parts` needs it.
    """

    name: str
    input: Any
    target: Any
    part: str | None = None
    group: str | None = None
    key: str = ""
    facts: Any = field(default=None, repr=False, compare=False)

    @property
    def content_bytes(self) -> bytes:
        """Return bytes that stand for the input alone: of the key, or of all of the input where there is none."""
        return _content_bytes(self.key or self.input)


@dataclass(frozen=True, slots=True)
class Problem:
    """An example that cannot be used: where it stands, and what was expected and received, in one sentence."""

    name: str
    message: str


@dataclass(frozen=True)
class Examples:
    """All examples of one data set; every one has its part once parts are assigned.

    Attributes:
        items: The usable examples, in the order of the files.
        path: The data as the user named it.
        format: The recognised or given format name, and `reason`: what it was recognised by.
        named_parts: The parts that the data itself names; empty where none.
        problems: Examples that cannot be used.
        notes: Observations a person should see (duplicates across parts, rare labels), one sentence each.
        whole: The examples before each was cut into parts by time; empty where none was. The fingerprint is theirs, so that
            the same data is known however it was cut.
    """

    items: tuple[Example, ...]
    path: Path
    format: str
    reason: str
    named_parts: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = field(default=())
    whole: tuple[Example, ...] = field(default=(), repr=False)

    def part(self, name: str) -> list[Example]:
        """Return the examples of one part, or all of them for `"all"`."""
        return [example for example in self.items if name in ("all", example.part)]

    def with_items(self, items: Iterable[Example]) -> "Examples":
        """Return the same data set with other examples (folds, final fit on everything)."""
        return replace(self, items=tuple(items))

    @property
    def sizes(self) -> dict[str, int]:
        """Return the number of examples of each part."""
        counts = Counter(example.part for example in self.items)
        return {part: counts.get(part, 0) for part in PARTS}

    @cached_property
    def row_digests(self) -> list[bytes]:
        """Return the SHA-256 of content and target of each example, in the order of the examples."""
        return [_digest(example.key or example.input, example.target) for example in self.items]

    @cached_property
    def fingerprint(self) -> str:
        """Return a SHA-256 over content and targets, whatever the folder, the order and the parts."""
        digests = (
            [_digest(example.key or example.input, example.target) for example in self.whole]
            if self.whole
            else self.row_digests
        )
        return hashlib.sha256(b"".join(sorted(digests))).hexdigest()

    @cached_property
    def parts_fingerprint(self) -> str:
        """Return a SHA-256 over content, targets and the part of each example, whatever the folder and the order."""
        return hashlib.sha256(b"".join(sorted(self._rows_with_parts()))).hexdigest()

    @cached_property
    def order_fingerprint(self) -> str:
        """Return a SHA-256 over content, targets and parts in the order of the examples, which batches follow."""
        return hashlib.sha256(b"".join(self._rows_with_parts())).hexdigest()

    def _rows_with_parts(self) -> list[bytes]:
        return [
            digest + str(example.part).encode().ljust(8, b"\0")
            for digest, example in zip(self.row_digests, self.items, strict=True)
        ]


def _digest(*values: Any) -> bytes:
    return hashlib.sha256(b"\0".join(map(_content_bytes, values))).digest()


def _digest_of_digests(*values: Any) -> bytes:
    return hashlib.sha256(b"".join(map(_digest, values))).digest()


def _content_bytes(value: Any) -> bytes:
    """Return bytes that stand for all of a value: text as UTF-8, arrays whole (`str` of one leaves out its middle)."""
    if isinstance(value, np.ndarray):
        head = f"{value.dtype.str} {value.shape}".encode()
        return head + (
            _content_bytes(value.tolist()) if value.dtype.hasobject else np.ascontiguousarray(value).tobytes()
        )
    if isinstance(value, dict):
        return _digest_of_digests("dict", *(item for key in sorted(value, key=str) for item in (key, value[key])))
    if isinstance(value, set | frozenset):
        return _digest_of_digests("set", *sorted(map(_content_bytes, value)))
    if isinstance(value, list | tuple) and any(not isinstance(element, str | int | float) for element in value):
        return _digest_of_digests("sequence", *value)
    if isinstance(value, bytes):
        return value
    return str(value).encode("utf-8", "surrogatepass")
