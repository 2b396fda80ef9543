"""Recurrent models trained on your own data, tracked, and shipped to phones.

import suite

model = suite.load("saved_models/sentiment/mr")
model.predict("a funny, moving film").label
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from suite.runtime.loaded import LoadedModel

__version__ = "0.1.0"


def load(model_dir: str | Path, runtime: str = "keras", tflite: str | Path | None = None) -> "LoadedModel":
    """Load a saved model; `load(...).predict(x)` answers as `suite predict` does.

    Args:
        model_dir: Its folder, an exported file alone, or a model in the tracking store: `models:/NAME@ALIAS`,
            `models:/NAME/VERSION`, `runs:/ID`.
        runtime: `"keras"`, or `"tflite"` for an exported file.
        tflite: The exported file; by default the float32 `interpreter` one.

    Raises:
        suite.errors.UserError: for a folder that is no whole model, a model that the store does not have, or an unknown
            runtime.
    """
    from suite.runtime.loaded import load as load_model
    from suite.tracking.stored import model_folder

    return load_model(model_folder(model_dir), runtime, tflite)
