import numpy as np

from suite.text.hashing import hash_table


def test_tables_are_fixed_and_differ_by_name():
    table = hash_table("words", 32)
    assert table.shape == (256, 32) and table.dtype == np.int32
    assert table.min() >= 0 and table.max() < 1 << 20
    assert table.sum(axis=1).max() < 1 << 25
    assert np.array_equal(table, hash_table("words", 32))
    assert not np.array_equal(table[:, :5], hash_table("3-grams", 5))


def test_rows_are_spread_evenly():
    table, rows = hash_table("words", 32), 1000
    words = [f"word{number}".encode() for number in range(20_000)]
    hashed = [sum(int(table[byte, place]) for place, byte in enumerate(word)) % rows for word in words]
    counts = np.bincount(hashed, minlength=rows)
    # Chi-squared of 999 degrees of freedom: mean 999, standard deviation 45.
    assert ((counts - 20) ** 2 / 20).sum() < 999 + 6 * 45
