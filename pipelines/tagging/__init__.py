"""Tagging: a text in, a label for each token, the spans that these mean, and perhaps an intent out."""

from suite.answers.tags import TAGS as ANSWER
from suite.inputs.text import TEXT as INPUT
from suite.pipeline import PredictOption, lazy_exports

PREDICT_OPTIONS = (PredictOption("html", str, None, "write all texts with their spans marked to this page (.html)"),)

__all__ = ["ANSWER", "INPUT", "PREDICT_OPTIONS"]

__getattr__ = lazy_exports(
    __name__,
    {
        "Settings": "config",
        "read": "data",
        "FORMATS": "data",
        "prepare": "data",
        "batches": "data",
        "raw_arrays": "data",
        "build": "model",
        "named_weights": "model",
        "phases": "model",
        "predict": "predict",
        "evaluate": "predict",
        "host_assets": "predict",
        "signatures": "export",
        "make_sample": "sample_data",
    },
)
