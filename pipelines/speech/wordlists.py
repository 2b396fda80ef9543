"""Language models, lexicons and hot words from elsewhere, brought to the spelling of the model's transcripts.

How much of such a file the model's symbols can spell is counted: a file of which little can be spelled belongs to another
language or kind of text, and would make empty or wrong transcripts.
"""

import os
import re
import warnings
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.speech.config import Settings
from pipelines.speech.transcripts import normalise
from suite.data.text_files import line_faults, read_lines
from suite.errors import UserError

if TYPE_CHECKING:
    from suite.decoding.ngram import NgramModel

REFUSED_SHARE, NOTED_SHARE = 0.1, 0.5  # below these a file is refused, or a warning says how much can be spelled
# The sounds of CMUdict, with the mark of stress.
ARPABET = re.compile(
    r"(AA|AE|AH|AO|AW|AY|B|CH|DH?|EH|ER|EY|F|G|HH|IH|IY|JH|K|L|M|NG?|OW|OY|P|R|SH?|TH?|UH|UW|V|W|Y|ZH?)[0-2]?"
)
NO_WORD = re.compile(r"<.*>|\[.*\]")  # silence, noise, the unknown word


def read_language_model(path: Path, symbols: Sequence[str], settings: Settings) -> "NgramModel":
    """Return the n-gram model of an ARPA file, its words spelled as transcripts are; read once for all inputs of a command.

    Raises:
        UserError: if it cannot be read, or the symbols can spell less than a tenth of it.
    """
    return _read_language_model(path, _changed(path), tuple(symbols), settings.transcript, settings.language)


def read_lexicon(path: Path, symbols: Sequence[str], settings: Settings) -> tuple[str, ...]:
    """Return the words of a lexicon, spelled as transcripts are; read once for all inputs of a command.

    A line is a word, or several, or a word and how it is pronounced (CMUdict and the like: behind a tab or two spaces, in
    its sounds, or letter by letter), of which only the word counts: symbols are letters. `WORD(2)` is another way to
    pronounce the word; lines that begin with `;;;` or `##` are remarks, entries in <> and [] stand for silence and noise.

    Raises:
        UserError: if it cannot be read, or the symbols can spell less than a tenth of its words.
    """
    return _read_lexicon(path, _changed(path), tuple(symbols), settings.transcript, settings.language)


def read_hot_words(listed: str, symbols: Sequence[str], settings: Settings) -> list[str]:
    """Return hot words, parted by commas, spelled as transcripts are.

    Raises:
        UserError: naming one that is not a single word, or that the symbols cannot spell.
    """
    words, alphabet = [], _alphabet(symbols)
    for written in filter(None, map(str.strip, listed.split(","))):
        word = normalise(written, settings.transcript, settings.language)
        if not word or " " in word:
            spelled = f"{len(word.split())} words ({word})" if word else "no word"
            raise UserError(
                f"--hot-words: expected single words, with commas between them. Received: {written!r}, {spelled}"
            )
        if missing := sorted(set(word) - alphabet):
            raise UserError(
                f"--hot-words: {written!r} cannot be spelled: the model has no symbol for {', '.join(map(repr, missing))}"
            )
        words.append(word)
    return words


def covered_share(model: "NgramModel", texts: Iterable[str]) -> float:
    """Return the share of the tokens of these transcripts that a language model has."""
    from suite.decoding.ngram import tokens

    known = [token in model.ids for text in texts for token in tokens(text, model.level)]
    return sum(known) / max(1, len(known))


@lru_cache(maxsize=2)
def _read_language_model(
    path: Path, changed: int | None, symbols: tuple[str, ...], transcript: str, language: str | None
) -> "NgramModel":
    from suite.decoding.ngram import read_arpa

    model = read_arpa(path, normalize=lambda text: normalise(text, transcript, language))
    if model.level == "word":
        _check_spelling(path, model.vocabulary[3:], symbols)
    else:
        known = [letter in model.ids for letter in sorted(_alphabet(symbols))]
        _check_share(
            f"{path}: {sum(known)} of the model's {len(known)} letters are in it", sum(known) / max(1, len(known))
        )
    return model


@lru_cache(maxsize=2)
def _read_lexicon(
    path: Path, changed: int | None, symbols: tuple[str, ...], transcript: str, language: str | None
) -> tuple[str, ...]:
    lines = read_lines(path, None, None)
    faults = line_faults(lines, None, None)
    words: dict[str, None] = {}
    for number, line in enumerate(lines, 1):
        if number not in faults:
            words.update(dict.fromkeys(normalise(_entry(line), transcript, language).split()))
    if bad := len(faults):
        warnings.warn(f"{path}: {bad:,} line{'s are' if bad > 1 else ' is'} not UTF-8 and left out", stacklevel=4)
    if not words:
        raise UserError(f"{path}: expected a word on each line. Received: no word")
    _check_spelling(path, list(words), symbols)
    return tuple(words)


def _entry(line: str) -> str:
    """Return what a line of a lexicon allows, without pronunciation."""
    if line.startswith((";;;", "##")):
        return ""
    entry, *sounds = re.split(r"\t| {2,}", line.strip(), maxsplit=1)
    head, *tail = entry.split() or [""]
    spelled_out = "".join(tail).strip("|▁") == head
    if NO_WORD.fullmatch(head):
        return ""
    if not sounds and tail and (spelled_out or all(map(ARPABET.fullmatch, tail))):
        tail = []
    return " ".join(re.sub(r"(?<=.)\(\d+\)$", "", word) for word in (head, *tail))


def _check_spelling(path: Path, words: Sequence[str], symbols: Sequence[str]) -> None:
    alphabet = _alphabet(symbols)
    strange = [word for word in words if set(word) - alphabet]
    example = f", {strange[0]!r} cannot" if strange else ""
    text = f"{path}: {len(words) - len(strange):,} of its {len(words):,} words can be spelled by the model's symbols{example}"
    _check_share(text, (len(words) - len(strange)) / max(1, len(words)))


def _check_share(text: str, share: float) -> None:
    if share < REFUSED_SHARE:
        raise UserError(f"{text}; expected a file in the language and spelling of the transcripts of training")
    if share < NOTED_SHARE:
        warnings.warn(text, stacklevel=5)


def _alphabet(symbols: Sequence[str]) -> set[str]:
    return set("".join(symbols)) - {" "}


def _changed(path: Path) -> int | None:
    """Return when a file was last written to; None where that cannot be told, and reading it will say why."""
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return None
