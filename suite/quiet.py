"""Keep stderr free of the lines that native libraries print there without asking the logging settings."""

import contextlib
import importlib
import os
import sys
import warnings
from collections.abc import Iterator


def import_tensorflow() -> None:
    """Import TensorFlow and Keras; native chatter below errors stays silent, unless SUITE_DEBUG is set."""
    if "tensorflow" in sys.modules or os.environ.get("SUITE_DEBUG"):
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warnings.filterwarnings("ignore", category=UserWarning, module=r"keras\..*|mlflow\..*")
    with silent_stderr():
        importlib.import_module("tensorflow")


@contextlib.contextmanager
def silent_stderr() -> Iterator[None]:
    """Let nothing reach the process's stderr while the block runs, unless SUITE_DEBUG is set; exceptions are as ever."""
    if os.environ.get("SUITE_DEBUG"):
        yield
        return
    sys.stderr.flush()
    duplicate = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(duplicate, 2)
        os.close(duplicate)
