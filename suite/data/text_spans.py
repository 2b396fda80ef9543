"""Spans of characters that a data set marks in a text: whether they lie in it, overlap, and count in characters."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from suite.data.cells import label_fault

# How many of a unit a character takes, of units that other programs count in.
UNITS: dict[str, Callable[[str], int]] = {
    "UTF-16 units": lambda character: 1 + (ord(character) > 0xFFFF),
    "bytes of UTF-8": lambda character: len(character.encode("utf-8", "surrogatepass")),
}


def spans_fault(text: str, spans: Any) -> str | None:
    """Return why the spans of a text, dicts with `start`, `end` and `label`, cannot be used, else None.

    Offsets count characters (code points) from 0, `text[start:end]`. Offsets that count something else are told where they
    lie outside the text, or where they cut words while they would cut none as UTF-16 units or bytes.
    """
    if not isinstance(spans, list):
        return f"expected a list of spans. Received: {str(spans)[:60]!r}"
    for span in spans:
        if fault := _span_fault(text, span):
            return fault
    ordered = sorted((span["start"], span["end"], span["label"]) for span in spans)
    for (start, end, label), (later, later_end, later_label) in pairwise(ordered):
        if later < end:
            return f"spans overlap: {start} to {end} ({label}) and {later} to {later_end} ({later_label})"
    pairs = [(start, end) for start, end, _ in ordered]
    if not text.isascii() and not _cut_no_word(text, pairs):
        for unit in UNITS:
            moved = _in_characters(text, pairs, unit)
            if moved and moved != pairs and _cut_no_word(text, moved):
                return f"offsets count characters of the text; these cut words, and would not if they counted {unit}"
    return None


def _span_fault(text: str, span: Any) -> str | None:
    if not isinstance(span, dict) or not {"start", "end", "label"} <= span.keys():
        return f"expected a span as {{'start': 0, 'end': 5, 'label': 'PER'}}. Received: {str(span)[:60]}"
    start, end, label = span["start"], span["end"], span["label"]
    for name in ("start", "end"):
        if not isinstance(span[name], int) or isinstance(span[name], bool):
            return f"expected a whole number of characters as {name} of a span. Received: {span[name]!r}"
    if not isinstance(label, str) or label_fault(label):
        return f"the span {start} to {end}: {label_fault(label) or f'expected a label. Received: {label!r}'}"
    if not 0 <= start < end:
        return f"expected a span that begins at 0 or later and ends behind its start. Received: {start} to {end}"
    if end > len(text):
        fits = [unit for unit in UNITS if _in_characters(text, [(start, end)], unit)]
        advice = f"; counted in {fits[0]} it would lie in it, but characters are expected" if fits else ""
        return f"the span {start} to {end} ({label}) lies outside the text, which has {len(text)} characters{advice}"
    if not text[start:end].strip():
        return f"the span {start} to {end} ({label}) holds no character but spaces"
    return None


def _cut_no_word(text: str, pairs: Sequence[tuple[int, int]]) -> bool:
    edges = [edge for pair in pairs for edge in pair if 0 < edge < len(text)]
    whole = not any(text[edge - 1].isalnum() and text[edge].isalnum() for edge in edges)
    return whole and not any(text[start].isspace() or text[end - 1].isspace() for start, end in pairs)


def _in_characters(text: str, pairs: Sequence[tuple[int, int]], unit: str) -> list[tuple[int, int]] | None:
    """Return offsets counted in a unit as offsets in characters; None where one lies outside the text or in a character."""
    places, place = {0: 0}, 0
    for number, character in enumerate(text, 1):
        place += UNITS[unit](character)
        places[place] = number
    if any(edge not in places for pair in pairs for edge in pair):
        return None
    return [(places[start], places[end]) for start, end in pairs]
