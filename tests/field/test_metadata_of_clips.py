"""`metadata.csv` with bars between its fields, as LJ Speech and its relatives write it: which field is the transcript."""

from pathlib import Path

import pytest

from pipelines.speech.metadata import read_entries
from suite.errors import UserError


def entries(*lines):
    found, problems, notes = read_entries(
        Path("metadata.csv"), [(f"metadata.csv:{n}", line) for n, line in enumerate(lines, 1)]
    )
    return [(entry.name, entry.text, entry.speaker) for entry in found], [problem.name for problem in problems], notes


def test_the_third_field_is_the_text_as_it_is_spoken():
    found, problems, notes = entries(
        "a|In 1837 he left.|In eighteen thirty-seven he left.", "b|Dr.|Doctor", "c|So it was.|So it was.", "d|No.|"
    )
    assert [text for _, text, _ in found] == ["In eighteen thirty-seven he left.", "Doctor", "So it was.", "No."]
    assert not problems and not notes


def test_a_number_behind_the_text_is_a_speaker():
    assert entries("id|text|3") == (
        [("id", "text", None)],
        [],
        ["metadata.csv: the third field names a speaker (1 in all)."],
    )
    found, problems, notes = entries("a|good morning|3", "b|good night to you|4", "c|yes|3")
    assert found == [("a", "good morning", "3"), ("b", "good night to you", "4"), ("c", "yes", "3")]
    assert not problems and "2 in all" in notes[0]


def test_a_speaker_may_come_first():
    found, _, (note,) = entries("a|p225|please call", "b|p226|ask her to bring")
    assert found == [("a", "please call", "p225"), ("b", "ask her to bring", "p226")] and "second field" in note


def test_a_bar_with_spaces_around_it_belongs_to_the_text():
    assert entries("id|yes | no question")[:2] == ([("id", "yes | no question", None)], [])
    two = [f"{n}|hello there" for n in range(4)]
    three = [f"{n}|the same words here|the same words here" for n in range(4)]
    for lines in (two, three):
        found, problems, _ = entries(*lines, "x|yes | no | question")
        assert ("x", "yes | no | question", None) in found and len(found) == 5 and not problems


def test_bars_with_spaces_may_part_all_fields():
    found, problems, _ = entries("a | In 1837 | In eighteen thirty-seven", "b | So | So", "c| Well then |Well then")
    assert [(name, text.strip()) for name, text, _ in found] == [
        ("a", "In eighteen thirty-seven"),
        ("b", "So"),
        ("c", "Well then"),
    ]
    assert not problems and [text for _, text, _ in entries("a|No. | No.")[0]] == [" No."]


def test_lines_with_other_fields_are_problems():
    three = [f"{n}|the same words here|the same words here" for n in range(4)]
    found, problems, _ = entries(*three, "y|some text|3", "z|a|b|c", "w")
    assert len(found) == 4 and sorted(problems) == [f"metadata.csv:{n}" for n in (5, 6, 7)]
    found, problems, _ = entries("a|one", "b|two", "c|one|two", "d|three")
    assert [name for name, _, _ in found] == ["a", "b", "d"] and problems == ["metadata.csv:3"]


@pytest.mark.parametrize(
    "lines",
    [
        ["a|good morning all|bonjour à tous", "b|good night|bonne nuit"],
        ["a|yes|ja", "b|no|nein"],
    ],
)
def test_what_cannot_be_told_is_refused(lines):
    with pytest.raises(UserError, match=r"metadata\.csv: expected id\|text"):
        entries(*lines)


def test_other_scripts_are_compared_word_by_word():
    found, problems, _ = entries("a|В 2 часа дня|В два часа дня", "b|हिन्दी में|हिन्दी में", "c|今天|今天")
    assert [text for _, text, _ in found] == ["В два часа дня", "हिन्दी में", "今天"] and not problems
