"""Class labels: every one that is scored must be one that is learned."""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from decimal import Decimal

from suite.data.examples import Example, Examples, Problem
from suite.data.stable_hash import content
from suite.errors import UserError

FEW = 5
MINUS = "−"  # U+2212, which spreadsheets and typesetters write
# A number that a label begins with; 1.2.3 is none, nor is 2-3 two numbers of which one is below zero.
LEADING_NUMBER = re.compile(rf"[-+{MINUS}]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d{{1,4}})?(?![\d.]*\.\d)(?!\d)")


def check_labels(examples: Examples, known: Collection[str] | None = None) -> Examples:
    """Return the examples whose labels can be scored; the others become problems that name label and place.

    Args:
        known: The labels of a trained model; by default those of the train part (without one nothing is checked).

    A label that only drawn parts hold returns to train and is noted, so that drawing makes no problem: with all examples
    of the same content, or with its whole groups where groups were drawn, unless a part would be empty then. Without
    `known`, rare labels and labels that differ in case alone are noted too.

    Raises:
        UserError: if all examples of data with a train part have one and the same label, or nearly each its own.
    """
    items, notes = list(examples.items), list(examples.notes)
    has_train = any(example.part == "train" for example in items)
    if has_train and known is None:
        _check_classes(examples)
    if has_train:
        items, returned = _return_to_train(items, examples.named_parts)
        notes += returned
    if known is not None:
        learned = f"is none of the model's labels ({', '.join(sorted(known)[:10])})"
    elif has_train:
        notes += _describe_rare(items)
        known, learned = {example.target for example in items if example.part == "train"}, "occurs nowhere in train"
    else:
        return examples
    usable = [example for example in items if example.target in known]
    whole = _groups_are_whole(items)
    problems = []
    for example in items:
        if example.target not in known:
            fault = f"the label {example.target!r} {learned}: this {example.part} example cannot be scored"
            if whole and example.group is not None and example.part not in examples.named_parts and has_train:
                fault += f"; it was drawn with its group {example.group!r}, --set split_by=content ignores groups"
            problems.append(Problem(example.name, fault))
    return replace(
        examples, items=tuple(usable), notes=tuple(dict.fromkeys(notes)), problems=(*examples.problems, *problems)
    )


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


def natural_order(label: str) -> tuple[list[tuple[int, Decimal, str]], str]:
    """Return a sort key that puts numbers in numeric order, and no two different labels at the same place.

    `"2"` comes before `"10"`, `"a 9"` before `"a 10"`, `"-1"` before `"0"`, `"0.25"` before `"0.5"`, `"-1.5 stars"` before
    `"1 star"`: a label may begin with a number that has a sign, a decimal point or an exponent; numbers after that are
    whole ones. Of labels that say the same number (`"1"` and `"01"`) the exact text decides.
    """
    number = LEADING_NUMBER.match(label)
    start = number.end() if number else 0
    pieces = [(0, Decimal(number.group().replace(MINUS, "-")), "")] if number else []
    for piece in re.split(r"(\d+)", label[start:]):
        if piece:
            pieces.append((0, Decimal(piece), "") if piece.isdecimal() else (1, Decimal(0), piece))
    return pieces, label


def _check_classes(examples: Examples) -> None:
    labels, path, size = Counter(example.target for example in examples.items), examples.path, len(examples.items)
    if len(labels) == 1:
        only = next(iter(labels))
        raise UserError(f"{path}: expected at least two different labels. Received: {only!r} for all {size:,} examples")
    if len(labels) > max(20, size // 2):
        examples_of_labels = ", ".join(repr(label[:40]) for label in list(labels)[:3])
        received = f"{len(labels):,} different ones for {size:,} examples: {examples_of_labels}, ..."
        raise UserError(f"{path}: expected labels that repeat; is it the right column? Received: {received}")


def _return_to_train(items: list[Example], named: Collection[str]) -> tuple[list[Example], list[str]]:
    """Give train back the labels that only drawn parts hold, whole groups at a time where groups were drawn."""
    whole, notes = _groups_are_whole(items), []
    learned = {example.target for example in items if example.part == "train"}
    units_of_part: dict[str | None, set[str]] = {}
    units_of_label: dict[str, set[str]] = {}
    for example in items:
        if example.part not in ("train", *named):
            units_of_part.setdefault(example.part, set()).add(_unit(example, whole))
            if example.target not in learned:
                units_of_label.setdefault(example.target, set()).add(_unit(example, whole))
    returned: set[str] = set()
    for label in sorted(units_of_label, key=natural_order):
        if whole and any(units <= returned | units_of_label[label] for units in units_of_part.values()):
            continue
        returned |= units_of_label[label]
        if whole:
            notes.append(f"The label {label!r} was only in groups that were drawn; they stay in train.")
        else:
            notes.append(f"The label {label!r} is so rare that all its examples stay in train.")
    items = [
        replace(example, part="train")
        if example.part in units_of_part and _unit(example, whole) in returned
        else example
        for example in items
    ]
    return items, notes


def _unit(example: Example, by_group: bool) -> str:
    """Return what must not be torn: the example's group, else its content."""
    return example.group if by_group and example.group is not None else content(example)


def _groups_are_whole(items: Sequence[Example]) -> bool:
    """Return whether there are groups and each lies in one part: then they were drawn as groups and must stay so."""
    parts: dict[str, set] = {}
    for example in items:
        if example.group is not None:
            parts.setdefault(example.group, set()).add(example.part)
    return bool(parts) and all(len(places) == 1 for places in parts.values())


def _describe_rare(items: Sequence[Example]) -> list[str]:
    counts = Counter(example.target for example in items if example.part == "train")
    notes = [
        f"The label {label!r} has only {count} example{'s' if count > 1 else ''} in train."
        for label, count in sorted(counts.items())
        if count < FEW
    ]
    spelling: dict[str, str] = {}
    for label in counts:
        alike = spelling.setdefault(label.lower(), label)
        if alike != label:
            notes.append(f"The labels {alike!r} and {label!r} differ in case alone and count as two.")
    return notes
