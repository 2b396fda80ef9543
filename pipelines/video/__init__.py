"""Video: a clip in, the action and its probabilities out."""

from suite.answers.classes import CLASSES as ANSWER
from suite.inputs.video import VIDEO as INPUT
from suite.pipeline import PredictOption, lazy_exports

PREDICT_OPTIONS = (
    PredictOption("timeline", bool, False, "the actions over time, from windows that slide over the video"),
    PredictOption(
        "annotate", str, None, "write the video with its actions to this file (.mp4, .avi) or folder", together=True
    ),
    PredictOption("camera", int, None, "answer what this camera sees (0 is the first); takes the place of an INPUT"),
)

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
        "evaluate": "evaluate",
        "predict": "predict",
        "signatures": "export",
        "make_sample": "sample_data",
    },
)
