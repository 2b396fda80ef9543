"""Settings -> Keras model: a picture and the words so far to a logit for each next word, and its losses."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras

from pipelines.captioning.config import Settings
from pipelines.captioning.data import picture_batches
from pipelines.captioning.layers import LookEverywhere, PlaceEmbedding
from pipelines.captioning.self_critical import self_critical_batches
from suite.errors import UserError
from suite.pipeline import NamedWeights, Phase
from suite.recurrent import GRU, LSTM
from suite.recurrent.attention_decoder import AttentionDecoder
from suite.sequence.loss import token_cross_entropy
from suite.sequence.scheduled_sampling import ModelTokens, TeacherTokens
from suite.sequence.token_embedding import TokenEmbedding
from suite.vision.layers import ClipMask, PictureGrid, backbone_network


def build(settings: Settings, assets: dict[str, Any]) -> keras.Model:
    """Return the model.

    Inputs: `picture` uint8 `(batch, height, width, 3)`; `tokens` int32 `(batch, time)`, the start and then the words of
    a caption (teacher forcing), padded with zeros; `length` int32 `(batch,)`, tokens that count. Output: logits float32
    `(batch, time, words)` of the word after each token; what comes after `length` means nothing and changes nothing.

    1. a network sees the picture; its maps are averaged to a grid of places, each projected where asked for, and what
       is learned of each place is added to it;
    2. the mean of the places gives the decoder's first state;
    3. the decoder reads the embedded words and, with attention, looks at the places before each;
    4. its output, what it looked at and the word before become one vector, and that a logit for each word.

    With scheduled sampling a token `-1 - word` asks for the model's own word in place of the given one: 3 and 4 then run
    once with the given words, to find the model's, and once more with those.

    Everything the model needs is in it, the weights of a backbone too. `suite.sequence.decoder` runs it word by word.

    Raises:
        UserError: if the settings of the backbone contradict one another, or its weights cannot be read.
    """
    inputs = {
        "picture": keras.Input((settings.height, settings.width, 3), dtype="uint8", name="picture"),
        "tokens": keras.Input((None,), dtype="int32", name="tokens"),
        "length": keras.Input((), dtype="int32", name="length"),
    }
    tokens, mask = inputs["tokens"], ClipMask(name="mask")(inputs["tokens"], inputs["length"])
    values = _see(inputs["picture"], settings)
    whole = keras.layers.GlobalAveragePooling1D(name="whole")(values)
    states = [
        keras.layers.Dense(settings.units, activation="tanh", name=f"first_{name}")(whole)
        for name in ("h", "c")[: 2 if settings.cell == "lstm" else 1]
    ]
    read = _reader(settings, len(assets["words"]))
    if settings.scheduled_sampling:
        first, _ = read(TeacherTokens(name="given_words")(tokens), values, states)
        tokens = ModelTokens(name="own_words")(tokens, first)
    logits, attention = read(tokens, values, states)
    if settings.attention_regulariser:
        layer = LookEverywhere(settings.attention_regulariser, name="look_everywhere")
        logits = layer(logits, attention, mask)
    return keras.Model(inputs, logits, name="captioning")


def named_weights(settings: Settings, assets: dict) -> NamedWeights:
    """Return the weights whose entries belong to words."""
    weights = ("embeddings", "bias") if settings.tied_embeddings else ("embeddings", "outputs", "bias")
    return {f"words/{weight}": (0, assets["words"]) for weight in weights}


def _reader(settings: Settings, words: int) -> Callable[..., Any]:
    """Return the decoder, a function of tokens, values and first states to logits and attention (None without it)."""
    seed, rate = settings.seed, settings.dropout
    embedding = TokenEmbedding(words, settings.embedding_size, settings.tied_embeddings, name="words")
    word_dropout = keras.layers.Dropout(rate / 2, seed=seed + 1, name="word_dropout")
    output_dropout = keras.layers.Dropout(rate / 2, seed=seed + 2, name="output_dropout")
    deep_dropout = keras.layers.Dropout(rate, seed=seed + 3, name="deep_dropout")
    from_output = keras.layers.Dense(settings.embedding_size, name="from_output")
    deep = keras.layers.Activation("tanh", name="deep")
    if settings.attention == "none":
        layer = LSTM if settings.cell == "lstm" else GRU
        decoder = layer(settings.units, return_sequences=True, name="decoder")
    else:
        decoder = AttentionDecoder(settings.units, settings.attention_units, settings.cell, name="decoder")
        from_context = keras.layers.Dense(settings.embedding_size, use_bias=False, name="from_context")
        everything = keras.layers.Add(name="all")

    def read(
        tokens: keras.KerasTensor, values: keras.KerasTensor, states: Sequence[keras.KerasTensor]
    ) -> tuple[keras.KerasTensor, keras.KerasTensor | None]:
        embedded, attention = word_dropout(embedding(tokens)), None
        if settings.attention == "none":
            summed = from_output(output_dropout(decoder(embedded, initial_state=states)))
        else:
            outputs, contexts, attention = decoder(embedded, values, initial_state=states)
            summed = everything([from_output(output_dropout(outputs)), from_context(contexts), embedded])
        return embedding(deep_dropout(deep(summed)), reverse=True), attention

    return read


def _see(picture: keras.KerasTensor, settings: Settings) -> keras.KerasTensor:
    """Return the places of a picture, `(batch, places, features)`."""
    if settings.backbone == "cnn":
        maps = _small_cnn(settings)(picture)
        values = keras.layers.Reshape((settings.grid**2, maps.shape[-1]), name="grid")(maps)
    else:
        size = settings.height, settings.width
        network = backbone_network(settings.backbone, *size, settings.backbone_weights, settings.backbone_layer)
        _check_grid(network.output_shape, settings)
        _layers_before(network, settings.fine_tune_from)  # names a layer that there is not, before any training
        values = PictureGrid(network, settings.grid, name="grid")(picture)
        # Maps differ by orders of magnitude between filters, and all of them are far from zero on average.
        values = keras.layers.BatchNormalization(momentum=0.98, name="feature_norm")(values)
    values = keras.layers.Dropout(settings.dropout / 2, seed=settings.seed, name="value_dropout")(values)
    if settings.value_units:
        values = keras.layers.Dense(settings.value_units, name="values")(values)
    return values if settings.attention == "none" else PlaceEmbedding(name="places")(values)


def _small_cnn(settings: Settings) -> keras.Model:
    picture = keras.Input((settings.height, settings.width, 3), name="picture")
    maps = keras.layers.Rescaling(1 / 127.5, -1, name="pixels")(picture)
    for index, filters in enumerate(settings.filters):
        maps = keras.layers.Conv2D(filters, 3, 2, "same", use_bias=False, name=f"conv_{index}")(maps)
        maps = keras.layers.BatchNormalization(momentum=0.9, name=f"norm_{index}")(maps)
        maps = keras.layers.ReLU(name=f"relu_{index}")(maps)
    _check_grid(maps.shape, settings)
    size = maps.shape[1] // settings.grid, maps.shape[2] // settings.grid
    maps = keras.layers.AveragePooling2D(size, name="places")(maps) if size != (1, 1) else maps
    return keras.Model(picture, maps, name="small_cnn")


def _check_grid(shape: tuple[Any, ...], settings: Settings) -> None:
    if shape[1] % settings.grid or shape[2] % settings.grid:
        expected = f"expected a divisor of {shape[1]} and {shape[2]}, the rows and columns of the maps"
        raise UserError(f"setting 'grid': {expected}. Received: {settings.grid}")


def phases(settings: Settings, assets: dict[str, Any]) -> list[Phase]:
    """Return the fits: word by word; on request with the backbone trained too; then rewarded by CIDEr."""
    fits = [Phase("train", settings.epochs, settings.learning_rate, _compile(settings, False))]
    if settings.fine_tune_epochs:
        epochs, rate = settings.fine_tune_epochs, settings.fine_tune_learning_rate
        fits.append(Phase("fine-tune", epochs, rate, _compile(settings, True), picture_batches))
    if settings.self_critical_epochs:
        fits.append(
            Phase(
                "self-critical",
                settings.self_critical_epochs,
                settings.self_critical_learning_rate,
                _compile_self_critical,
                self_critical_batches,
                ema_fraction=1.0,  # so that it begins with the weights of the phase before and keeps a share of them
            )
        )
    return fits


def _compile(settings: Settings, fine_tune: bool) -> Callable[[keras.Model, keras.optimizers.Optimizer], None]:
    def compile(model: keras.Model, optimizer: keras.optimizers.Optimizer) -> None:
        for layer in model.layers:
            if isinstance(layer, PictureGrid):
                layer.trainable = fine_tune
                for before in _layers_before(layer.network, settings.fine_tune_from):
                    before.trainable = False
            elif layer.name == "feature_norm":
                layer.trainable = not fine_tune  # so few pictures a batch have statistics of their own
        model.compile(optimizer, loss=token_cross_entropy(settings.label_smoothing))

    return compile


def _layers_before(network: keras.Model, first: str | None) -> list[keras.layers.Layer]:
    """Return the layers of a network before the one named `first`; none where it is None.

    Raises:
        UserError: if there is no such layer.
    """
    layers = [layer for layer in _all_layers(network) if not isinstance(layer, keras.Model)]
    names = [layer.name for layer in layers]
    if first is not None and first not in names:
        raise UserError(f"setting 'fine_tune_from': expected one of {', '.join(names)}. Received: {first!r}")
    return [] if first is None else layers[: names.index(first)]


def _compile_self_critical(model: keras.Model, optimizer: keras.optimizers.Optimizer) -> None:
    # What is rewarded must be what was sampled: nothing dropped, the statistics of normalisation as they are.
    for layer in _all_layers(model):
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = 0.0
        if isinstance(layer, (PictureGrid, keras.layers.BatchNormalization)):
            layer.trainable = False
    model.compile(optimizer, loss=token_cross_entropy())


def _all_layers(model: keras.Model) -> Iterator[keras.layers.Layer]:
    for layer in model.layers:
        yield layer
        if isinstance(layer, keras.Model):
            yield from _all_layers(layer)
