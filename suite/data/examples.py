"""What a reader returns: examples with their place, part and group, and what was wrong with the rest."""

import hashlib
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

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
    """

    name: str
    input: Any
    target: Any
    part: str | None = None
    group: str | None = None
    key: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """An example that cannot be used: where it stands, and what was expected and received, in one sentence."""

    name: str
    message: str


@dataclass(frozen=True)
class Examples:
    """All examples of one data set, every one with its part.

    Attributes:
        items: The usable examples, in the order of the files.
        path: The data as the user named it.
        format: The recognised or given format name, and `reason`: what it was recognised by.
        named_parts: The parts that the data itself names; empty where none.
        problems: Examples that cannot be used.
        notes: Observations a person should see (duplicates across parts, rare labels), one sentence each.
    """

    items: tuple[Example, ...]
    path: Path
    format: str
    reason: str
    named_parts: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def part(self, name: str) -> list[Example]:
        """Return the examples of one part, or all of them for `"all"`."""
        return [example for example in self.items if name in ("all", example.part)]

    def with_items(self, items) -> "Examples":
        """Return the same data set with other examples (folds, final fit on everything)."""
        return replace(self, items=tuple(items))

    @property
    def sizes(self) -> dict[str, int]:
        """Return the number of examples of each part."""
        counts = Counter(example.part for example in self.items)
        return {part: counts.get(part, 0) for part in PARTS}

    @cached_property
    def fingerprint(self) -> str:
        """Return a SHA-256 over content and targets, whatever the folder, the order and the parts."""
        rows = sorted(
            hashlib.sha256(f"{example.key}\0{example.target}".encode("utf-8", "surrogatepass")).digest()
            for example in self.items
        )
        return hashlib.sha256(b"".join(rows)).hexdigest()
