"""A small made-up set of reviews whose class lies in the order of the words, written in any documented format.

Grammar (`X` is an aspect, as "the cast"; `+`/`-` are words of praise and blame; half of the texts are of each class):

    plain        X was very +                          the word decides
    negated      X was not - at all                    the negation turns the word round
    contrast     X was - , but Y was +                 the clause after "but" decides
    concession   X was + , although Y was -            the clause before "although" decides
    intensity    X was a bit - and Y was extremely +   the stronger clause decides

In the last three the opposite class has the very same words in another order, and any clause may be negated,
so that counting words hardly helps.
"""

import csv
import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path

from suite.data.new_folder import make_sample_folder

SIZES = {"train": 2600, "dev": 300, "test": 300}
CLASSES = ("negative", "positive")

ASPECTS = ("the cast", "the story", "the music", "the ending", "the dialogue", "the plot", "the pace", "the acting")
PRAISE = ("good", "great", "funny", "moving", "clever", "fresh", "charming", "gripping")
BLAME = ("bad", "dull", "boring", "weak", "silly", "tired", "clumsy", "awful")
WORDS = {"positive": PRAISE, "negative": BLAME}
NEGATIONS = ("not {} at all", "never {}", "anything but {}", "far from {}", "hardly {}")
PLAIN = ("{}", "very {}", "really {}", "quite {}")
STRONG = ("extremely {}", "utterly {}", "incredibly {}")
FAINT = ("a bit {}", "slightly {}", "somewhat {}")
OPENINGS = ("", "", "", "in short , ", "to be fair , ", "honestly , ", "i thought ", "as a fan i found that ")
CLOSINGS = ("", "", "", " .", " .", " !", " , if you ask me .")


def make_sample(directory: Path | str, seed: int = 0, format: str = "tsv") -> Path:
    """Write the sample reviews, in parts train, dev and test, and return the folder.

    The same seed writes the same files. No text occurs twice.

    Args:
        directory: A folder that is new or empty.
        format: `tsv`, `csv`, `jsonl`, `folders` or `lines`.

    Raises:
        UserError: for an unknown format, or a path that is a file or a folder with something in it.
    """
    directory = make_sample_folder(directory, format, WRITERS)
    for part, rows in make_reviews(seed).items():
        WRITERS[format](directory, part, rows)
    return directory


def make_reviews(seed: int = 0) -> dict[str, list[tuple[str, str]]]:
    """Return `(text, label)` pairs for each part, the classes in equal numbers, all texts different."""
    generator = random.Random(seed)
    texts: set[str] = set()
    parts = {}
    for part, size in SIZES.items():
        rows = []
        while len(rows) < size:
            label = CLASSES[len(rows) % len(CLASSES)]
            text = make_review(generator, label)
            if text not in texts:
                texts.add(text)
                rows.append((text, label))
        parts[part] = rows
    return parts


def make_review(generator: random.Random, label: str) -> str:
    """Return one review of a class."""
    sentence = generator.choices((_plain, _negated, _contrast, _concession, _intensity), (3, 2, 3, 3, 2))[0]
    text = sentence(generator, label)
    while any(text.split().count(word) > 1 for word in PRAISE + BLAME):
        text = sentence(generator, label)
    return generator.choice(OPENINGS) + text + generator.choice(CLOSINGS)


def _opposite(label: str) -> str:
    return CLASSES[1 - CLASSES.index(label)]


def _clause(
    generator: random.Random, aspect: str, label: str, modifiers: Sequence[str] = PLAIN, negated: bool | None = None
) -> str:
    """Return a clause that says `label` of an aspect: by a word of it, or by a negated word of the other class."""
    if negated is None:
        negated = generator.random() < 0.3
    pattern = generator.choice(NEGATIONS if negated else modifiers)
    return f"{aspect} was {pattern.format(generator.choice(WORDS[_opposite(label) if negated else label]))}"


def _plain(generator: random.Random, label: str) -> str:
    return _clause(generator, generator.choice(ASPECTS), label, negated=False)


def _negated(generator: random.Random, label: str) -> str:
    return _clause(generator, generator.choice(ASPECTS), label, negated=True)


def _contrast(generator: random.Random, label: str) -> str:
    first, second = generator.sample(ASPECTS, 2)
    return f"{_clause(generator, first, _opposite(label))} , but {_clause(generator, second, label)}"


def _concession(generator: random.Random, label: str) -> str:
    first, second = generator.sample(ASPECTS, 2)
    return f"{_clause(generator, first, label)} , although {_clause(generator, second, _opposite(label))}"


def _intensity(generator: random.Random, label: str) -> str:
    first, second = generator.sample(ASPECTS, 2)
    clauses = [
        _clause(generator, first, label, STRONG, negated=False),
        _clause(generator, second, _opposite(label), FAINT, negated=False),
    ]
    generator.shuffle(clauses)
    return " and ".join(clauses)


def _write_tsv(directory: Path, part: str, rows: Sequence[tuple[str, str]]) -> None:
    lines = ["text\tlabel", *("\t".join(row) for row in rows)]
    _write(directory / f"{part}.tsv", lines)


def _write_csv(directory: Path, part: str, rows: Sequence[tuple[str, str]]) -> None:
    with open(directory / f"{part}.csv", "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *rows])


def _write_jsonl(directory: Path, part: str, rows: Sequence[tuple[str, str]]) -> None:
    _write(directory / f"{part}.jsonl", [json.dumps({"text": text, "label": label}) for text, label in rows])


def _write_parquet(directory: Path, part: str, rows: list[tuple[str, str]]) -> None:
    import pyarrow
    from pyarrow import parquet

    texts, labels = zip(*rows, strict=True)
    parquet.write_table(pyarrow.table({"text": texts, "label": labels}), directory / f"{part}.parquet")


def _write_folders(directory: Path, part: str, rows: Sequence[tuple[str, str]]) -> None:
    for number, (text, label) in enumerate(rows):
        path = directory / part / label / f"{number:04d}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, [text])


def _write_lines(directory: Path, part: str, rows: Sequence[tuple[str, str]]) -> None:
    for label in CLASSES:
        _write(directory / f"{part}.{label}", [text for text, label_of_text in rows if label_of_text == label])


def _write(path: Path, lines: Sequence[str]) -> None:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


WRITERS: dict[str, Callable[[Path, str, list[tuple[str, str]]], None]] = {
    "tsv": _write_tsv,
    "csv": _write_csv,
    "jsonl": _write_jsonl,
    "parquet": _write_parquet,
    "folders": _write_folders,
    "lines": _write_lines,
}
