"""Mel bands with each one's own loudness taken out, as it has been lately."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from suite.audio.mfcc import MelSpectrogram
from suite.recurrent.deployment import current
from suite.recurrent.export_scan import exported_scan
from suite.recurrent.scanning import linear_scan


@keras.saving.register_keras_serializable(package="suite")
class PCEN(MelSpectrogram):
    """Per-channel energy normalization of mel bands: `librosa.pcen`, of samples scaled to 16 bits.

    With `E` the power of a band, `M_t = (1 - b) M_(t-1) + b E_t` its running mean, which begins at the first frame's `E`, so
    that steady noise is normalized from there on,

        out = (E / (1e-6 + M) ** gain + bias) ** power - bias ** power

    Args:
        time_constant: Seconds that the running mean looks back.
        gain, bias, power: As above.
        **kwargs: As `MelSpectrogram`. A causal layer carries the running mean as well.

    Call arguments and result: as `MelSpectrogram`.

    Source: Wang et al. 2017, "Trainable Frontend For Robust and Far-Field Keyword Spotting".
    """

    scale = 32768.0  # of 16 bits
    epsilon = 1e-6

    def __init__(
        self, *, time_constant: float = 0.4, gain: float = 0.98, bias: float = 2.0, power: float = 0.5, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.time_constant, self.gain, self.bias, self.power = time_constant, gain, bias, power

    @property
    def share(self) -> float:
        """How much a frame counts in the running mean: `b`, from the time constant as librosa has it."""
        frames = self.time_constant * self.sample_rate / self.hop_length
        return float((np.sqrt(1 + 4 * frames**2) - 1) / (2 * frames**2))

    def _from_power(self, power: tf.Tensor, length: tf.Tensor | None) -> tf.Tensor:
        power = power * tf.constant(self.scale**2, power.dtype)
        mean = self._running_mean(power)
        # gain and root by logarithms: a power with a broken exponent is no op that every runtime has in 8 bits.
        level = power * tf.exp(-self.gain * tf.math.log(self.epsilon + mean))
        return tf.exp(self.power * tf.math.log(level + self.bias)) - self.bias**self.power

    def _running_mean(self, power: tf.Tensor) -> tf.Tensor:
        start, deployment = power[:, 0], current()
        if deployment is not None:
            power = tf.reshape(power, (1, power.shape[1] or -1, self.n_mels))
            start = tf.reshape(start, (1, self.n_mels))
            if deployment.streaming:
                zeros = tf.zeros((1, self.n_mels))
                carried = deployment.carry(f"{self.name}_mean", zeros)
                started = deployment.carry(f"{self.name}_started", tf.zeros((1, 1)))
                start = tf.where(started > 0, carried, start)
                deployment.keep(f"{self.name}_started", tf.ones((1, 1)))
        drive = self.share * power
        decay = tf.fill(tf.shape(drive), tf.cast(1 - self.share, drive.dtype))
        if deployment is None:
            return linear_scan(decay, drive, start)
        mean = exported_scan(decay, drive, start)
        if deployment.streaming:
            deployment.keep(f"{self.name}_mean", mean[:, -1])
        return mean

    def get_config(self) -> dict[str, Any]:
        names = ("time_constant", "gain", "bias", "power")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
