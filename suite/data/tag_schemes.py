"""How tags mark spans of tokens: recognizing a scheme, checking it, spans from tags and tags from spans.

A tag is `O` (outside), or a letter, a hyphen and a label (`B-PER`); what the letter means is the scheme:

    iob1     I in a span; B only where a span begins straight behind another one of its label (CoNLL-2003)
    iob2     B begins every span, I goes on (CoNLL-2000, CoNLL-2002)
    bioes    B begins, I goes on, E ends a span; S is one of a single token. The same with other letters: `bilou`, `bmewo`, `bmes`
    none     plain labels, as parts of speech: each token is by itself, and `O`, where there is one, is no label

Letters alone (`B`, `I`, `O`) mark spans of one kind, whose label is then `SPAN`.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

import numpy as np

OUTSIDE = "O"
SPAN = "span"
# What the letters B, I, E, S of `bioes` are called in a scheme; of two schemes that fit, the earlier is recognized.
LETTERS = {
    "iob2": ("B", "I"),
    "iob1": ("B", "I"),
    "bioes": ("B", "I", "E", "S"),
    "bilou": ("B", "I", "L", "U"),
    "bmewo": ("B", "M", "E", "W"),
    "bmes": ("B", "M", "E", "S"),
}
SLIPS = 0.01  # share of the spans up to which what breaks IOB1 or IOB2 is a slip; above, the schemes are mixed
BEGIN, INSIDE, END, SINGLE = frozenset("B"), frozenset("IM"), frozenset("EL"), frozenset("SUW")

Spans = list[tuple[int, int, str]]  # first token, token behind the last one, label
Pair = tuple[str, str, bool]  # letter before, letter, whether their labels are the same


class Recognition(NamedTuple):
    """The scheme that the tags of a data set are in: a key of `LETTERS`, or `none`.

    `tolerant`: slips in it are so rare that they are read as CoNLL's script reads them. `bare`: its letters have no labels.
    """

    scheme: str
    tolerant: bool = False
    bare: bool = False


class TagFault(NamedTuple):
    """What breaks a scheme: the place in the sentence, a sentence about it, and whether the spans are clear all the same."""

    place: int
    message: str
    slip: bool


@lru_cache(maxsize=1 << 14)
def split_tag(tag: str) -> tuple[str, str]:
    """Return letter and label: `("B", "PER")`; `("O", "")` outside, and `("", tag)` for a tag without a letter."""
    if tag == OUTSIDE:
        return OUTSIDE, ""
    letter, hyphen, label = tag.partition("-")
    if letter in BEGIN | INSIDE | END | SINGLE and (label or not hyphen):
        return letter, label or SPAN
    return "", tag


def recognize(sentences: Iterable[Sequence[str]]) -> Recognition:
    """Return the scheme that the tags of a whole data set break least.

    Labels are plain (`none`) where more tokens have a tag without a letter than one with a letter, `O` aside. Letters
    without labels count as plain too, unless all tags are such: there are labels that are called `S` or `M`.
    """
    pairs = Counter[tuple[str, str]]()
    for tags in sentences:
        pairs.update(zip((OUTSIDE, *tags), (*tags, OUTSIDE), strict=True))
    counts = Counter[str]()
    letters = Counter[Pair]()
    for (before, after), count in pairs.items():
        counts[after] += count
        letters[_pair(split_tag(before), split_tag(after))] += count
    del counts[OUTSIDE]
    bare = bool(counts) and all(len(tag) == 1 and split_tag(tag)[0] for tag in counts)
    lettered = sum(count for tag, count in counts.items() if split_tag(tag)[0] and (bare or "-" in tag))
    if 2 * lettered < counts.total():
        return Recognition("none")
    breaks = {scheme: sum(count for pair, count in letters.items() if _breaks(scheme, pair)) for scheme in LETTERS}
    scheme = min(breaks, key=breaks.__getitem__)
    spans = sum(count for pair, count in letters.items() if pair[1] != OUTSIDE and _begins(pair))
    return Recognition(scheme, scheme in ("iob1", "iob2") and breaks[scheme] <= SLIPS * spans, bare)


def tag_faults(tags: Sequence[str], scheme: str, bare: bool = False) -> list[TagFault]:
    """Return what in a sentence breaks its scheme.

    In IOB2 that is I where nothing of its label came before, in IOB1 B where it parts nothing, in BIOES and its like E or
    I where no span is open, and a span still open where a new one begins or the sentence ends; in all of them a letter of
    another scheme or none, and one without a label unless all are `bare`. Plain labels have no faults. What breaks IOB1 or
    IOB2 leaves no doubt where spans are, if the letters are theirs: that is a slip.
    """
    faults: list[TagFault] = []
    if scheme == "none":
        return faults
    before = (OUTSIDE, "")
    for place, after in enumerate([*map(split_tag, tags), (OUTSIDE, "")]):
        if not bare and place < len(tags) and len(tags[place]) == 1 and tags[place] != OUTSIDE:
            after = ("", tags[place])
        if _breaks(scheme, _pair(before, after)):
            known = after[0] in (OUTSIDE, *LETTERS[scheme])
            message = _describe_order(tags, place, scheme) if known else _describe_letter(tags[place], scheme)
            faults.append(TagFault(min(place, len(tags) - 1), message, known and scheme in ("iob1", "iob2")))
        before = after
    return faults


def _describe_letter(tag: str, scheme: str) -> str:
    expected = ", ".join(f"{letter}-" for letter in LETTERS[scheme])
    return f"expected O or a tag that begins with {expected}, as the data is in {scheme.upper()}. Received: {tag!r}"


def _describe_order(tags: Sequence[str], place: int, scheme: str) -> str:
    begin, inside, *ends = LETTERS[scheme]
    behind = f"behind {tags[place - 1]!r}" if place else "at the start of a sentence"
    tag = repr(tags[place]) if place < len(tags) else "the end of the sentence"
    if not ends:
        rule = {"iob2": "begins a span, which I- goes on", "iob1": "only parts two spans of one label"}[scheme]
    elif place and split_tag(tags[place - 1])[0] in (begin, inside):
        rule = f"or {inside}- is followed by {inside}- or {ends[0]}- of the same label"
    else:
        rule = f"begins a span, which {inside}- goes on and {ends[0]}- ends"
    return f"{tag} {behind}: in {scheme.upper()}, {begin}- {rule}"


def _pair(before: tuple[str, str], after: tuple[str, str]) -> Pair:
    return before[0], after[0], before[1] == after[1]


def _breaks(scheme: str, pair: Pair) -> bool:
    """Return whether a letter may not stand behind another; what is at fault with the first is not said of the second."""
    before, after, same = pair
    letters = LETTERS[scheme]
    if after != OUTSIDE and after not in letters:
        return True
    if before != OUTSIDE and before not in letters:
        return False
    goes_on = before in BEGIN | INSIDE and same
    if scheme == "iob2":
        return after == "I" and not goes_on
    if scheme == "iob1":
        return after == "B" and not goes_on
    continues = after in INSIDE | END
    return not (continues and same) if before in BEGIN | INSIDE else continues


def _begins(pair: Pair) -> bool:
    """Return whether a span begins at the second letter, which is not `O`, as CoNLL's script tells (`startOfChunk`)."""
    before, after, same = pair
    return after in BEGIN | SINGLE or not same or before in END | SINGLE


def tag_spans(tags: Sequence[str], strict: bool = False) -> Spans:
    """Return the spans that tags of any lettered scheme mean.

    By the rules of CoNLL's script `conlleval` a span begins at B and S, at any tag inside a span (I, E) behind O, E or S,
    and wherever the label changes; so every tag but O belongs to a span.
    Strictly, tags are read as IOB2 (E as I, S as B): an I behind nothing of its label begins no span and belongs to none.
    The two differ in tags that break their scheme and in nothing else.

    Source: Tjong Kim Sang and De Meulder 2003, conlleval.pl; `strict` is seqeval's `mode="strict"` with IOB2.
    """
    spans: Spans = []
    start, before, label = -1, OUTSIDE, ""  # start is -1 where no span is open
    for place, tag in enumerate(tags):
        ends, begins = _edge(before, tag, strict)
        if ends and start >= 0:
            spans.append((start, place, label))
            start = -1
        if begins:
            start, label = place, split_tag(tag)[1]
        before = tag
    if start >= 0:
        spans.append((start, len(tags), label))
    return spans


@lru_cache(maxsize=1 << 14)
def _edge(before: str, after: str, strict: bool) -> tuple[bool, bool]:
    """Return whether a span that is open at a tag ends behind it, and whether one begins at the next."""
    pair = _pair(split_tag(before), split_tag(after))
    begins = pair[1] != OUTSIDE and (pair[1] in BEGIN | SINGLE if strict else _begins(pair))
    return begins or not pair[2], begins


def plain_spans(tags: Sequence[str]) -> Spans:
    """Return a span for each token that has a plain label other than `O`, as `conlleval -r` counts."""
    return [(place, place + 1, tag) for place, tag in enumerate(tags) if tag != OUTSIDE]


def spans_to_tags(spans: Iterable[tuple[int, int, str]], count: int, scheme: str) -> tuple[str, ...]:
    """Return the tags of a sentence of `count` tokens with these spans, which must not overlap.

    Args:
        spans: As of `tag_spans`.
        count: Tokens.
        scheme: `iob1`, `iob2`, `bioes`, or `none` for the labels alone.
    """
    tags = [OUTSIDE] * count
    for start, end, label in sorted(spans):
        letters = ["B", *"I" * (end - start - 1)]
        if scheme == "bioes":
            letters[-1] = "E" if end - start > 1 else "S"
        if scheme == "iob1" and not (start and tags[start - 1][1:] == f"-{label}"):
            letters[0] = "I"
        tags[start:end] = [label] * (end - start) if scheme == "none" else [f"{letter}-{label}" for letter in letters]
    return tuple(tags)


def scheme_tags(labels: Iterable[str], scheme: str) -> list[str]:
    """Return every tag that a model of labels can give, `O` first; plain labels have `O` only where it is among them.

    Args:
        labels: In the order wanted.
        scheme: `iob2`, `bioes` or `none`.
    """
    if scheme == "none":
        labels = list(labels)
        return [OUTSIDE] * (OUTSIDE in labels) + [label for label in labels if label != OUTSIDE]
    return [OUTSIDE, *chain.from_iterable([f"{letter}-{label}" for letter in LETTERS[scheme]] for label in labels)]


def allowed_transitions(tags: Sequence[str], scheme: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return which tags may begin a sentence, which may follow which, and which may end one.

    Args:
        tags: Of a model, as `scheme_tags` has them.
        scheme: `iob2`, `bioes` or `none`, where all may.

    Returns:
        Booleans `start (tags,)`, `pairs (tags, tags)` as `[from, to]`, and `end (tags,)`.
    """
    if scheme == "none":
        may = np.ones((len(tags) + 1, len(tags) + 1), bool)
    else:
        split = [(OUTSIDE, ""), *map(split_tag, tags)]
        may = np.array([[not _breaks(scheme, _pair(before, after)) for after in split] for before in split])
    return may[0, 1:], may[1:, 1:], may[1:, 0]
