"""The raw-input function of a trained model: what predict and evaluate call, and what goes on the phone."""

from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.tagging.config import Settings
from pipelines.tagging.pieces import in_pieces, join, shifted
from suite.answers.tags import tag_outputs
from suite.signature import Arrays, ExportRules, Host, RawInput, Signature
from suite.text.pieces import cut_text

if TYPE_CHECKING:
    import keras

    from pipelines.tagging.graph import Graph
    from suite.runtime.streaming import ChunkRunner
    from suite.runtime.tflite_runtime import TfLitePredictor


def signatures(assets: dict[str, Any], settings: Settings) -> list[Signature]:
    """Return what can be called: `tag`, from UTF-8 bytes to tokens with their tags, and the intent where there is one."""

    def tag(model: "keras.Model") -> "Graph":
        from pipelines.tagging.graph import of_bytes

        return of_bytes(model, assets)

    in_order = settings.decoder == "softmax" and not settings.bidirectional
    text = RawInput(
        "uint8",
        (None,),
        "UTF-8 bytes of the text, or of its tokens, each ended by the byte 31; zeros after it are padding",
        fixed=(settings.compiled_bytes,),
        chunk=(settings.chunk_bytes,) if in_order else (),
        kind="text",
    )
    offline = (
        "streaming tags a text before its end is known, and this model looks at the end first; "
        "train with --set bidirectional=false --set decoder=softmax"
    )
    # What travels in an exported file leaves the rule out: the file has its front end already.
    front_end = {"tokens": assets.get("token_rule"), "scheme": assets["scheme"], "longest": assets["longest"]}
    return [
        Signature(
            "tag",
            {"text": text},
            tag_outputs(assets["labels"], assets["intents"]),
            tag,
            Host(windows=_windows, stream=_stream),
            ExportRules(offline=offline),
            front_end=front_end,
        )
    ]


def _windows(predictor: "TfLitePredictor", arrays: Arrays) -> Arrays:
    """Tag a text of any length with a file of fixed shape."""
    ((size,), _) = predictor.inputs["text"]

    def call(piece: np.ndarray) -> Arrays:
        return predictor.call({"text": np.pad(piece, (0, size - len(piece)))})

    return in_pieces(call, arrays["text"].tobytes(), size, compiled_tokens(size))


def _stream(runner: "ChunkRunner", arrays: Arrays) -> Arrays:
    """Tag a text chunk by chunk."""
    (size,) = runner.chunk_shape["text"]
    runner.reset()
    pieces = cut_text(arrays["text"].tobytes(), size)
    answers = [
        shifted(runner.run({"text": np.frombuffer(piece.ljust(size, b"\0"), np.uint8)}), begin)
        for begin, piece in pieces
    ]
    # What the last chunk says of the intent is said of the whole text.
    return join(answers, [0] * (len(pieces) - 1) + [1])


def compiled_tokens(size: int) -> int:
    """Return the tokens that a file of fixed shape takes: text of one-byte tokens is cut into smaller pieces."""
    return max(size // 2, 1)
