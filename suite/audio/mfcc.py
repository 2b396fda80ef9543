"""Mel spectrograms and mel-frequency cepstral coefficients, equal to librosa's, that stream where they are causal."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from suite.audio.frames import FloatLayer, frame_mask, keep_frames
from suite.audio.framing import frame_count
from suite.recurrent.deployment import current


@keras.saving.register_keras_serializable(package="suite")
class MelSpectrogram(FloatLayer):
    """Power in mel bands: `librosa.feature.melspectrogram` with its defaults (periodic Hann window, Slaney's bands).

    Args:
        sample_rate: Of the samples, in Hz.
        n_fft: Samples of one Fourier transform; even. On the phone one that is no power of two is done by matrix
            product, which makes the file 4 * n_fft ** 2 bytes larger.
        hop_length: Samples from one frame to the next, at most n_fft.
        n_mels: Number of bands.
        win_length: Samples of the window, centred in n_fft; n_fft where None.
        fmin, fmax: Lowest and highest frequency of the bands in Hz; fmax is half the sample rate where None.
        causal: See `suite.audio.frames`.

    Call arguments:
        samples: `(batch, N)` in [-1, 1], or int16.
        length: `(batch,)` integers, the samples that count in each row; the rest is padding. None: all.

    Returns:
        `(batch, frames, n_mels)`; zeros in frames past `frame_count(length, hop_length, causal)`.

    While a streaming chunk is traced, a causal layer carries the last n_fft - hop_length samples.
    """

    def __init__(
        self,
        *,
        sample_rate: int,
        n_fft: int,
        hop_length: int,
        n_mels: int,
        win_length: int | None = None,
        fmin: float = 0.0,
        fmax: float | None = None,
        causal: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if n_fft < 2 or n_fft % 2:
            raise ValueError(f"`n_fft` must be even. Received: n_fft={n_fft}")
        if not 1 <= hop_length <= n_fft:
            raise ValueError(
                f"`hop_length` must be between 1 and `n_fft`. Received: hop_length={hop_length}, n_fft={n_fft}"
            )
        if win_length is not None and not 1 <= win_length <= n_fft:
            raise ValueError(
                f"`win_length` must be between 1 and `n_fft`. Received: win_length={win_length}, n_fft={n_fft}"
            )
        self.sample_rate = sample_rate
        self.n_fft = n_fft
        self.hop_length = hop_length
        self.n_mels = n_mels
        self.win_length = win_length
        self.fmin = fmin
        self.fmax = fmax
        self.causal = causal

    def build(self, samples_shape: tuple[int | None, ...], length_shape: tuple[int | None, ...] | None = None) -> None:
        import librosa

        window = librosa.filters.get_window("hann", self.win_length or self.n_fft, fftbins=True)
        self._window = librosa.util.pad_center(window, size=self.n_fft)
        self._bands = librosa.filters.mel(
            sr=self.sample_rate, n_fft=self.n_fft, n_mels=self.n_mels, fmin=self.fmin, fmax=self.fmax
        ).T

    def call(self, samples: tf.Tensor, length: tf.Tensor | None = None) -> tf.Tensor:
        if samples.dtype.is_integer:
            samples = tf.cast(samples, self.compute_dtype) / 32768
        frames = self._frames(samples, length) * tf.constant(self._window, self.compute_dtype)
        features = self._from_power(_product(self._power(frames), self._bands), length)
        return features if length is None else keep_frames(features, self._valid(features, length))

    def frame_count(self, length: Any) -> Any:
        """Return the number of frames that `length` samples give."""
        return frame_count(length, self.hop_length, self.causal)

    def _from_power(self, power: tf.Tensor, length: tf.Tensor | None) -> tf.Tensor:
        return power

    def _valid(self, features: tf.Tensor, length: tf.Tensor) -> tf.Tensor:
        return frame_mask(self.frame_count(length), tf.shape(features)[1])

    def _frames(self, samples: tf.Tensor, length: tf.Tensor | None) -> tf.Tensor:
        """Return `(batch, frames, n_fft)`.

        Cuts the samples into rows of one hop; a frame is a few rows side by side. `tf.signal.frame` does the same with
        gathers, which take longer.
        """
        batch, size = samples.shape[0], samples.shape[1] or tf.shape(samples)[1]
        hop, past = self.hop_length, self.n_fft - self.hop_length
        left_context = past if self.causal else self.n_fft // 2
        side_by_side = -(-self.n_fft // hop)
        frames = self.frame_count(size)
        rows = frames + side_by_side - 1
        if (deployment := current()) is not None and deployment.streaming:
            if not self.causal:
                raise ValueError(f"{self.name}: only causal features stream. Received: causal=False")
            if past:
                before = deployment.carry(f"{self.name}_samples", tf.zeros((1, past), samples.dtype))
                samples = tf.concat([before, samples], axis=1)
                deployment.keep(f"{self.name}_samples", samples[:, size:])
            samples = tf.pad(samples, [[0, 0], [0, side_by_side * hop]])
        else:
            samples = tf.pad(samples, [[0, 0], [left_context, side_by_side * hop]])
        samples = tf.reshape(samples[:, : rows * hop], (-1 if batch is None else batch, rows, hop))
        if length is not None:
            # Row by row, as a comparison of every sample with the length would put a constant of that size in the file;
            # not by a product, as padding may be NaN.
            ends = tf.cast(length, tf.int32)[:, tf.newaxis] + left_context - hop * tf.range(rows)
            valid = tf.range(hop) < ends[..., tf.newaxis]
            samples = tf.where(valid, samples, tf.zeros_like(samples))
        return tf.concat([samples[:, i : i + frames] for i in range(side_by_side)], axis=2)[:, :, : self.n_fft]

    def _power(self, frames: tf.Tensor) -> tf.Tensor:
        """Return the power spectrum `(batch, frames, 1 + n_fft // 2)`."""
        if current() is None or self.n_fft & (self.n_fft - 1) == 0:
            return tf.square(tf.abs(tf.signal.rfft(frames)))
        # RFFT2D of TFLite knows powers of two only.
        turns = np.outer(np.arange(self.n_fft), np.arange(1 + self.n_fft // 2)) % self.n_fft / self.n_fft
        cosine, sine = np.cos(2 * np.pi * turns), np.sin(2 * np.pi * turns)
        return tf.square(_product(frames, cosine)) + tf.square(_product(frames, sine))

    def get_config(self) -> dict[str, Any]:
        names = ("sample_rate", "n_fft", "hop_length", "n_mels", "win_length", "fmin", "fmax", "causal")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


@keras.saving.register_keras_serializable(package="suite")
class LogMel(MelSpectrogram):
    """Mel bands in decibels: `librosa.power_to_db(librosa.feature.melspectrogram(...))`, 10 log10(max(power, amin)).

    Args:
        amin: The power that counts as silence.
        top_db: Decibels below the loudest value of the whole clip at which values are cut off; None: nowhere. It needs
            the whole clip, so that causal features cannot have it.
        **kwargs: As `MelSpectrogram`.

    Call arguments and result: as `MelSpectrogram`; the loudest value is looked for in the frames that count.
    """

    def __init__(self, *, amin: float = 1e-10, top_db: float = 80.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if amin <= 0:
            raise ValueError(f"`amin` must be positive. Received: amin={amin}")
        if top_db is not None and top_db < 0:
            raise ValueError(f"`top_db` must not be negative. Received: top_db={top_db}")
        if top_db is not None and self.causal:
            raise ValueError(
                f"`top_db` looks at the whole clip: it must be None where causal. Received: top_db={top_db}"
            )
        self.amin = amin
        self.top_db = top_db

    def _from_power(self, power: tf.Tensor, length: tf.Tensor | None) -> tf.Tensor:
        silence = 10 * float(np.log10(self.amin))
        # Not max(power, amin), as amin would be 0 in a file of 16-bit weights; nor the logarithm of a 0, as the converter
        # crashes on an infinite range where it calibrates 8 bits.
        amplitude = tf.maximum(tf.sqrt(power), self.amin**0.5 / 2)
        decibels = tf.maximum(tf.math.log(amplitude) * (20 / np.log(10)), silence)
        if self.top_db is None:
            return decibels
        counted = decibels
        if length is not None:
            valid = self._valid(decibels, length)[..., tf.newaxis]
            counted = tf.where(valid, decibels, tf.fill(tf.shape(decibels), tf.cast(silence, decibels.dtype)))
        return tf.maximum(decibels, tf.reduce_max(counted, axis=(1, 2), keepdims=True) - self.top_db)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "amin": self.amin, "top_db": self.top_db}


@keras.saving.register_keras_serializable(package="suite")
class MFCC(LogMel):
    """Mel-frequency cepstral coefficients: `librosa.feature.mfcc`, the orthonormal DCT-II of the mel bands in decibels.

    Args:
        n_mfcc: Number of coefficients, at most n_mels.
        lifter: Where above 0, coefficient n = 1, 2, ... is multiplied by 1 + lifter / 2 * sin(pi * n / lifter).
        **kwargs: As `LogMel` and `MelSpectrogram`.

    Call arguments: as `MelSpectrogram`.

    Returns:
        `(batch, frames, n_mfcc)`; zeros in frames past the end.

    Source: Davis and Mermelstein 1980, "Comparison of Parametric Representations for Monosyllabic Word Recognition".
    """

    def __init__(self, *, n_mfcc: int, lifter: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not 1 <= n_mfcc <= self.n_mels:
            raise ValueError(
                f"`n_mfcc` must be between 1 and `n_mels`. Received: n_mfcc={n_mfcc}, n_mels={self.n_mels}"
            )
        if lifter < 0:
            raise ValueError(f"`lifter` must not be negative. Received: lifter={lifter}")
        self.n_mfcc = n_mfcc
        self.lifter = lifter

    def build(self, samples_shape: tuple[int | None, ...], length_shape: tuple[int | None, ...] | None = None) -> None:
        import scipy.fft

        super().build(samples_shape, length_shape)
        self._cosines = scipy.fft.dct(np.eye(self.n_mels), axis=1, type=2, norm="ortho")[:, : self.n_mfcc]
        if self.lifter > 0:
            self._cosines *= 1 + self.lifter / 2 * np.sin(np.pi * np.arange(1, 1 + self.n_mfcc) / self.lifter)

    def _from_power(self, power: tf.Tensor, length: tf.Tensor | None) -> tf.Tensor:
        return _product(super()._from_power(power, length), self._cosines)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "n_mfcc": self.n_mfcc, "lifter": self.lifter}


def _product(features: tf.Tensor, matrix: np.ndarray) -> tf.Tensor:
    """Return `features (batch, frames, n)` times `matrix (n, m)`.

    For the phone the constant stands on the left: the converter's quantisation takes hold of constants on the right, and
    neither powers nor decibels fit in 8 bits. The maximum, which changes nothing, keeps the converter from turning a
    product and its transposition into a product with the constant on the right.
    """
    if current() is None:
        return tf.matmul(features, tf.constant(matrix, features.dtype))
    constant = tf.constant(matrix.T[np.newaxis], features.dtype)
    product = tf.maximum(tf.matmul(constant, features, transpose_b=True), features.dtype.min)
    return tf.transpose(product, (0, 2, 1))
