"""Answer kind `sentence`: words one after another, with others that came close and where the model looked at each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from suite.answers.kind import TEXT_TYPES, AnswerKind, FileContents, require
from suite.answers.outputs import DECISION, TEXT
from suite.inputs.calls import Call, GuideSources

METRICS = {
    "bleu4": ("max", "fraction"),
    "bleu3": ("max", "fraction"),
    "bleu2": ("max", "fraction"),
    "bleu1": ("max", "fraction"),
    "rouge_l": ("max", "fraction"),
    "sacrebleu": ("max", "fraction"),
    "exact_match": ("max", "fraction"),
}
RULES = (
    "start",
    "end",
    "forbidden",
    "max_words",
    "beam_width",
    "beams",
    "length_penalty",
    "no_repeat_ngram",
    "grid",
)
STEP_OUTPUTS = ("log_probs", "state", "attention")
ENCODED = ("values", "keys", "state")
GREEDY = ("tokens", "count", "log_prob", "attention")


@dataclass(frozen=True)
class SeenWord:
    """A word, and how much each place of a grid over the picture counted for it, row by row; adds up to 1."""

    text: str
    attention: list[list[float]]

    def line(self) -> str:
        """Return the word and the place that counted most for it, for the terminal."""
        share, row, column = max(
            (share, row, column)
            for row, shares in enumerate(self.attention, 1)
            for column, share in enumerate(shares, 1)
        )
        return f"    row {row:2}, column {column:2}: {share:.2f} {self.text}"


def seen_words(words: Sequence[str], weights: np.ndarray, grid: int) -> tuple[SeenWord, ...]:
    """Return words with where the model looked at each; `weights` `(words or one more, grid * grid)`, row by row."""
    grids = weights.reshape(len(weights), grid, grid)
    return tuple(
        SeenWord(word, [[round(float(share), 5) for share in row] for row in shares])
        for word, shares in zip(words, grids, strict=False)
    )


def page(contents: FileContents) -> tuple[dict[str, Any], dict[str, tuple[str, ...]]]:
    """Return what the module of the page needs to know, and the outputs that it reads of each signature."""
    require(contents, outputs=GREEDY, front_end=RULES, vocabulary=True)
    entry = {name: contents.front_end[name] for name in RULES}
    size: dict[str, Any] = {
        name: contents.front_end[name] for name in ("height", "width") if name in contents.front_end
    }
    return (
        {**entry, **size, "words": contents.words, "greedy": contents.signature},
        {contents.signature: GREEDY, "encode": ENCODED, "decode_step": STEP_OUTPUTS},
    )


def guide(call: Call, source: GuideSources, labels: Sequence[str], front_end: dict[str, Any]) -> GuideSources | None:
    """Return the sources that read the text of a sentence, beside which stand the numbers of its words."""
    text = call.output_of(TEXT.name)
    if text is None or call.output_of(DECISION.name) is None:
        return None
    return GuideSources("sentence", {"output": text.name}, returns=TEXT_TYPES)


SENTENCE = AnswerKind("sentence", METRICS, page, ("words",), guide=guide)
