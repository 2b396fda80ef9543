"""Sentiment: raw text in, class and probabilities out."""

from suite.answers.classes import CLASSES as ANSWER
from suite.inputs.text import TEXT as INPUT
from suite.pipeline import PredictOption, lazy_exports

PREDICT_OPTIONS = (PredictOption("explain", bool, False, "also give the attention weight of each token"),)

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
        "answer": "predict",
        "signatures": "export",
        "host_assets": "export",
        "make_sample": "sample_data",
    },
)
