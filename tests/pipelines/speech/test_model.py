"""The speech model: padding changes nothing, chunks equal the whole, the loss is that of true lengths."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from pipelines.speech.config import Settings
from pipelines.speech.export import signatures
from pipelines.speech.layers import BlankPadding, LateStart, real_steps
from pipelines.speech.model import build, ctc_per_symbol
from suite.audio.convolution import TimeConvolution
from suite.recurrent.deployment import Deployment, deploying

SYMBOLS = ["", " ", "a", "b", "c"]
SMALL = {"sample_rate": 8000, "n_fft": 256, "hop_length": 80, "n_mels": 20, "n_mfcc": 10, "units": 8}
CAUSAL = {"causal": True, "bidirectional": False, "normalization": "running"}


def make(**changes):
    settings = Settings(**SMALL | {"conv_channels": (4, 4)} | changes)
    features = 10 * (1 + settings.deltas)
    assets = {"symbols": SYMBOLS, "feature_mean": [-3.0] * features, "feature_std": [20.0] * features}
    keras.utils.set_random_seed(1)
    return settings, assets, build(settings, assets)


def speech_like(*lengths):
    generator = np.random.default_rng(0)
    samples = np.zeros((len(lengths), max(lengths)), np.float32)
    for row, length in enumerate(lengths):
        samples[row, :length] = generator.normal(size=length) * 0.1 * np.sin(np.arange(length) / 900)
    return samples, np.array(lengths, np.int32)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"subsampling": 4, "conv_kernel": 3},
        {"conv_channels": (), "subsampling": 1, "top_db": 80.0},
        CAUSAL | {"deltas": 2},
    ],
    ids=["default", "subsampling 4", "no convolution", "causal"],
)
def test_padding_changes_nothing(changes):
    settings, _, model = make(**changes)
    samples, length = speech_like(4000, 2011, 97)
    batched = model([samples, length], training=False).numpy()
    for row, size in enumerate(length):
        alone = model([samples[row : row + 1, :size], length[row : row + 1]], training=False).numpy()[0]
        frames = -(-(size + settings.tail_samples) // 80) if settings.causal else 1 + size // 80
        assert len(alone) == -(-frames // settings.subsampling)
        np.testing.assert_allclose(batched[row, : len(alone)], alone, atol=1e-5)
        assert int(real_steps(batched)[row]) == len(alone)
        assert (tf.nn.softmax(batched[row, len(alone) :])[:, 0] == 1).numpy().all()


def test_a_saved_model_answers_the_same(tmp_path):
    _, _, model = make(**CAUSAL, deltas=1, time_masks=1)
    samples, length = speech_like(2000, 1500)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", compile=False)
    np.testing.assert_array_equal(again([samples, length], training=False), model([samples, length], training=False))


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_chunks_of_any_size_equal_the_whole(cell):
    """The streaming function, state and all, run by TensorFlow; a file of it is tested with the export."""
    settings, assets, model = make(**CAUSAL, deltas=1, cell=cell, chunk_milliseconds=40)
    signature = signatures(assets, settings)[0]
    samples, length = speech_like(3011)
    transcribe = signature.function(model)
    whole = transcribe(tf.constant(samples), tf.constant(length))
    size = settings.step_samples * 2
    assert signature.inputs["samples"].chunk == (size,)
    states, rows, text = None, [], b""
    assert settings.tail_samples == 2400
    heard = np.pad(samples, [(0, 0), (0, 2400)])
    for start in range(0, 3011 + 2400, size):
        piece = heard[:, start : start + size]
        padded = np.pad(piece, [(0, 0), (0, size - piece.shape[1])])
        with deploying(Deployment("loop", fixed=True, streaming=True, states=states)) as traced:
            answer = transcribe(tf.constant(padded), tf.constant([piece.shape[1]], tf.int32))
        states = traced.final
        rows.append(answer["log_probs"][0, : int(answer["frames"][0])])
        text += bytes(answer["text"][0, : int(answer["text_length"][0])].numpy())
    np.testing.assert_allclose(np.concatenate(rows), whole["log_probs"][0], atol=1e-5)
    assert text == bytes(whole["text"][0, : int(whole["text_length"][0])].numpy())


def test_a_causal_model_hears_silence_after_the_end():
    settings, _, model = make(**CAUSAL)
    _, _, without = make(**CAUSAL, tail_seconds=0)
    without.set_weights(model.get_weights())
    samples, length = speech_like(4000, 2011)
    followed = np.pad(samples, [(0, 0), (0, settings.tail_samples)])
    np.testing.assert_allclose(
        model([samples, length], training=False),
        without([followed, length + settings.tail_samples], training=False),
        atol=1e-6,
    )
    _, _, offline = make()
    assert "tail" not in {layer.name for layer in offline.layers}


def test_first_steps_are_held_back_in_training_alone():
    layer = LateStart(3, seed=0)
    logits = tf.random.stateless_normal((200, 6, 4), (1, 2))
    np.testing.assert_array_equal(layer(logits), logits)
    changed = BlankPadding()(layer(logits, training=True), tf.ones((200, 6), tf.bool)).numpy()
    held = (changed != logits.numpy()).any(axis=2)
    counts = held.sum(axis=1)
    assert set(counts) == {0, 1, 2, 3} and np.bincount(counts).min() > 25
    np.testing.assert_array_equal(held, np.arange(6) < counts[:, np.newaxis])
    assert (tf.nn.softmax(changed)[held][:, 0] == 1).numpy().all()
    assert real_steps(changed).numpy().tolist() == [6] * 200


def test_a_transcript_as_long_as_its_audio_can_be_learned_by_a_causal_model():
    settings, _, model = make(**CAUSAL)
    samples, length = speech_like(1600)  # ten steps
    targets = np.array([[10, *[2, 3] * 5]], np.int32)
    losses = [float(ctc_per_symbol(targets, model([samples, length], training=True))[0]) for _ in range(10)]
    assert settings.step_samples * 10 == 1600 and max(losses) < 20


def test_a_convolution_without_stride_is_that_of_keras():
    frames = tf.random.stateless_normal((2, 9, 8, 3), (1, 2))
    ours = TimeConvolution(5, 3)
    outputs = ours(frames, tf.ones((2, 9), tf.bool))
    theirs = keras.layers.Conv2D(5, 3, (1, 2), padding="valid", activation="relu")
    theirs.build(frames.shape)
    theirs.set_weights(ours.get_weights())
    np.testing.assert_allclose(outputs, theirs(tf.pad(frames, [[0, 0], [1, 1], [1, 1], [0, 0]])), atol=1e-6)


def test_the_loss_is_that_of_the_true_lengths():
    _, _, model = make()
    samples, length = speech_like(4000, 1600)
    logits = model([samples, length], training=False)
    targets = np.array([[3, 2, 3, 2], [1, 4, 0, 0]], np.int32)
    ours = ctc_per_symbol(targets, logits)
    for row, labels in enumerate(([2, 3, 2], [4])):
        alone = model([samples[row : row + 1, : length[row]], length[row : row + 1]], training=False)
        expected = tf.nn.ctc_loss(
            tf.constant([labels]), alone, [len(labels)], [alone.shape[1]], logits_time_major=False, blank_index=0
        )
        assert float(ours[row]) == pytest.approx(float(expected[0]) / 2, rel=1e-4)  # two symbols on average


@pytest.mark.parametrize("changes", [{"n_mels": 4, "n_mfcc": 3}, {"conv_kernel": 31}, {"conv_channels": (4,) * 6}])
def test_a_convolution_may_see_more_features_than_there_are(changes):
    _, _, model = make(**changes)
    logits = model(list(speech_like(4000)), training=False)
    assert logits.shape[-1] == len(SYMBOLS) and np.all(np.isfinite(logits))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"hop_length": 999}, "hop_length.*256.*999"),
        ({"n_fft": 551}, "n_fft.*even number.*551"),
        ({"conv_channels": (8, 0)}, "conv_channels.*positive.*0"),
        ({"n_mfcc": 30}, "n_mfcc.*20.*30"),
        ({"conv_kernel": 4}, "odd number.*4"),
        ({"conv_channels": (4,), "subsampling": 4}, "subsampling.*allow 2.*4"),
        ({"speed": (1.2, 0.9)}, "speed.*lower first"),
        ({"causal": True}, "causal.*bidirectional True"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(changes, words):
    with pytest.raises(ValueError, match=words):
        Settings(**SMALL | changes)
