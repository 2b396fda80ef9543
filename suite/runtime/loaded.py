"""A saved model, ready to answer: what `suite.load` returns."""

from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

from suite.artifact import Artifact, load_model, read_artifact
from suite.errors import UserError
from suite.signature import Predictor

RUNTIMES = ("keras", "tflite")


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
        """Return the task's answer to one raw input (a text, or the path of a file).

        Args:
            raw_input: One input, or a list of them (then a list of answers is returned).
            **options: The pipeline's PREDICT_OPTIONS, such as `explain=True`.

        Raises:
            UserError: for an input that cannot be read, or an unknown option.
        """
        if isinstance(raw_input, list | tuple):
            return [self.predict(one, **options) for one in raw_input]
        known = {option.name: option.default for option in self.artifact.pipeline.PREDICT_OPTIONS}
        unknown = sorted(set(options) - set(known))
        if unknown:
            raise UserError(f"unknown option {unknown[0]!r} for {self.task}; known: {', '.join(known) or 'none'}")
        artifact = self.artifact
        return artifact.pipeline.predict(
            self.predictor, raw_input, artifact.assets, artifact.settings, **known | options
        )


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
