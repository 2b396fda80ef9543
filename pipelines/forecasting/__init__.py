"""Forecasting: a series of numbers in, its future values with quantiles, and how odd its past was, out."""

from suite.answers.series import SERIES as ANSWER
from suite.inputs.series import SERIES as INPUT
from suite.pipeline import lazy_exports

__all__ = ["ANSWER", "INPUT"]

__getattr__ = lazy_exports(
    __name__,
    {
        "Settings": "config",
        "read": "data",
        "FORMATS": "data",
        "assign_parts": "data",
        "folds": "data",
        "prepare": "learned",
        "batches": "batches",
        "build": "model",
        "named_weights": "model",
        "phases": "model",
        "calibrate": "calibration",
        "signatures": "export",
        "make_sample": "sample_data",
    },
)
