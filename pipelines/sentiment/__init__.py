"""Sentiment: raw text in, class and probabilities out."""

from suite.pipeline import PredictOption, lazy_exports

METRICS = {"accuracy": ("max", "fraction"), "macro_f1": ("max", "fraction"), "loss": ("min", "nats")}
PREDICT_OPTIONS = (PredictOption("explain", bool, False, "also give the attention weight of each token"),)
TEXT_INPUT = True
INPUT_COLUMN = "text_column"
LIVE_INPUTS = ()

__getattr__ = lazy_exports(
    __name__,
    {
        "Settings": "config",
        "read": "data",
        "read_texts": "data",
        "FORMATS": "data",
        "prepare": "data",
        "batches": "data",
        "raw_arrays": "data",
        "build": "model",
        "phases": "model",
        "evaluate": "evaluate",
        "predict": "predict",
        "signatures": "export",
        "make_sample": "sample_data",
    },
)
