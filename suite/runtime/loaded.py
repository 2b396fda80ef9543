"""A saved model, ready to answer: what `suite.load` returns."""

import os
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

from suite.artifact import Artifact, load_model, read_artifact
from suite.errors import UserError
from suite.signature import Predictor

RUNTIMES = ("keras", "tflite")
MOST_SHOWN = 60  # characters of an input in a message


class LoadedModel:
    """A saved model with a predictor.

    Attributes:
        artifact: The folder's settings, assets and record.
        predictor: Raw arrays in, outputs out.
    """

    def __init__(self, artifact: Artifact, predictor: Predictor):
        self.artifact = artifact
        self.predictor = predictor

    @property
    def task(self) -> str:
        """The task's name."""
        return self.artifact.task

    def predict(self, raw_input: Any, **options) -> Any:
        """Return the task's answer to one raw input: a text, or the path of a file, or an array of what a file holds.

        Args:
            raw_input: One input, or a list of them (then a list of answers is returned).
            **options: The pipeline's PREDICT_OPTIONS, such as `explain=True`; with an array its ARRAY_OPTIONS too.

        Raises:
            UserError: for an input that cannot be read, or an unknown option.
        """
        if isinstance(raw_input, list | tuple):
            return [self.predict(item, **options) for item in raw_input]
        artifact = self.artifact
        raw_input = _check_input(raw_input, artifact.pipeline.TEXT_INPUT)
        known = {option.name: option.default for option in artifact.pipeline.PREDICT_OPTIONS}
        for_arrays = {option.name: option.default for option in getattr(artifact.pipeline, "ARRAY_OPTIONS", ())}
        unknown = sorted(set(options) - set(known) - set(for_arrays))
        if unknown:
            names = ", ".join([*known, *for_arrays]) or "none"
            raise UserError(f"unknown option {unknown[0]!r} for {self.task}; known: {names}")
        if isinstance(raw_input, np.ndarray):
            known |= for_arrays
        elif misplaced := sorted(set(options) & set(for_arrays)):
            raise UserError(f"{misplaced[0]}: goes with an array, for a file states its own. Received: {raw_input}")
        return artifact.pipeline.predict(
            self.predictor, raw_input, artifact.assets, artifact.settings, **known | options
        )


def _check_input(raw_input: Any, takes_text: bool) -> Any:
    """Return a raw input, anything that NumPy can read as an array as one.

    Raises:
        UserError: for what is no text where the task takes texts, or else no path and no array.
    """
    received = f"{type(raw_input).__name__} {raw_input!r}"
    received = received if len(received) <= MOST_SHOWN else f"{received[: MOST_SHOWN - 3]}..."
    if takes_text:
        if not isinstance(raw_input, str):
            raise UserError(f"expected a text, or a list of texts. Received: {received}")
        return raw_input
    if isinstance(raw_input, str | os.PathLike):
        return raw_input
    if not hasattr(raw_input, "__array__"):
        raise UserError(f"expected the path of a file, or an array. Received: {received}")
    return np.asarray(raw_input)


def load(model_dir: str | Path, runtime: str = "keras", tflite: str | Path | None = None) -> LoadedModel:
    """Load a saved model for prediction.

    Args:
        model_dir: The folder that `suite train` wrote.
        runtime: `"keras"`, or `"tflite"` for an exported file.
        tflite: The exported file; by default the float32 `interpreter` one. Naming one implies `runtime="tflite"`.

    Raises:
        UserError: for a folder that is no whole model, an unknown runtime, or a file that was not exported.
    """
    if runtime not in RUNTIMES:
        raise UserError(f"unknown runtime {runtime!r}; expected one of {', '.join(RUNTIMES)}")
    artifact = read_artifact(model_dir)
    if runtime == "tflite" or tflite is not None:
        from suite.runtime.deployed import exported_predictor

        return LoadedModel(
            artifact, exported_predictor(artifact, Path(tflite or artifact.path / "tflite" / "interpreter.tflite"))
        )
    from suite.runtime.keras_runtime import KerasPredictor

    signatures = artifact.pipeline.signatures(artifact.assets, artifact.settings)
    return LoadedModel(artifact, KerasPredictor(load_model(artifact), signatures))


def plain(answer: Any) -> dict[str, Any]:
    """Return a result dataclass as a JSON-able dict without the entries that were not asked for (None)."""
    values = asdict(answer) if is_dataclass(answer) else dict(answer)
    return {name: value for name, value in values.items() if value is not None}
