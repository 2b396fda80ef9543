"""Spaces: what settings declare, what a file may say, and how a wrong one is named."""

import itertools
from types import SimpleNamespace

import pytest

from pipelines.sentiment.config import Settings
from suite.config import declared_space, describe_settings
from suite.errors import UserError
from suite.registry import PIPELINES, load_pipeline
from suite.sweep.space import check_reading, combinations, decode, distributions, encode, end_points, read_space


@pytest.fixture
def space_of(tmp_path):
    """`space_of(text, **settings)` reads a `--space` file."""

    def read(text, **values):
        (tmp_path / "space.yaml").write_text(text)
        return read_space(Settings(**values), tmp_path / "space.yaml")

    return read


@pytest.mark.parametrize("task", PIPELINES)
def test_every_task_declares_a_space_that_its_settings_take(task):
    settings = load_pipeline(task).Settings()
    space = read_space(settings, None)
    assert {"learning_rate", "weight_decay"} < set(space)
    assert space == declared_space(type(settings))
    listed = {row["name"]: row["sweep"] for row in describe_settings(type(settings))}
    assert {name: ranges for name, ranges in listed.items() if ranges} == space
    # Trial 0 has the defaults: all of them lie in what is searched.
    for key, distribution in distributions(space, type(settings)).items():
        assert distribution._contains(distribution.to_internal_repr(getattr(settings, key))), key


def test_values_are_as_the_settings_hold_them(space_of):
    space = space_of(
        "learning_rate: {low: 1e-4, high: 1e-2, log: true}\nunits: {low: 8, high: '32', step: 8}\n"
        "dropout: {low: 0, high: 0.5}\nngrams: [[], [3, 4]]\nword_vectors: [null, '[a].txt']\nbidirectional: [true, no]\n"
    )
    assert space == {
        "learning_rate": {"low": 1e-4, "high": 1e-2, "log": True},
        "units": {"low": 8, "high": 32, "step": 8},
        "dropout": {"low": 0.0, "high": 0.5},
        "ngrams": [[], [3, 4]],
        "word_vectors": [None, "[a].txt"],
        "bidirectional": [True, False],
    }
    for key, value in end_points(space):
        assert decode(space, {key: encode(value)}) == {key: value}
    assert combinations(distributions(space, Settings)) is None
    discrete = {key: space[key] for key in ("units", "ngrams", "bidirectional")}
    assert combinations(distributions(discrete, Settings)) == len(
        [*itertools.product((8, 16, 24, 32), *map(space.get, ("ngrams", "bidirectional")))]
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("unit: [1]", ["unknown setting 'unit'", "'units'"]),
        ("units: {low: 8, high: 8}", ["units", "low < high", "low 8, high 8"]),
        ("units: {low: 0, high: 8}", ["'units'", "greater than or equal to 1", "0"]),
        ("units: {low: 8.5, high: 64}", ["'units'", "integer", "8.5"]),
        ("units: [8, '8']", ["units", "different", "8"]),
        ("cell: [lstm, elman]", ["'cell'", "'min_gru'", "'elman'"]),
        ("cell: {low: 1, high: 2}", ["cell", "list of choices"]),
        ("dropout: {low: 0, high: 1}", ["'dropout'", "less than 1"]),
        ("dropout: {low: 0, high: 0.9, step: 0.2}", ["dropout", "whole steps"]),
        ("units: {low: 8, high: 64, step: 8.5}", ["units", "whole", "8.5"]),
        ("units: {low: 8, high: 64, step: 0}", ["units", "above 0"]),
        ("units: {low: 8, high: 64, step: x}", ["units", "step"]),
        ("units: {low: 8, high: 64, step: 8, log: true}", ["units", "not both"]),
        ("weight_decay: {low: 0, high: 1, log: true}", ["weight_decay", "low > 0"]),
        ("units: {low: 8, high: 64, log: 3}", ["units", "log: true"]),
        ("units: {low: 8, hi: 64}", ["units", "low, high"]),
        ("units: 7", ["units", "choices", "7"]),
        ("units: []", ["units", "choices"]),
        ("deterministic: [true, false]", ["deterministic", "--set"]),
        ("min_count: [0]\nword_vectors: [a.txt, null]", ["word_vectors", "'a.txt'", "min_count"]),
        ("", ["space.yaml", "none"]),
        ("- units", ["space.yaml", "mapping"]),
    ],
)
def test_a_wrong_space_is_named(space_of, text, words):
    with pytest.raises(UserError) as fault:
        space_of(text)
    assert all(word in str(fault.value) for word in ["space.yaml", *words]), fault.value


def test_values_that_go_together_in_some_trials_are_a_space(space_of):
    assert space_of("min_count: [0, 1]\nword_vectors: [a.txt, null]")["min_count"] == [0, 1]


def test_a_key_that_changes_what_is_read_is_refused():
    read = []

    def examples(settings):
        read.append(settings)
        return SimpleNamespace(order_fingerprint=settings.text_column, sizes={"train": 3})

    space = {"units": [8, 16], "max_tokens": [16, 32]}
    check_reading(Settings(), space, examples(Settings()), examples)
    assert [settings.max_tokens for settings in read] == [256, 16, 32]  # units are declared: no need to read for them
    with pytest.raises(UserError, match=r"text_column cannot be searched: with 'review'"):
        check_reading(Settings(), {"text_column": ["text", "review"]}, examples(Settings()), examples)
