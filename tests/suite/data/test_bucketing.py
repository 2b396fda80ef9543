from itertools import combinations

import numpy as np
import pytest

from suite.data.bucketing import BatchPlan, Budget, bucket_lengths, plan_batches


def padding_waste(plans, lengths):
    """Return the share of all steps of the batches that is padding."""
    steps = sum(len(plan.indices) * plan.length for plan in plans)
    return 1 - float(np.sum(np.asarray(lengths, dtype=np.int64))) / steps if steps else 0.0


@pytest.fixture
def lengths():
    """Log-normal lengths with a long tail, as texts have: median 20, longest in the hundreds."""
    return np.random.default_rng(0).lognormal(3.0, 0.6, 3_001).astype(int) + 1


def same(one, other):
    return len(one) == len(other) and all(
        a.length == b.length and np.array_equal(a.indices, b.indices) for a, b in zip(one, other, strict=True)
    )


@pytest.mark.parametrize("seed", range(20))
def test_boundaries_are_the_best_there_are(seed):
    """Against brute force over every choice of boundaries."""
    generator = np.random.default_rng(seed)
    lengths = generator.integers(1, 40, 60)
    candidates = np.unique(-(-lengths // 4) * 4)
    count = int(generator.integers(1, 5))

    def padding(edges):
        edges = np.array(edges)
        return int((edges[np.searchsorted(edges, lengths)] - lengths).sum())

    choices = [(*choice, candidates[-1]) for choice in combinations(candidates[:-1], min(count, len(candidates)) - 1)]
    found = bucket_lengths(lengths, count)
    assert len(found) <= count and padding(found) == min(map(padding, choices))


def test_boundaries_of_few_lengths():
    assert bucket_lengths([]) == []
    assert bucket_lengths([0, 0]) == [4]
    assert bucket_lengths([5, 5, 9]) == [8, 12]
    assert len(bucket_lengths(range(100_000))) == 8


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("batch_size", [1, 32, 5_000])
def test_every_example_once_and_padded_enough(lengths, training, batch_size):
    plans = plan_batches(lengths, batch_size, 1, 2, training)
    assert sorted(np.concatenate([plan.indices for plan in plans])) == list(range(len(lengths)))
    assert all(lengths[plan.indices].max() <= plan.length for plan in plans)
    assert all(len(plan.indices) <= batch_size for plan in plans)


@pytest.mark.parametrize("training", [True, False])
def test_little_is_padding_and_shapes_are_few(lengths, training):
    plans = plan_batches(lengths, 32, training=training)
    order = np.random.default_rng(0).permutation(len(lengths))
    chunks = [order[start : start + 32] for start in range(0, len(order), 32)]
    plain = [BatchPlan(chunk, int(lengths[chunk].max())) for chunk in chunks]
    assert padding_waste(plans, lengths) < 0.2 < 0.5 < padding_waste(plain, lengths)
    assert len({(len(plan.indices), plan.length) for plan in plans}) <= 9
    assert {len(plan.indices) for plan in plans} == {32, 3_001 % 32}


def test_an_epoch_depends_on_seed_and_epoch_alone(lengths):
    history = [plan_batches(lengths, 32, 7, epoch) for epoch in range(4)]
    assert same(plan_batches(lengths, 32, 7, 3), history[3])
    assert not same(history[2], history[3])
    assert not same(plan_batches(lengths, 32, 8, 3), history[3])


def test_training_mixes_who_shares_a_batch(lengths):
    def companions(epoch):
        return next(set(plan.indices) for plan in plan_batches(lengths, 32, 0, epoch) if 100 in plan.indices)

    assert companions(0) != companions(1)
    plans = plan_batches(lengths, 32)
    assert np.abs(np.corrcoef(range(len(plans)), [plan.length for plan in plans])[0, 1]) < 0.5


def test_evaluation_is_in_order_of_length_and_always_the_same(lengths):
    plans = plan_batches(lengths, 32, training=False)
    assert same(plans, plan_batches(lengths, 32, 5, 9, training=False))
    assert list(lengths[np.concatenate([plan.indices for plan in plans])]) == sorted(lengths)


def test_given_boundaries_are_kept_and_a_longer_example_adds_one(lengths):
    assert {plan.length for plan in plan_batches([3, 9, 10], 1, boundaries=[8, 16, 32])} == {8, 16}
    assert {plan.length for plan in plan_batches([3, 33], 1, boundaries=[8, 16])} == {8, 36}


def test_no_examples_no_batches():
    assert plan_batches([], 32) == [] and padding_waste([], []) == 0.0


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("budget", [1, 200, 2_000])
def test_a_budget_bounds_the_steps_of_a_batch(lengths, training, budget):
    plans = plan_batches(lengths, Budget(budget), 1, 2, training)
    assert sorted(np.concatenate([plan.indices for plan in plans])) == list(range(len(lengths)))
    assert all(lengths[plan.indices].max() <= plan.length for plan in plans)
    assert all(len(plan.indices) * plan.length <= budget or len(plan.indices) == 1 for plan in plans)


@pytest.mark.parametrize("training", [True, False])
def test_a_budget_is_used(lengths, training):
    plans = plan_batches(lengths, Budget(2_000), training=training)
    assert padding_waste(plans, lengths) < 0.2
    steps = [len(plan.indices) * plan.length for plan in plans]
    assert sum(steps) / len(steps) > 0.85 * 2_000
    assert len({(len(plan.indices), plan.length) for plan in plans}) <= 24


def test_with_a_budget_too_an_epoch_depends_on_seed_and_epoch_alone(lengths):
    assert same(plan_batches(lengths, Budget(999), 7, 3), plan_batches(lengths, Budget(999), 7, 3))
    assert not same(plan_batches(lengths, Budget(999), 7, 3), plan_batches(lengths, Budget(999), 7, 4))
