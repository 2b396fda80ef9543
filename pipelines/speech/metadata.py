"""What the fields of `metadata.csv` are, in sets laid out as LJ Speech is: `ID|TEXT|NORMALISED TEXT`, and its relatives.

Other sets have only `ID|TEXT`, where the text itself may hold a bar, or the name of a speaker before or behind the text.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from suite.data.examples import Problem
from suite.errors import UserError
from suite.text.words import words_of

Line = tuple[str, str]  # place and text
EXPECTED = "expected id|text, id|text|normalised text or id|text|speaker"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: where it stands, the name of its clip, the transcript as written and its speaker, if the lines name any."""

    place: str
    name: str
    text: str
    speaker: str | None = None


def read_entries(path: Path, lines: Sequence[Line]) -> tuple[list[Entry], list[Problem], list[str]]:
    """Return the entries of the lines of a metadata.csv, what is wrong with others, and notes.

    A bar with spaces around it is one of the text, unless the name is parted so too or the same words stand on both sides.
    What the third field is, if most lines have three, is told from all lines together: the same words in another spelling,
    or a single name on each line.

    Raises:
        UserError: if the third field is neither, or no text can be told from a name.
    """
    rows = [(place, _fields(line)) for place, line in lines]
    three = 2 * sum(len(fields) > 2 for _, fields in rows) >= len(rows)
    whole = [(place, fields) for place, fields in rows if 2 <= len(fields) <= 2 + three]
    problems = [
        Problem(
            place, f"{EXPECTED if three else 'expected id|text, as most lines have'}. Received: {len(fields)} fields"
        )
        for place, fields in rows
        if not 2 <= len(fields) <= 2 + three
    ]
    thirds = [fields for _, fields in whole if len(fields) == 3 and fields[2].strip()]
    if not thirds or 2 * sum(_same(*fields[1:]) for fields in thirds) >= len(thirds):
        entries, faults = _normalised(whole)
        return entries, problems + faults, []
    text = _text_column(path, thirds)
    speakers = {fields[3 - text].strip() for fields in thirds}
    note = f"{path.name}: the {'second' if text == 2 else 'third'} field names a speaker ({len(speakers)} in all)."
    entries = [
        Entry(place, fields[0].strip(), fields[text], fields[3 - text].strip() if len(speakers) > 1 else None)
        for place, fields in whole
        if len(fields) == 3
    ]
    problems += [Problem(place, f"{EXPECTED}. Received: no speaker") for place, fields in whole if len(fields) < 3]
    return entries, problems, [note]


def _fields(line: str) -> list[str]:
    """Return the fields of a line."""
    name, *rest = line.split("|")
    fields = [name]
    for number, field in enumerate(rest):
        spaced = number > 0 and field.startswith(" ") and fields[-1].endswith(" ") and not name.endswith(" ")
        if spaced and not _same(fields[-1], field):
            fields[-1] += f"|{field}"
        else:
            fields.append(field)
    return fields


def _normalised(rows: Sequence[tuple[str, list[str]]]) -> tuple[list[Entry], list[Problem]]:
    """Return the entries of lines whose last field is the text, and lines whose third field cannot be."""
    entries, problems = [], []
    for place, (name, text, *third) in rows:
        spelled = "".join(third)
        # Numbers and abbreviations may be spelled out without a word in common, but not without a letter.
        if spelled.strip() and any(map(str.isalpha, text)) and not any(map(str.isalpha, spelled)):
            message = f"the third field is not the text in normalised spelling: {EXPECTED}. Received: {spelled[:60]!r}"
            problems.append(Problem(place, message))
        else:
            entries.append(Entry(place, name.strip(), spelled if spelled.strip() else text))
    return entries, problems


def _same(text: str, spoken: str) -> bool:
    """Return whether two texts have half of the words of the shorter one in common."""
    pair = set(words_of(text)), set(words_of(spoken))
    return 2 * len(pair[0] & pair[1]) >= min(map(len, pair)) > 0


def _text_column(path: Path, rows: Sequence[list[str]]) -> int:
    """Return which field is the text (1 or 2): the other one is a name, or the same on all lines."""
    columns = {column: [fields[column].strip() for fields in rows] for column in (1, 2)}
    names = [
        column
        for column, values in columns.items()
        if all(len(value.split()) == 1 for value in values) or (len(values) > 1 and len(set(values)) == 1)
    ]
    if len(names) == 2:
        names = [column for column, values in columns.items() if not any(map(str.isalpha, "".join(values)))]
    if len(names) != 1:
        raise UserError(
            f"{path}: {EXPECTED}. The third field is neither the text in another spelling nor the name of a speaker. "
            f"Received: {'|'.join(rows[0])[:80]!r}"
        )
    return 3 - names[0]
