"""An exported file against the trained model, on real inputs: the same answers, the same score."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from suite.export.convert import ConversionError
from suite.export.offers import AGREEMENTS, TOLERANCES
from suite.export.parity import compare
from suite.export.source import Source
from suite.pipeline import primary_metric
from suite.runtime.deployed import DeployedPredictor
from suite.runtime.keras_runtime import KerasPredictor
from suite.runtime.tflite_runtime import TfLitePredictor
from suite.signature import Arrays, Predictor, Signature


class Recorder(TfLitePredictor):
    """Keeps what each call was fed and what it answered: the calls that the host makes for raw inputs."""

    def __init__(self, path: Path, signature: Signature) -> None:
        super().__init__(path, 1, signature.name, bool(signature.custom_ops))
        self.calls: list[tuple[Arrays, Arrays]] = []

    def call(self, arrays: Arrays) -> Arrays:
        """Do and keep one call."""
        answer = super().call(arrays)
        self.calls.append((dict(arrays), dict(answer)))
        return answer


def check_parity(
    source: Source, path: Path, signatures: list[Signature], deployment: str, quantization: str
) -> dict[str, dict[str, Any]]:
    """Compare each signature of a file, where real inputs can be had for it, with the trained model's answers.

    The first one is compared with the signature that predict and evaluate call, any other with itself in Keras.

    Returns:
        Signature -> `inputs`, `max_difference`, `tolerance`, and `agreement` where an output is of whole numbers.

    Raises:
        ConversionError: if an answer is too far off.
    """
    parity = {}
    for place, signature in enumerate(signatures):
        if not signature.rules.comparable:
            continue
        ours, reference = _answers(source, path, signature, deployment, first=place == 0)
        difference = compare(ours, reference, signature.outputs)
        judged = _judged(signature, difference.outputs, quantization)
        tolerance = TOLERANCES[quantization] if judged or not difference.outputs else None
        largest = max((judged or difference.outputs).values(), default=0.0)
        for name in (name for name, output in signature.outputs.items() if output.kind.decides):
            equal = difference.agreement[name]
            differ = round(len(ours) * (1 - equal))
            if differ > 1 and equal < AGREEMENTS[quantization]:
                raise ConversionError(
                    f"{path.name}: {name} of {signature.name} differ from the trained model's on {differ} of {len(ours)} "
                    f"real inputs; {AGREEMENTS[quantization]:.0%} must be equal, so no file was written"
                )
        if tolerance is not None and not largest <= tolerance:
            raise ConversionError(
                f"{path.name}: an answer of {signature.name} differs from the trained model's by {largest:.2g} "
                f"on {len(ours)} real inputs; at most {tolerance:g} is allowed, so no file was written"
            )
        parity[signature.name] = {
            "inputs": len(ours),
            "max_difference": largest,
            "tolerance": tolerance,
            **({"agreement": difference.agreement} if difference.agreement else {}),
        }
    return parity


def _judged(signature: Signature, differences: dict[str, float], quantization: str) -> dict[str, float]:
    """Return the differences of the outputs that a tolerance is for.

    What another signature goes on with is judged, in lower precision, by the answers that come of it.
    """
    if quantization == "none":
        return differences
    return {name: value for name, value in differences.items() if not signature.outputs[name].kind.inner}


def _answers(
    source: Source, path: Path, signature: Signature, deployment: str, first: bool
) -> tuple[list[Arrays], list[Arrays]]:
    """Return the file's answers and the trained model's to the same inputs."""
    recorder = Recorder(path, signature)
    file = DeployedPredictor(recorder, deployment, signature)
    # Both are fed the same: what is prepared from a raw input by another signature is not that signature's difference too.
    inputs = signature.prepared(source.samples.parity, source.predictor)
    answers = source.answers(source.signatures[0] if first else signature)
    if deployment == "compiled":
        fit = [_fits(signature, arrays) for arrays in inputs]
        if not any(fit):  # what the host cuts the inputs into
            for arrays in inputs:
                file.answer(arrays)
            bare = replace(
                signature,
                host=replace(signature.host, prepare=None),
                outputs={name: replace(output, length="") for name, output in signature.outputs.items()},
            )
            calls = [(call, answer) for call, answer in recorder.calls if not _overfull(signature, answer)]
            reference = KerasPredictor(source.model, [bare])([call for call, _ in calls])
            return [answer for _, answer in calls], reference
        inputs = [arrays for arrays, fits in zip(inputs, fit, strict=True) if fits]
        answers = [answer for answer, fits in zip(answers, fit, strict=True) if fits]
    return signature.trimmed([file.answer(arrays) for arrays in inputs]), answers


def _overfull(signature: Signature, answer: Arrays) -> bool:
    """Return whether more rows count than an output has: the host cuts such a window again, and its answer is not used."""
    return any(
        int(answer[output.length]) > len(answer[name])
        for name, output in signature.outputs.items()
        if output.length in answer and name in answer
    )


def _fits(signature: Signature, arrays: Arrays) -> bool:
    """Return whether an input is no longer than a file of fixed shape takes; an axis that a model tells always fits."""
    return all(
        fixed is None or size <= fixed
        for name, raw in signature.inputs.items()
        for size, fixed in zip(arrays[name].shape, raw.known_shape("compiled"), strict=True)
    )


def check_metrics(
    source: Source, predictor: Predictor, signature: Signature, deployment: str, quantization: str, file: str
) -> dict[str, Any]:
    """Evaluate a file and the trained model on the same part of the data; `{}` where there is none.

    Raises:
        ConversionError: if the file's primary metric is worse than the signature allows.
    """
    artifact, samples = source.artifact, source.samples
    if not samples.scored:
        return {}
    scores = source.scores()
    metrics = artifact.pipeline.evaluate(predictor, samples.scored, artifact.assets, artifact.settings).metrics
    name, direction = primary_metric(artifact.pipeline.METRICS)
    loss = scores[name] - metrics[name] if direction == "max" else metrics[name] - scores[name]
    allowed = signature.rules.int8_metric_loss if quantization == "int8" else signature.rules.metric_loss
    # One example may fall on the other side of a threshold, whatever the tolerance of the answers.
    if deployment != "compiled" and loss > max(allowed, 1.5 / len(samples.scored)):
        raise ConversionError(
            f"{file}: {name} is {metrics[name]:.4f}, the trained model's {scores[name]:.4f}; "
            f"a loss of {allowed:g} is allowed, so no file was written"
        )
    return {"split": samples.part, "examples": len(samples.scored), "tflite": metrics, "keras": scores}
