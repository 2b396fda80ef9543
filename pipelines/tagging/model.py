"""Rows of words and their affixes to the scores of tags, and to an intent where the data has one."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from pipelines.tagging.config import Settings
from suite.data.tag_schemes import allowed_transitions
from suite.pipeline import NamedWeights, Phase
from suite.recurrent import make_pooling, recurrent_stack
from suite.sequence.crf import CRF
from suite.text import TextEmbedding
from suite.text.token_rule import AFFIXES
from suite.text.token_tokenizer import TokenTokenizer
from suite.text.vector_rows import fixed_rows, row_names, vectors_of_rows

TAGS, INTENT, CRF_LAYER = "tags", "intent", "crf"


def build(settings: Settings, assets: dict[str, Any]) -> keras.Model:
    """Return the network: embeddings of word and affixes, recurrent layers, a score for each tag, pooling for the intent.

    Args:
        assets: What `prepare` returned.

    Returns:
        A model that takes `words int32 (batch, time)`, 0 is padding, and `affixes int32 (batch, time, 8)`, and gives `tags`,
        the logits `float32 (batch, time, tags)`, and with intents `intent`, their probabilities `float32 (batch, intents)`.

    Source: Huang et al. 2015, "Bidirectional LSTM-CRF Models for Sequence Tagging".
    """
    tokenizer = TokenTokenizer.from_assets(assets)
    inputs = {
        name: keras.Input(spec.shape[1:], dtype=spec.dtype.name, name=name) for name, spec in tokenizer.specs.items()
    }
    seed = settings.seed
    mask = keras.ops.not_equal(inputs["words"], 0)
    features = [_embed_words(inputs["words"], tokenizer.word_rows, settings, assets)]
    if settings.affix_embedding:
        embedding = keras.layers.Embedding(
            tokenizer.affix_rows, settings.affix_embedding, _uniform(seed + 1), name="affix_embedding"
        )
        flat = keras.layers.Reshape((-1, AFFIXES * settings.affix_embedding), name="affixes_of_token")
        features.append(flat(embedding(inputs["affixes"])))
    features = keras.layers.Concatenate(name="features")(features) if len(features) > 1 else features[0]
    features = keras.layers.Dropout(settings.embedding_dropout, seed=seed, name="embedding_dropout")(features)
    features = recurrent_stack(
        features,
        settings.units,
        cell=settings.cell,
        layers=settings.layers,
        bidirectional=settings.bidirectional,
        dropout=settings.dropout,
        mask=mask,
        seed=seed + 3,
    )
    features = keras.layers.Dropout(settings.dropout, seed=seed + 2, name="dropout")(features)
    logits = keras.layers.Dense(len(assets["labels"]), dtype="float32", name="logits")(features)
    if settings.decoder == CRF_LAYER:
        start, pairs, end = allowed_transitions(assets["labels"], assets["scheme"])
        logits = CRF(start.tolist(), pairs.tolist(), end.tolist(), name=CRF_LAYER)(logits, mask=mask)
    outputs = {TAGS: logits}
    if assets["intents"]:
        pooled, _ = make_pooling("attention", settings.bidirectional)(features, mask=mask)
        outputs[INTENT] = keras.layers.Dense(
            len(assets["intents"]), activation="softmax", dtype="float32", name=INTENT
        )(pooled)
    return keras.Model(inputs, outputs, name="tagging")


def _embed_words(words: keras.KerasTensor, rows: int, settings: Settings, assets: dict[str, Any]) -> keras.KerasTensor:
    fixed = fixed_rows(settings, assets)
    embedding = TextEmbedding(rows, settings.embedding, _uniform(settings.seed), fixed, name="embedding")
    features = embedding({"words": words})
    if settings.word_vectors and "vector_words" in assets:
        embedding.assign_vectors(vectors_of_rows(settings, assets["vector_words"]).vectors)
    return features


def _uniform(seed: int) -> keras.initializers.Initializer:
    return keras.initializers.RandomUniform(-0.25, 0.25, seed)


def named_weights(settings: Settings, assets: dict[str, Any]) -> NamedWeights:
    """Return the weights whose entries belong to tags, intents, and the hash addresses of words and affixes."""
    labels, words = assets["labels"], ["padding", "unknown", *assets["words"]]
    names: NamedWeights = {"logits/kernel": (1, labels), "logits/bias": (0, labels)}
    names |= row_names(words, fixed_rows(settings, assets))
    if settings.decoder == CRF_LAYER:
        names |= {"crf/transitions": ((0, 1), labels), "crf/start": (0, labels), "crf/end": (0, labels)}
    if settings.affix_embedding:
        names["affix_embedding/embeddings"] = (0, ["padding", "unknown", *assets["affixes"]])
    if assets["intents"]:
        names |= {"intent/kernel": (1, assets["intents"]), "intent/bias": (0, assets["intents"])}
    return names


def phases(settings: Settings, assets: dict[str, Any]) -> list[Phase]:
    """Return the one fit of this pipeline."""

    def compile(model: keras.Model, optimizer: keras.optimizers.Optimizer) -> None:
        losses = {TAGS: tag_loss(model)}
        if assets["intents"]:
            losses[INTENT] = "sparse_categorical_crossentropy"
        model.compile(optimizer, loss=losses)

    return [Phase("train", settings.epochs, settings.learning_rate, compile)]


def tag_loss(model: keras.Model) -> Any:
    """Return the loss of tags, a function of targets int `(batch, time)`, where -1 is padding, and logits; nats.

    With a CRF it is the negative log-likelihood of each sentence, `(batch,)`; else each token's cross-entropy, `(batch, time)`,
    of which Keras leaves out the padding by the mask of the logits.
    """
    names = [layer.name for layer in model.layers]
    crf = model.get_layer(CRF_LAYER) if CRF_LAYER in names else None

    def loss(targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        targets = tf.cast(targets, tf.int32)
        mask, tags = targets >= 0, tf.maximum(targets, 0)
        if crf is not None:
            return -crf.log_likelihood(logits, tags, mask)
        return tf.nn.sparse_softmax_cross_entropy_with_logits(tags, logits)

    return loss


def decode(model: keras.Model, logits: tf.Tensor, mask: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the best tags, int32 `(batch, time)`, and how likely each is, float32; zeros in padding.

    With a CRF the tags are the likeliest sequence that its scheme allows, and a tag's probability counts all sequences.
    """
    names = [layer.name for layer in model.layers]
    if CRF_LAYER in names:
        crf = model.get_layer(CRF_LAYER)
        (tags, _), probabilities = crf.decode(logits, mask), crf.marginals(logits, mask)
    else:
        probabilities = tf.nn.softmax(logits)
        tags = tf.argmax(logits, axis=-1, output_type=tf.int32)
    labels = np.arange(logits.shape[-1], dtype=np.int32)
    of_tag = tf.reduce_sum(tf.where(tags[..., tf.newaxis] == labels, probabilities, 0.0), axis=-1)
    return tf.where(mask, tags, 0), tf.where(mask, of_tag, 0.0)
