"""Import TensorFlow without the lines that its native libraries print to stderr before logging can be set."""

import importlib
import os
import sys
import warnings


def import_tensorflow() -> None:
    """Import TensorFlow and Keras; native chatter below errors stays silent, unless SUITE_DEBUG is set."""
    if "tensorflow" in sys.modules or os.environ.get("SUITE_DEBUG"):
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warnings.filterwarnings("ignore", category=UserWarning, module=r"keras\..*|mlflow\..*")
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        importlib.import_module("tensorflow")
    finally:
        os.dup2(kept, 2)
        os.close(kept)
