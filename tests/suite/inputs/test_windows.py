import numpy as np
import pytest

from suite.inputs.windows import row_windows


@pytest.mark.parametrize("count", [1, 3, 4, 7])
def test_any_number_of_rows_is_answered_by_a_file_of_a_fixed_number(count):
    class Four:
        def __init__(self):
            self.inputs = {"tokens": ((4,), np.int32), "state": ((4, 2), np.float32), "values": ((2,), np.float32)}

        def call(self, arrays):
            assert {name: np.shape(array) for name, array in arrays.items()} == {
                name: shape for name, (shape, _) in self.inputs.items()
            }
            return {"state": arrays["state"] + arrays["tokens"][:, None] + arrays["values"], "tokens": arrays["tokens"]}

    tokens, state = np.arange(count, dtype=np.int32), np.random.default_rng(0).normal(size=(count, 2))
    values = np.float32([10, 20])
    found = row_windows(Four(), {"tokens": tokens, "state": state, "values": values}, ["tokens", "state"])
    np.testing.assert_allclose(found["state"], state + tokens[:, None] + values)
    np.testing.assert_array_equal(found["tokens"], tokens)
