"""Assets and batches of the sentiment pipeline."""

import numpy as np
import pytest

from pipelines.sentiment.config import Settings
from pipelines.sentiment.data import batches, prepare
from suite.data.examples import Example

EXAMPLES = [Example(f"row {n}", " ".join(["word"] * (n % 7 + 1)) + f" {n}", str(n % 11), "train") for n in range(50)]


def test_labels_are_in_natural_order():
    assert prepare(EXAMPLES, Settings())["labels"] == [str(n) for n in range(11)]
    named = [Example("", "a word", label) for label in ("b", "a 10", "a 9", "B")]
    assert prepare(named, Settings())["labels"] == ["B", "a 9", "a 10", "b"]


def test_balanced_weights_make_classes_count_alike():
    uneven = [Example("", "a word", label) for label in ["a"] * 3 + ["b"]]
    assets = prepare(uneven, Settings(class_weights="balanced"))
    assert assets["class_weights"] == pytest.approx([4 / 6, 2])


def test_every_example_is_in_an_epoch_once_with_its_class():
    settings = Settings(batch_size=8, ngrams=())
    assets = prepare(EXAMPLES, settings)
    source = batches(EXAMPLES, assets, settings, True)
    names, targets, lengths = [], [], []
    for step, (inputs, target) in enumerate(source.dataset(3)):
        names += source.names(3, step)
        targets += [assets["labels"][index] for index in target.numpy()]
        lengths += list((inputs["words"].numpy() != 0).sum(axis=1))
    assert step + 1 == source.steps
    assert sorted(names) == sorted(example.name for example in EXAMPLES)
    by_name = {example.name: example for example in EXAMPLES}
    assert targets == [by_name[name].target for name in names]
    assert lengths == [len(by_name[name].input.split()) for name in names]


def test_order_depends_on_seed_and_epoch_alone():
    def order(seed, epoch):
        settings = Settings(batch_size=8, ngrams=(), seed=seed)
        return [
            batch[1].numpy() for batch in batches(EXAMPLES, prepare(EXAMPLES, settings), settings, True).dataset(epoch)
        ]

    def same(a, b):
        return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))

    assert same(order(0, 1), order(0, 1))
    assert not same(order(0, 1), order(0, 2)) and not same(order(0, 1), order(1, 1))
