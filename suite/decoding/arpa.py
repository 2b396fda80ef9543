"""ARPA files: n-gram models as text, with logarithms to the base 10.

A character model writes the space as `<space>`, since the format parts tokens by spaces. A file that has this token is one
of characters, any other one of words, even if each is a single letter or digit, unless the reader knows better.
"""

import gzip
import itertools
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np

from suite.decoding.arpa_merge import merge_tokens
from suite.decoding.ngram_model import END, START, UNKNOWN, NgramModel
from suite.errors import UserError

SPACE = "<space>"
NEVER, UNLIKELY = -99.0, -100.0  # log10: of <s>, and of <unk> where a file has none
LN10 = math.log(10)
Grams = dict[tuple[int, ...], tuple[float, float]]  # ids -> log10 probability, log10 back-off
SPECIAL = {text: text for text in (UNKNOWN, START, END)}


def arpa_lines(model: NgramModel) -> list[str]:
    """Return the lines of the model's ARPA file."""
    names = [SPACE if text == " " else text for text in model.vocabulary]
    states, grams = len(model.backoff), len(model.token)
    owner = np.repeat(np.arange(states), np.diff(model.first))  # the context of each n-gram
    texts, lengths = [], []
    for gram in range(grams):  # n-gram i is state i + 1, where it is a context at all
        context = owner[gram]
        texts.append(f"{texts[context - 1]} {names[model.token[gram]]}" if context else names[model.token[gram]])
        lengths.append(lengths[context - 1] + 1 if context else 1)
    log_probs, backoffs = model.log_prob / LN10, model.backoff / LN10
    sections = {n: [] for n in range(1, model.order + 1)}
    for gram in range(grams):
        line = f"{log_probs[gram]:.7g}\t{texts[gram]}"
        if gram + 1 < states:
            line += f"\t{backoffs[gram + 1]:.7g}"
        sections[lengths[gram]].append(line)
    if model.level == "character" and " " not in model.vocabulary:
        sections[1].append(f"{log_probs[0]:.7g}\t{SPACE}")  # as unknown as it was, but it tells what the tokens are
    lines = ["\\data\\", *(f"ngram {n}={len(section)}" for n, section in sections.items())]
    for n, section in sections.items():
        lines += ["", f"\\{n}-grams:", *section]
    return [*lines, "", "\\end\\"]


def write_arpa(model: NgramModel, path: Path | str) -> None:
    """Write an ARPA file, compressed where the name ends in `.gz`."""
    text = "\n".join(arpa_lines(model)) + "\n"
    data = text.encode("utf-8")
    Path(path).write_bytes(gzip.compress(data, mtime=0) if str(path).endswith(".gz") else data)


def read_arpa(path: Path | str, level: str | None = None, normalize: Callable[[str], str] | None = None) -> NgramModel:
    """Read an ARPA file, plain or `.gz`; the arguments are those of `parse_arpa`.

    Raises:
        UserError: naming the line that is not as the format has it.
    """
    path = Path(path)
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8-sig", newline="\n") as file:
            return parse_arpa(file, str(path), level, normalize)
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read as an ARPA file: {error}") from error


def parse_arpa(
    lines: Iterable[str], name: str, level: str | None = None, normalize: Callable[[str], str] | None = None
) -> NgramModel:
    """Return the model of an ARPA file's lines; errors call it `name`.

    The special tokens may be written in capitals. A probability of zero (`-inf`) is taken as 1e-99.

    Args:
        level: `"character"` or `"word"`, where it is known; by default a file with `<space>` is one of characters.
        normalize: Gives a text as transcripts are written. Tokens that it makes other ones are renamed, and put together
            with those that are called so already; what is no single word by it stays as it is.
    """
    numbered = ((number, line.strip(" \t\r\n")) for number, line in enumerate(lines, 1))
    numbered = ((number, line) for number, line in numbered if line)
    for _, line in numbered:
        if line == "\\data\\":
            break
    else:
        raise UserError(f"{name}: expected an ARPA file with a line \\data\\. Received: none")
    counts, (number, line) = _read_counts(numbered, name)
    names = {UNKNOWN: 0, START: 1, END: 2}
    grams: list[Grams] = []  # by order: {ids: (log10 probability, log10 back-off)}
    for n, count in enumerate(counts, 1):
        if line != f"\\{n}-grams:":
            raise UserError(f"{name}, line {number}: expected \\{n}-grams:. Received: {line[:80]}")
        section, (number, line) = _read_section(numbered, name, len(counts), names, grams)
        if len(section) != count:
            raise UserError(
                f"{name}, line {number}: expected {count} {n}-grams, as \\data\\ says. Received: {len(section)}"
            )
        grams.append(section)
    if line != "\\end\\":
        raise UserError(f"{name}, line {number}: expected \\end\\. Received: {line[:80]}")
    characters = level == "character" or (level is None and SPACE in names)
    if normalize is not None:
        names, grams = merge_tokens(names, grams, lambda text: _renamed(text, normalize, characters), len(SPECIAL))
    vocabulary = tuple(" " if text == SPACE and characters else text for text in names)
    grams[0].setdefault((0,), (UNLIKELY, 0.0))
    grams[0].setdefault((1,), (NEVER, 0.0))
    return _assemble("character" if characters else "word", vocabulary, grams)


def _renamed(text: str, normalize: Callable[[str], str], characters: bool) -> str:
    new = text if text == SPACE and characters else normalize(text)
    return text if not new or " " in new or (characters and len(new) > 1) else new


def _read_counts(numbered: Iterator[tuple[int, str]], name: str) -> tuple[list[int], tuple[int, str]]:
    counts, number = [], 0
    for number, line in numbered:
        if line.startswith("\\"):
            if not counts:
                break
            return counts, (number, line)
        match = re.fullmatch(r"ngram[ \t]+(\d+)[ \t]*=[ \t]*(\d+)", line)
        if not match or int(match[1]) != len(counts) + 1:
            raise UserError(f"{name}, line {number}: expected ngram {len(counts) + 1}=COUNT. Received: {line[:80]}")
        counts.append(int(match[2]))
    raise UserError(f"{name}, line {number}: expected lines ngram N=COUNT and the section \\1-grams: after \\data\\")


def _read_section(
    numbered: Iterator[tuple[int, str]],
    name: str,
    order: int,
    names: dict[str, int],
    grams: list[Grams],
) -> tuple[Grams, tuple[int, str]]:
    """Return the n-grams of the order after those of `grams`, and the number and text of the line that ends them."""
    section: Grams = {}
    number, n = 0, len(grams) + 1
    for number, line in numbered:
        if line.startswith("\\") and (line == "\\end\\" or re.fullmatch(r"\\\d+-grams:", line)):
            return section, (number, line)
        fields = re.split("[ \t]+", line)
        try:
            if len(fields) not in (n + 1, n + 2):
                raise ValueError
            log_prob = max(float(fields[0]), UNLIKELY)  # -inf is zero; a number that is none stays one
            backoff = max(float(fields[n + 1]), UNLIKELY) if len(fields) == n + 2 else 0.0
            if not (log_prob <= 1e-4 and math.isfinite(backoff)):
                raise ValueError
        except ValueError:
            raise UserError(
                f"{name}, line {number}: expected a log10 probability of at most 0, {n} token(s)"
                f"{' and maybe a back-off' if n < order else ''}. Received: {line[:80]}"
            ) from None
        fields[1 : n + 1] = [SPECIAL.get(text.lower(), text) for text in fields[1 : n + 1]]
        if n == 1:
            ids: tuple[int, ...] = (names.setdefault(fields[1], len(names)),)
        else:
            try:
                ids = tuple(names[text] for text in fields[1 : n + 1])
            except KeyError as error:
                raise UserError(f"{name}, line {number}: {error} is not among the 1-grams") from None
            if ids[:-1] not in grams[-1]:
                context = " ".join(fields[1:n])
                raise UserError(f"{name}, line {number}: the context {context!r} is not among the {n - 1}-grams")
        if ids in section:
            raise UserError(f"{name}, line {number}: this n-gram is there twice. Received: {line[:80]}")
        section[ids] = (log_prob, backoff)
    raise UserError(f"{name}, line {number}: expected \\end\\. Received: the end of the file")


def _assemble(level: str, vocabulary: tuple[str, ...], grams: list[Grams]) -> NgramModel:
    """Number the states: the empty context, then the n-grams of every order but the highest, sorted."""
    states: dict[tuple[int, ...], int] = {(): 0}
    for section in grams[:-1]:
        # Sorting by ids sorts by state, then token: states of the order before were numbered in this order.
        for ids in sorted(section):
            states[ids] = len(states)
    everything = list(
        itertools.chain.from_iterable(((ids, section[ids]) for ids in sorted(section)) for section in grams)
    )
    parent = np.array([states[ids[:-1]] for ids, _ in everything])
    contexts = list(states)
    backoff = [0.0, *(grams[len(ids) - 1][ids][1] for ids in contexts[1:])]
    return NgramModel(
        level=level,
        order=len(grams),
        vocabulary=vocabulary,
        first=np.searchsorted(parent, np.arange(len(states) + 1)),
        token=np.array([ids[-1] for ids, _ in everything], np.int32),
        log_prob=np.minimum(np.array([values[0] for _, values in everything]) * LN10, 0.0),
        target=np.array([_longest(ids, states) for ids, _ in everything], np.int32),
        backoff=np.array(backoff) * LN10,
        suffix=np.array([0, *(_longest(ids[1:], states) for ids in contexts[1:])], np.int32),
    )


def _longest(ids: tuple[int, ...], states: Mapping[tuple[int, ...], int]) -> int:
    """The state of the longest end of `ids` that is one."""
    while ids not in states:
        ids = ids[1:]
    return states[ids]
