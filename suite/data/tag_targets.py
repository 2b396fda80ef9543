"""What is to be learned of a tagged text: tags of tokens or spans of characters, and what a model's labels say of them."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from suite.data.examples import PARTS, Example, Examples, Problem
from suite.data.tag_schemes import OUTSIDE, Spans, plain_spans, recognize, spans_to_tags, split_tag, tag_spans
from suite.errors import UserError


class Target(NamedTuple):
    """What is to be learned of a text.

    Attributes:
        tags: One for each token of a text that brings its own tokens, in IOB2 or plain labels; empty for others.
        spans: Of a text as it is written: first character, character behind the last one, label; in order, none overlapping.
        intent: Class of the whole text; empty where the data has none.
    """

    tags: tuple[str, ...] = ()
    spans: tuple[tuple[int, int, str], ...] = ()
    intent: str = ""

    def __str__(self) -> str:
        spans = [f"{label} {start}-{end}" for start, end, label in self.spans]
        return ", ".join([*filter(None, [self.intent]), *self.tags, *spans])


def target_spans(target: Target, offsets: Sequence[tuple[int, int]], scheme: str) -> Spans:
    """Return the spans of a target in tokens: first, behind the last one, label.

    A span of characters takes every token that it touches, but none that the span before has taken. Of tags, those of all
    tokens count, whether `offsets` has them or not.

    Args:
        target: Of a text.
        offsets: Characters `(start, end)` of its tokens, in order.
        scheme: Of the model; `none` where labels are plain.
    """
    if target.tags:
        return plain_spans(target.tags) if scheme == "none" else tag_spans(target.tags)
    starts, ends = [start for start, _ in offsets], [end for _, end in offsets]
    spans: Spans = []
    for start, end, label in target.spans:
        first = max(bisect_right(ends, start), spans[-1][1] if spans else 0)
        behind = bisect_left(starts, end)
        if first < behind:
            spans.append((first, behind, label))
    return spans


def gold_tags(target: Target, offsets: Sequence[tuple[int, int]], scheme: str) -> tuple[str, ...]:
    """Return the tag of each token in the scheme of a model; what lies behind the last token is cut off."""
    if target.tags and scheme == "none":
        return target.tags[: len(offsets)]
    count = len(offsets)
    spans = [(first, min(behind, count), label) for first, behind, label in target_spans(target, offsets, scheme)]
    return spans_to_tags([span for span in spans if span[0] < count], count, scheme)


def describe_cut_spans(examples: Sequence[Example], offsets: Sequence[Sequence[tuple[int, int]]]) -> list[str]:
    """Return a note on spans of characters that begin or end within a token: the whole token is learned as theirs.

    Args:
        examples: Of the training part.
        offsets: Characters of the tokens of each.
    """
    cut = []
    for example, tokens in zip(examples, offsets, strict=True):
        starts, ends = {start for start, _ in tokens}, {end for _, end in tokens}
        cut += [
            (example, example.input[start:end])
            for start, end, _ in example.target.spans
            if start not in starts or end not in ends
        ]
    if not cut:
        return []
    example, text = cut[0]
    spans = f"{len(cut):,} span{'s begin or end' if len(cut) > 1 else ' begins or ends'} within a token"
    return [f"{spans}, as {text!r} in {example.name}: whole tokens are learned and answered."]


def target_labels(target: Target, scheme: str) -> list[str]:
    """Return the label of every span of a target, or every plain label; without duplicates, in order."""
    labels = target.tags if scheme == "none" else (split_tag(tag)[1] for tag in target.tags if tag != OUTSIDE)
    return list(dict.fromkeys([*labels, *(label for _, _, label in target.spans)]))


def check_targets(examples: Examples, settings: Any, assets: dict[str, Any] | None = None) -> Examples:
    """Return the examples that can be scored, with notes about labels and intents that a model does not have.

    A label that dev or test alone has stays: it is never found, and counts as missed, as in published figures.

    Args:
        examples: With their parts.
        settings: Not looked at: what every task's check takes.
        assets: Of the trained model that is to be evaluated; None looks at what train holds.

    Raises:
        UserError: if train has nothing to learn, or the model tags spans and the data has plain labels, or the other way.
    """
    train = [example for example in examples.items if example.part == "train"]
    if assets is None and not train:
        return examples
    scheme = assets["scheme"] if assets else recognize(example.target.tags for example in train).scheme
    if assets:
        _require_kind(examples, scheme)
        labels = set(assets["labels"] if scheme == "none" else (split_tag(tag)[1] for tag in assets["labels"]))
        intents, owner = set(assets["intents"]), "the model has not"
    else:
        labels = {label for example in train for label in target_labels(example.target, scheme)}
        intents, owner = {example.target.intent for example in train} - {""}, "train has not"
        _require_labels(examples, labels, scheme)
    notes = _describe_unknown(examples.items, labels, scheme, owner)
    items, problems = list(examples.items), list(examples.problems)
    if any(example.target.intent for example in items):
        items = [example for example in examples.items if example.target.intent]
        problems += [
            Problem(example.name, "the intent is missing, which other texts of the data have")
            for example in examples.items
            if not example.target.intent
        ]
        notes += _describe_unknown_intents(items, intents, owner)
    return replace(examples, items=tuple(items), problems=tuple(problems), notes=(*examples.notes, *notes))


def _require_kind(examples: Examples, scheme: str) -> None:
    tagged = [example.target.tags for example in examples.items if any(tag != OUTSIDE for tag in example.target.tags)]
    kinds = {True: "plain labels of tokens", False: "spans, or tags of them (B-PER)"}
    is_plain = recognize(tagged).scheme == "none"
    if (tagged or any(example.target.spans for example in examples.items)) and is_plain != (scheme == "none"):
        raise UserError(
            f"{examples.path}: expected {kinds[not is_plain]}, as the model has. Received: {kinds[is_plain]}"
        )


def _require_labels(examples: Examples, labels: set[str], scheme: str) -> None:
    if scheme == "none" and len(labels) < 2:
        raise UserError(f"{examples.path}: expected at least two labels in train. Received: {', '.join(labels)} alone")
    if not labels:
        raise UserError(f"{examples.path}: expected spans with labels in train. Received: the tag {OUTSIDE} alone")


def _describe_unknown(items: Iterable[Example], labels: set[str], scheme: str, owner: str) -> list[str]:
    unknown = [
        (example, label)
        for example in items
        for label in target_labels(example.target, scheme)
        if label not in labels and label != OUTSIDE
    ]
    return _notes(unknown, "label", owner, "it is never found and counts as missed")


def _describe_unknown_intents(items: Iterable[Example], intents: set[str], owner: str) -> list[str]:
    unknown = [(example, example.target.intent) for example in items if example.target.intent not in intents]
    return _notes(unknown, "intent", owner, "it is never right")


def _notes(unknown: Sequence[tuple[Example, str]], noun: str, owner: str, effect: str) -> list[str]:
    counts = Counter((example.part, name) for example, name in unknown)
    places = {(example.part, name): example.name for example, name in reversed(unknown)}
    return [
        f"{count:,} text{'s' if count > 1 else ''} of {part}, as {places[part, name]}, {'have' if count > 1 else 'has'} "
        f"the {noun} {name!r}, which {owner}: {effect}."
        for (part, name), count in sorted(counts.items(), key=lambda entry: (PARTS.index(entry[0][0]), entry[0][1]))
    ]
