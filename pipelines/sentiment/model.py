"""Token ids to class probabilities and the weight of each token."""

from collections.abc import Callable, Iterable
from typing import Any

import keras
import tensorflow as tf

from pipelines.sentiment.config import Settings
from suite.pipeline import NamedWeights, Phase
from suite.recurrent import make_pooling, recurrent_stack
from suite.text import TextEmbedding, make_tokenizer
from suite.text.vector_rows import RESERVED_ROWS, vectors_of_rows


def build(settings: Settings, assets: dict[str, Any]) -> keras.Model:
    """Return the network: embedding, recurrent layers, pooling, classes.

    Args:
        settings: `Settings` of this pipeline.
        assets: `labels`, the sorted class names; what `prepare` returned of the vocabulary.

    Returns:
        A model that takes the tokenizer's dict of `int32 (batch, time)` and `(batch, count)` tensors and gives the
        probabilities of the classes, `float32 (batch, classes)`. A text without tokens has the probabilities that the
        classes' biases give. `with_attention` makes the same model tell what each token counted for.
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
    features = recurrent_stack(
        features,
        settings.units,
        cell=settings.cell,
        layers=settings.layers,
        bidirectional=settings.bidirectional,
        dropout=settings.dropout,
        return_sequences=settings.pooling != "last",
        mask=mask,
        seed=seed + 3,
    )
    pooled, _ = make_pooling(settings.pooling, settings.bidirectional)(features, mask=mask)
    pooled = keras.layers.Dropout(settings.dropout, seed=seed + 2, name="dropout")(pooled)
    probabilities = keras.layers.Dense(
        len(assets["labels"]), activation="softmax", dtype="float32", name="probabilities"
    )(pooled)
    return keras.Model(inputs, probabilities, name="sentiment")


def _embedding(rows: int, settings: Settings, assets: dict) -> TextEmbedding:
    initializer = keras.initializers.RandomUniform(-0.1, 0.1, settings.seed)
    fixed = _fixed_rows(settings, assets)
    return TextEmbedding(rows, settings.embedding, initializer=initializer, fixed=fixed, name="embedding")


def _fixed_rows(settings: Settings, assets: dict) -> int:
    """Return how many rows hold word vectors that training leaves alone."""
    return 0 if settings.learn_word_vectors else len(assets.get("vector_words", ()))


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
    names: NamedWeights = {"probabilities/kernel": (1, labels), "probabilities/bias": (0, labels)}
    fixed = _fixed_rows(settings, assets)
    if fixed:
        names["embedding/vectors"] = (0, rows[RESERVED_ROWS : RESERVED_ROWS + fixed])
    return names | {"embedding/table": (0, [*rows[:RESERVED_ROWS], *rows[RESERVED_ROWS + fixed :]])}


def with_attention(model: keras.Model) -> keras.Model:
    """Return `model` (built here, or loaded) with a dict as output, sharing its weights.

    `probabilities`, `float32 (batch, classes)`, are the model's own. `attention`, `(batch, time)`, is what each token
    counted for: 0 for padding, and adding up to 1 (to 0 for a text without tokens). With attention pooling these are
    the layer's weights; with `max_mean` half of it is each token's equal share of the mean and half its share of the
    features whose maximum it holds; with `last` it stands on the last token, or half of it on the first where the
    layers read backwards too.
    """
    _, attention = model.get_layer("pooling").output
    return keras.Model(model.inputs, {"probabilities": model.output, "attention": attention}, name=model.name)


def class_weights(labels: list[str], targets: Iterable[str]) -> list[float]:
    """Return the weight of each class that makes all classes count alike: `examples / (classes * examples of it)`.

    Args:
        labels: The class names.
        targets: The label of each training example; a class without examples gets weight 0.
    """
    counts = [sum(target == label for target in targets) for label in labels]
    return [sum(counts) / (len(labels) * count) if count else 0.0 for count in counts]


def make_loss(settings: Settings, assets: dict[str, Any]) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor] | str:
    """Return the loss of `probabilities`, a function of `(targets int (batch,), probabilities)` to `(batch,)`.

    Cross-entropy with `settings.label_smoothing`; with `settings.class_weights: balanced` each example counts by the
    weight of its class in `assets["class_weights"]`.
    """
    classes = len(assets["labels"])
    weights = assets["class_weights"] if settings.class_weights == "balanced" else [1.0] * classes
    weights = tf.constant(weights, tf.float32)

    def weighted_cross_entropy(targets: tf.Tensor, probabilities: tf.Tensor) -> tf.Tensor:
        targets = tf.reshape(tf.cast(targets, tf.int32), [-1])
        losses = keras.losses.categorical_crossentropy(
            tf.one_hot(targets, classes), probabilities, label_smoothing=settings.label_smoothing
        )
        return losses * tf.gather(weights, targets)

    return weighted_cross_entropy


def phases(settings: Settings, assets: dict[str, Any]) -> list[Phase]:
    """Return the one fit of this pipeline."""

    def compile(model: keras.Model, optimizer: keras.optimizers.Optimizer) -> None:
        # By its name alone Keras would make the metric's variables in the first batch, and trace the step a second time.
        accuracy = keras.metrics.SparseCategoricalAccuracy("accuracy")
        model.compile(optimizer, loss=make_loss(settings, assets), metrics=[accuracy])

    return [Phase("train", settings.epochs, settings.learning_rate, compile)]
