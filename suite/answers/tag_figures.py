"""Tags beside those of the data: figures as CoNLL's script counts them and strictly, confusions, the worst sentences."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from suite.answers.tag_pieces import answer_together
from suite.data.classification import draw_confusion
from suite.data.examples import Example
from suite.data.tag_schemes import END, OUTSIDE, SINGLE, Spans, plain_spans, spans_to_tags, split_tag, tag_spans
from suite.data.tag_targets import target_spans
from suite.pipeline import Evaluation
from suite.signature import Arrays, Predictor
from suite.text.token_rule import SEPARATOR
from suite.text.token_tokenizer import character_spans

if TYPE_CHECKING:
    from matplotlib.figure import Figure

METRICS = {
    "f1": ("max", "fraction"),
    "strict_f1": ("max", "fraction"),
    "precision": ("max", "fraction"),
    "recall": ("max", "fraction"),
    "accuracy": ("max", "fraction"),
    "sentence_accuracy": ("max", "fraction"),
    "intent_accuracy": ("max", "fraction"),
}
SAMPLES = 50
MOST_CONFUSED = 24  # labels in the picture of confusions


@dataclass(frozen=True)
class TaggedSentence:
    """One text: its tokens, what the data says of them and what the model does.

    Attributes:
        tokens: As they are written.
        truth, predicted: Tags, `I` and `B` their letters whatever scheme the model has, or plain labels; one for each token.
            A token that the model did not answer is `O`, one that it cut in two has the tag of the first.
        spans: Of the data, in tokens.
        predicted_spans: By the rules of CoNLL's script; `strict_spans` by the strict ones.
        untouched: Labels of spans of characters in which no token lies: they cannot be found.
        probabilities: Of the predicted tags, float `(tokens,)`.
    """

    tokens: list[str]
    truth: Sequence[str]
    predicted: Sequence[str]
    spans: Spans
    predicted_spans: Spans
    strict_spans: Spans
    untouched: list[str]
    probabilities: np.ndarray

    @property
    def right(self) -> bool:
        """Whether every token has its tag."""
        return not self.untouched and list(self.truth) == list(self.predicted)

    @property
    def confidence(self) -> float:
        """The probability of the surest wrong tag; of a sentence that is right, of its least sure tag."""
        pairs = zip(self.truth, self.predicted, self.probabilities, strict=True)
        wrong = [float(probability) for truth, predicted, probability in pairs if truth != predicted]
        return max(wrong, default=0.0) if not self.right else float(self.probabilities.min(initial=1.0))


def compare(example: Example, outputs: Arrays, assets: dict[str, Any]) -> TaggedSentence:
    """Return the answer to a text beside what the data says of it; `assets` has `labels` and `scheme`."""
    scheme, count, target = assets["scheme"], int(outputs["count"]), example.target
    tags = [assets["labels"][place] for place in outputs["tags"][:count]]
    probabilities = np.asarray(outputs["probabilities"][:count])
    if target.tags:
        tokens, untouched = example.input.removesuffix(SEPARATOR).split(SEPARATOR), []
        spans, truth = target_spans(target, (), scheme), target.tags
        if count != len(tokens):
            tags, probabilities = _aligned(tokens, outputs["starts"][:count], tags, probabilities)
    else:
        offsets = character_spans(example.input, outputs["starts"][:count], outputs["ends"][:count])
        tokens, spans = [example.input[start:end] for start, end in offsets], target_spans(target, offsets, scheme)
        truth = spans_to_tags(spans, count, "none" if scheme == "none" else "iob2")
        untouched = list(
            (Counter(label for *_, label in target.spans) - Counter(label for *_, label in spans)).elements()
        )
    if scheme == "none":
        plain = plain_spans(tags)
        return TaggedSentence(tokens, truth, tags, spans, plain, plain, untouched, probabilities)
    predicted = [_as_iob(tag) for tag in tags]
    return TaggedSentence(
        tokens, truth, predicted, spans, tag_spans(tags), tag_spans(tags, strict=True), untouched, probabilities
    )


def _aligned(
    tokens: Sequence[str], starts: np.ndarray, tags: Sequence[str], probabilities: np.ndarray
) -> tuple[list[str], np.ndarray]:
    """Return the tag of each token, by the byte that it begins at, and its probability: `O` and 0 without an answer."""
    begins = np.cumsum([0, *(len(f"{token}{SEPARATOR}".encode("utf-8", "replace")) for token in tokens)])[:-1]
    answers = dict(zip(starts.tolist(), zip(tags, probabilities.tolist(), strict=True), strict=True))
    aligned = [answers.get(begin, (OUTSIDE, 0.0)) for begin in begins.tolist()]
    return [tag for tag, _ in aligned], np.array([probability for _, probability in aligned])


def _as_iob(tag: str) -> str:
    letter, label = split_tag(tag)
    return f"I-{label}" if letter in END else f"B-{label}" if letter in SINGLE else tag


def span_scores(sentences: Sequence[TaggedSentence]) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """Return `f1`, `precision` and `recall` of all spans, and these of each label with how many `spans` the data has.

    A span is right if it begins and ends where one of the data does and has its label. 0 where there is nothing to divide by.
    """
    labelled, predicted, right = Counter[str](), Counter[str](), Counter[str]()
    for sentence in sentences:
        labelled.update(sentence.untouched)
        labelled.update(label for *_, label in sentence.spans)
        predicted.update(label for *_, label in sentence.predicted_spans)
        right.update(label for *_, label in set(sentence.spans) & set(sentence.predicted_spans))
    classes = {
        label: {**ratios(right[label], predicted[label], labelled[label]), "spans": labelled[label]}
        for label in sorted({*labelled, *predicted})
    }
    return ratios(right.total(), predicted.total(), labelled.total()), classes


def ratios(right: int, predicted: int, labelled: int) -> dict[str, float]:
    """Return precision, recall and F1 of counts."""
    return {
        "precision": right / predicted if predicted else 0.0,
        "recall": right / labelled if labelled else 0.0,
        "f1": 2 * right / (predicted + labelled) if right else 0.0,
    }


def figures(sentences: Sequence[TaggedSentence]) -> dict[str, float]:
    """Return the figures of tags, in the order of `METRICS`.

    `f1`, `precision` and `recall` are those of CoNLL's script conlleval (with plain labels those of `conlleval -r`: each
    token is a span, `O` none; without `O` all three are the accuracy). `strict_f1` reads the model's tags strictly, so that
    spans that break the scheme do not count as found. The two are equal where a CRF bars what breaks it. `accuracy` is
    that of tags in IOB2.
    """
    totals, _ = span_scores(sentences)
    strict = sum(len(set(sentence.spans) & set(sentence.strict_spans)) for sentence in sentences)
    strict_predicted = sum(len(sentence.strict_spans) for sentence in sentences)
    labelled = sum(len(sentence.spans) + len(sentence.untouched) for sentence in sentences)
    equal = [
        truth == predicted
        for sentence in sentences
        for truth, predicted in zip(sentence.truth, sentence.predicted, strict=True)
    ]
    return {
        "f1": totals["f1"],
        "strict_f1": ratios(strict, strict_predicted, labelled)["f1"],
        "precision": totals["precision"],
        "recall": totals["recall"],
        "accuracy": sum(equal) / max(1, len(equal)),
        "sentence_accuracy": sum(sentence.right for sentence in sentences) / max(1, len(sentences)),
    }


def evaluate(
    predictor: Predictor,
    examples: Sequence[Example],
    raw_arrays: Callable[[Any, Any], Arrays],
    assets: dict[str, Any],
    settings: Any,
) -> Evaluation:
    """Return the figures of `figures` and of intents, those of each label, the confusions, and the worst sentences.

    Texts are read as `suite predict` reads them. `intent_accuracy` is there where model and data have intents. The worst
    sentences are those with the surest wrong tags.
    """
    inputs = [raw_arrays(example.input, settings) for example in examples]
    outputs = answer_together(predictor, assets["longest"], inputs)
    sentences = [compare(example, arrays, assets) for example, arrays in zip(examples, outputs, strict=True)]
    metrics, (_, classes) = figures(sentences), span_scores(sentences)
    order = sorted(range(len(sentences)), key=lambda row: _worst_first(sentences[row]))[:SAMPLES]
    samples = {
        "example": [examples[row].name for row in order],
        "labelled": [_marked(sentences[row].tokens, sentences[row].spans) for row in order],
        "predicted": [_marked(sentences[row].tokens, sentences[row].predicted_spans) for row in order],
        "confidence": [sentences[row].confidence for row in order],
    }
    if assets["intents"] and any(example.target.intent for example in examples):
        intents = [assets["intents"][int(np.argmax(arrays["intent"]))] for arrays in outputs]
        right = [intent == example.target.intent for intent, example in zip(intents, examples, strict=True)]
        metrics["intent_accuracy"] = sum(right) / len(right)
        samples["intent"] = [examples[row].target.intent for row in order]
        samples["predicted_intent"] = [intents[row] for row in order]
    pictures = {"confusion_matrix": partial(_draw_confusion, sentences, assets["scheme"])}
    return Evaluation(metrics, pictures, samples, {"labels": classes})


def _worst_first(sentence: TaggedSentence) -> tuple[bool, float]:
    return sentence.right, sentence.confidence if sentence.right else -sentence.confidence


def _marked(tokens: Sequence[str], spans: Spans) -> str:
    """Return tokens as a text with its spans in brackets, as the terminal shows them."""
    words = list(tokens)
    for first, behind, label in spans:
        words[first] = f"[{words[first]}"
        words[behind - 1] += f" {label}]"
    return " ".join(words)


def _draw_confusion(sentences: Sequence[TaggedSentence], scheme: str) -> "Figure":
    """Return a figure of which label tokens have and were given, of the most frequent labels."""
    truth, predicted = [], []
    for sentence in sentences:
        for tags, labels in ((sentence.truth, truth), (sentence.predicted, predicted)):
            labels += tags if scheme == "none" else [split_tag(tag)[1] or OUTSIDE for tag in tags]
    counts = Counter(truth)
    counts.update(predicted)
    labels = [label for label, _ in counts.most_common(MOST_CONFUSED)]
    place = {label: number for number, label in enumerate(labels)}
    pairs = [
        (place[label], place[answered])
        for label, answered in zip(truth, predicted, strict=True)
        if {label, answered} <= place.keys()
    ]
    rows = np.array(pairs, int).reshape(-1, 2)
    return draw_confusion(rows[:, 0], rows[:, 1], labels)
