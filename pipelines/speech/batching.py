"""The clips of a part as batches, with their transcripts as numbers of symbols."""

from collections.abc import Callable, Sequence

import numpy as np

from pipelines.speech.augmentation import augment, is_augmented, longest
from pipelines.speech.config import Settings
from suite.data.clip_batches import ClipPart, clip_batches, sample_counts
from suite.data.examples import Example
from suite.data.padding import pad_rows
from suite.decoding.greedy import frames_needed
from suite.pipeline import BatchSource


def make_batches(
    examples: Sequence[Example], encode: Callable[[str], list[int]], settings: Settings, training: bool
) -> BatchSource:
    """Return the batches of `data.batches`.

    Lengths in samples are read from the files' headers; for training they are as long as augmentation may make them.
    """
    import tensorflow as tf

    from suite.audio.cache import AudioCache

    audio = AudioCache(settings.sample_rate, settings.cache_megabytes)
    labels = [np.array(encode(example.target), np.int32) for example in examples]
    label_lengths = np.array([len(row) for row in labels], np.int64)
    needed = [frames_needed(row) for row in labels]
    lengths = sample_counts([example.input for example in examples], settings.sample_rate)
    augmented = training and is_augmented(settings, settings.epochs - 1)

    def heard(epoch: int, index: int) -> np.ndarray:
        clip = audio.get(examples[index].input)
        if training and is_augmented(settings, epoch):
            clip = augment(clip, settings, epoch, index, needed[index])
        return clip

    def targets(indices: np.ndarray, fitting: np.ndarray) -> np.ndarray:
        rows = [np.concatenate([[len(labels[index])], labels[index]]) for index in indices]
        return pad_rows(rows, np.int32, 1 + max(1, int(label_lengths[fitting].max())))

    clips = ClipPart(
        [example.name for example in examples],
        lengths,
        np.array([longest(length, settings) for length in lengths]) if augmented else lengths,
        heard,
        targets,
        tf.TensorSpec((None, None), tf.int32),
        settings.sorted_epochs,
        int(settings.batch_seconds * settings.sample_rate) if settings.batch_seconds else None,
    )
    return clip_batches(clips, settings, settings.step_samples, training)
