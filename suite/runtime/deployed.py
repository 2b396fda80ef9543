"""A predictor from an exported file of any deployment: raw arrays of any length in, answers out."""

from collections.abc import Sequence
from pathlib import Path

from suite.pipeline import Arrays, Predictor, Signature
from suite.runtime.streaming import ChunkRunner
from suite.runtime.tflite_runtime import TfLitePredictor


def deployed_predictor(path: Path, deployment: str, signature: Signature, threads: int = 1) -> Predictor:
    """Return a predictor that does the host's part too: windows for a fixed shape, chunks and state for a stream.

    Args:
        path: The exported file.
        deployment: `"interpreter"`, `"compiled"` or `"streaming"`.
        signature: The signature of the pipeline that the file holds.
        threads: CPU threads.

    Raises:
        UserError: for a file that LiteRT cannot run.
    """
    if deployment == "interpreter":
        return TfLitePredictor(path, threads, signature.name)
    if deployment == "compiled":
        predictor, host = TfLitePredictor(path, threads, signature.name), signature.windows
    else:
        predictor, host = ChunkRunner(path, threads), signature.stream

    def predict(inputs: Sequence[Arrays]) -> list[Arrays]:
        return [host(predictor, arrays) for arrays in inputs]

    return predict
