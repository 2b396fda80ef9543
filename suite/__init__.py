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

    Raises:
        suite.errors.UserError: for a folder that is no whole model, or an unknown runtime.
    """
    from suite.runtime.loaded import load as load_model

    return load_model(model_dir, runtime, tflite)
