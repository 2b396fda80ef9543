"""The layers of the speech model that only it has: masks of frames, and convolutions that padding and chunks leave alone."""

from typing import Any

import keras
import tensorflow as tf

from suite.audio.frames import frame_mask
from suite.audio.framing import frame_count
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
class FrameCount(keras.layers.Layer):
    """How many feature frames a clip has: `length`, samples, integers `(batch,)`, to frames, int32 `(batch,)`."""

    def __init__(self, hop_length: int, causal: bool, **options: Any) -> None:
        super().__init__(**options)
        self.hop_length, self.causal = hop_length, causal

    def call(self, length: tf.Tensor) -> tf.Tensor:
        return tf.cast(frame_count(length, self.hop_length, self.causal), tf.int32)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"hop_length": self.hop_length, "causal": self.causal}


@keras.saving.register_keras_serializable(package="suite")
class StepMask(keras.layers.Layer):
    """Which steps are real: `(frames int (batch,), sequence (batch, time, ...))` to boolean `(batch, time)`.

    Args:
        subsampling: Frames that became one step of the sequence; a step is real where its first frame is.
    """

    def __init__(self, subsampling: int = 1, **options: Any) -> None:
        super().__init__(**options)
        self.subsampling = subsampling

    def call(self, frames: tf.Tensor, sequence: tf.Tensor) -> tf.Tensor:
        steps = (frames + self.subsampling - 1) // self.subsampling
        return frame_mask(steps, sequence.shape[1] or tf.shape(sequence)[1])

    def compute_output_spec(self, frames: keras.KerasTensor, sequence: keras.KerasTensor) -> keras.KerasTensor:
        return keras.KerasTensor(sequence.shape[:2], "bool")

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"subsampling": self.subsampling}


@keras.saving.register_keras_serializable(package="suite")
class TimeConvolution(keras.layers.Conv2D):
    """A convolution over time and features whose output does not depend on padding, nor on how the input is cut in chunks.

    Output step j looks at the input frames around j * stride (`kernel_size // 2` to both sides), or with `causal` at that
    frame and the `kernel_size - 1` before it; there are `ceil(frames / stride)` steps. Frames that the mask leaves out count as
    zeros, and so do their outputs. In the `streaming` deployment a causal layer carries the last `kernel_size - 1` frames.

    Args:
        filters: Channels of the output.
        kernel_size: Frames, and features, that one output sees; odd.
        stride: Frames per output step. Features are always halved.
        causal: Whether no later frame counts.

    Call arguments:
        frames: `(batch, time, features, channels)`.
        mask: Boolean `(batch, time)`.

    Returns:
        `(batch, ceil(time / stride), ceil(features / 2), filters)`.
    """

    def __init__(self, filters: int, kernel_size: int, stride: int = 1, causal: bool = False, **options: Any) -> None:
        options = {"activation": "relu", "padding": "valid", "kernel_initializer": "he_normal"} | options
        super().__init__(filters, kernel_size, strides=(stride, 2), **options)
        self.stride, self.causal = stride, causal

    def build(self, frames_shape: tuple[int | None, ...], mask_shape: tuple[int | None, ...] | None = None) -> None:
        batch, time, features, channels = frames_shape
        # Padded as `call` pads them: fewer features than the kernel sees are enough.
        super().build((batch, time, features + 2 * (self.kernel_size[1] // 2), channels))

    def call(self, frames: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        frames *= tf.cast(mask, frames.dtype)[:, :, tf.newaxis, tf.newaxis]
        size = self.kernel_size[0]
        side = size // 2
        before = size - 1 if self.causal else side
        traced = deployment.current()
        if traced is not None and traced.streaming:
            tail = tf.zeros((1, before, *frames.shape[2:]), frames.dtype)
            frames = tf.concat([traced.carry(self.name, tail), frames], axis=1)
            traced.keep(self.name, frames[:, -before:] if before else tail)
            pad = [0, 0]
        else:
            pad = [before, size - 1 - before]
        outputs = super().call(tf.pad(frames, [[0, 0], pad, [side, side], [0, 0]]))
        return outputs * tf.cast(mask[:, :: self.stride], outputs.dtype)[:, :, tf.newaxis, tf.newaxis]

    def compute_output_spec(self, frames: keras.KerasTensor, mask: keras.KerasTensor) -> keras.KerasTensor:
        def halved(size: int | None, stride: int) -> int | None:
            return None if size is None else -(-size // stride)

        batch, time, features, _ = frames.shape
        shape = (batch, halved(time, self.stride), halved(features, 2), self.filters)
        return keras.KerasTensor(shape, self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        for name in ("kernel_size", "strides", "padding", "dilation_rate", "groups", "data_format"):
            del config[name]
        return config | {"kernel_size": self.kernel_size[0], "stride": self.stride, "causal": self.causal}


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
