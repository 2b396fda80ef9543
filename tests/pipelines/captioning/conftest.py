"""A captioning predictor that needs no training, since it names the colour of the picture; and a model that had some."""

import json
import zlib

import numpy as np
import pytest

from pipelines.captioning.config import Settings
from suite.answers import sentence_figures
from suite.sequence.vocabulary import END, RESERVED, START, digest_of

COLOURS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}
WORDS = [*RESERVED, "a", *COLOURS, "picture", "wall"]
SURE = 0.9  # probability of the right word; the rest is shared by all others, more by those that come first
GRID = 2


class ColourPredictor:
    """Answers `encode` and `decode_step` as a model that says "a red picture", with pure NumPy.

    The state is the colour's number and how many words were said; word `t` looks at place `t mod 4` of a grid of 2 x 2.
    """

    def __init__(self, name="caption"):
        self.name = name
        self.calls = []

    def sibling(self, name):
        return ColourPredictor(name)

    def batch(self, stacked):
        return getattr(self, f"_{self.name}")(**stacked)

    def _encode(self, picture):
        colour = picture.reshape(len(picture), -1, 3).mean(1).argmax(-1)
        values = np.zeros((len(picture), GRID**2, 3), np.float32)
        return {"values": values, "keys": values, "state": np.stack([colour, 0 * colour], -1).astype(np.float32)}

    def _decode_step(self, tokens, state, values, keys):
        assert tokens.shape == state.shape[:2] and len(values) == len(keys) == len(tokens)
        assert ((state[..., 1] == 0) == (tokens == START)).all()
        colour, said = state[..., 0].astype(int), state[..., 1].astype(int)
        sentence = np.array([[WORDS.index("a"), WORDS.index(name), WORDS.index("picture"), END] for name in COLOURS])
        right = sentence[colour, np.minimum(said, 3)]
        rest = np.arange(len(WORDS), 0, -1) * np.ones((*tokens.shape, 1))
        np.put_along_axis(rest, right[..., None], 0, -1)
        shares = (1 - SURE) * rest / rest.sum(-1, keepdims=True)
        np.put_along_axis(shares, right[..., None], SURE, -1)
        attention = np.full((*tokens.shape, GRID**2), 0.1, np.float32)
        np.put_along_axis(attention, said[..., None] % GRID**2, 0.7, -1)
        after = np.stack([colour, said + 1], -1).astype(np.float32)
        return {"log_probs": np.log(shares).astype(np.float32), "state": after, "attention": attention}


@pytest.fixture(scope="session")
def colour_settings():
    return Settings(height=32, width=32, grid=GRID, max_words=6, beam_width=3)


@pytest.fixture(scope="session")
def colour_assets():
    return {"words": WORDS, "training_captions": [digest_of(["a", "red", "picture"])]}


@pytest.fixture(scope="session")
def colour_predictor():
    return ColourPredictor()


@pytest.fixture(scope="session")
def colour_files(tmp_path_factory):
    """Colour -> a picture file of it."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("colours")
    for name, colour in COLOURS.items():
        Image.new("RGB", (48, 40), colour).save(folder / f"{name}.png")
    return {name: folder / f"{name}.png" for name in COLOURS}


TINY_CAPTIONING = (
    "height=16",
    "width=16",
    "grid=4",
    "filters=[16,16]",
    "units=24",
    "embedding_size=16",
    "attention_units=16",
    "dropout=0",
    "max_words=5",
    "beam_width=3",
    "val_beam_width=2",
    "batch_size=16",
    "learning_rate=0.02",
    "epochs=8",
    "patience=0",
    "log_samples=false",
)


def draw_flag(path, top, bottom, seed=0, size=20):
    """Write a picture of two colours, one above the other, with some noise."""
    from PIL import Image

    pixels = np.empty((size, size, 3))
    pixels[: size // 2], pixels[size // 2 :] = COLOURS[top], COLOURS[bottom]
    pixels += np.random.default_rng(seed).normal(0, 12, pixels.shape)
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(path)
    return path


@pytest.fixture(scope="session")
def flags(tmp_path_factory):
    """A data set of small flags: "red above blue"."""
    folder = tmp_path_factory.mktemp("flags")
    pairs = [(top, bottom) for top in COLOURS for bottom in COLOURS]
    with open(folder / "captions.jsonl", "w", encoding="utf-8") as file:
        for split, rounds in (("train", 10), ("dev", 1), ("test", 1)):
            for number in range(rounds):
                for top, bottom in pairs:
                    name = f"{split}_{top}_{bottom}_{number}.png"
                    draw_flag(folder / name, top, bottom, zlib.crc32(name.encode()))
                    captions = [f"{top} above {bottom}", f"{top} above {bottom} ."]
                    file.write(json.dumps({"image": name, "captions": captions, "split": split}) + "\n")
    return folder


@pytest.fixture(scope="session")
def watched_training(train_on, flags):
    """The RunResult of a model with attention trained on `flags` in seconds, and the beam width of each search."""
    widths, find_sequences = [], sentence_figures.find_sequences

    def watched(predictor, inputs, rules):
        widths.append(rules.beam_width)
        return find_sequences(predictor, inputs, rules)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sentence_figures, "find_sequences", watched)
        return train_on("captioning", flags, "flags", *TINY_CAPTIONING), widths


@pytest.fixture(scope="session")
def trained_on_flags(watched_training):
    """The RunResult of a model with attention trained on `flags` in seconds."""
    return watched_training[0]
