"""The search for sequences over the signatures `encode` and `decode_step` of a predictor, Keras or an exported file alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from suite.sequence.beam_search import Hypothesis, Rules, beam_search, greedy
from suite.sequence.vocabulary import END, START, UNKNOWN
from suite.signature import Arrays


@dataclass(frozen=True)
class SearchRules:
    """What a search may find.

    Attributes:
        max_length: Most tokens of a sequence, without the end.
        beam_width: Sequences that go on at each step; 1 is greedy.
        length_penalty: Exponent of the length in the score.
        no_repeat_ngram: No sequence of that many tokens comes twice; 0 allows it.
    """

    max_length: int
    beam_width: int = 1
    length_penalty: float = 0.0
    no_repeat_ngram: int = 0


def search_rules(settings: Any, beam_width: int = 0) -> SearchRules:
    """Return the search that settings ask for; a `beam_width` of 0 is theirs."""
    width = beam_width or settings.beam_width
    return SearchRules(settings.max_words, width, settings.length_penalty, settings.no_repeat_ngram)


def find_sequences(
    predictor: Any, inputs: Arrays, rules: SearchRules, n_best: int = 1
) -> tuple[list[list[Hypothesis]], list[Hypothesis]]:
    """Return the best sequences of each input, best first, and the greedy ones.

    Args:
        predictor: Has the signatures `encode` and `decode_step` as siblings.
        inputs: What `encode` takes, stacked `(n, ...)`.
        rules: Of the search.
        n_best: Sequences wanted of each input; more than one are searched for by a beam of at least as many.
    """
    width = max(rules.beam_width, n_best)
    decode, first = _decoder(predictor, inputs)

    def step(tokens: np.ndarray, state: Arrays) -> tuple[np.ndarray, Arrays]:
        answer = decode(tokens, state["state"])
        return answer["log_probs"], {"state": answer["state"]}

    state = {"state": first}
    of_sentences = Rules(START, END, rules.max_length, rules.length_penalty, rules.no_repeat_ngram, (START, UNKNOWN))
    plain = greedy(step, state, of_sentences)
    if width == 1:
        return [[hypothesis] for hypothesis in plain], plain
    return beam_search(step, state, of_sentences, width, n_best, plain), plain


def find_attention(predictor: Any, inputs: Arrays, sequences: Sequence[Sequence[int]]) -> list[np.ndarray]:
    """Return where the decoder looked as it put out each token of a sequence, and at last its end.

    Args:
        predictor: As for `find_sequences`.
        inputs: What `encode` takes, stacked `(n, ...)`.
        sequences: The tokens of one sequence of each input.

    Returns:
        float32 `(tokens + 1, places)` each; adding up to 1 over the places.
    """
    decode, state = _decoder(predictor, inputs)
    longest = max(map(len, sequences))
    tokens = np.zeros((len(sequences), longest + 1), np.int32)
    for row, sequence in enumerate(sequences):
        tokens[row, : len(sequence) + 1] = [START, *sequence]
    rows = []
    for place in range(longest + 1):
        answer = decode(tokens[:, place : place + 1], state)
        state = answer["state"]
        rows.append(np.asarray(answer["attention"])[:, 0])
    looked = np.stack(rows, axis=1)
    return [weights[: len(sequence) + 1] for weights, sequence in zip(looked, sequences, strict=True)]


def _decoder(predictor: Any, inputs: Arrays) -> tuple[Callable[[Any, Any], dict[str, Any]], np.ndarray]:
    """Return `decode(tokens, state)`, the answer of `decode_step` for all of the inputs, and the first state."""
    encoded = predictor.sibling("encode").batch(inputs)
    memory = {"values": encoded["values"], "keys": encoded["keys"]}
    decode_step = predictor.sibling("decode_step")

    def decode(tokens: Any, state: Any) -> dict[str, Any]:
        return decode_step.batch({"tokens": tokens, "state": state, **memory})

    return decode, np.asarray(encoded["state"])[:, None]
