"""A saved model, ready to answer: what `suite.load` returns."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from suite.artifact import Artifact, load_model
from suite.errors import UserError
from suite.inputs.kind import Input, InputKind
from suite.pipeline import attempt
from suite.runtime.model_in_file import is_file_model, open_model
from suite.signature import Predictor

RUNTIMES = ("keras", "tflite")
INPUTS_AT_ONCE = 64
MOST_SHOWN = 60  # characters of an input in a message


class LoadedModel:
    """A saved model with a predictor.

    Attributes:
        artifact: The folder's settings, assets and record.
        predictor: Raw arrays in, outputs out.
    """

    def __init__(self, artifact: Artifact, predictor: Predictor) -> None:
        self.artifact = artifact
        self.predictor = predictor

    @property
    def task(self) -> str:
        """The task's name."""
        return self.artifact.task

    def predict(self, raw_input: Any, **options: Any) -> Any:
        """Return the task's answer to one raw input: a text, or the path of a file, or an array of what a file holds.

        Args:
            raw_input: One input, or a list of them (then a list of answers is returned).
            **options: The pipeline's PREDICT_OPTIONS, such as `explain=True`; with an array those of its kind too (`sample_rate`).

        Raises:
            UserError: for an input that cannot be read, or an unknown option.
        """
        is_list = isinstance(raw_input, list | tuple)
        raw_inputs = list(raw_input) if is_list else [raw_input]
        answers = []
        for start in range(0, len(raw_inputs), INPUTS_AT_ONCE):
            answers += self.answer_each(raw_inputs[start : start + INPUTS_AT_ONCE], **options)
            for answer in answers:
                if isinstance(answer, UserError):
                    raise answer
        return answers if is_list else answers[0]

    def answer_each(self, raw_inputs: Sequence[Any], **options: Any) -> list[Any]:
        """Return the answers to raw inputs, computed together; in the place of one at fault stands its UserError.

        Raises:
            UserError: for an unknown option.
        """
        pipeline = self.artifact.pipeline
        known = {option.name: option.default for option in pipeline.PREDICT_OPTIONS}
        for_arrays = {option.name: option.default for option in pipeline.INPUT.array_options}
        unknown = sorted(set(options) - set(known) - set(for_arrays))
        if unknown:
            names = ", ".join([*known, *for_arrays]) or "none"
            raise UserError(f"unknown option {unknown[0]!r} for {self.task}; known: {names}")
        of_arrays = {name: value for name, value in options.items() if name in for_arrays}
        checked = [attempt(_check_input, raw, pipeline.INPUT, of_arrays) for raw in raw_inputs]
        usable = [raw for raw in checked if not isinstance(raw, UserError)]
        answers = iter(
            pipeline.predict(self.predictor, usable, self.artifact.assets, self.artifact.settings, **known | options)
            if usable
            else ()
        )
        return [raw if isinstance(raw, UserError) else next(answers) for raw in checked]


def _check_input(raw_input: Any, kind: InputKind, of_arrays: dict[str, Any]) -> Any:
    """Return a raw input, anything that NumPy can read as an array as one.

    Args:
        raw_input: As somebody gave it.
        kind: Of the task's inputs.
        of_arrays: Options that go with arrays alone.

    Raises:
        UserError: for what is no text where the task takes texts, or else no path and no array; for a path with an option
            of arrays.
    """
    received = f"{type(raw_input).__name__} {raw_input!r}"
    received = received if len(received) <= MOST_SHOWN else f"{received[: MOST_SHOWN - 3]}..."
    if isinstance(raw_input, kind.raw_types):
        return raw_input
    if kind.typed:
        if not isinstance(raw_input, str):
            raise UserError(f"expected a text, or a list of texts. Received: {received}")
        return raw_input
    if isinstance(raw_input, str | os.PathLike):
        if of_arrays:
            name = sorted(of_arrays)[0]
            raise UserError(f"{name}: goes with an array, for a file states its own. Received: {raw_input}")
        return raw_input
    if not hasattr(raw_input, "__array__"):
        raise UserError(f"expected the path of a file, or an array. Received: {received}")
    return np.asarray(raw_input)


def load(model_dir: str | Path | Artifact, runtime: str = "keras", tflite: str | Path | None = None) -> LoadedModel:
    """Load a saved model for prediction.

    Args:
        model_dir: The folder that `suite train` wrote, an exported file alone, or what `open_model` read of either.
        runtime: `"keras"`, or `"tflite"` for an exported file.
        tflite: The exported file; by default the float32 `interpreter` one. Naming one implies `runtime="tflite"`.

    Raises:
        UserError: for a folder that is no whole model, an unknown runtime, or a file that was not exported.
    """
    if runtime not in RUNTIMES:
        raise UserError(f"unknown runtime {runtime!r}; expected one of {', '.join(RUNTIMES)}")
    artifact = open_model(model_dir)
    if is_file_model(artifact.path):
        if tflite is not None:
            raise UserError(f"--tflite goes with a model folder. Received: {artifact.path}, an exported file itself")
        tflite = artifact.path
    if runtime == "tflite" or tflite is not None:
        from suite.runtime.deployed import exported_predictor

        return LoadedModel(
            artifact, exported_predictor(artifact, Path(tflite or artifact.path / "tflite" / "interpreter.tflite"))
        )
    from suite.runtime.keras_runtime import KerasPredictor

    signatures = artifact.pipeline.signatures(artifact.assets, artifact.settings)
    return LoadedModel(artifact, KerasPredictor(load_model(artifact), signatures))


def plain(answer: Any) -> dict[str, Any]:
    """Return a result dataclass as a JSON-able dict without the entries that were not asked for (None); tuples are lists."""
    values = asdict(answer) if is_dataclass(answer) and not isinstance(answer, type) else dict(answer)
    return {name: _with_lists(value) for name, value in values.items() if value is not None}


def _with_lists(value: Any) -> Any:
    # JSON knows no tuple, and MLflow cannot say of one what it holds.
    if isinstance(value, list | tuple):
        return [_with_lists(element) for element in value]
    return {name: _with_lists(element) for name, element in value.items()} if isinstance(value, dict) else value


@dataclass(frozen=True)
class Answered:
    """One input with its answer, or with what is wrong with it."""

    name: str
    answer: Any = None
    error: str | None = None

    def plain(self) -> dict[str, Any]:
        """Return both as a JSON-able dict."""
        return {"input": self.name} | ({"error": self.error} if self.error is not None else plain(self.answer))

    def rows(self) -> list[dict[str, Any]]:
        """Return both as rows of a table: those of an answer that has several (`rows()`), else one."""
        rows = getattr(self.answer, "rows", None)
        return [self.plain()] if rows is None else [{"input": self.name} | row for row in rows()]


def answer_inputs(
    model: LoadedModel, inputs: Iterable[Input], options: dict[str, Any], at_once: int = INPUTS_AT_ONCE
) -> Iterator[Answered]:
    """Yield the answers to inputs in their order, computed `at_once` together; no more are in memory.

    Raises:
        UserError: for an unknown option.
    """
    remaining = iter(inputs)
    while batch := list(islice(remaining, at_once)):
        answers = iter(model.answer_each([item.raw for item in batch if item.error is None], **options))
        for item in batch:
            answer = UserError(item.error) if item.error is not None else next(answers)
            if isinstance(answer, UserError):
                yield Answered(item.name, error=str(answer))
            else:
                yield Answered(item.name, answer)
