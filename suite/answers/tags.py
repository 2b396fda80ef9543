"""Answer kind `tags`: a tag for each token of a text, the spans that they mean, and perhaps an intent of the whole."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from suite.answers.kind import AnswerKind, FileContents, require
from suite.answers.outputs import COUNT, DECISION, PROBABILITY
from suite.answers.tag_figures import METRICS, evaluate
from suite.answers.tag_pieces import answer_together
from suite.data.tag_schemes import plain_spans, tag_spans
from suite.data.tag_targets import check_targets
from suite.errors import UserError
from suite.html_page import open_page
from suite.inputs.calls import Call, GuideSources
from suite.pipeline import PredictOption, predict_each
from suite.signature import Arrays, Output, Predictor
from suite.text.token_rule import SEPARATOR
from suite.text.token_tokenizer import character_spans

if TYPE_CHECKING:
    from rich.text import Text

COLORS = ("cyan", "magenta", "green", "yellow", "blue", "red")  # of labels, in the order in which a text has them
PAGE_TITLE = "Tagged texts"
PAGE_STYLE = """
body { font: 15px/1.9 system-ui, sans-serif; margin: 2em auto; max-width: 50em; padding: 0 1em }
p { white-space: pre-wrap; overflow-wrap: anywhere }
mark { background: hsl(var(--hue) 70% 86%); border-radius: 4px; padding: 2px 4px }
sub { font-size: 11px; margin-left: 4px; color: hsl(var(--hue) 70% 25%) }
small { color: #666 }
"""


@dataclass(frozen=True)
class Token:
    """A token, its characters in the text (`text[start:end]`), its tag and the probability of that (of a CRF the marginal)."""

    text: str
    start: int
    end: int
    tag: str
    probability: float


@dataclass(frozen=True)
class Span:
    """A stretch of the text with a label; `score` is the probability of the least sure of its tokens."""

    text: str
    start: int
    end: int
    label: str
    score: float


@dataclass(frozen=True)
class Tags:
    """The tokens of a text, its spans in order, and where the model has intents the likeliest and the probability of each.

    Offsets count characters (code points) of `text`, which is the text as it was given.
    """

    text: str
    tokens: tuple[Token, ...]
    spans: tuple[Span, ...]
    intent: str | None = None
    intent_scores: dict[str, float] | None = None
    html: str | None = None

    def lines(self) -> list[str]:
        """Return how many spans there are or the intent with its probability, and the text with its spans in brackets."""
        return [line.plain for line in self.styled()]

    def styled(self) -> "list[Text]":
        """Return `lines`, each label in a color of its own."""
        from rich.text import Text

        head = f"{len(self.spans)} span{'' if len(self.spans) == 1 else 's'}"
        if self.intent is not None and self.intent_scores is not None:
            head = f"{self.intent} {self.intent_scores[self.intent]:.3f}"
        marked, place, colors = Text(), 0, dict[str, str]()
        for span in self.spans:
            color = colors.setdefault(span.label, COLORS[len(colors) % len(COLORS)])
            marked.append(_plain(self.text[place : span.start]))
            marked.append(f"[{_plain(span.text)}", style=color).append(f" {span.label}]", style=f"bold {color}")
            place = span.end
        marked.append(_plain(self.text[place:]))
        marked.rstrip()
        return [Text(head), marked]


def _plain(text: str) -> str:
    """Return text for one line: what parts tokens or lines is a space."""
    return text.translate(dict.fromkeys(map(ord, f"{SEPARATOR}\n\r\t"), " "))


def tag_outputs(labels: Sequence[str], intents: Sequence[str]) -> dict[str, Output]:
    """Return the outputs of a signature that tags.

    Args:
        labels: The tags of the model.
        intents: Its intents; empty without.
    """
    outputs = {
        "tags": Output(DECISION, "tag of each token, its place in the labels", vocabulary=labels, length="count"),
        "starts": Output(COUNT, "where each token begins, in bytes", length="count"),
        "ends": Output(COUNT, "the byte behind each token", length="count"),
        "probabilities": Output(PROBABILITY, "probability of the tag of each token", length="count"),
        "count": Output(COUNT, "tokens of the text; where there are fewer rows, cut it into smaller pieces"),
    }
    if intents:
        outputs["intent"] = Output(PROBABILITY, "probability of each intent", labels=intents)
    return outputs


def answer(outputs: Arrays, raw_input: str, assets: dict[str, Any], settings: Any, html: str | None = None) -> Tags:
    """Return the answer to one text.

    Args:
        assets: `labels`, `scheme`, `intents`.
        html: A page (.html) that the text is added to, its spans marked.

    Raises:
        UserError: if the page cannot be written.
    """
    count = int(outputs["count"])
    offsets = character_spans(raw_input, outputs["starts"][:count], outputs["ends"][:count])
    tags = [assets["labels"][place] for place in outputs["tags"][:count]]
    probabilities = [float(probability) for probability in outputs["probabilities"][:count]]
    tokens = tuple(
        Token(raw_input[start:end], start, end, tag, probability)
        for (start, end), tag, probability in zip(offsets, tags, probabilities, strict=True)
    )
    spans = []
    for first, behind, label in plain_spans(tags) if assets["scheme"] == "none" else tag_spans(tags):
        start, end = offsets[first][0], offsets[behind - 1][1]
        spans.append(Span(raw_input[start:end], start, end, label, min(probabilities[first:behind])))
    tagged = Tags(raw_input, tokens, tuple(spans))
    if assets["intents"]:
        scores = {name: float(score) for name, score in zip(assets["intents"], outputs["intent"], strict=True)}
        tagged = replace(tagged, intent=max(scores, key=scores.__getitem__), intent_scores=scores)
    return tagged if html is None else _add_to_page(tagged, html)


def predict(
    predictor: Predictor,
    raw_inputs: Sequence[str],
    raw_arrays: Callable[[Any, Any], Arrays],
    assets: dict[str, Any],
    settings: Any,
    **options: Any,
) -> list[Tags | UserError]:
    """Return the answer to each text, one longer than any seen in training read in pieces, or the UserError in its place.

    Args:
        assets: Also `longest`, the bytes of a piece.
        options: Of `answer`.

    Raises:
        UserError: if the page of `html` cannot be written: at once, not for each text.
    """
    if options.get("html") is not None:
        open_page(options["html"], PAGE_TITLE, PAGE_STYLE)
    return predict_each(
        partial(answer_together, predictor, assets["longest"]),
        raw_inputs,
        lambda text: raw_arrays(text, settings),
        lambda outputs, text: answer(outputs, text, assets, settings, **options),
    )


def _add_to_page(tagged: Tags, path: str) -> Tags:
    from html import escape

    page = open_page(path, PAGE_TITLE, PAGE_STYLE)
    pieces, place = [], 0
    for span in tagged.spans:
        # The same hue for a label wherever it stands: its letters, added up.
        hue = sum(map(ord, span.label)) * 47 % 360
        mark = f'<mark style="--hue: {hue}" title="{span.score:.3f}">{escape(_plain(span.text))}<sub>{escape(span.label)}</sub></mark>'
        pieces += [escape(_plain(tagged.text[place : span.start])), mark]
        place = span.end
    pieces.append(escape(_plain(tagged.text[place:])))
    intent = "" if tagged.intent is None else f" <small>{escape(tagged.intent)}</small>"
    page.add(f'<p dir="auto">{"".join(pieces)}{intent}</p>\n')
    return replace(tagged, html=str(page.path))


def page(contents: FileContents) -> tuple[dict[str, Any], dict[str, tuple[str, ...]]]:
    """Return what the module of the page needs to know, and the outputs that it reads: tags, scheme, intents, longest text."""
    names = tuple(tag_outputs((), contents.labels))
    require(contents, outputs=names, front_end=("scheme", "longest"), vocabulary=True)
    known = {name: contents.front_end[name] for name in ("scheme", "longest")}
    known |= {"labels": contents.words, "intents": contents.labels}
    return known, {contents.signature: names}


def guide(call: Call, source: GuideSources, labels: Sequence[str], front_end: dict[str, Any]) -> GuideSources | None:
    """Return the sources that read spans, of a text cut where a token ends; None where the file does not say enough."""
    outputs = {tensor.name for tensor in call.outputs}
    known = {"vocabulary", "scheme", "longest"} <= front_end.keys()
    if source.name != "text" or not known or not tag_outputs((), ()).keys() <= outputs:
        return None
    conditions = (
        "plain" if front_end["scheme"] == "none" else "lettered",
        "intents" if labels and "intent" in outputs else "without_intents",
    )
    values = {"names": front_end["vocabulary"], "longest": front_end["longest"], "scores": "probabilities"}
    returns = dict.fromkeys(("python", "kotlin", "swift"), "Tagged")
    return GuideSources("tags", values, conditions, returns=returns, inputs="pieces")


TAGS = AnswerKind(
    "tags",
    METRICS,
    page,
    ("labels", "scheme", "intents", "longest"),
    answer,
    evaluate,
    predict,
    (PredictOption("html", str, None, "write all texts with their spans marked to this page (.html)", together=True),),
    check_parts=check_targets,
    guide=guide,
)
