"""The MLflow flavor of a saved model: `mlflow.pyfunc.load_model("runs:/ID/model").predict(["some text"])`.

MLflow calls `_load_pyfunc` with the logged copy of the model folder; nothing is pickled.
"""

from typing import Any

from suite.runtime.loaded import LoadedModel, load, plain


class SavedModel:
    """Predicts from a list of raw inputs or a one-column table of them: texts, or paths of files."""

    def __init__(self, model: LoadedModel):
        self.model = model

    def predict(self, model_input: Any, params: dict | None = None) -> list[dict]:
        """Return one JSON-able answer per input, as `suite predict --json` gives them."""
        if hasattr(model_input, "iloc"):
            model_input = model_input.iloc[:, 0].tolist()
        elif isinstance(model_input, str):
            model_input = [model_input]
        return [plain(answer) for answer in self.model.predict(list(model_input), **(params or {}))]


def _load_pyfunc(path: str) -> SavedModel:
    return SavedModel(load(path))
