"""The MLflow flavor of a saved model: `mlflow.pyfunc.load_model("runs:/ID/model").predict(["some text"])`.

MLflow calls `_load_pyfunc` with the logged copy of the model folder; nothing is pickled.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from suite.errors import UserError
from suite.inputs.sent import Sent, depth, file_in_text, numbers, write_files
from suite.runtime.loaded import LoadedModel, load, plain
from suite.tracking.signatures import input_column

MOST_SHOWN = 80  # characters of what is no input


class SavedModel:
    """Predicts from raw inputs: texts; or paths of files, files as base64, samples or pixels as arrays or nested lists.

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
                in training, or is the only one with texts; else a list, a series or an array of inputs, or one input. Where
                an input is a file: its path, its bytes, these as base64 (bare or as a `data:` URI), or what it holds as an
                array or as nested lists of numbers.
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
        inputs = raw_inputs(model_input, column, "text" if pipeline.INPUT.typed else "path", pipeline.INPUT.sent)
        if any(isinstance(value, bytes) for value in inputs):
            return self._answer_files(inputs, params or {})
        return [plain(answer) for answer in self.model.predict(inputs, **(params or {}))]

    def _answer_files(self, inputs: list[Any], params: dict[str, Any]) -> list[dict[str, Any]]:
        with TemporaryDirectory() as folder:
            try:
                answers = self.model.predict(write_files(inputs, Path(folder)), **params)
            except UserError as error:
                raise UserError(str(error).replace(str(Path(folder) / "input-"), "input ")) from error
            return [plain(answer) for answer in answers]


def _load_pyfunc(path: str) -> SavedModel:
    return SavedModel(load(path))


def raw_inputs(model_input: Any, column: str, meaning: str, sent: Sent | None = None) -> list[Any]:
    """Return the raw inputs that any shape of table, list or array holds, in order; a file sent as base64 as its bytes.

    Args:
        model_input: As `SavedModel.predict` takes it.
        column: The column of the input in a table.
        meaning: What one input is: `"text"` or `"path"`, for messages.
        sent: What may be sent in place of a path.

    Raises:
        UserError: for a table without that column and with other than one column of texts, or a value that is no input.
    """
    if hasattr(model_input, "columns"):
        cells = _column({name: list(model_input[name]) for name in model_input.columns}, column)
    elif isinstance(model_input, dict):
        cells = _listed(_column(model_input, column), sent)
    elif isinstance(model_input, np.ndarray) and not _is_numbers(model_input):
        cells = model_input.reshape(-1) if model_input.size == max(model_input.shape, default=1) else model_input
    else:
        cells = _listed(model_input, sent)
    inputs = [_column(row, column) if isinstance(row, dict) else row for row in cells]
    checked = []
    for number, value in enumerate(inputs, 1):
        try:
            checked.append(_checked(value, meaning, sent))
        except UserError as error:
            raise UserError(f"input {number} of {len(inputs)}: {error}") from error
    return checked


def _listed(value: Any, sent: Sent | None) -> Any:
    """Return a list of inputs: what is one input itself becomes a list of it alone."""
    is_one = isinstance(value, str | bytes | Path) or _is_numbers(value)
    return [value] if is_one or (sent is not None and 0 < depth(value) <= sent.axes) else value


def _checked(value: Any, meaning: str, sent: Sent | None) -> Any:
    if isinstance(value, str):
        text = str(value)  # NumPy has strings of its own
        return (file_in_text(text) or text) if sent is not None else text
    if isinstance(value, Path) or _is_numbers(value) or (sent is not None and isinstance(value, bytes)):
        return value
    if sent is not None and depth(value):
        return numbers(value, sent)
    received = repr(value)
    raise UserError(
        f"expected a {meaning}. Received: {received if len(received) <= MOST_SHOWN else received[:MOST_SHOWN]}"
    )


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
