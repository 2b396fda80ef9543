"""Shares of batches: every row in exactly one, whichever way the batch is made."""

import numpy as np
import pytest
import tensorflow as tf

from suite.data.batch_source import cut_batches, generated_batches
from suite.data.bucketing import BatchPlan
from suite.data.share import Share

PLANS = [BatchPlan(np.array([4, 1, 3, 0, 2]), 6), BatchPlan(np.array([7, 5]), 4), BatchPlan(np.array([6]), 8)]


@pytest.mark.parametrize("workers", [1, 2, 3, 7])
@pytest.mark.parametrize("count", [0, 1, 2, 5, 12])
def test_every_row_is_in_one_share_and_shares_are_alike(count: int, workers: int) -> None:
    shares = [np.arange(count)[Share(worker, workers).rows(count)] for worker in range(workers)]
    np.testing.assert_array_equal(np.concatenate(shares), np.arange(count))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


@pytest.mark.parametrize("divisible", [True, False])
@pytest.mark.parametrize("workers", [2, 3])
def test_the_shares_of_a_batch_are_the_batch(workers: int, divisible: bool) -> None:
    made: list[int] = []

    def generate(epoch, planned):
        for batch in planned:
            made.extend(batch.indices)
            rows = np.repeat(batch.indices[:, np.newaxis] + 100 * epoch, batch.length, axis=1)
            yield {"rows": rows.astype(np.int32)}, batch.indices.astype(np.float32)

    signature = ({"rows": tf.TensorSpec((None, None), tf.int32)}, tf.TensorSpec((None,), tf.float32))
    source = generated_batches(lambda epoch: PLANS, generate, signature, list("abcdefgh"))
    source = source if divisible else cut_batches(source)
    whole = list(source.dataset(2).as_numpy_iterator())
    made.clear()
    shares = [list(source.dataset(2, Share(worker, workers)).as_numpy_iterator()) for worker in range(workers)]
    for step, (inputs, targets) in enumerate(whole):
        np.testing.assert_array_equal(np.concatenate([share[step][0]["rows"] for share in shares]), inputs["rows"])
        np.testing.assert_array_equal(np.concatenate([share[step][1] for share in shares]), targets)
    # What can be made in part is: but for the one row that stands for an empty share, nothing is made twice.
    empty = sum(not len(share[step][1]) for share in shares for step in range(len(PLANS)))
    assert len(made) == (8 + empty if divisible else 8 * workers)
