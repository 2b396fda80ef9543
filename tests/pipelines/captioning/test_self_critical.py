"""Captions sampled from the model, rewarded by CIDEr-D."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from pipelines.captioning.cider import CiderD
from pipelines.captioning.config import Settings
from pipelines.captioning.data import prepare
from pipelines.captioning.model import build, phases
from pipelines.captioning.self_critical import self_critical_batches
from suite.data.examples import Example
from suite.sequence.decoder import TokenDecoder
from suite.sequence.sampling import sample_sequences
from suite.sequence.vocabulary import END, START, UNKNOWN
from suite.text.words import words_of

SETTINGS = Settings(
    height=16, width=16, filters=(4,), grid=2, units=8, attention="none", cell="gru", embedding_size=6, max_words=3,
    batch_size=8, self_critical_samples=4, self_critical_epochs=1, dropout=0.0,
)  # fmt: skip
SAID = [("red", "a red wall"), ("the red",), ("blue sky", "a sky"), ("the blue",), ("a green",)]


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    folder, made = tmp_path_factory.mktemp("pictures"), []
    for number, captions in enumerate(SAID):
        path = folder / f"{number}.png"
        Image.fromarray(np.full((16, 16, 3), 50 * number, np.uint8)).save(path)
        made.append(Example(path.name, path, captions, "train"))
    return made


@pytest.fixture(scope="module")
def assets(examples):
    return prepare(examples, SETTINGS)


@pytest.fixture(scope="module")
def model(assets):
    keras.utils.set_random_seed(3)
    model = build(SETTINGS, assets)
    generator = np.random.default_rng(2)
    for weight in model.trainable_weights:
        weight.assign(weight + 0.3 * generator.standard_normal(weight.shape))
    return model


@pytest.fixture(scope="module")
def source(model, examples, assets):
    return self_critical_batches(model, examples, assets, SETTINGS)


def taken(source, epoch):
    batches = [tf.nest.map_structure(lambda one: one.numpy(), batch) for batch in source.dataset(epoch)]
    assert len(batches) == source.steps
    return batches, [name for step in range(source.steps) for name in source.names(epoch, step)]


def test_samples_have_the_probabilities_of_the_model(model):
    picture = np.full((1, 16, 16, 3), 90, np.uint8)
    count = 6000
    sampled = sample_sequences(TokenDecoder(model), tf.constant(picture), count, 2, tf.constant([1, 2])).numpy()[0]
    assert sampled.shape == (count, 3) and not np.isin(sampled, (START, UNKNOWN)).any()
    ended = np.cumsum(sampled == END, axis=1) > 0
    assert not sampled[:, 1:][ended[:, :-1]].any()
    words = [number for number in range(model.output_shape[-1]) if number not in (START, UNKNOWN)]
    pairs = np.array(list(itertools.product(words, words)), np.int32)
    tokens = np.stack([np.full(len(pairs), START), pairs[:, 0]], 1).astype(np.int32)
    inputs = {
        "picture": np.repeat(picture, len(pairs), 0),
        "tokens": tokens,
        "length": np.full(len(pairs), 2, np.int32),
    }
    logits = model(inputs, training=False).numpy()[:, :, words]
    chances = np.exp(logits - tf.reduce_logsumexp(logits, -1, keepdims=True))
    for (first, second), chance in zip(pairs, chances, strict=True):
        wanted = chance[0, words.index(first)] * (chance[1, words.index(second)] if first != END else second == END)
        found = np.mean((sampled[:, 0] == first) & (sampled[:, 1] == second))
        assert abs(found - wanted) < 5 * np.sqrt(wanted * (1 - wanted) / count) + 1e-3


def test_a_batch_is_sampled_captions_with_their_advantages(source, examples, assets):
    batches, names = taken(source, 0)
    assert sorted(names) == sorted(one.name for one in examples) and [len(one[1]) for one in batches] == [8, 8, 4]
    spoken = [[[*words_of(text), "<end>"] for text in one.target] for one in examples]
    scorer, waiting = CiderD(spoken), iter(names)
    for inputs, targets, weights in batches:
        for start in range(0, len(targets), 4):
            index = [one.name for one in examples].index(next(waiting))
            rewards = []
            for row in range(start, start + 4):
                length = inputs["length"][row]
                assert (targets[row, length:] == -1).all() and not weights[row, length:].any()
                assert inputs["tokens"][row, 0] == START
                assert np.array_equal(inputs["tokens"][row, 1:length], targets[row, : length - 1])
                assert np.all(inputs["picture"][row] == 50 * index)
                said = [assets["words"][number] for number in targets[row, :length]]
                rewards.append(scorer.score(said, scorer.prepare(spoken[index])))
            for place, row in enumerate(range(start, start + 4)):
                others = [reward for other, reward in enumerate(rewards) if other != place]
                wanted = rewards[place] - np.mean(others)
                np.testing.assert_allclose(weights[row, : inputs["length"][row]], wanted, atol=1e-5)


def test_samples_depend_on_seed_epoch_and_model_alone(source, model, examples, assets):
    def targets(epoch, source=source):
        return [one.tolist() for _, one, _ in taken(source, epoch)[0]]

    first = targets(1)
    assert first == targets(1) == targets(1, self_critical_batches(model, examples, assets, SETTINGS)) != targets(2)
    bias = model.get_layer("words").bias
    before = bias.numpy()
    bias.assign(before + 3 * (np.arange(len(before)) == assets["words"].index("sky")))
    assert first != targets(1)
    bias.assign(before)
    assert first == targets(1)


def test_captions_above_the_mean_become_more_probable(examples, assets):
    keras.utils.set_random_seed(3)
    model = build(SETTINGS, assets)
    (*_, fit) = phases(SETTINGS, assets)
    fit.compile(model, keras.optimizers.SGD(0.1))
    inputs, targets, weights = next(iter(fit.batches(model, examples, assets, SETTINGS).dataset(0)))
    counted = targets.numpy() != -1

    def log_probs():
        shares = tf.nn.log_softmax(model(inputs, training=False))
        return tf.gather(shares, tf.maximum(targets, 0), batch_dims=2).numpy() * counted

    before = log_probs()
    loss = float(model.train_on_batch(inputs, targets, weights))
    assert loss == pytest.approx(-np.sum(before * weights) / counted.sum(), abs=1e-5)
    assert np.sum((log_probs() - before) * weights) > 0 < np.abs(weights).max()


def test_pictures_are_mirrored_on_request(model, assets, tmp_path):
    """Half of the pictures, others in another epoch, and the same ones whenever an epoch is asked for."""
    pictures = np.random.default_rng(5).integers(0, 255, (len(SAID), 16, 16, 3), np.uint8)
    examples, plain, turned = [], set(), set()
    for number, picture in enumerate(pictures):
        path = tmp_path / f"{number}.png"
        Image.fromarray(picture).save(path)
        examples.append(Example(path.name, path, SAID[number], "train"))
        plain.add(picture.tobytes())
        turned.add(picture[:, ::-1].tobytes())
    source = self_critical_batches(model, examples, assets, SETTINGS.model_copy(update={"flip": True}))

    def shown(epoch):
        batches, _ = taken(source, epoch)
        return [picture.tobytes() for inputs, *_ in batches for picture in inputs["picture"]]

    seen = {picture for epoch in range(4) for picture in shown(epoch)}
    assert seen & plain and seen & turned and seen <= plain | turned
    assert shown(1) == shown(1)
