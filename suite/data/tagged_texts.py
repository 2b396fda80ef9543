"""Texts with a tag for each token, or with spans, as files have them; and as examples, their tags in one scheme."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from suite.data.examples import Example, Problem
from suite.data.tag_schemes import recognize, spans_to_tags, tag_faults, tag_spans
from suite.data.tag_targets import Target, target_spans
from suite.data.texts import text_fault
from suite.errors import UserError
from suite.text.token_rule import SEPARATOR
from suite.text.token_tokenizer import join_tokens

MOST_NAMED = 12  # labels or places in a note


class TaggedText(NamedTuple):
    """A text as a file has it.

    Attributes:
        text: As written, or its tokens, each ended by U+001F.
        places: Where each token stands (`"eng.train:17"`); of a text without tokens of its own where that stands.
        target: What is to be learned, its tags in the scheme of the data.
        part, group: As of an example.
    """

    text: str
    places: Sequence[str]
    target: Target
    part: str | None = None
    group: str | None = None


class TaggedToken(NamedTuple):
    """A token as a file has it: its place, itself, and its tag."""

    place: str
    token: str
    tag: str


def token_problems(tokens: Iterable[TaggedToken], untagged: Sequence[str] = ("",)) -> list[Problem]:
    """Return what is wrong with tokens and with tags that are missing; `untagged` are texts in place of a tag that say so."""
    faults = (
        (token.place, _token_fault(token.token) or ("the tag is missing" if token.tag in untagged else None))
        for token in tokens
    )
    return [Problem(place, fault) for place, fault in faults if fault]


def _token_fault(token: Any) -> str | None:
    if isinstance(token, str) and SEPARATOR in token:
        return "the token holds U+001F, which parts tokens"
    fault = text_fault(token)
    return fault and fault.replace("text", "token")


def tagged_text(
    tokens: Sequence[TaggedToken], part: str | None = None, group: str | None = None, intent: str = ""
) -> TaggedText:
    """Return the text of at least one token."""
    places, texts, tags = zip(*tokens, strict=True)
    return TaggedText(join_tokens(texts), places, Target(tags, (), intent), part, group)


def to_examples(texts: Sequence[TaggedText], path: Path) -> tuple[list[Example], list[Problem], list[str]]:
    """Return examples with their tags in IOB2 or plain, those that break the scheme of all as problems, and notes on both.

    Raises:
        UserError: for plain labels beside spans.
    """
    scheme, tolerant, bare = recognize(text.target.tags for text in texts)
    if scheme == "none" and any(text.target.spans for text in texts):
        raise UserError(
            f"{path}: expected spans, or tags in one scheme. Received: spans, and tags that are plain labels"
        )
    items, problems, slips = [], [], []
    for text in texts:
        target = text.target
        faults = [(text.places[fault.place], fault) for fault in tag_faults(target.tags, scheme, bare)]
        broken = [Problem(place, fault.message) for place, fault in faults if not (tolerant and fault.slip)]
        problems += broken
        if broken:
            continue
        slips += faults
        if scheme not in ("iob2", "none") or faults:
            target = target._replace(tags=spans_to_tags(tag_spans(target.tags), len(target.tags), "iob2"))
        items.append(Example(text.places[0], text.text, target, text.part, text.group, text.text))
    notes = _describe_labels(items, scheme) if items else []
    if slips:
        tags = f"{len(slips):,} tags are" if len(slips) > 1 else "1 tag is"
        listed = ", ".join(place for place, _ in slips[:MOST_NAMED])
        notes.append(f"{tags} read as CoNLL's script reads them: {listed}: {slips[0][1].message}.")
    return items, problems, notes


def _describe_labels(items: Sequence[Example], scheme: str) -> list[str]:
    counts = Counter(label for example in items for _, _, label in target_spans(example.target, (), scheme))
    counts.update(label for example in items for _, _, label in example.target.spans)
    marked = "Spans of characters"
    if any(example.target.tags for example in items):
        marked = "Plain labels of tokens" if scheme == "none" else f"Tags in {scheme.upper()}"
    intents = Counter(example.target.intent for example in items if example.target.intent)
    return [
        f"{marked}, {_listed(counts, 'label')}.",
        *([f"Texts have {_listed(intents, 'intent')}."] if intents else []),
    ]


def _listed(counts: Counter[str], noun: str) -> str:
    names = ", ".join(f"{name} {count:,}" for name, count in counts.most_common(MOST_NAMED))
    more = f" and {len(counts) - MOST_NAMED} more" if len(counts) > MOST_NAMED else ""
    return f"{len(counts)} {noun}{'' if len(counts) == 1 else 's'}: {names or 'none'}{more}"


def describe_long(items: Sequence[Example], max_tokens: int) -> list[str]:
    """Return a note on texts that training cuts; of those without tokens of their own, words between spaces count."""
    counts = ((len(example.target.tags) or len(example.input.split()), example.name) for example in items)
    long = [pair for pair in counts if pair[0] > max_tokens]
    if not long:
        return []
    count, name = max(long, key=lambda pair: pair[0])
    texts = f"{len(long):,} text{'s have' if len(long) > 1 else ' has'} more than {max_tokens:,} tokens"
    return [f"{texts}, as {name} ({count:,}): training learns from the first {max_tokens:,} of each."]
