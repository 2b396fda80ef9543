"""A predictor from an exported file of any deployment: raw arrays of any length in, answers out."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from suite.artifact import Artifact
from suite.errors import UserError
from suite.pipeline import Arrays, Predictor, Signature
from suite.runtime.streaming import ChunkRunner
from suite.runtime.tflite_runtime import TfLitePredictor

CUSTOM = "custom"


def deployed_predictor(path: Path, deployment: str, signature: Signature, threads: int = 1) -> Predictor:
    """Return a predictor that does the host's part too: windows for a fixed shape, chunks and state for a stream.

    Args:
        path: The exported file.
        deployment: `"interpreter"`, `"compiled"` or `"streaming"`.
        signature: One of the pipeline's that the file holds.
        threads: CPU threads.

    Raises:
        UserError: for a file that LiteRT cannot run.
    """
    return host(TfLitePredictor(path, threads, signature.name, bool(signature.custom_ops)), deployment, signature)


def host(predictor: TfLitePredictor, deployment: str, signature: Signature) -> Predictor:
    """Return `predictor` with the host's part around it; of a `streaming` file it has the `ChunkRunner` as `runner`."""
    runner = None
    if deployment == "streaming":
        runner = ChunkRunner(predictor)

        def answer(arrays):
            return signature.stream(runner, arrays)

    elif deployment == "compiled":
        windows = signature.windows or _one_window

        def answer(arrays):
            return windows(predictor, arrays)

    else:
        answer = predictor.call

    def answers(inputs):
        return trimmed(signature, [answer(arrays) for arrays in prepared(signature, inputs)])

    answers.runner = runner
    return answers


def exported_predictor(artifact: Artifact, path: Path, threads: int = 1) -> Predictor:
    """Return the predictor of an exported file of a saved model.

    Raises:
        UserError: for a file that is missing, whose name does not tell the deployment, or that LiteRT cannot run.
    """
    if not path.is_file():
        raise UserError(f"{path}: no such file; `suite export {artifact.path}` writes it")
    deployment, _ = split_name(path.name)
    signatures = artifact.pipeline.signatures(None, artifact.assets, artifact.settings)
    signature = held_by(signatures, deployment, has_custom_ops(path.name))[0]
    return deployed_predictor(path, deployment, signature, threads)


def split_name(file: str) -> tuple[str, str]:
    """Return deployment and quantisation of an exported file's name: `DEPLOYMENT[-custom][-QUANTISATION].tflite`.

    Raises:
        UserError: if the name is not as the export gives it.
    """
    deployment, *rest = file.removesuffix(".tflite").split("-")
    if not file.endswith(".tflite") or deployment not in ("interpreter", "compiled", "streaming"):
        raise UserError(f"{file}: expected a name as the export gives it, DEPLOYMENT[-QUANTISATION].tflite")
    return deployment, next((part for part in rest if part != CUSTOM), "none")


def has_custom_ops(file: str) -> bool:
    """Return whether a file's name says that it holds ops which an app must link."""
    return CUSTOM in file.removesuffix(".tflite").split("-")


def held_by(signatures: Sequence[Signature], deployment: str, custom: bool = False) -> list[Signature]:
    """Return the signatures that a file holds, in the pipeline's order.

    Args:
        signatures: All of the pipeline.
        deployment: Of the file.
        custom: Whether it is the file of the signatures with custom ops.
    """
    return [
        signature
        for signature in signatures
        if bool(signature.custom_ops) == custom
        and all(raw.shape_in(deployment) is not None for raw in signature.inputs.values())
        and (deployment != "streaming" or any(raw.chunk for raw in signature.inputs.values()))
    ]


def prepared(signature: Signature, inputs: Sequence[Arrays]) -> list[Arrays]:
    """Return raw inputs as what a signature takes."""
    return list(inputs) if signature.prepare is None else [signature.prepare(arrays) for arrays in inputs]


def trimmed(signature: Signature, answers: list[Arrays]) -> list[Arrays]:
    """Return answers without the rows that only pad them."""
    return answers if signature.trim is None else [signature.trim(answer) for answer in answers]


def _one_window(predictor: TfLitePredictor, arrays: Arrays) -> Arrays:
    """Answer an input that fits the file's fixed shape."""
    padded = {}
    for name, (shape, _) in predictor.inputs.items():
        array = np.asarray(arrays[name])
        if any(size > most for size, most in zip(array.shape, shape, strict=True)):
            raise UserError(f"{predictor.path}: takes {name} of at most {list(shape)}. Received: {list(array.shape)}")
        padded[name] = np.zeros(shape, array.dtype)
        padded[name][tuple(map(slice, array.shape))] = array
    return predictor.call(padded)
