"""The raw-input functions of a trained model: what predict calls, and what goes on the phone."""

import keras
import tensorflow as tf

from pipelines.sentiment.config import Settings
from pipelines.sentiment.model import with_attention
from suite.pipeline import RawInput, Signature
from suite.text import make_tokenizer

TEXT_BYTES = RawInput("uint8", (None,), "UTF-8 bytes of the text; zeros after it are padding")
TEXT_STRING = RawInput("string", (), "the text, UTF-8")
OUTPUTS = {
    "probabilities": "probability of each class, in the order of the labels",
    "attention": "how much each token counted; adds up to 1, 0 for padding",
}


def signatures(model: keras.Model, assets: dict, settings: Settings) -> list[Signature]:
    """Return `classify` (UTF-8 bytes) for the bytes tokenizer, `classify_text` (a string) for wordpiece."""
    tokenizer = make_tokenizer(settings, assets)
    network = with_attention(model)

    def classify(text: tf.Tensor) -> dict[str, tf.Tensor]:
        return network(tokenizer(text), training=False)

    if settings.tokenizer == "bytes":
        return [Signature("classify", {"text": TEXT_BYTES}, OUTPUTS, classify)]
    return [Signature("classify_text", {"text": TEXT_STRING}, OUTPUTS, classify)]
