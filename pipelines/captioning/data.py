"""Files on disk -> examples (every documented captioning format) -> vocabulary -> batches of pictures and words."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.captioning.config import Settings
from pipelines.captioning.formats import FINDERS, READERS, Picture
from pipelines.captioning.formats import WANTED as FORMATS
from suite.data.batch_source import generated_batches
from suite.data.bucketing import BatchPlan, bucket_lengths, plan_batches
from suite.data.encodings import twice_notes
from suite.data.examples import Example, Examples, Problem
from suite.data.faults import require_examples
from suite.data.formats import choose_format
from suite.data.inspection import inspect_files
from suite.data.remarks import remark_notes
from suite.errors import UserError, naming
from suite.memory_cache import FileCache
from suite.pipeline import BatchSource
from suite.sequence.vocabulary import END, PADDING, RESERVED, START, UNKNOWN, digest_of
from suite.text.words import words_of
from suite.vision.image import inspect_image, read_image

if TYPE_CHECKING:
    import keras


__all__ = ["FORMATS", "batches", "encode_caption", "picture_batches", "picture_cache", "prepare", "raw_arrays", "read"]

MOST_LENGTHS = 7  # different padded lengths of captions
LENGTH_STEP = 2


def read(path: Path | str, settings: Settings, format: str | None = None) -> Examples:
    """Return the examples of a data set, and what is wrong with the rest as problems and notes.

    One example a picture: its input is the path of the file, its target the captions as written (a tuple), its key the
    SHA-256 of the file. Every picture is decoded once. A caption without a word is a problem of its own; the picture
    keeps its other ones.

    Args:
        format: One of `FORMATS`; by default recognised from the files.

    Raises:
        UserError: if the path, a key or a whole file is at fault, or no example is left.
    """
    path = Path(path)
    format, listing = choose_format(path, FINDERS, FORMATS, format)
    pictures, problems, notes = READERS[format](listing, settings)
    facts = inspect_files([(picture.place, picture.path) for picture in pictures], _inspect)
    items, remarks = [], []
    for picture, fact in zip(pictures, facts, strict=True):
        captions, faults = _usable_captions(picture, settings)
        problems += faults
        if isinstance(fact, Problem):
            problems.append(Problem(fact.name, f"{picture.path}: {fact.message}"))
        elif captions:
            digest, words = fact
            items.append(Example(picture.name, picture.path, captions, picture.part, picture.group, digest))
            remarks += [(remark, picture.name) for remark in words]
        elif not faults:
            problems.append(Problem(picture.place, "the picture has no caption"))
    require_examples(items, path, problems, "picture with a caption")
    written = [(item.name, caption) for item in items for caption in item.target]
    all_notes = (
        *listing.notes,
        *notes,
        *twice_notes(written),
        _caption_counts(items, settings),
        *remark_notes(remarks, "picture"),
    )
    return Examples(tuple(items), path, format, listing.reason, problems=tuple(problems), notes=all_notes)


def _inspect(path: Path) -> tuple[str, tuple[str, ...]]:
    """Return the digest of a picture file, and what a person should know of how it is read."""
    _, remarks = inspect_image(path)
    return hashlib.sha256(path.read_bytes()).hexdigest(), remarks


def _usable_captions(picture: Picture, settings: Settings) -> tuple[tuple[str, ...], list[Problem]]:
    captions, problems = [], []
    for place, caption in picture.captions:
        if not isinstance(caption, str):
            problems.append(Problem(place, f"{picture.name}: expected a caption. Received: {str(caption)[:60]!r}"))
        elif not caption.strip():
            problems.append(Problem(place, f"{picture.name}: the caption is empty"))
        elif not words_of(caption, settings.language):
            problems.append(
                Problem(place, f"{picture.name}: expected a caption with a word in it. Received: {caption[:60]!r}")
            )
        else:
            captions.append(" ".join(caption.split()))
    return tuple(captions), problems


def _caption_counts(items: Sequence[Example], settings: Settings) -> str:
    counts = Counter(len(example.target) for example in items)
    lengths = [len(words_of(caption, settings.language)) for example in items for caption in example.target]
    fewest, largest = min(counts), max(counts)
    a_picture = f"{fewest}" if fewest == largest else f"{fewest} to {largest}"
    return f"Captions: {len(lengths):,}, {a_picture} a picture; {np.mean(lengths):.1f} words on average, {max(lengths)} at most."


def prepare(train: Sequence[Example], settings: Settings, inherited: dict | None = None) -> dict[str, Any]:
    """Return the assets, learned from the training captions alone.

    `words`: the end of a caption (also padding), its start, the unknown word, then the words seen at least `min_count`
    times, most frequent first. `training_captions`: digests by which a caption is known to be copied from training.

    Args:
        train: The training part; nothing else is looked at.
        inherited: Assets of the model that a warm start begins from: its words keep their numbers, new ones follow.
    """
    captions = [words_of(caption, settings.language) for example in train for caption in example.target]
    counts = Counter(word for caption in captions for word in caption)
    frequent = sorted((word for word, count in counts.items() if count >= settings.min_count), key=_by_count(counts))
    if not frequent:
        raise UserError(f"setting 'min_count': no word of the training captions occurs {settings.min_count} times")
    words = list(inherited["words"]) if inherited else list(RESERVED)
    known = set(words)
    digests = {digest_of(caption) for caption in captions}
    if inherited:
        digests.update(inherited["training_captions"])
    return {"words": words + [word for word in frequent if word not in known], "training_captions": sorted(digests)}


def _by_count(counts: Mapping[str, int]) -> Callable[[str], tuple[int, str]]:
    return lambda word: (-counts[word], word)


def encode_caption(
    caption: str, numbers: dict[str, int], longest: int, language: str | None = None
) -> tuple[list[int], list[int]]:
    """Return what the decoder is given and what it is to put out, of equal length, at most `longest` + 1.

    Given: the start, then the words. To put out: the words, then the end; a caption of more than `longest` words is cut,
    and has no end.
    """
    words = [numbers.get(word, UNKNOWN) for word in words_of(caption, language)]
    inputs = [START, *words[:longest]]
    return inputs, [*words, END][: len(inputs)]


def batches(examples: Sequence[Example], assets: dict, settings: Settings, training: bool) -> BatchSource:
    """Return batches of (picture, caption) pairs whose captions are of similar length.

    Inputs: `{"picture": uint8 (batch, height, width, 3), "tokens": int32 (batch, time), "length": int32 (batch,)}`,
    targets int32 `(batch, time)`, -1 after `length`. With scheduled sampling some tokens are `-1 - word`, where the
    model's own word is to stand. Which pairs are together and mirrored depends on
    seed and epoch alone.
    """
    pairs = _pairs(examples, assets, settings)
    lengths = [len(inputs) for _, inputs, _ in pairs]
    boundaries = bucket_lengths(lengths, MOST_LENGTHS, LENGTH_STEP)

    @lru_cache(maxsize=2)
    def plan(epoch: int) -> list[BatchPlan]:
        return plan_batches(lengths, settings.batch_size, settings.seed, epoch, training, boundaries)

    def mirrored(epoch: int) -> np.ndarray:
        return np.random.default_rng([settings.seed, epoch, 1]).random(len(pairs)) < 0.5

    return _source(examples, pairs, plan, mirrored, settings, training)


def picture_batches(model: "keras.Model", examples: Sequence[Example], assets: dict, settings: Settings) -> BatchSource:
    """Return batches for training what sees the pictures: all captions of a picture, one after another, in one batch.

    As `batches` for training; a batch holds about `batch_size` captions, and those of a picture are mirrored together.
    """
    pairs = _pairs(examples, assets, settings)
    of_picture: list[list[int]] = [[] for _ in examples]
    for number, (index, _, _) in enumerate(pairs):
        of_picture[index].append(number)
    size = max(1, round(settings.batch_size * len(examples) / len(pairs)))

    @lru_cache(maxsize=2)
    def plan(epoch: int) -> list[BatchPlan]:
        order = np.random.default_rng([settings.seed, epoch]).permutation(len(examples))
        batch_plans = []
        for start in range(0, len(order), size):
            pair_numbers = np.array([number for index in order[start : start + size] for number in of_picture[index]])
            longest = max(len(pairs[number][1]) for number in pair_numbers)
            batch_plans.append(BatchPlan(pair_numbers, -(-longest // LENGTH_STEP) * LENGTH_STEP))
        return batch_plans

    def mirrored(epoch: int) -> np.ndarray:
        drawn = np.random.default_rng([settings.seed, epoch, 1]).random(len(examples)) < 0.5
        return np.array([drawn[index] for index, _, _ in pairs])

    return _source(examples, pairs, plan, mirrored, settings, training=True)


def _pairs(
    examples: Sequence[Example], assets: dict[str, Any], settings: Settings
) -> list[tuple[int, list[int], list[int]]]:
    """Return each caption: the index of its picture, what the decoder is given and what it is to put out."""
    numbers = {word: number for number, word in enumerate(assets["words"])}
    return [
        (index, *encode_caption(caption, numbers, settings.max_words, settings.language))
        for index, example in enumerate(examples)
        for caption in example.target
    ]


def _source(
    examples: Sequence[Example],
    pairs: list[tuple[int, list[int], list[int]]],
    plan: Callable[[int], list[BatchPlan]],
    mirrored: Callable[[int], np.ndarray],
    settings: Settings,
    training: bool,
) -> BatchSource:
    """Return the batches that `plan(epoch)` lists by numbers of pairs, those of `mirrored(epoch)` turned round."""
    import tensorflow as tf

    paths, cache = [Path(example.input) for example in examples], picture_cache(settings)

    def generate(epoch: int, planned: Sequence[BatchPlan]) -> Iterator[tuple[dict[str, np.ndarray], np.ndarray]]:
        turned = mirrored(epoch)
        pictures = cache.ahead(paths[pairs[index][0]] for batch in planned for index in batch.indices)
        for batch in planned:
            count = len(batch.indices)
            picture = np.empty((count, settings.height, settings.width, 3), np.uint8)
            tokens = np.zeros((count, batch.length), np.int32)
            targets = np.full((count, batch.length), PADDING, np.int32)
            length = np.zeros(count, np.int32)
            for row, index in enumerate(batch.indices):
                _, caption_inputs, caption_targets = pairs[index]
                picture[row] = next(pictures)
                if training and settings.flip and turned[index]:
                    picture[row] = picture[row, :, ::-1]
                tokens[row, : len(caption_inputs)], targets[row, : len(caption_targets)], length[row] = (
                    caption_inputs,
                    caption_targets,
                    len(caption_inputs),
                )
                if training and settings.scheduled_sampling:
                    _ask_for_own_words(tokens[row, 1 : len(caption_inputs)], settings, epoch, index)
            yield {"picture": picture, "tokens": tokens, "length": length}, targets

    signature = input_specification(settings), tf.TensorSpec((None, None), tf.int32)
    return generated_batches(plan, generate, signature, [examples[index].name for index, _, _ in pairs])


def _ask_for_own_words(tokens: np.ndarray, settings: Settings, epoch: int, index: int) -> None:
    """Turn a share of the words, which grows from epoch to epoch, to `-1 - word`, in place."""
    share = settings.scheduled_sampling * min(epoch / max(1, settings.epochs - 1), 1)
    replaced = np.random.default_rng([settings.seed, epoch, 2, index]).random(len(tokens)) < share
    tokens[replaced] = -1 - tokens[replaced]


def input_specification(settings: Settings) -> dict:
    """Return the `tf.TensorSpec` of each input of the model."""
    import tensorflow as tf

    return {
        "picture": tf.TensorSpec((None, settings.height, settings.width, 3), tf.uint8),
        "tokens": tf.TensorSpec((None, None), tf.int32),
        "length": tf.TensorSpec((None,), tf.int32),
    }


def raw_arrays(raw_input: Path | str | np.ndarray, settings: Settings) -> dict[str, np.ndarray]:
    """Return a picture, of a file or in memory, as what the signatures take: `picture` uint8 (height, width, 3), of the model's size.

    Scaled to fit, with black bars where the shape differs.

    Raises:
        UserError: if the file is missing or holds no picture, or an array is none.
    """
    if isinstance(raw_input, np.ndarray):
        from suite.vision.arrays import as_picture
        from suite.vision.resize import resize_array

        return {"picture": resize_array(as_picture(raw_input)[np.newaxis], settings.height, settings.width)[0]}
    path = Path(raw_input)
    picture = picture_cache(settings).get(path) if path.is_file() else read_image(path)
    return {"picture": picture}


def picture_cache(settings: Settings) -> FileCache:
    """Return the pictures decoded to the model's size, shared by training and evaluation."""
    return _cache_of(settings.height, settings.width, settings.cache_megabytes)


@lru_cache(maxsize=2)
def _cache_of(height: int, width: int, megabytes: int) -> FileCache:
    def load(path: Path) -> np.ndarray:
        from suite.vision.resize import resize_array

        with naming(path):
            return resize_array(read_image(path)[np.newaxis], height, width)[0]

    return FileCache(megabytes, load)
