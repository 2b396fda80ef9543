"""The MLflow flavor of a saved model: `mlflow.pyfunc.load_model("runs:/ID/model").predict(["some text"])`.

MLflow calls `_load_pyfunc` with the logged copy of the model folder; nothing is pickled.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from suite.artifact import Artifact
from suite.errors import UserError
from suite.runtime.loaded import LoadedModel, load, plain

if TYPE_CHECKING:
    from mlflow.models import ModelSignature


class SavedModel:
    """Predicts from raw inputs: texts, or paths of files.

    Args:
        model: Answers one raw input after another.
        first_column_alone: MLflow hands on a table's first column alone, as it does where a signature has one column
            without a name. A column of another name than the input's is then refused, for the input may have been cut off.
    """

    def __init__(self, model: LoadedModel, first_column_alone: bool = False) -> None:
        self.model = model
        self.first_column_alone = first_column_alone

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """Return one JSON-able answer per input, as `suite predict --json` gives them.

        Args:
            model_input: A table (or a list of rows, or columns by name) whose column of the input has the name that it had
                in training, or is the only one with texts; else a list, a series or an array of inputs, or one input.
            params: The pipeline's PREDICT_OPTIONS.

        Raises:
            UserError: for a table without such a column, a value that is no input, or an input that cannot be read.
        """
        pipeline, column = self.model.artifact.pipeline, input_column(self.model.artifact)
        if self.first_column_alone and hasattr(model_input, "columns"):
            (name,) = model_input.columns
            if isinstance(name, str) and name != column:
                raise UserError(
                    f"expected the input in a column {column!r}. Received: {name!r}; MLflow hands on a table's first "
                    f"column alone, so give it table[[{column!r}]]"
                )
        inputs = raw_inputs(model_input, column, "text" if pipeline.INPUT.typed else "path")
        return [plain(answer) for answer in self.model.predict(inputs, **(params or {}))]


def _load_pyfunc(path: str) -> SavedModel:
    return SavedModel(load(path))


def input_column(artifact: Artifact) -> str:
    """Return the name of the column that holds a model's raw inputs in tables."""
    return getattr(artifact.settings, artifact.pipeline.INPUT.column)


def answer_signature(artifact: Artifact, answers: list[dict[str, Any]] | None) -> "ModelSignature | None":
    """Return MLflow's signature of what a model answers and which options it takes; None where there is neither.

    It says nothing of the input: of a column with a name MLflow would refuse a list of texts, and of one without it would
    hand on a table's first column, whatever that holds. `SavedModel` checks tables, lists and arrays itself.
    """
    from mlflow.models import ModelSignature, infer_signature

    options = {
        option.name: option.default for option in artifact.pipeline.PREDICT_OPTIONS if option.default is not None
    }
    outputs = infer_signature(model_output=answers).outputs if answers else None
    params = infer_signature(params=options).params if options else None
    return ModelSignature(outputs=outputs, params=params) if outputs or params else None


def raw_inputs(model_input: Any, column: str, meaning: str) -> list[Any]:
    """Return the raw inputs that any shape of table, list or array holds, in order.

    Args:
        model_input: As `SavedModel.predict` takes it.
        column: The column of the input in a table.
        meaning: What one input is: `"text"` or `"path"`, for messages.

    Raises:
        UserError: for a table without that column and with other than one column of texts, or a value that is no input.
    """
    if hasattr(model_input, "columns"):
        model_input = _column({name: list(model_input[name]) for name in model_input.columns}, column)
    elif isinstance(model_input, dict):
        values = _column(model_input, column)
        model_input = [values] if isinstance(values, str | Path) else values
    elif isinstance(model_input, str | Path) or _is_numbers(model_input):
        model_input = [model_input]
    elif isinstance(model_input, np.ndarray):
        model_input = model_input.reshape(-1) if model_input.size == max(model_input.shape, default=1) else model_input
    inputs = [_column(row, column) if isinstance(row, dict) else row for row in model_input]
    for number, value in enumerate(inputs, 1):
        if not (isinstance(value, str | Path) or _is_numbers(value)):
            raise UserError(f"input {number} of {len(inputs)}: expected a {meaning}. Received: {value!r}")
    return [str(value) if isinstance(value, str) else value for value in inputs]  # NumPy has strings of its own


def _column(table: dict[Any, Any], column: str) -> Any:
    """Return the values (or the value) of a column by its name, or of the only column of texts."""
    if column in table:
        return table[column]
    texts = [name for name, values in table.items() if _has_texts(values)]
    if len(texts) == 1 or len(table) == 1:
        return table[(texts or list(table))[0]]
    names = ", ".join(map(str, table)) or "none"
    raise UserError(f"expected a column {column!r}, or one column of texts alone. Received: columns {names}")


def _has_texts(values: Any) -> bool:
    if isinstance(values, str | Path):
        return True
    return not np.isscalar(values) and values is not None and any(isinstance(value, str | Path) for value in values)


def _is_numbers(value: Any) -> bool:
    """Return whether a value is an array of samples, frames or pixels: one raw input."""
    return isinstance(value, np.ndarray) and value.dtype.kind in "iufb" and value.ndim > 0
