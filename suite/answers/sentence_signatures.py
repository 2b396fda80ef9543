"""The signatures of a model that writes a sentence word by word: the greedy one, and what a search over it calls."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from suite.answers.outputs import COUNT, DECISION, INNER, LOG_PROBABILITY, TEXT, WEIGHT
from suite.inputs.windows import row_windows
from suite.sequence.vocabulary import END, START, UNKNOWN
from suite.signature import Arrays, ExportRules, Host, Output, RawInput, Signature, deferred


@dataclass(frozen=True)
class Memory:
    """What a decoder looks back at for each word, and how the meanings of tensors call it.

    Attributes:
        places: How many places it has; 1, which says nothing, without attention.
        key_size: Numbers of a place that attention compares.
        place: What one is: `"place of the grid"`.
        where: What all of them are: `"over the picture, row by row"`.
    """

    places: int
    key_size: int
    place: str
    where: str

    @property
    def encode_outputs(self) -> dict[str, Output]:
        """The outputs of `encode`, in the order in which `TokenDecoder.encode` returns them."""
        return {
            "values": Output(INNER, f"what is seen at each {self.place} {self.where}"),
            "keys": Output(INNER, "what attention compares of each place"),
            "state": Output(INNER, "the decoder's state before the first word"),
        }


def sentence_signatures(
    name: str, inputs: dict[str, RawInput], memory: Memory, words: Sequence[str], settings: Any, graphs: str
) -> list[Signature]:
    """Return the signature `name`, `encode` and `decode_step`, without what an app must know of the search.

    - `name`: an input to its greedy sentence, the loop in the graph.
    - `encode`: an input to what a search needs before the first word.
    - `decode_step`: one more word of several beginnings of one sentence. A search begins with the word 1 and never takes
      the words 1 and 2. Without attention `values` and `keys` are of one place and say nothing.

    Args:
        name: Also what people call such a sentence.
        inputs: What the first two take.
        memory: What `encode` gives.
        words: The vocabulary.
        settings: Has `cell`, `units`, `max_words`, `no_repeat_ngram` and `compiled_beams`.
        graphs: The module with `of_input(model, words, settings)` and `of_encoder(model, settings)`.
    """
    offline = f"a {next(iter(inputs))} does not come in chunks"
    no_int8 = f"a {name} is made in a loop over its words, which cannot be calibrated"
    rules = ExportRules(offline, no_int8)
    search = Host(
        prepare=partial(_first_step, words=len(words), beams=settings.compiled_beams),
        windows=partial(row_windows, names=("tokens", "state")),
    )
    return [
        Signature(
            name,
            inputs,
            sentence_outputs(name, memory, words),
            deferred(graphs, "of_input", words, settings),
            rules=ExportRules(offline, no_int8, metric_loss=0.02),
        ),
        Signature("encode", inputs, memory.encode_outputs, deferred(graphs, "of_encoder", settings), rules=rules),
        Signature(
            "decode_step",
            _step_inputs(memory, settings),
            _step_outputs(name, memory),
            deferred("suite.sequence.decoder", "of_step"),
            search,
            rules,
        ),
    ]


def search_parameters(settings: Any) -> dict[str, Any]:
    """Return what an app's own search must know, for the front end of a file."""
    return {
        "max_words": settings.max_words,
        "beam_width": settings.beam_width,
        "beams": settings.compiled_beams,
        "length_penalty": settings.length_penalty,
        "no_repeat_ngram": settings.no_repeat_ngram,
        "start": START,
        "end": END,
        "forbidden": [START, UNKNOWN],
    }


def sentence_outputs(name: str, memory: Memory, words: Sequence[str]) -> dict[str, Output]:
    """Return the outputs of the signature that gives the greedy sentence."""
    return {
        "text": Output(
            TEXT,
            f"{name} by greedy search, UTF-8 bytes, words with a space between; zeros after text_length",
            length="text_length",
        ),
        "text_length": Output(COUNT, "bytes of text that count"),
        "tokens": Output(DECISION, "its words as numbers; zeros after count", vocabulary=words, length="count"),
        "count": Output(COUNT, "words"),
        "log_prob": Output(
            LOG_PROBABILITY, "sum of the natural logarithms of the probabilities of its words and its end"
        ),
        "attention": Output(
            WEIGHT,
            f"how much each {memory.place} {memory.where}, counted for each word; adds up to 1",
            length="count",
        ),
    }


def _step_inputs(memory: Memory, settings: Any) -> dict[str, RawInput]:
    beams, places, meaning = settings.compiled_beams, memory.places, "what encode gave"
    tokens = "the last word of each beginning, 1 before the first; rows not needed are zeros"
    units = settings.units * (2 if settings.cell == "lstm" else 1)
    return {
        "tokens": RawInput("int32", (None,), tokens, fixed=(beams,)),
        "state": RawInput("float32", (None, units), "its state", fixed=(beams, units)),
        "values": RawInput("float32", (places, None), meaning, fixed=(places, None), source=("encode", "values")),
        "keys": RawInput("float32", (places, memory.key_size), meaning),
    }


def _step_outputs(name: str, memory: Memory) -> dict[str, Output]:
    meaning = f"natural logarithm of the probability of each next word; word 0 ends the {name}"
    return {
        "log_probs": Output(LOG_PROBABILITY, meaning),
        "state": Output(INNER, "the state after this word"),
        "attention": Output(WEIGHT, f"how much each {memory.place} counted for the next word; adds up to 1"),
    }


def _first_step(arrays: Arrays, predictor: Any, words: int, beams: int) -> Arrays:
    """Return the first word of a raw input, for checks."""
    (encoded,) = predictor.sibling("encode")([arrays])
    tokens = [START, *range(UNKNOWN + 1, UNKNOWN + beams)]
    return {
        "tokens": np.minimum(tokens, words - 1).astype(np.int32),
        "state": np.tile(encoded["state"], (beams, 1)),
        "values": encoded["values"],
        "keys": encoded["keys"],
    }
