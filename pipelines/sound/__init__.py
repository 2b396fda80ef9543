"""Sound: a recording in, its class and the probability of each, and on request a print of the voice, out."""

from suite.answers.classes import CLASSES as ANSWER
from suite.inputs.audio import AUDIO as INPUT
from suite.pipeline import PredictOption, lazy_exports

PREDICT_OPTIONS = (
    PredictOption("timeline", bool, False, "the classes over time, from windows that slide over the recording"),
    PredictOption("stream", bool, False, "listen for words; `microphone` as INPUT listens until Ctrl-C", together=True),
    PredictOption(
        "label", str, "", "the word that --stream listens for; default: that of `suite sound tune`, else all"
    ),
    PredictOption("cutoff", float, 0.0, "probability at which --stream detects; 0: as tuned, else 0.5"),
)
METRICS = ANSWER.metrics | {
    "frr_at_0.1_fah": ("min", "fraction"),
    "frr_at_0.5_fah": ("min", "fraction"),
    "frr_at_1_fah": ("min", "fraction"),
    "eer": ("min", "fraction"),
    "min_dcf": ("min", "fraction of the cost of deciding without listening"),
}

__all__ = ["ANSWER", "INPUT", "METRICS", "PREDICT_OPTIONS"]

__getattr__ = lazy_exports(
    __name__,
    {
        "Settings": "config",
        "read": "data",
        "FORMATS": "formats",
        "check_parts": "data",
        "prepare": "data",
        "batches": "data",
        "raw_arrays": "data",
        "training_pictures": "data",
        "build": "model",
        "named_weights": "model",
        "phases": "model",
        "predict": "predict",
        "signatures": "export",
        "host_assets": "export",
        "make_sample": "sample_data",
    },
)
