"""Token ids to class probabilities and the weight of each token."""

from functools import partial
from typing import Any

import keras

from pipelines.sentiment.config import Settings
from suite.answers.class_model import class_loss, class_names, class_probabilities, compile_classes
from suite.pipeline import NamedWeights, Phase
from suite.text import TextEmbedding, make_tokenizer
from suite.text.vector_rows import fixed_rows, row_names, vectors_of_rows


def build(settings: Settings, assets: dict[str, Any]) -> keras.Model:
    """Return the network: embedding, recurrent layers, pooling, classes.

    Args:
        assets: `labels`, the sorted class names; what `prepare` returned of the vocabulary.

    Returns:
        A model that takes the tokenizer's dict of `int32 (batch, time)` and `(batch, count)` tensors and gives the
        probabilities of the classes, `float32 (batch, classes)`. A text without tokens has the probabilities that the
        classes' biases give. `class_model.with_attention` makes the same model tell what each token counted for.
    """
    tokenizer = make_tokenizer(settings, assets)
    inputs = {
        name: keras.Input(spec.shape[1:], dtype=spec.dtype.name, name=name) for name, spec in tokenizer.specs.items()
    }
    seed = settings.seed
    mask = keras.ops.not_equal(inputs["words"], 0)
    embedding = _embedding(tokenizer.rows, settings, assets)
    features = embedding(inputs)
    if settings.word_vectors and "vector_words" in assets:
        embedding.assign_vectors(vectors_of_rows(settings, assets["vector_words"]).vectors)
    features = keras.layers.SpatialDropout1D(settings.embedding_dropout, seed=seed, name="embedding_dropout")(features)
    # One draw for a whole token, (batch, time, 1). Equal seeds would make the dropouts draw alike.
    features = keras.layers.Dropout(settings.word_dropout, (None, None, 1), seed + 1, name="word_dropout")(features)
    probabilities = class_probabilities(features, mask, settings, assets["labels"])
    return keras.Model(inputs, probabilities, name="sentiment")


def _embedding(rows: int, settings: Settings, assets: dict) -> TextEmbedding:
    initializer = keras.initializers.RandomUniform(-0.1, 0.1, settings.seed)
    fixed = fixed_rows(settings, assets)
    return TextEmbedding(rows, settings.embedding, initializer=initializer, fixed=fixed, name="embedding")


def named_weights(settings: Settings, assets: dict) -> NamedWeights:
    """Return the weights whose entries belong to classes, and the embeddings of the tokenizer's vocabulary.

    The rows of the bytes tokenizer go by hash address; without a learned vocabulary they have no names but their places
    in a table of that size. Rows with fixed word vectors are a weight of their own.
    """
    labels, vocabulary = assets["labels"], assets.get("vocabulary")
    if vocabulary is None:
        rows = [f"row {row} of {settings.hash_buckets}" for row in range(settings.hash_buckets)]
    else:
        rows = vocabulary if settings.tokenizer == "wordpiece" else ["padding", "rare", *vocabulary]
    return class_names(labels) | row_names(rows, fixed_rows(settings, assets))


def phases(settings: Settings, assets: dict[str, Any]) -> list[Phase]:
    """Return the one fit of this pipeline."""
    weights = assets["class_weights"] if settings.class_weights == "balanced" else None
    loss = class_loss(len(assets["labels"]), settings.label_smoothing, weights)
    return [Phase("train", settings.epochs, settings.learning_rate, partial(compile_classes, loss=loss))]
