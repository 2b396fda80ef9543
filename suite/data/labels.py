"""Class labels: every one that is scored must be one that is learned."""

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import replace

from suite.data.examples import Example, Examples, Problem
from suite.data.stable_hash import content
from suite.errors import UserError

FEW = 5


def check_labels(examples: Examples, known: Collection[str] | None = None) -> Examples:
    """Return the examples whose labels can be scored; the others become problems that name label and place.

    Args:
        known: The labels of a trained model; by default those of the train part (without one nothing is checked).

    A label that only drawn parts hold returns to train, with all examples of the same content, and is noted, so that
    drawing makes no problem, unless that would tear a group. Without `known`, rare labels and labels that differ in
    case alone are noted too.

    Raises:
        UserError: if all examples of data with a train part have one and the same label, or nearly each its own.
    """
    items, notes = list(examples.items), list(examples.notes)
    has_train = any(example.part == "train" for example in items)
    if has_train and known is None:
        _check_classes(examples)
    if has_train and not _groups_are_whole(items):
        items, moved = _return_to_train(items, examples.named_parts)
        notes += moved
    if known is not None:
        learned = f"is none of the model's labels ({', '.join(sorted(known)[:10])})"
    elif has_train:
        notes += _describe_rare(items)
        known, learned = {example.target for example in items if example.part == "train"}, "occurs nowhere in train"
    else:
        return examples
    usable = [example for example in items if example.target in known]
    problems = [
        Problem(example.name, f"the label {example.target!r} {learned}: this {example.part} example cannot be scored")
        for example in items
        if example.target not in known
    ]
    return replace(examples, items=tuple(usable), notes=tuple(notes), problems=(*examples.problems, *problems))


def label_index(example: Example, labels: list[str]) -> int:
    """Return the place of an example's label among those of a model.

    Raises:
        UserError: if the model never learned it.
    """
    try:
        return labels.index(example.target)
    except ValueError:
        known = ", ".join(map(repr, labels))
        raise UserError(
            f"{example.name}: label {example.target!r} was not in the training part; known: {known}"
        ) from None


def natural_order(label: str) -> list:
    """Return a sort key that puts numbers within labels in numeric order: `"2"` before `"10"`, `"a 9"` before `"a 10"`."""
    return [(0, int(piece), "") if piece.isdecimal() else (1, 0, piece) for piece in re.split(r"(\d+)", label) if piece]


def _check_classes(examples):
    labels, path, size = Counter(example.target for example in examples.items), examples.path, len(examples.items)
    if len(labels) == 1:
        only = next(iter(labels))
        raise UserError(f"{path}: expected at least two different labels. Received: {only!r} for all {size:,} examples")
    if len(labels) > max(20, size // 2):
        some = ", ".join(repr(label[:40]) for label in list(labels)[:3])
        received = f"{len(labels):,} different ones for {size:,} examples: {some}, ..."
        raise UserError(f"{path}: expected labels that repeat; is it the right column? Received: {received}")


def _return_to_train(items: list[Example], named: Collection[str]) -> tuple[list[Example], list[str]]:
    learned = {example.target for example in items if example.part == "train"}
    lost = {example.target for example in items if example.target not in learned and example.part not in named}
    contents = {content(example) for example in items if example.target in lost and example.part not in named}
    moved = [
        replace(example, part="train") if example.part not in named and content(example) in contents else example
        for example in items
    ]
    return moved, [f"The label {label!r} is so rare that all its examples stay in train." for label in sorted(lost)]


def _groups_are_whole(items):
    """Return whether there are groups and each lies in one part: then they were drawn as groups and must stay so."""
    parts: dict[str | None, set] = {}
    for example in items:
        parts.setdefault(example.group, set()).add(example.part)
    return None not in parts and all(len(own) == 1 for own in parts.values())


def _describe_rare(items):
    counts = Counter(example.target for example in items if example.part == "train")
    notes = [
        f"The label {label!r} has only {count} example{'s' if count > 1 else ''} in train."
        for label, count in sorted(counts.items())
        if count < FEW
    ]
    spelling: dict[str, str] = {}
    for label in counts:
        other = spelling.setdefault(label.lower(), label)
        if other != label:
            notes.append(f"The labels {other!r} and {label!r} differ in case alone and count as two.")
    return notes
