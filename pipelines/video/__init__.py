"""Video: a clip in, the action and its probabilities out."""

from suite.pipeline import PredictOption, lazy_exports

METRICS = {
    "accuracy": ("max", "fraction"),
    "top5_accuracy": ("max", "fraction"),
    "macro_f1": ("max", "fraction"),
    "loss": ("min", "nats"),
    "calibration_error": ("min", "fraction"),
}
PREDICT_OPTIONS = (
    PredictOption("timeline", bool, False, "the actions over time, from windows that slide over the video"),
    PredictOption("annotate", str, None, "write the video with its actions to this file (.mp4, .avi) or folder"),
    PredictOption("camera", int, None, "answer what this camera sees (0 is the first); takes the place of an INPUT"),
)
ARRAY_OPTIONS = (
    PredictOption("frame_rate", float, None, "of the frames, in frames per second; None: the model's own"),
)
LIVE_INPUTS = ("camera",)
TEXT_INPUT = False
INPUT_COLUMN = "video_column"

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
