"""A predictor from an exported file of any deployment: raw arrays of any length in, answers out."""

from collections.abc import Sequence
from pathlib import Path

from suite.artifact import Artifact
from suite.errors import UserError
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
    if deployment == "streaming":
        runner = ChunkRunner(path, threads)
        return lambda inputs: [signature.stream(runner, arrays) for arrays in prepared(signature, inputs)]
    predictor = TfLitePredictor(path, threads, signature.name)
    if deployment == "compiled":
        return lambda inputs: [signature.windows(predictor, arrays) for arrays in prepared(signature, inputs)]
    return lambda inputs: predictor(prepared(signature, inputs))


def exported_predictor(artifact: Artifact, path: Path) -> Predictor:
    """Return the predictor of an exported file of a saved model.

    Raises:
        UserError: for a file that is missing, whose name does not tell the deployment, or that LiteRT cannot run.
    """
    if not path.is_file():
        raise UserError(f"{path}: no such file; `suite export {artifact.path}` writes it")
    deployment, _ = split_name(path.name)
    signatures = artifact.pipeline.signatures(None, artifact.assets, artifact.settings)
    return deployed_predictor(path, deployment, exported_signature(signatures))


def split_name(file: str) -> tuple[str, str]:
    """Return deployment and quantisation of an exported file's name.

    Raises:
        UserError: if the name is not as the export gives it.
    """
    deployment, _, quantization = file.removesuffix(".tflite").partition("-")
    if not file.endswith(".tflite") or deployment not in ("interpreter", "compiled", "streaming"):
        raise UserError(f"{file}: expected a name as the export gives it, DEPLOYMENT[-QUANTISATION].tflite")
    return deployment, quantization or "none"


def exported_signature(signatures: Sequence[Signature]) -> Signature:
    """Return the signature that goes into a file: the first that needs built-in ops only."""
    return next(signature for signature in signatures if not signature.custom_ops)


def prepared(signature: Signature, inputs: Sequence[Arrays]) -> list[Arrays]:
    """Return raw inputs as what a signature takes."""
    return list(inputs) if signature.prepare is None else [signature.prepare(arrays) for arrays in inputs]
