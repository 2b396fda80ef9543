"""The graph of a trained model's signature; `export` describes it, and needs no TensorFlow to do so."""

from typing import Any

import keras
import tensorflow as tf

from pipelines.tagging.model import INTENT, TAGS, decode
from suite.answers.tag_pieces import compiled_tokens
from suite.recurrent import deployment
from suite.signature import Graph
from suite.text.token_tokenizer import TokenTokenizer


def of_bytes(model: keras.Model, assets: dict[str, Any]) -> Graph:
    """Return `tag`: uint8 `(batch, bytes)` to tokens with their tags, and the intent."""
    tokenizer = TokenTokenizer.from_assets(assets)

    def tag(text: tf.Tensor) -> dict[str, tf.Tensor]:
        traced = deployment.current()
        time = None
        if traced is not None and traced.fixed:
            # In a stream no chunk may lose a token.
            time = text.shape[1] if traced.streaming else compiled_tokens(text.shape[1])
        tokens = tokenizer(text, time=time)
        outputs = model({"words": tokens["words"], "affixes": tokens["affixes"]}, training=False)
        tags, probabilities = decode(model, outputs[TAGS], tokens["words"] != 0)
        result = {
            "starts": tokens["starts"],
            "ends": tokens["ends"],
            TAGS: tags,
            "probabilities": probabilities,
            "count": tokens["count"],
        }
        return result | ({INTENT: outputs[INTENT]} if assets["intents"] else {})

    return tag
