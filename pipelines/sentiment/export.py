"""The raw-input functions of a trained model: what predict calls, and what goes on the phone.

Names, shapes and the host's part, which need no TensorFlow; the functions themselves are in `graph`.
"""

from typing import Any

from pipelines.sentiment.config import Settings
from suite.answers.classes import class_outputs
from suite.inputs.text_host import (
    byte_input,
    golden_pieces,
    piece_host,
    piece_input,
    string_host,
    string_input,
    text_host,
)
from suite.signature import ExportRules, Signature, deferred
from suite.text import make_tokenizer

GRAPH = f"{__package__}.graph"
OFFLINE = (
    "streaming takes an input from its beginning, and this model also looks at the end of a long one (keep: ends); "
    "train with --set keep=head"
)


def signatures(assets: dict[str, Any], settings: Settings) -> list[Signature]:
    """Return what can be called: with the bytes tokenizer `classify` (UTF-8 bytes); with wordpiece `classify_text` (a
    normalised string; needs tensorflow-text) and `classify_tokens` (piece numbers; the app does the splitting, golden vectors tell
    whether it does so right).
    """
    tokenizer, outputs = make_tokenizer(settings, assets), class_outputs(assets["labels"], "token")
    front_end = {
        "tokenizer": settings.tokenizer,
        "rows": tokenizer.rows,
        "max_tokens": settings.max_tokens,
        "keep": settings.keep,
    }
    if settings.tokenizer == "bytes":
        # Which end of a text to drop is known at its end only, when a stream has run the beginning.
        text = byte_input(settings.compiled_bytes, settings.chunk_bytes if settings.keep == "head" else 0)
        classify = deferred(GRAPH, "of_bytes", tokenizer, settings)
        rules, front_end = ExportRules(offline=OFFLINE), front_end | {"ngrams": list(settings.ngrams)}
        return [Signature("classify", text, outputs, classify, text_host(outputs), rules, front_end=front_end)]
    of_strings = Signature(
        "classify_text",
        string_input(),
        outputs,
        deferred(GRAPH, "of_text", tokenizer),
        string_host(tokenizer),
        custom_ops=tokenizer.ops,
        front_end=front_end,
    )
    of_pieces = Signature(
        "classify_tokens",
        piece_input(assets["vocabulary"], settings.max_tokens, min(settings.chunk_bytes, settings.max_tokens)),
        outputs,
        deferred(GRAPH, "of_pieces"),
        piece_host(tokenizer),
        front_end=front_end | {"golden": golden_pieces(tokenizer)},
    )
    return [of_strings, of_pieces]


def host_assets(assets: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """Return the labels, and the pieces of words that a host splits texts into; rows of hashed words are in the graph."""
    names = ("labels",) if settings.tokenizer == "bytes" else ("labels", "vocabulary")
    return {name: assets[name] for name in names}
