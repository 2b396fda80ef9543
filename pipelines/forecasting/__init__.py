"""Forecasting: a series of numbers in, its future values with quantiles, and how odd its past was, out."""

from suite.pipeline import lazy_exports

__getattr__ = lazy_exports(
    __name__,
    {
        "Settings": "config",
        "FORMATS": "data",
        "read": "data",
        "assign_parts": "data",
        "folds": "data",
    },
)
