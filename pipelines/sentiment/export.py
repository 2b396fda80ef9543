"""The raw-input functions of a trained model: what predict calls, and what goes on the phone.

Names, shapes and the host's part, which need no TensorFlow; the functions themselves are in `graph`.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.sentiment.config import Settings
from suite.answers.classes import class_outputs
from suite.inputs.text_host import text_host
from suite.signature import Arrays, ExportRules, Host, Output, Predictor, RawInput, Signature
from suite.text import make_tokenizer

if TYPE_CHECKING:
    import keras

    from pipelines.sentiment.graph import Graph
    from suite.runtime.streaming import ChunkRunner
    from suite.runtime.tflite_runtime import TfLitePredictor
    from suite.text.bytes_tokenizer import BytesTokenizer
    from suite.text.wordpiece_tokenizer import WordpieceTokenizer


# Texts whose pieces go into the file, for an app to compare its own tokenizer with.
GOLDEN = (
    "",
    "a good film",
    "It WASN'T bad -- not at all!",
    "Straße ﬁn Å ½ ①",
    "日本語のレビュー",
    "كان الفيلم جيدا",
    "😀 great!!! http://x.yz",
    "tab\tand\nline",
)


def signatures(assets: dict[str, Any], settings: Settings) -> list[Signature]:
    """Return what can be called: with the bytes tokenizer `classify` (UTF-8 bytes); with wordpiece `classify_text` (a
    normalised string; needs tensorflow-text) and `classify_tokens` (piece numbers; the app does the splitting, golden vectors tell
    whether it does so right).
    """
    tokenizer = make_tokenizer(settings, assets)
    front_end = {
        "tokenizer": settings.tokenizer,
        "rows": tokenizer.rows,
        "max_tokens": settings.max_tokens,
        "keep": settings.keep,
    }
    outputs = class_outputs(assets["labels"], "token")
    if settings.tokenizer == "bytes":
        return [_of_bytes(tokenizer, settings, outputs, front_end | {"ngrams": list(settings.ngrams)})]
    return [
        _of_text(tokenizer, outputs, front_end),
        _of_pieces(assets["vocabulary"], settings, outputs, tokenizer, front_end),
    ]


def host_assets(assets: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """Return the labels, and the pieces of words that a host splits texts into; rows of hashed words are in the graph."""
    names = ("labels",) if settings.tokenizer == "bytes" else ("labels", "vocabulary")
    return {name: assets[name] for name in names}


def _of_bytes(
    tokenizer: "BytesTokenizer", settings: Settings, outputs: dict[str, Output], front_end: dict[str, Any]
) -> Signature:
    def classify(model: "keras.Model") -> "Graph":
        from pipelines.sentiment.graph import of_bytes

        return of_bytes(model, tokenizer, settings)

    text = RawInput(
        "uint8",
        (None,),
        "UTF-8 bytes of the text; zeros after it are padding",
        fixed=(settings.compiled_bytes,),
        # Which end of a text to drop is known at its end only, when a stream has run the beginning.
        chunk=(settings.chunk_bytes,) if settings.keep == "head" else (),
        kind="text",
    )
    offline = (
        "streaming takes an input from its beginning, and this model also looks at the end of a long one (keep: ends); "
        "train with --set keep=head"
    )
    return Signature(
        "classify",
        {"text": text},
        outputs,
        classify,
        text_host(outputs),
        ExportRules(offline=offline),
        front_end=front_end,
    )


def _of_text(tokenizer: "WordpieceTokenizer", outputs: dict[str, Output], front_end: dict[str, Any]) -> Signature:
    def prepare(arrays: Arrays, predictor: Predictor) -> Arrays:
        from pipelines.sentiment.graph import normalized

        return {"text": np.array(normalized(arrays["text"].item()), "S")}

    def classify_text(model: "keras.Model") -> "Graph":
        from pipelines.sentiment.graph import of_text

        return of_text(model, tokenizer)

    text = RawInput("string", (), "the text, UTF-8, that the app has brought to Unicode form NFKC and then case folded")
    return Signature(
        "classify_text",
        {"text": text},
        outputs,
        classify_text,
        Host(prepare=prepare),
        custom_ops=tokenizer.ops,
        front_end=front_end,
    )


def _of_pieces(
    vocabulary: list[str],
    settings: Settings,
    outputs: dict[str, Output],
    tokenizer: "WordpieceTokenizer",
    front_end: dict[str, Any],
) -> Signature:
    def split(arrays: Arrays, predictor: Predictor | None = None) -> Arrays:
        from pipelines.sentiment.graph import pieces_of

        return {"tokens": pieces_of(tokenizer, arrays["text"].item())}

    def classify_tokens(model: "keras.Model") -> "Graph":
        from pipelines.sentiment.graph import of_pieces

        return of_pieces(model)

    golden = [
        {"text": text, "tokens": split({"text": np.array(text.encode(), "S")})["tokens"].tolist()} for text in GOLDEN
    ]
    tokens = RawInput(
        "int32",
        (None,),
        "numbers of word pieces, lines of vocabulary.txt counted from 0; zeros after them are padding",
        fixed=(settings.max_tokens,),
        chunk=(min(settings.chunk_bytes, settings.max_tokens),),
        vocabulary=vocabulary,
    )
    return Signature(
        "classify_tokens",
        {"tokens": tokens},
        outputs,
        classify_tokens,
        Host(prepare=split, windows=_token_windows, stream=_token_stream),
        front_end=front_end | {"golden": golden},
    )


def _token_windows(predictor: "TfLitePredictor", arrays: Arrays) -> Arrays:
    """Classify piece numbers, of which the tokenizer keeps no more than the file's shape holds."""
    ((size,), _) = predictor.inputs["tokens"]
    return predictor.call({"tokens": np.pad(arrays["tokens"], (0, size - len(arrays["tokens"])))})


def _token_stream(runner: "ChunkRunner", arrays: Arrays) -> Arrays:
    """Classify piece numbers chunk by chunk."""
    (size,) = runner.chunk_shape["tokens"]
    runner.reset()
    for start in range(0, len(arrays["tokens"]), size):
        chunk = arrays["tokens"][start : start + size]
        answer = runner.run({"tokens": np.pad(chunk, (0, size - len(chunk)))})
    return answer
