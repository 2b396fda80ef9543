"""Speech: audio in, transcript out."""

from suite.pipeline import PredictOption, lazy_exports

METRICS = {
    "wer": ("min", "fraction"),
    "cer": ("min", "fraction"),
    "insertions": ("min", "fraction of reference words"),
    "deletions": ("min", "fraction of reference words"),
    "substitutions": ("min", "fraction of reference words"),
    "loss": ("min", "nats per symbol"),
}
PREDICT_OPTIONS = (
    PredictOption("beam_width", int, 0, "prefixes kept by beam search; 1: greedy; 0: as the model's settings say"),
    PredictOption("language_model", str, "", "ARPA file for beam search instead of the model's own"),
    PredictOption("language_model_weight", float, -1.0, "weight of the language model; below 0: as the settings say"),
    PredictOption("lexicon", str, "", "text file of the only words allowed, one a line"),
    PredictOption("hot_words", str, "", "words, separated by commas, that beam search favours"),
    PredictOption("n_best", int, 1, "alternatives given, best first"),
    PredictOption("stream", bool, False, "show words as they come; `microphone` as INPUT listens until Ctrl-C"),
)
ARRAY_OPTIONS = (PredictOption("sample_rate", float, None, "of the samples, in Hz; None: the model's own"),)
TEXT_INPUT = False
INPUT_COLUMN = "audio_column"
LIVE_INPUTS = ("microphone",)

__getattr__ = lazy_exports(
    __name__,
    {
        "Settings": "config",
        "read": "data",
        "FORMATS": "data",
        "prepare": "data",
        "batches": "data",
        "raw_arrays": "data",
        "training_pictures": "preview",
        "build": "model",
        "phases": "model",
        "evaluate": "evaluate",
        "predict": "predict",
        "signatures": "export",
        "make_sample": "sample_data",
    },
)
