"""Captioning: a picture in, a sentence out."""

from suite.answers.sentence import SENTENCE as ANSWER
from suite.inputs.image import IMAGE as INPUT
from suite.pipeline import PredictOption, lazy_exports

METRICS = {
    "cider": ("max", "CIDEr-D, scale of pycocoevalcap"),
    **ANSWER.metrics,
    "greedy_cider": ("max", "CIDEr-D, scale of pycocoevalcap"),
    "greedy_bleu4": ("max", "fraction"),
    "vocabulary_used": ("max", "fraction"),
    "mean_length": ("max", "words"),
    "copied": ("min", "fraction"),
}
PREDICT_OPTIONS = (
    PredictOption("beam_width", int, 0, "sentences kept by beam search; 1: greedy; 0: as the model's settings say"),
    PredictOption("n_best", int, 1, "captions given, best first"),
    PredictOption("explain", bool, False, "where in the picture each word looked"),
    PredictOption("html", str, None, "write all pictures with their captions to this page (.html)", together=True),
)

__all__ = ["ANSWER", "INPUT", "METRICS", "PREDICT_OPTIONS"]

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
        "evaluate": "evaluate",
        "predict": "predict",
        "signatures": "export",
        "make_sample": "sample_data",
    },
)
