"""Every layer that a model can hold, in one table: made again from its config, in half precision, by XLA, without rows, padded."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from suite import recurrent
from suite.audio import deltas, mfcc, normalization, spec_augment
from suite.recurrent import cells, pooling
from suite.sequence.crf import CRF
from suite.sequence.token_embedding import TokenEmbedding
from suite.text import TextEmbedding
from suite.vision.layers import clip_mask, cosine, differences, frame_wise, normalisation, preprocessing

RNG = np.random.default_rng(0)
STEPS = RNG.normal(size=(3, 6, 5)).astype("float32")
MASK = np.arange(6) < np.array([[6], [3], [1]])
FRAMES = np.array([6, 3, 1], np.int32)
FILM = RNG.uniform(0, 255, (3, 6, 8, 8, 3)).astype("float32")
SAMPLES = RNG.normal(0, 0.1, (3, 800)).astype("float32")
SOUND = {"sample_rate": 8000, "n_fft": 128, "hop_length": 64, "n_mels": 12}
TOKENS = {
    "words": np.array([[2, 3, 1], [4, 0, 0], [2, 0, 0]], np.int32),
    "ngrams": np.array([[5, 6], [7, 0], [0, 0]], np.int32),
    "ngram_tokens": np.array([[0, 2], [0, 0], [0, 0]], np.int32),
}
ALLOWED = ([True] * 5, [[True] * 5] * 5, [True, True, True, True, False])
PICTURES = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(2, 3, kernel_initializer="ones")])

# name: (layer, what it is called with, and by name)
MASKED, COUNTED = {"mask": MASK}, {"frames": FRAMES}
TABLE = {
    "SimpleRNN": (lambda **options: recurrent.SimpleRNN(4, return_sequences=True, **options), (STEPS,), MASKED),
    "LSTM": (lambda **options: recurrent.LSTM(4, return_sequences=True, **options), (STEPS,), MASKED),
    "GRU": (lambda **options: recurrent.GRU(4, return_sequences=True, **options), (STEPS,), MASKED),
    "MinGRU": (lambda **options: recurrent.MinGRU(4, return_sequences=True, **options), (STEPS,), MASKED),
    "MinLSTM": (lambda **options: recurrent.MinLSTM(4, return_sequences=True, **options), (STEPS,), MASKED),
    "CompactLSTM": (
        lambda **options: recurrent.CompactLSTM(
            4, projection=3, couple_gates=True, layer_norm=True, return_sequences=True, **options
        ),
        (STEPS,),
        MASKED,
    ),
    "IndyLSTM": (lambda **options: recurrent.IndyLSTM(4, return_sequences=True, **options), (STEPS,), MASKED),
    "RGLRU": (lambda **options: recurrent.RGLRU(4, return_sequences=True, **options), (STEPS,), MASKED),
    "SegRNN": (lambda **options: recurrent.SegRNN(5, 4, 8, **options), (STEPS,), {}),
    "RNN": (
        lambda **options: recurrent.RNN(cells.LayerNormLSTMCell(4, **options), return_sequences=True, **options),
        (STEPS,),
        MASKED,
    ),
    "Bidirectional": (
        lambda **options: recurrent.Bidirectional(recurrent.GRU(4, return_sequences=True, **options), **options),
        (STEPS,),
        MASKED,
    ),
    "AttentionPooling": (lambda **options: recurrent.AttentionPooling(4, **options), (STEPS,), MASKED),
    "MaxMeanPooling": (lambda **options: pooling.MaxMeanPooling(**options), (STEPS,), MASKED),
    "LastPooling": (lambda **options: pooling.LastPooling(True, **options), (STEPS,), MASKED),
    "AdditiveAttention": (lambda **options: recurrent.AdditiveAttention(4, **options), (STEPS[:, 0], STEPS), MASKED),
    "DotAttention": (lambda **options: recurrent.DotAttention(**options), (STEPS[:, 0], STEPS), MASKED),
    "CRF": (lambda **options: CRF(*ALLOWED, **options), (STEPS,), MASKED),
    "TextEmbedding": (lambda **options: TextEmbedding(8, 4, **options), (TOKENS,), {}),
    "TokenEmbedding": (lambda **options: TokenEmbedding(8, 4, **options), (TOKENS["words"],), {}),
    "MelSpectrogram": (lambda **options: mfcc.MelSpectrogram(**SOUND, **options), (SAMPLES,), {"length": FRAMES * 100}),
    "LogMel": (lambda **options: mfcc.LogMel(**SOUND, **options), (SAMPLES,), {"length": FRAMES * 100}),
    "MFCC": (lambda **options: mfcc.MFCC(n_mfcc=8, **SOUND, **options), (SAMPLES,), {"length": FRAMES * 100}),
    "Deltas": (lambda **options: deltas.Deltas(width=3, **options), (STEPS,), COUNTED),
    "FeatureNormalization": (lambda **options: normalization.FeatureNormalization(**options), (STEPS,), COUNTED),
    "SpecAugment": (lambda **options: spec_augment.SpecAugment(**options), (STEPS,), COUNTED),
    "ClipMask": (lambda **options: clip_mask.ClipMask(**options), (FILM, FRAMES), {}),
    "ClipNormalisation": (lambda **options: normalisation.ClipNormalisation(**options), (FILM,), MASKED),
    "FrameDifferences": (lambda **options: differences.FrameDifferences(**options), (STEPS,), MASKED),
    "ReverseChannels": (lambda **options: preprocessing.ReverseChannels(**options), (FILM[:, 0],), {}),
    "CosineFrequencies": (lambda **options: cosine.CosineFrequencies(4, **options), (FILM,), {}),
    "FrameWise": (lambda **options: frame_wise.FrameWise(PICTURES, **options), (FILM,), MASKED),
}


@pytest.fixture(scope="module", params=TABLE)
def case(request):
    """The layer, what it is called with, and what it gives."""
    make, inputs, named = TABLE[request.param]
    keras.utils.set_random_seed(1)
    layer = make()
    return request.param, make, layer, inputs, named, tensors(layer(*inputs, **named))


def tensors(outputs):
    return [np.asarray(tf.cast(output, tf.float32)) for output in tf.nest.flatten(outputs)]


def assert_same(outputs, expected, **tolerance):
    assert len(outputs) == len(expected)
    for output, array in zip(outputs, expected, strict=True):
        np.testing.assert_allclose(output, array, **tolerance)


def test_a_layer_made_again_from_its_config_and_weights_is_the_same(case):
    _, _, layer, inputs, named, expected = case
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    again(*inputs, **named)
    again.set_weights(layer.get_weights())
    assert_same(tensors(again(*inputs, **named)), expected, atol=1e-6)


def test_a_model_that_holds_it_is_saved_and_loaded(case, tmp_path):
    _, _, layer, inputs, named, expected = case
    kept = tf.nest.map_structure(lambda array: keras.Input(array.shape[1:], dtype=array.dtype.name), (inputs, named))
    model = keras.Model(tf.nest.flatten(kept), layer(*kept[0], **kept[1]))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", compile=False)
    assert_same(tensors(loaded(tf.nest.flatten((inputs, named)))), expected, atol=1e-5)


def test_half_precision_is_near_and_finite(case):
    name, make, layer, inputs, named, expected = case
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        half = make()
    finally:
        keras.config.set_dtype_policy(before)
    half(*inputs, **named)
    half.set_weights(layer.get_weights())
    for output, array in zip(tensors(half(*inputs, **named)), expected, strict=True):
        assert np.isfinite(output).all()
        assert np.abs(output - array).max(initial=0) <= 0.05 * max(1.0, np.abs(array).max(initial=0)), name


def test_xla_gives_the_same(case):
    _, _, layer, inputs, named, expected = case
    compiled = tf.function(lambda *given, **more: layer(*given, **more), jit_compile=True)
    assert_same(tensors(compiled(*inputs, **named)), expected, atol=1e-3, rtol=1e-4)


# TensorFlow's convolution refuses a batch without pictures.
@pytest.mark.parametrize("case", [name for name in TABLE if name != "FrameWise"], indirect=True)
def test_no_rows_give_no_rows(case):
    _, _, layer, inputs, named, expected = case
    empty = tf.nest.map_structure(lambda array: array[:0], (inputs, named))
    outputs = tensors(layer(*empty[0], **empty[1]))
    assert [output.shape[1:] for output in outputs] == [array.shape[1:] for array in expected]
    assert all(len(output) == 0 for output in outputs)


PADDED = [name for name, (_, _, named) in TABLE.items() if named]


@pytest.mark.parametrize("case", PADDED, indirect=True)
def test_what_stands_in_padding_changes_nothing(case):
    name, _, layer, inputs, named, expected = case
    sequence = inputs[-1]
    steps = MASK if "length" not in named else np.arange(sequence.shape[1]) < named["length"][:, None]
    other = sequence.copy()
    other[~steps] = 7.5
    outputs = tensors(layer(*inputs[:-1], other, **named))
    for output, array in zip(outputs, expected, strict=True):
        if output.ndim > 1 and output.shape[1] == steps.shape[1]:
            output, array = output[steps], array[steps]
        np.testing.assert_allclose(output, array, atol=1e-5, err_msg=name)
