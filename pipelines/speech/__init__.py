"""Speech: audio in, transcript out."""

from suite.answers.transcript import TRANSCRIPT as ANSWER
from suite.inputs.audio import AUDIO as INPUT
from suite.pipeline import PredictOption, lazy_exports

PREDICT_OPTIONS = (
    PredictOption("beam_width", int, 0, "prefixes kept by beam search; 1: greedy; 0: as the model's settings say"),
    PredictOption("language_model", str, "", "ARPA file for beam search instead of the model's own"),
    PredictOption("language_model_weight", float, -1.0, "weight of the language model; below 0: as the settings say"),
    PredictOption("lexicon", str, "", "text file of the only words allowed, one a line"),
    PredictOption("hot_words", str, "", "words, separated by commas, that beam search favours"),
    PredictOption("n_best", int, 1, "alternatives given, best first"),
    PredictOption(
        "stream", bool, False, "show words as they come; `microphone` as INPUT listens until Ctrl-C", together=True
    ),
)

__all__ = ["ANSWER", "INPUT", "PREDICT_OPTIONS"]

__getattr__ = lazy_exports(
    __name__,
    {
        "Settings": "config",
        "read": "data",
        "FORMATS": "data",
        "check_parts": "data",
        "prepare": "data",
        "batches": "data",
        "training_pictures": "preview",
        "build": "model",
        "named_weights": "model",
        "phases": "model",
        "evaluate": "evaluate",
        "predict": "predict",
        "signatures": "export",
        "host_assets": "export",
        "make_sample": "sample_data",
    },
)
