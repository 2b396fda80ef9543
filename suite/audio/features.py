"""Features of speech as Keras layers, the same in training and on the phone: mel spectrograms, MFCC, deltas, normalisation.

Two ways of framing:
- centred, as librosa: n_fft // 2 zeros stand on either side; frame t is centred on sample t * hop_length, and N samples
  give 1 + N // hop_length frames.
- causal: n_fft - hop_length zeros stand on the left; frame t ends at sample (t + 1) * hop_length, and N samples give
  ceil(N / hop_length) frames, so that a chunk of k * hop_length samples gives k frames. This is the one that streams.

Every layer computes in float32 also under a mixed-precision policy (in float64 with `dtype="float64"`): powers of samples
do not fit in 16 bits. Where a call is told the true lengths, padding changes nothing, and padded frames come out as zeros.
"""

import keras
import numpy as np
import tensorflow as tf

from suite.recurrent.deployment import current


def frame_count(length, hop_length: int, causal: bool = False):
    """Return the number of frames that `length` samples give; integers, arrays and tensors of integers alike."""
    return (length + (hop_length - 1)) // hop_length if causal else 1 + length // hop_length


def frame_mask(frames, time):
    """Return `(batch, time)`, boolean: which of `time` steps come before the end, `frames (batch,)` integers."""
    return tf.range(time, dtype=tf.int32)[tf.newaxis] < tf.cast(frames, tf.int32)[:, tf.newaxis]


class _FloatLayer(keras.layers.Layer):
    """A layer that never computes in 16 bits, nor in 8."""

    float_in_int8 = True

    def __init__(self, **kwargs):
        kwargs.setdefault("dtype", "float32")
        super().__init__(**kwargs)


@keras.saving.register_keras_serializable(package="suite")
class MelSpectrogram(_FloatLayer):
    """Power in mel bands: `librosa.feature.melspectrogram` with its defaults (periodic Hann window, Slaney's bands).

    Args:
        sample_rate: Of the samples, in Hz.
        n_fft: Samples of one Fourier transform; even. On the phone one that is no power of two is done by matrix
            product, which makes the file 4 * n_fft ** 2 bytes larger.
        hop_length: Samples from one frame to the next, at most n_fft.
        n_mels: Number of bands.
        win_length: Samples of the window, centred in n_fft; n_fft where None.
        fmin, fmax: Lowest and highest frequency of the bands in Hz; fmax is half the sample rate where None.
        causal: See the module.

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
        sample_rate,
        n_fft,
        hop_length,
        n_mels,
        win_length=None,
        fmin=0.0,
        fmax=None,
        causal=False,
        **kwargs,
    ):
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

    def build(self, samples_shape, length_shape=None):
        import librosa

        window = librosa.filters.get_window("hann", self.win_length or self.n_fft, fftbins=True)
        self._window = librosa.util.pad_center(window, size=self.n_fft)
        self._bands = librosa.filters.mel(
            sr=self.sample_rate, n_fft=self.n_fft, n_mels=self.n_mels, fmin=self.fmin, fmax=self.fmax
        ).T

    def call(self, samples, length=None):
        if samples.dtype.is_integer:
            samples = tf.cast(samples, self.compute_dtype) / 32768
        frames = self._frames(samples, length) * tf.constant(self._window, self.compute_dtype)
        features = self._from_power(_product(self._power(frames), self._bands), length)
        return features if length is None else _keep(features, self._valid(features, length))

    def frame_count(self, length):
        """Return the number of frames that `length` samples give."""
        return frame_count(length, self.hop_length, self.causal)

    def _from_power(self, power, length):
        return power

    def _valid(self, features, length):
        return frame_mask(self.frame_count(length), tf.shape(features)[1])

    def _frames(self, samples, length):
        """Return `(batch, frames, n_fft)`.

        Cuts the samples into rows of one hop; a frame is a few rows side by side. `tf.signal.frame` does the same with
        gathers, which take longer.
        """
        batch, size = samples.shape[0], samples.shape[1] or tf.shape(samples)[1]
        hop, past = self.hop_length, self.n_fft - self.hop_length
        left = past if self.causal else self.n_fft // 2
        side_by_side = -(-self.n_fft // hop)
        frames = self.frame_count(size)
        rows = frames + side_by_side - 1
        if (deployment := current()) is not None and deployment.streaming:
            if not self.causal:
                raise ValueError(f"{self.name}: only causal features stream. Received: causal=False")
            before = deployment.carry(f"{self.name}_samples", tf.zeros((1, past), samples.dtype))
            samples = tf.concat([before, samples], axis=1)
            deployment.keep(f"{self.name}_samples", samples[:, size:])
            samples = tf.pad(samples, [[0, 0], [0, side_by_side * hop]])
        else:
            samples = tf.pad(samples, [[0, 0], [left, side_by_side * hop]])
        samples = tf.reshape(samples[:, : rows * hop], (-1 if batch is None else batch, rows, hop))
        if length is not None:
            # Row by row, as a comparison of every sample with the length would put a constant of that size in the file;
            # not by a product, as padding may be NaN.
            ends = tf.cast(length, tf.int32)[:, tf.newaxis] + left - hop * tf.range(rows)
            valid = tf.range(hop) < ends[..., tf.newaxis]
            samples = tf.where(valid, samples, tf.zeros_like(samples))
        return tf.concat([samples[:, i : i + frames] for i in range(side_by_side)], axis=2)[:, :, : self.n_fft]

    def _power(self, frames):
        """Return the power spectrum `(batch, frames, 1 + n_fft // 2)`."""
        if current() is None or self.n_fft & (self.n_fft - 1) == 0:
            return tf.square(tf.abs(tf.signal.rfft(frames)))
        # RFFT2D of TFLite knows powers of two only.
        turns = np.outer(np.arange(self.n_fft), np.arange(1 + self.n_fft // 2)) % self.n_fft / self.n_fft
        cosine, sine = np.cos(2 * np.pi * turns), np.sin(2 * np.pi * turns)
        return tf.square(_product(frames, cosine)) + tf.square(_product(frames, sine))

    def get_config(self):
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

    def __init__(self, *, amin=1e-10, top_db=80.0, **kwargs):
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

    def _from_power(self, power, length):
        silence = 10 * float(np.log10(self.amin))
        # Not log(max(power, amin)): in a file of 16-bit weights amin would be 0.
        decibels = tf.maximum(tf.math.log(power) * (10 / np.log(10)), silence)
        if self.top_db is None:
            return decibels
        counted = decibels
        if length is not None:
            valid = self._valid(decibels, length)[..., tf.newaxis]
            counted = tf.where(valid, decibels, tf.fill(tf.shape(decibels), tf.cast(silence, decibels.dtype)))
        return tf.maximum(decibels, tf.reduce_max(counted, axis=(1, 2), keepdims=True) - self.top_db)

    def get_config(self):
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

    def __init__(self, *, n_mfcc, lifter=0, **kwargs):
        super().__init__(**kwargs)
        if not 1 <= n_mfcc <= self.n_mels:
            raise ValueError(
                f"`n_mfcc` must be between 1 and `n_mels`. Received: n_mfcc={n_mfcc}, n_mels={self.n_mels}"
            )
        if lifter < 0:
            raise ValueError(f"`lifter` must not be negative. Received: lifter={lifter}")
        self.n_mfcc = n_mfcc
        self.lifter = lifter

    def build(self, samples_shape, length_shape=None):
        import scipy.fft

        super().build(samples_shape, length_shape)
        self._cosines = scipy.fft.dct(np.eye(self.n_mels), axis=1, type=2, norm="ortho")[:, : self.n_mfcc]
        if self.lifter > 0:
            self._cosines *= 1 + self.lifter / 2 * np.sin(np.pi * np.arange(1, 1 + self.n_mfcc) / self.lifter)

    def _from_power(self, power, length):
        return _product(super()._from_power(power, length), self._cosines)

    def get_config(self):
        return {**super().get_config(), "n_mfcc": self.n_mfcc, "lifter": self.lifter}


@keras.saving.register_keras_serializable(package="suite")
class Deltas(_FloatLayer):
    """How features change: the derivative of a polynomial fitted to the frames around each one.

    The polynomial has degree `order`. Equal to `librosa.feature.delta(mode="nearest")`: the first and the last frame that
    counts stand for those beyond. A causal layer takes the last `width` frames instead of those around, which gives
    the same values width // 2 frames later; the first frame stands for those before it.

    Args:
        order: 1 for the first derivative, 2 for the second.
        width: Frames that the polynomial is fitted to; odd, more than `order`.
        causal: Whether to look back only. A causal layer streams; it carries the last width - 1 frames.

    Call arguments:
        features: `(batch, frames, features)`.
        frames: `(batch,)` integers, the frames that count. None: all.

    Returns:
        As `features`, in units per frame (order 1) or per frame squared; zeros past the end.

    Source: Savitzky and Golay 1964; Furui 1986.
    """

    def __init__(self, order=1, width=9, causal=False, **kwargs):
        super().__init__(**kwargs)
        if order not in (1, 2):
            raise ValueError(f"`order` must be 1 or 2. Received: order={order}")
        if width < 3 or width % 2 == 0:
            raise ValueError(f"`width` must be odd, at least 3. Received: width={width}")
        self.order = order
        self.width = width
        self.causal = causal

    def call(self, features, frames=None):
        import scipy.signal

        count = features.shape[1] or tf.shape(features)[1]
        valid = None
        last = features[:, -1:]
        if frames is not None:
            valid = frame_mask(frames, count)
            at_end = frame_mask(frames, count) & ~frame_mask(frames - 1, count)
            last = tf.reduce_sum(_keep(features, at_end), axis=1, keepdims=True)
            features = tf.where(valid[..., tf.newaxis], features, last)
        past = self.width - 1 if self.causal else self.width // 2
        before = tf.repeat(features[:, :1], past, axis=1)
        if (deployment := current()) is not None and deployment.streaming:
            before = self._carry(deployment, features, before)
        after = [] if self.causal else [tf.repeat(last, self.width // 2, axis=1)]
        padded = tf.concat([before, features, *after], axis=1)
        factors = scipy.signal.savgol_coeffs(self.width, self.order, deriv=self.order, use="dot")
        deltas = tf.add_n([float(factor) * padded[:, i : i + count] for i, factor in enumerate(factors)])
        return deltas if valid is None else _keep(deltas, valid)

    def _carry(self, deployment, features, before):
        """Return the frames before this chunk, which at the first chunk are `before`; hand on those before the next."""
        if not self.causal:
            raise ValueError(f"{self.name}: only causal deltas stream. Received: causal=False")
        carried = deployment.carry(f"{self.name}_frames", tf.zeros((1, self.width - 1, features.shape[-1])))
        started = deployment.carry(f"{self.name}_started", tf.zeros((1, 1, 1)))
        before = tf.where(started > 0, carried, before)
        deployment.keep(f"{self.name}_frames", tf.concat([before, features], axis=1)[:, -(self.width - 1) :])
        deployment.keep(f"{self.name}_started", tf.ones((1, 1, 1)))
        return before

    def get_config(self):
        return {**super().get_config(), "order": self.order, "width": self.width, "causal": self.causal}


@keras.saving.register_keras_serializable(package="suite")
class FeatureNormalization(_FloatLayer):
    """Shifts and scales each feature to mean 0 and variance 1 over time.

    Args:
        kind: What mean and variance are taken of.
            `"utterance"`: the frames of the clip.
            `"global"`: the data that `adapt` was told of.
            `"running"`: the frames of the clip so far, this one included, together with `prior_frames` frames of the
            global mean and variance. Causal; streams by carrying a count and two sums.
            `"none"`: nothing is done.
        prior_frames: Frames that the global mean and variance count for in `"running"`.

    Call arguments:
        features: `(batch, frames, features)`.
        frames: `(batch,)` integers, the frames that count. None: all.

    Returns:
        As `features`; zeros past the end.
    """

    kinds = ("utterance", "global", "running", "none")
    epsilon = 1e-5

    def __init__(self, kind="utterance", prior_frames=100, **kwargs):
        super().__init__(**kwargs)
        if kind not in self.kinds:
            raise ValueError(f"`kind` must be one of {', '.join(self.kinds)}. Received: kind={kind}")
        if prior_frames <= 0:
            raise ValueError(f"`prior_frames` must be positive. Received: prior_frames={prior_frames}")
        self.kind = kind
        self.prior_frames = prior_frames

    def build(self, features_shape, frames_shape=None):
        if self.kind in ("global", "running"):
            shape = (features_shape[-1],)
            self.mean = self.add_weight(name="mean", shape=shape, initializer="zeros", trainable=False)
            self.std = self.add_weight(name="std", shape=shape, initializer="ones", trainable=False)

    def adapt(self, mean, std):
        """Set the global mean and standard deviation, `(features,)` each, of a layer that is built.

        `feature_statistics` measures them.
        """
        if self.kind in ("global", "running"):
            self.mean.assign(mean)
            self.std.assign(np.maximum(std, self.epsilon))

    def call(self, features, frames=None):
        valid = None if frames is None else frame_mask(frames, tf.shape(features)[1])
        if self.kind == "utterance":
            features = self._by_utterance(features, valid)
        elif self.kind in ("global", "running"):
            mean, std = (tf.convert_to_tensor(weight) for weight in (self.mean, self.std))
            features = (features - mean) / std
            if self.kind == "running":
                features = self._by_running(features, valid)
        return features if valid is None else _keep(features, valid)

    def _by_utterance(self, features, valid):
        if current() is not None and current().streaming:
            raise ValueError(f"{self.name}: the mean of an utterance is known at its end. Received: kind='utterance'")
        if valid is None:
            valid = tf.ones(tf.shape(features)[:2], tf.bool)
        count = tf.maximum(tf.reduce_sum(tf.cast(valid, features.dtype), axis=1), 1)[:, tf.newaxis, tf.newaxis]
        centred = features - tf.reduce_sum(_keep(features, valid), axis=1, keepdims=True) / count
        variance = tf.reduce_sum(tf.square(_keep(centred, valid)), axis=1, keepdims=True) / count
        return centred / tf.sqrt(variance + self.epsilon)

    def _by_running(self, features, valid):
        """Normalise what is already normalised globally, so that the prior is mean 0 and variance 1."""
        kept = features if valid is None else _keep(features, valid)
        steps = tf.ones_like(kept[..., :1])
        count, total, squares = tf.cumsum(steps, 1), tf.cumsum(kept, 1), tf.cumsum(tf.square(kept), 1)
        if (deployment := current()) is not None and deployment.streaming:
            counted = tf.reduce_sum(steps if valid is None else _keep(steps, valid), axis=1, keepdims=True)
            ends = {"count": counted, "total": total[:, -1:], "squares": squares[:, -1:]}
            carried = {}
            for name, end in ends.items():
                zeros = tf.zeros((1, 1, 1 if name == "count" else features.shape[-1]))
                carried[name] = deployment.carry(f"{self.name}_{name}", zeros)
                deployment.keep(f"{self.name}_{name}", carried[name] + end)
            count, total, squares = count + carried["count"], total + carried["total"], squares + carried["squares"]
        count = count + self.prior_frames
        mean = total / count
        variance = (squares + self.prior_frames) / count - tf.square(mean)
        # Rounding may leave a variance of 0 below it.
        return (features - mean) / tf.sqrt(tf.maximum(variance, 0.0) + self.epsilon)

    def get_config(self):
        return {**super().get_config(), "kind": self.kind, "prior_frames": self.prior_frames}


def feature_statistics(features) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation, `(features,)` float64 each, over all frames of many clips.

    Args:
        features: Iterable of `(frames, features)` arrays, without padding.
    """
    count, total, squares = 0, 0.0, 0.0
    for clip in features:
        clip = np.asarray(clip, np.float64)
        count, total, squares = count + len(clip), total + clip.sum(0), squares + np.square(clip).sum(0)
    if not count:
        raise ValueError("`features` must have at least one frame. Received: none")
    mean = total / count
    return mean, np.sqrt(np.maximum(squares / count - np.square(mean), 0))


def _keep(features, valid):
    """Return `features` with zeros where `valid (batch, frames)` is False."""
    return tf.where(valid[..., tf.newaxis], features, tf.zeros_like(features))


def _product(features, matrix):
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
