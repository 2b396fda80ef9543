"""How features change from frame to frame."""

from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf

from suite.audio.frames import FloatLayer, frame_mask, keep_frames
from suite.recurrent.deployment import current

if TYPE_CHECKING:
    from suite.recurrent.deployment import Deployment


@keras.saving.register_keras_serializable(package="suite")
class Deltas(FloatLayer):
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

    def __init__(self, order: int = 1, width: int = 9, causal: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if order not in (1, 2):
            raise ValueError(f"`order` must be 1 or 2. Received: order={order}")
        if width < 3 or width % 2 == 0:
            raise ValueError(f"`width` must be odd, at least 3. Received: width={width}")
        self.order = order
        self.width = width
        self.causal = causal

    def call(self, features: tf.Tensor, frames: tf.Tensor | None = None) -> tf.Tensor:
        import scipy.signal

        count = features.shape[1] or tf.shape(features)[1]
        valid = None
        last = features[:, -1:]
        if frames is not None:
            valid = frame_mask(frames, count)
            at_end = valid & ~frame_mask(frames - 1, count)
            last = tf.reduce_sum(keep_frames(features, at_end), axis=1, keepdims=True)
            features = tf.where(valid[..., tf.newaxis], features, last)
        past = self.width - 1 if self.causal else self.width // 2
        before = tf.repeat(features[:, :1], past, axis=1)
        if (deployment := current()) is not None and deployment.streaming:
            before = self._carry(deployment, features, before)
        after = [] if self.causal else [tf.repeat(last, self.width // 2, axis=1)]
        padded = tf.concat([before, features, *after], axis=1)
        factors = scipy.signal.savgol_coeffs(self.width, self.order, deriv=self.order, use="dot")
        deltas = tf.add_n([float(factor) * padded[:, i : i + count] for i, factor in enumerate(factors)])
        return deltas if valid is None else keep_frames(deltas, valid)

    def _carry(self, deployment: "Deployment", features: tf.Tensor, before: tf.Tensor) -> tf.Tensor:
        """Return the frames before this chunk, which at the first chunk are `before`; hand on those before the next."""
        if not self.causal:
            raise ValueError(f"{self.name}: only causal deltas stream. Received: causal=False")
        carried = deployment.carry(f"{self.name}_frames", tf.zeros((1, self.width - 1, features.shape[-1])))
        started = deployment.carry(f"{self.name}_started", tf.zeros((1, 1, 1)))
        before = tf.where(started > 0, carried, before)
        deployment.keep(f"{self.name}_frames", tf.concat([before, features], axis=1)[:, -(self.width - 1) :])
        deployment.keep(f"{self.name}_started", tf.ones((1, 1, 1)))
        return before

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "order": self.order, "width": self.width, "causal": self.causal}
