"""Tagging: a text in, a label for each token, the spans that these mean, and perhaps an intent out."""

from suite.answers.tags import TAGS as ANSWER
from suite.inputs.text import TEXT as INPUT
from suite.pipeline import lazy_exports

__all__ = ["ANSWER", "INPUT"]

__getattr__ = lazy_exports(
    __name__,
    {
        "Settings": "config",
        "read": "data",
        "FORMATS": "data",
        "prepare": "data",
        "batches": "data",
        "build": "model",
        "named_weights": "model",
        "phases": "model",
        "signatures": "export",
        "make_sample": "sample_data",
    },
)
