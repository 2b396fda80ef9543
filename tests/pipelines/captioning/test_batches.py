"""Batches of the captioning pipeline."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.captioning.config import Settings
from pipelines.captioning.data import batches, encode_caption, picture_batches, prepare, raw_arrays
from suite.data.examples import Example
from suite.sequence.vocabulary import END, START, UNKNOWN
from suite.text.words import words_of

SMALL = {"height": 16, "width": 16, "grid": 2, "batch_size": 4, "max_words": 6}


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    """Nine pictures, picture n with captions of n and n + 2 words, all different."""
    folder = tmp_path_factory.mktemp("pictures")
    made = []
    for number in range(1, 10):
        path = folder / f"{number}.png"
        pixels = np.random.default_rng(number).integers(0, 256, (16, 16, 3), np.uint8)
        Image.fromarray(pixels).save(path)
        captions = tuple(" ".join(f"w{place}x{number}" for place in range(count)) for count in (number, number + 2))
        made.append(Example(path.name, path, captions, "train", key=path.name))
    return made


def everything(examples, settings, epoch, training=True):
    """Return `[(name, caption, picture)]` of an epoch in its order, the caption as the words the decoder is given."""
    assets = prepare(examples, settings)
    source, found = batches(examples, assets, settings, training), []
    for step, (inputs, targets) in enumerate(source.dataset(epoch)):
        targets = targets.numpy()
        inputs = {name: value.numpy() for name, value in inputs.items()}
        for row, name in enumerate(source.names(epoch, step)):
            length, tokens = int(inputs["length"][row]), inputs["tokens"][row]
            assert tokens[0] == START and not tokens[length:].any() and (targets[row, length:] == -1).all()
            assert np.array_equal(tokens[1:length], targets[row, : length - 1])
            ended = [] if targets[row, length - 1] == END else [targets[row, length - 1]]
            words = [assets["words"][number] for number in (*tokens[1:length], *ended)]
            found.append((name, " ".join(words), inputs["picture"][row]))
    assert step + 1 == source.steps
    return found


def test_every_caption_is_in_an_epoch_once_with_its_picture(examples):
    settings = Settings(**SMALL)
    found = everything(examples, settings, 2)
    wanted = {(one.name, " ".join(words_of(text)[:7])) for one in examples for text in one.target}
    assert len(found) == 18 and {(name, words) for name, words, _ in found} == wanted
    paths = {one.name: one.input for one in examples}
    for name, _, pixels in found:
        assert np.array_equal(pixels, raw_arrays(paths[name], settings)["picture"])


def test_captions_of_a_picture_stay_together_where_its_network_is_trained(examples):
    settings = Settings(**SMALL, flip=True)
    assets = prepare(examples, settings)
    source, seen, turned = picture_batches(None, examples, assets, settings), [], set()
    for step, (inputs, _) in enumerate(source.dataset(3)):
        names = source.names(3, step)
        assert names[0::2] == names[1::2] and len(names) <= 4
        seen += names
        for name, one, other in zip(
            names[::2], inputs["picture"][::2].numpy(), inputs["picture"][1::2].numpy(), strict=True
        ):
            pixels = raw_arrays({one.name: one.input for one in examples}[name], settings)["picture"]
            turned.add(bool((one == pixels[:, ::-1]).all()))
            assert np.array_equal(one, other) and (one == pixels).all() != (one == pixels[:, ::-1]).all()
    assert source.steps == 5 and sorted(seen[::2]) == sorted(one.name for one in examples) and turned == {True, False}
    again = picture_batches(None, examples, assets, settings)
    assert [again.names(3, step) for step in range(5)] == [seen[at : at + 4] for at in range(0, 18, 4)]
    assert again.names(4, 0) != seen[:4]


def test_a_long_caption_is_cut_and_has_no_end():
    numbers = {"a": 3, "dog": 4, "runs": 5}
    assert encode_caption("A dog runs .", numbers, 3) == ([START, 3, 4, 5], [3, 4, 5, END])
    assert encode_caption("A dog runs .", numbers, 2) == ([START, 3, 4], [3, 4, 5])
    assert encode_caption("a fox", numbers, 5) == ([START, 3, UNKNOWN], [3, UNKNOWN, END])


def test_captions_of_similar_length_are_together(examples):
    assets = prepare(examples, Settings(**SMALL))
    for inputs, targets in batches(examples, assets, Settings(**SMALL), True).dataset(0):
        assert targets.shape == inputs["tokens"].shape and targets.shape[1] - max(inputs["length"].numpy()) <= 1


def test_order_depends_on_seed_and_epoch_alone(examples):
    def order(epoch, **changes):
        return [words for _, words, _ in everything(examples, Settings(**SMALL | changes), epoch)]

    assert order(1) == order(1) == order(1, cache_megabytes=0)
    assert order(1) != order(2) and order(1) != order(1, seed=1)
    assert sorted(order(1)) == sorted(order(2))


def test_half_of_the_pictures_are_mirrored_in_training_alone(examples):
    settings = Settings(**SMALL, flip=True)
    paths = {one.name: Path(one.input) for one in examples}

    def mirrored(epoch, training):
        found = []
        for name, words, pixels in everything(examples, settings, epoch, training):
            plain = raw_arrays(paths[name], settings)["picture"]
            assert np.array_equal(pixels, plain) or np.array_equal(pixels[:, ::-1], plain)
            found.append((words, not np.array_equal(pixels, plain)))
        return [turned for _, turned in sorted(found)]

    assert not any(mirrored(0, False))
    assert 3 <= sum(mirrored(0, True)) <= 15 and mirrored(0, True) == mirrored(0, True) != mirrored(1, True)
