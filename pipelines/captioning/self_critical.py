"""Training on captions of the model's own that are rewarded by CIDEr-D: batches of samples, weighted by advantage."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from pipelines.captioning.cider import CiderD
from pipelines.captioning.config import Settings
from pipelines.captioning.data import input_specification, picture_cache
from suite.data.batch_source import cut_batches, generated_batches
from suite.data.bucketing import BatchPlan
from suite.data.examples import Example
from suite.pipeline import BatchSource
from suite.sequence.decoder import TokenDecoder
from suite.sequence.sampling import sample_sequences
from suite.sequence.vocabulary import END, PADDING, RESERVED, START
from suite.text.words import words_of

ORDER, SAMPLES = 2, 3  # what random numbers are for


def self_critical_batches(
    model: keras.Model, examples: Sequence[Example], assets: dict, settings: Settings
) -> BatchSource:
    """Return batches of captions that the model samples as it stands when each batch is asked for.

    For a picture, `n` captions `c_i` are sampled and scored by CIDEr-D, the end counting as a word, so that none is left
    off halfway. The loss of the batch, `sum_i A_i (-ln p(c_i))` over its words, has the gradient of the expected score:

        A_i = r_i - mean of r_j over the others,   r_i = CIDEr-D of c_i, rarity of words as in the training captions

    Inputs are those of `pipelines.captioning.data.batches`, targets the sampled words and sample weights
    `(batch, time)` the advantages; a batch has about `batch_size` captions. The samples depend on the model, the seed,
    the epoch and the step alone; nothing is made ahead of time.

    Source: Rennie et al. 2017, "Self-critical Sequence Training for Image Captioning"; the baseline: Luo 2020, "A Better
    Variant of Self-Critical Sequence Training".
    """
    count = settings.self_critical_samples
    size = max(1, settings.batch_size // count)
    reward = _reward(examples, assets["words"], settings.language)
    decoder, cache = TokenDecoder(model), picture_cache(settings)
    sample = tf.function(
        lambda picture, seed: sample_sequences(decoder, picture, count, settings.max_words, seed), autograph=False
    )
    paths = [Path(example.input) for example in examples]

    @lru_cache(maxsize=2)
    def plan(epoch: int) -> list[BatchPlan]:
        order = np.random.default_rng([settings.seed, epoch, ORDER]).permutation(len(examples))
        longest = settings.max_words + 1  # the batch is cut to the longest caption that is sampled
        return [BatchPlan(order[start : start + size], longest) for start in range(0, len(order), size)]

    def generate(
        epoch: int, planned: Sequence[BatchPlan]
    ) -> Iterator[tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]]:
        for step, indices in enumerate(batch.indices for batch in planned):
            picture = np.stack([cache.get(paths[index]) for index in indices])
            generator = np.random.default_rng([settings.seed, epoch, SAMPLES, step])
            seed = generator.integers(0, 2**31, 2, np.int32)
            if settings.flip:
                mirrored = generator.random(len(indices)) < 0.5
                picture[mirrored] = picture[mirrored, :, ::-1]
            sampled = sample(tf.constant(picture), tf.constant(seed)).numpy()
            rewards = np.array(
                [
                    [reward(index, caption) for caption in captions]
                    for index, captions in zip(indices, sampled, strict=True)
                ]
            )
            yield _batch(np.repeat(picture, count, axis=0), sampled.reshape(len(indices) * count, -1), rewards)

    shape = (None, None)
    signature = (input_specification(settings), tf.TensorSpec(shape, tf.int32), tf.TensorSpec(shape, tf.float32))
    names = [example.name for example in examples]
    # What is drawn for a caption depends on all that are sampled with it.
    return cut_batches(generated_batches(plan, generate, signature, names, prefetch=0))


def _reward(
    examples: Sequence[Example], words: Sequence[str], language: str | None
) -> Callable[[int, np.ndarray], float]:
    """Return the function of an example's index and sampled word numbers that scores them."""
    end = RESERVED[END]
    spoken = [[[*words_of(caption, language), end] for caption in example.target] for example in examples]
    scorer = CiderD(spoken)
    ready = [scorer.prepare(captions) for captions in spoken]

    def reward(index: int, sampled: np.ndarray) -> float:
        tokens, _ = _until_end(sampled)
        return scorer.score([words[token] for token in tokens], ready[index])

    return reward


def _until_end(sampled: np.ndarray) -> tuple[np.ndarray, bool]:
    """Return the word numbers of a sampled caption with the end, and whether it has one."""
    ends = np.flatnonzero(sampled == END)
    return (sampled[: ends[0] + 1], True) if len(ends) else (sampled, False)


def _batch(
    picture: np.ndarray, sampled: np.ndarray, rewards: np.ndarray
) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Return inputs, targets and sample weights of captions `(batch, max_words + 1)` with rewards `(pictures, count)`."""
    count = rewards.shape[1]
    advantages = ((rewards - rewards.mean(axis=1, keepdims=True)) * count / (count - 1)).astype(np.float32)
    length = np.array([len(_until_end(caption)[0]) for caption in sampled], np.int32)
    sampled = sampled[:, : length.max()]
    counted = np.arange(sampled.shape[1]) < length[:, np.newaxis]
    tokens = np.pad(sampled[:, :-1], [(0, 0), (1, 0)], constant_values=START) * counted
    targets = np.where(counted, sampled, PADDING).astype(np.int32)
    weights = advantages.reshape(-1, 1) * counted
    return {"picture": picture, "tokens": tokens.astype(np.int32), "length": length}, targets, weights
