"""PCEN is librosa's, whole and chunk by chunk."""

import librosa
import numpy as np
import tensorflow as tf

from suite.audio.features import PCEN, MelSpectrogram
from suite.recurrent.deployment import Deployment, deploying

OPTIONS = {"sample_rate": 8000, "n_fft": 256, "hop_length": 80, "n_mels": 20}
SAMPLES = (0.1 * np.random.default_rng(0).standard_normal(8000) * np.linspace(0, 1, 8000)).astype(np.float32)


def test_the_running_mean_and_the_roots_are_librosas():
    power = MelSpectrogram(**OPTIONS)(SAMPLES[np.newaxis])[0].numpy().T.astype(np.float64) * 2.0**30
    layer = PCEN(**OPTIONS)
    start = (1 - layer.share) * power[:, :1]
    expected = librosa.pcen(power, sr=8000, hop_length=80, zi=start)
    np.testing.assert_allclose(layer(SAMPLES[np.newaxis])[0].numpy().T, expected, rtol=2e-3, atol=2e-3)


def test_padding_changes_nothing_and_chunks_are_the_whole():
    layer = PCEN(**OPTIONS, causal=True, name="features")
    whole = layer(SAMPLES[np.newaxis])[0].numpy()
    padded = layer(np.pad(SAMPLES, (0, 4000))[np.newaxis], tf.constant([8000]))[0].numpy()
    np.testing.assert_allclose(padded[:100], whole, rtol=1e-3, atol=1e-4)
    assert not padded[100:].any()
    states, chunks = None, []
    for chunk in np.split(SAMPLES, 10):
        with deploying(Deployment("loop", fixed=True, streaming=True, states=states)) as traced:
            chunks.append(layer(tf.constant(chunk[np.newaxis]))[0].numpy())
        states = traced.final
    np.testing.assert_allclose(np.concatenate(chunks), whole, rtol=1e-3, atol=1e-4)
