"""When the frames of a video are shown, where the file says it badly or not at all."""

import numpy as np

TRUSTED = 0.5  # share of the frames with a usable time below which none is believed


def repair_times(stamps: np.ndarray, step: float) -> np.ndarray:
    """Return ascending times of all frames, seconds.

    A time that is missing, or not after the one before it, is put evenly between its neighbours. Where most are so,
    one frame comes after another at the announced rate.

    Args:
        stamps: As the file gives them, in the order in which frames are shown, float64 (frames,); NaN is none.
        step: Seconds of a frame at the announced rate.
    """
    count = len(stamps)
    if count > 1 and (stamps[1:] > stamps[:-1]).all():  # as nearly every file has it
        return stamps
    latest = np.fmax.accumulate(np.concatenate([[-np.inf], stamps]))[:-1]
    places = np.flatnonzero(stamps > latest)
    if len(places) < max(2, TRUSTED * count):
        return np.arange(count) * step
    usable = stamps[places]
    times = np.interp(np.arange(count), places, usable)
    mean = (usable[-1] - usable[0]) / (places[-1] - places[0])
    times[: places[0]] = usable[0] + (np.arange(places[0]) - places[0]) * mean
    after = np.arange(places[-1] + 1, count)
    times[after] = usable[-1] + (after - places[-1]) * mean
    return times
