"""The layers of the speech model that only it has: silence after the end, and blanks where nothing is to be put out."""

from typing import Any

import keras
import tensorflow as tf

from suite.audio.frames import frame_mask
from suite.recurrent import deployment

PADDING_LOGIT = -1e4
LATE_LOGIT = -1e3  # as certain, but of a step that counts


@keras.saving.register_keras_serializable(package="suite")
class SilentTail(keras.layers.Layer):
    """Silence after the end of a clip: `(samples (batch, samples), length int (batch,))` to both, longer by `tail`.

    A causal model puts a word out some time after it has heard it; clips that end with the word leave it none. In the
    `streaming` deployment nothing is added: the host feeds the silence when a recording ends.

    Args:
        tail: Samples of silence. What the input holds after `length` is silenced too.
    """

    def __init__(self, tail: int, **options: Any) -> None:
        super().__init__(**options)
        self.tail = tail

    def call(self, samples: tf.Tensor, length: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        traced = deployment.current()
        if traced is not None and traced.streaming:
            return samples, length
        real = frame_mask(length, samples.shape[1] or tf.shape(samples)[1])
        return tf.pad(tf.where(real, samples, 0.0), [[0, 0], [0, self.tail]]), length + self.tail

    def compute_output_spec(
        self, samples: keras.KerasTensor, length: keras.KerasTensor
    ) -> tuple[keras.KerasTensor, keras.KerasTensor]:
        batch, time = samples.shape
        longer = keras.KerasTensor((batch, None if time is None else time + self.tail), samples.dtype)
        return longer, keras.KerasTensor(length.shape, length.dtype)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"tail": self.tail}


@keras.saving.register_keras_serializable(package="suite")
class LateStart(keras.layers.Layer):
    """In training, makes the first steps of each clip certain blanks: from none to `steps` of them, drawn anew each time.

    A causal model otherwise learns to guess the first symbol at the first step, before it has heard any of it: CTC is
    served by that, and never unlearns it. A guess that is often not let through teaches nothing, so the symbol is put out
    once it is heard; where nothing is held back the model learns to keep silent until then.

    Args:
        steps: Most steps held back.
        seed: Of the number of steps.

    Call arguments:
        logits: float32 `(batch, steps, symbols)`, symbol 0 the blank.
    """

    def __init__(self, steps: int, seed: int | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.steps, self.seed = steps, seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_masking = True

    def call(self, logits: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        if not training:
            return logits
        start = keras.random.randint((tf.shape(logits)[0],), 0, self.steps + 1, seed=self.seed_generator)
        late = tf.constant([0.0] + [LATE_LOGIT] * (logits.shape[-1] - 1))
        return tf.where(frame_mask(start, tf.shape(logits)[1])[..., tf.newaxis], late, logits)

    def compute_output_spec(self, logits: keras.KerasTensor, training: bool | None = None) -> keras.KerasTensor:
        return keras.KerasTensor(logits.shape, logits.dtype)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"steps": self.steps, "seed": self.seed}


@keras.saving.register_keras_serializable(package="suite")
class BlankPadding(keras.layers.Layer):
    """Makes padded steps certain blanks: logits 0 for the blank and `PADDING_LOGIT` for all else.

    They then add nothing to a CTC loss and no word to a decoder, and tell how many steps are real. In an exported file,
    which gives that number, logits are left alone: in 8 bits `PADDING_LOGIT` would leave one of 256 levels to all real ones.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.supports_masking = True  # and ends the mask, see `compute_mask`

    def compute_mask(self, inputs: tf.Tensor, previous_mask: tf.Tensor | None) -> None:
        return None

    def call(self, logits: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        logits = tf.cast(logits, tf.float32)
        if deployment.current() is not None:
            return logits
        symbols = logits.shape[-1]
        padding = tf.constant([0.0] + [PADDING_LOGIT] * (symbols - 1))
        return tf.where(mask[..., tf.newaxis], logits, padding)

    def compute_output_spec(self, logits: keras.KerasTensor, mask: keras.KerasTensor) -> keras.KerasTensor:
        return keras.KerasTensor(logits.shape, "float32")


def real_steps(logits: tf.Tensor) -> tf.Tensor:
    """Return how many steps of each row are real, int32 `(batch,)`, from what `BlankPadding` gave."""
    return tf.reduce_sum(tf.cast(logits[..., 1] > PADDING_LOGIT / 2, tf.int32), axis=1)
