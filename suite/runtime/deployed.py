"""A predictor from an exported file of any deployment: raw arrays of any length in, answers out."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from suite.artifact import Artifact
from suite.errors import UserError
from suite.runtime.model_in_file import read_parameters
from suite.runtime.streaming import ChunkRunner
from suite.runtime.tflite_runtime import TfLitePredictor
from suite.signature import Arrays, Predictor, Signature

CUSTOM = "custom"


class DeployedPredictor:
    """A file's predictor with the host's part around it: windows for a fixed shape, chunks and state for a stream.

    Args:
        predictor: Of one signature of the file.
        deployment: `"interpreter"`, `"compiled"` or `"streaming"`.
        signature: That signature.
        signatures: All that the file holds, for `sibling`.

    `runner` is the `ChunkRunner` of a `streaming` file, else None.
    """

    def __init__(
        self, predictor: TfLitePredictor, deployment: str, signature: Signature, signatures: Sequence[Signature] = ()
    ) -> None:
        self.predictor = predictor
        self.deployment = deployment
        self.signature = signature
        self.signatures = signatures
        self.runner = ChunkRunner(predictor) if deployment == "streaming" else None
        self._siblings: dict[str, DeployedPredictor] = {}

    def __call__(self, inputs: Sequence[Arrays]) -> list[Arrays]:
        return self.signature.trimmed([self.answer(arrays) for arrays in self.signature.prepared(inputs, self)])

    def batch(self, stacked: Mapping[str, Any]) -> Arrays:
        """Return the answers to inputs of one size, arrays with a leading batch axis; the file is called for each."""
        rows = {name: np.asarray(array) for name, array in stacked.items()}
        count = len(next(iter(rows.values())))
        answers = [self.answer({name: array[row] for name, array in rows.items()}) for row in range(count)]
        return {name: np.stack([answer[name] for answer in answers]) for name in answers[0]}

    def sibling(self, name: str) -> "DeployedPredictor":
        """Return the predictor of another signature of the same file, which is opened once.

        Raises:
            ValueError: if the file holds none of that name.
        """
        if name == self.signature.name:
            return self
        if name not in self._siblings:
            signature = next((candidate for candidate in self.signatures if candidate.name == name), None)
            if signature is None:
                raise ValueError(f"{self.predictor.path}: expected a signature of the file. Received: {name!r}")
            predictor = self.predictor.sibling(name)
            self._siblings[name] = DeployedPredictor(predictor, self.deployment, signature, self.signatures)
        return self._siblings[name]

    def answer(self, arrays: Arrays) -> Arrays:
        """Return the answer to what the signature takes, of any length; its padding is still there."""
        if self.deployment == "streaming":
            if self.signature.host.stream is None:
                raise ValueError(f"{self.signature.name}: nothing says how its input comes in chunks")
            return self.signature.host.stream(self.runner, arrays)
        if self.deployment == "compiled":
            return (self.signature.host.windows or _one_window)(self.predictor, arrays)
        return self.predictor.call(arrays)


def deployed_predictor(
    path: Path, deployment: str, signature: Signature, threads: int = 1, signatures: Sequence[Signature] = ()
) -> DeployedPredictor:
    """Return a predictor that does the host's part too: windows for a fixed shape, chunks and state for a stream.

    Args:
        path: The exported file.
        deployment: `"interpreter"`, `"compiled"` or `"streaming"`.
        signature: One of the pipeline's that the file holds.
        threads: CPU threads.
        signatures: All of the pipeline's that the file holds.

    Raises:
        UserError: for a file that LiteRT cannot run.
    """
    predictor = TfLitePredictor(path, threads, signature.name, bool(signature.custom_ops))
    return DeployedPredictor(predictor, deployment, signature, signatures)


def exported_predictor(artifact: Artifact, path: Path, threads: int = 1) -> Predictor:
    """Return the predictor of an exported file of a saved model.

    Raises:
        UserError: for a file that is missing, that does not tell its deployment, inside or by its name, or that LiteRT
            cannot run.
    """
    if not path.is_file():
        raise UserError(f"{path}: no such file; `suite export {artifact.path}` writes it")
    parameters = read_parameters(path)  # a file may have been renamed; one of before says nothing else of itself
    deployment = parameters["deployment"] if parameters else split_name(path.name)[0]
    custom = parameters["custom_ops"] if parameters else has_custom_ops(path.name)
    signatures = artifact.pipeline.signatures(artifact.assets, artifact.settings)
    signatures = signatures_in(signatures, deployment, custom)
    return deployed_predictor(path, deployment, signatures[0], threads, signatures)


def split_name(file: str) -> tuple[str, str]:
    """Return deployment and quantisation of an exported file's name: `DEPLOYMENT[-custom][-QUANTISATION].tflite`.

    Raises:
        UserError: if the name is not as the export gives it.
    """
    deployment, *parts = file.removesuffix(".tflite").split("-")
    if not file.endswith(".tflite") or deployment not in ("interpreter", "compiled", "streaming"):
        raise UserError(f"{file}: expected a name as the export gives it, DEPLOYMENT[-QUANTISATION].tflite")
    return deployment, next((part for part in parts if part != CUSTOM), "none")


def has_custom_ops(file: str) -> bool:
    """Return whether a file's name says that it holds ops which an app must link."""
    return CUSTOM in file.removesuffix(".tflite").split("-")


def signatures_in(signatures: Sequence[Signature], deployment: str, custom: bool = False) -> list[Signature]:
    """Return those of a pipeline's signatures that a file of a deployment holds, in their order.

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


def _one_window(predictor: TfLitePredictor, arrays: Arrays) -> Arrays:
    """Answer an input that fits the file's fixed shape."""
    padded = {}
    for name, (shape, _) in predictor.inputs.items():
        array = np.asarray(arrays[name])
        if any(size > limit for size, limit in zip(array.shape, shape, strict=True)):
            raise UserError(f"{predictor.path}: takes {name} of at most {list(shape)}. Received: {list(array.shape)}")
        padded[name] = np.zeros(shape, array.dtype)
        padded[name][tuple(map(slice, array.shape))] = array
    return predictor.call(padded)
