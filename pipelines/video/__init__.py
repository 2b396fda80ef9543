"""Video: a clip in, the action and its probabilities out."""

from suite.pipeline import PredictOption, lazy_exports

METRICS = {
    "accuracy": ("max", "fraction"),
    "top5_accuracy": ("max", "fraction"),
    "macro_f1": ("max", "fraction"),
    "loss": ("min", "nats"),
    "calibration_error": ("min", "fraction"),
}
PREDICT_OPTIONS: tuple[PredictOption, ...] = ()
TEXT_INPUT = False

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
        "phases": "model",
        "evaluate": "evaluate",
        "predict": "predict",
        "signatures": "export",
        "make_sample": "sample_data",
    },
)
