"""Windows of a recording: the steps that count are all steps once, each from the window that hears most around it."""

import numpy as np
import pytest

from suite.inputs.audio_host import overlapping_windows

STEP, SIZE, MARGIN = 10, 200, 45


@pytest.mark.parametrize("count", [0, 1, 199, 200, 201, 320, 321, 799, 1000, 1003])
def test_every_step_counts_once_and_all_but_the_ends_have_a_margin_around_them(count):
    samples = np.arange(count, dtype=np.float32)
    windows = overlapping_windows(samples, SIZE, STEP, MARGIN)
    begins = []  # the first sample of each step that counts
    for number, window in enumerate(windows):
        assert len(window.samples) == SIZE or window is windows[-1]
        steps = range(0, len(window.samples), STEP)[window.first : window.end]
        begins += [int(window.samples[start]) for start in steps]
        inner = MARGIN // STEP * STEP
        assert number == 0 or window.first * STEP == inner
        assert window is windows[-1] or SIZE - window.end * STEP == inner
    assert begins == list(range(0, count, STEP))


def test_a_margin_is_at_most_a_quarter_of_a_window():
    windows = overlapping_windows(np.zeros(1000, np.float32), 40, STEP, MARGIN)
    assert {(window.first, window.end) for window in windows[1:-1]} == {(1, 3)}
