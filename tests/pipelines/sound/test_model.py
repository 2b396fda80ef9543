"""The sound model: padding changes nothing, chunks equal the whole, a margin is an angle, windows slide to the end."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from pipelines.sound.config import Settings
from pipelines.sound.export import signatures
from pipelines.sound.layers import SCALE, cross_entropy
from pipelines.sound.listening import sliding_windows
from pipelines.sound.model import build
from pipelines.sound.statistics import learn_directions
from suite.audio.front_end import feature_model
from suite.recurrent.deployment import Deployment, deploying
from suite.runtime.keras_runtime import KerasPredictor

SMALL = {"sample_rate": 8000, "n_fft": 256, "hop_length": 80, "n_mels": 16, "units": 6, "conv_channels": (3, 4)}
CAUSAL = {"causal": True, "bidirectional": False}
LABELS = ["a", "b", "c"]
CLIPS = [0.1 * np.random.default_rng(size).standard_normal(size).astype(np.float32) for size in (8000, 5300, 900)]


def make(**changes):
    """Model and predictors of its signatures; feature statistics as of noise."""
    settings = Settings(**SMALL | changes)
    assets = {"labels": LABELS, "feature_mean": [-15.0] * 16, "feature_std": [9.0] * 16}
    assets |= {"voice_weights": np.eye(32, 2).tolist(), "voice_bias": [1.0, 9.0]}
    keras.utils.set_random_seed(1)
    model = build(settings, assets)
    return model, signatures(assets, settings)


def arrays(clip, padding=0):
    return {"samples": np.pad(clip, (0, padding)), "length": np.int32(len(clip))}


@pytest.mark.parametrize(
    "changes", [{"embedding": 5, "statistics": True}, {"features": "pcen", "pooling": "max_mean", **CAUSAL}]
)
def test_padding_and_neighbors_change_nothing(changes):
    model, described = make(**changes)
    predictor = KerasPredictor(model, described)
    alone = [predictor([arrays(clip)])[0] for clip in CLIPS]
    together = predictor([arrays(clip, 700) for clip in CLIPS])
    for mine, theirs in zip(together, alone, strict=True):
        np.testing.assert_allclose(mine["probabilities"], theirs["probabilities"], atol=1e-5)
        assert mine["probabilities"].sum() == pytest.approx(1, abs=1e-5)
    if "embedding" in changes:
        assert [signature.name for signature in described] == ["classify", "embed"]
        prints = predictor.sibling("embed")([arrays(clip) for clip in CLIPS])
        np.testing.assert_allclose([np.linalg.norm(answer["embedding"]) for answer in prints], 1, atol=1e-4)


@pytest.mark.parametrize(
    "changes",
    [
        {"normalization": "running", "pooling": "attention", "cell": "gru"},
        {"features": "pcen", "pooling": "max_mean", "cell": "lstm", "subsampling": 4},
        {"features": "mfcc", "n_mfcc": 16, "pooling": "last", "embedding": 4, "statistics": True},
    ],
)
def test_chunk_by_chunk_is_the_whole_clip(changes):
    model, (signature, *_) = make(**CAUSAL | changes)
    classify, (size,) = signature.function(model), signature.inputs["samples"].chunk
    samples = CLIPS[0][: 8000 // size * size]
    states, answer = None, None
    for chunk in samples.reshape(-1, size):
        with deploying(Deployment("loop", fixed=True, streaming=True, states=states)) as traced:
            answer = classify(tf.constant(chunk[np.newaxis]), tf.constant([size]))
        states = traced.final
    (whole,) = KerasPredictor(model, [signature])([arrays(samples)])
    np.testing.assert_allclose(answer["probabilities"][0], whole["probabilities"], atol=2e-5)


def test_directions_are_those_that_discriminant_analysis_finds():
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    settings = Settings(**SMALL, embedding=4, statistics=True)
    generator = np.random.default_rng(0)
    tones = [np.sin(np.arange(3000) * (0.3 + 0.3 * (row % 3)) + row) for row in range(18)]
    clips = (0.2 * np.array(tones) + 0.05 * generator.standard_normal((18, 3000))).astype(np.float32)
    lengths, classes = np.array([3000, 2400] * 9, np.int32), np.arange(18) % 3
    learned = learn_directions([({"samples": clips, "length": lengths}, tf.constant(classes))], settings)
    features, counts = (part.numpy() for part in feature_model(settings)([clips, lengths]))
    rows = [rows[:count] for rows, count in zip(features, counts, strict=True)]
    table = np.array([[*row.mean(0), *row.std(0)] for row in rows])
    scaled = (table - table.mean(0)) / table.std(0)
    expected = LinearDiscriminantAnalysis(solver="eigen", shrinkage=0.2).fit(scaled, classes).transform(scaled)
    received = table @ np.array(learned["voice_weights"]) + learned["voice_bias"]
    np.testing.assert_allclose(np.abs(received), np.abs(expected[:, :2]), atol=0.02 * np.abs(expected).max())


def test_a_model_that_hears_ahead_says_why_it_cannot_stream():
    _, (signature,) = make()
    assert not signature.inputs["samples"].chunk and "causal=true" in signature.rules.offline


def test_a_margin_is_added_to_the_angle_of_the_true_class():
    angles = np.array([[0.5, 1.2, 2.0], [1.0, 0.3, 2.5]])
    targets, logits = np.array([0, 2]), SCALE * np.cos(angles)
    farther = SCALE * np.cos(angles + 0.3 * np.eye(3)[targets])
    expected = [np.log(np.exp(row).sum()) - row[target] for row, target in zip(farther, targets, strict=True)]
    loss = cross_entropy(3, 0.0, 0.3)(targets, logits.astype(np.float32))
    np.testing.assert_allclose(loss, expected, rtol=1e-3)
    plain = cross_entropy(3, 0.0, 0.0)(targets, logits.astype(np.float32))
    expected = keras.losses.sparse_categorical_crossentropy(targets, logits, from_logits=True)
    np.testing.assert_allclose(plain, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("total", [3, 10, 11, 25, 27, 30])
@pytest.mark.parametrize("block", [4, 100])
def test_windows_slide_over_a_recording_to_its_end(total, block):
    samples = np.arange(total, dtype=np.float32)
    blocks = [samples[start : start + block] for start in range(0, total, block)]
    windows = list(sliding_windows(blocks, 10, 5))
    for start, window in windows:
        np.testing.assert_array_equal(window, samples[start : start + len(window)])
        assert len(window) == min(10, total)
    assert [start for start, _ in windows] == sorted({*range(0, max(total - 9, 1), 5), max(total - 10, 0)})
