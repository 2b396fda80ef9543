"""A small made-up set of orders and appointments with their spans and intents, written in any documented format.

Names of people and places in dev and test occur nowhere in train: they are told by what stands around them and by how they
are written. Some words are two things: Rose is a person and roses are ordered, May is a person and a month.
"""

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from suite.data.new_folder import make_sample_folder
from suite.data.tag_schemes import Spans, spans_to_tags

Row = tuple[list[str], Spans, str]  # tokens, spans in tokens, intent

SIZES = {"train": 600, "dev": 100, "test": 100}
FORMATS = ("jsonl", "conll", "slots", "csv", "tsv")
TEMPLATES = {
    "order": (
        "please send {amount} {item} to {place} by {date} .",
        "{person} would like {amount} {item} and {amount} {item} .",
        "can {place} deliver {amount} {item} at {time} ?",
        "order {amount} {item} for {person} , {date} at {time} .",
    ),
    "book": (
        "book a table in {place} for {person} at {time} .",
        "i need an appointment with {person} , {date} if possible .",
        "{person} and {person} meet in {place} {date} at {time} .",
        "is {person} free at {time} on {date} ?",
    ),
    "cancel": (
        "cancel the meeting with {person} in {place} .",
        "no {item} for {person} {date} , sorry .",
        "{person} can't come to {place} {date} .",
        "please take the {item} off the order of {person} .",
    ),
}
PHRASES = {
    "amount": "two;three;12;a dozen;half a dozen;a couple of;3 boxes of;five bags of;1.5 kilos of;twenty",
    "item": "red roses;espresso cups;oat milk;printer paper;olive oil;train tickets;roses;apples;crème brûlée;AA batteries",
    "date": "tomorrow;Monday;next Friday;this Sunday;3 May;May 14;14 June;the first of August;tonight",
    "time": "7:30;noon;half past eight;9 in the morning;5 pm;a quarter to ten;18:00",
}
# By part: what names are put together from.
FIRST_NAMES = {
    "train": "Rose May Anna Zoë Tom Ibrahim Jürgen Li Olga Pedro Chloé Amir Grace Ned Sven Yuki Dana Kofi Rita Hugo",
    "dev": "Ingrid Björn Farah Leo Mina Oscar",
    "test": "Astrid Đặng Noor Felix Ada Enzo",
}
LAST_NAMES = {
    "train": "Fields Baker Müller Okafor Silva Novák Tanaka Reed Haddad Costa Winter Berg Moss Dubois Stone",
    "dev": "Larsen Wood Peña Ivanov Marsh",
    "test": "Kowalska Young Ruiz Brandt Frost",
}
PLACES = {
    "train": (
        "Oak;Mill;King;Stan;Bright;Hol;Wood",
        "bridge;ford;ton;field;ham",
        "Café Luna;Hotel Adler;Room 12;São Tomé",
    ),
    "dev": ("Ash;Lin;Grey", "bury;mouth", "Café Fjord;Pier 7"),
    "test": ("Elm;Red;Nor", "wick;dale", "Hotel Río;Hall 3"),
}


def make_sample(directory: Path | str, seed: int = 0, format: str = "jsonl") -> Path:
    """Write the sample texts, in parts train, dev and test, and return the folder; the same seed writes the same files.

    Args:
        directory: A folder that is new or empty.
        seed: Another one makes other texts.
        format: One of `FORMATS`; `jsonl` has texts with spans, and `conll` has no intents.

    Raises:
        UserError: for an unknown format, or a path that is a file or a folder with something in it.
    """
    directory = make_sample_folder(directory, format, FORMATS)
    generator, written = random.Random(seed), set()
    for part, size in SIZES.items():
        rows: list[Row] = []
        while len(rows) < size:
            intent = list(TEMPLATES)[len(rows) % len(TEMPLATES)]
            tokens, spans = make_sentence(generator, part, intent)
            if tuple(tokens) not in written:
                written.add(tuple(tokens))
                rows.append((tokens, spans, intent))
        for name, lines in _files(part, format, rows).items():
            (directory / name).parent.mkdir(exist_ok=True)
            (directory / name).write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    return directory


def make_sentence(generator: random.Random, part: str, intent: str) -> tuple[list[str], Spans]:
    """Return the tokens of one sentence, and its spans in tokens."""
    tokens: list[str] = []
    spans: Spans = []
    for word in generator.choice(TEMPLATES[intent]).split():
        label = word.strip("{}")
        phrase = word if label == word else _phrase(generator, part, label)
        tokens += phrase.split()
        if label != word:
            spans.append((len(tokens) - len(phrase.split()), len(tokens), label))
    if generator.random() < 0.8:  # the others are typed in haste
        tokens[0] = tokens[0][0].upper() + tokens[0][1:]
    return tokens, spans


def _phrase(generator: random.Random, part: str, label: str) -> str:
    if label == "person":
        first, last = generator.choice(FIRST_NAMES[part].split()), generator.choice(LAST_NAMES[part].split())
        return generator.choice((first, f"{first} {last}", f"Dr. {last}"))
    if label == "place":
        begin, end, names = (generator.choice(choices.split(";")) for choices in PLACES[part])
        return generator.choice((begin + end, f"{begin}{end} Street", names))
    return generator.choice(PHRASES[label].split(";"))


def _files(part: str, format: str, rows: Sequence[Row]) -> dict[str, list[str]]:
    """Return the lines of the files of a part, by their names."""
    if format == "jsonl":
        return {f"{part}.jsonl": [json.dumps(_with_spans(*row), ensure_ascii=False) for row in rows]}
    pairs = [list(zip(tokens, spans_to_tags(spans, len(tokens), "iob2"), strict=True)) for tokens, spans, _ in rows]
    if format == "conll":
        return {f"{part}.conll": ["\n".join(map(" ".join, sentence)) + "\n" for sentence in pairs]}
    if format == "slots":
        folder = {"dev": "valid"}.get(part, part)
        words, tags = ([" ".join(pair[place] for pair in sentence) for sentence in pairs] for place in (0, 1))
        return {f"{folder}/seq.in": words, f"{folder}/seq.out": tags, f"{folder}/label": [row[2] for row in rows]}
    lines = [("sentence", "token", "tag", "intent")]
    for number, (sentence, row) in enumerate(zip(pairs, rows, strict=True), 1):
        lines += [(str(number), f'"{token}"' if format == "csv" else token, tag, row[2]) for token, tag in sentence]
    return {f"{part}.{format}": list(map(("," if format == "csv" else "\t").join, lines))}


def _with_spans(tokens: Sequence[str], spans: Spans, intent: str) -> dict[str, Any]:
    """Return a sentence as it is written, no space before a mark, with its spans in characters."""
    text, offsets = "", []
    for token in tokens:
        text += " " if text and token not in (",", ".", "?") else ""
        offsets.append((len(text), len(text) + len(token)))
        text += token
    marked = [{"start": offsets[first][0], "end": offsets[end - 1][1], "label": label} for first, end, label in spans]
    return {"text": text, "spans": marked, "intent": intent}
