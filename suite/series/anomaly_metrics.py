"""How well scores tell the anomalous rows of a series: AUC-PR, VUS-PR, range-based F1, and the score of the Numenta benchmark.

None of them adjusts points: a whole range does not count as detected because one of its rows was.
"""

from collections.abc import Sequence

import numpy as np

BUFFER = 100  # rows, the longest buffer of VUS-PR
THRESHOLDS = 250  # of VUS-PR, as its authors have it
PROBATION = 0.15  # share of a series at its begin that the Numenta benchmark does not score
FALSE_POSITIVE = 0.11  # weight of its standard profile; a detected and a missed window weigh 1


def auc_pr(labels: np.ndarray, scores: np.ndarray) -> float:
    """Return the area under precision over recall, as a step function (average precision); NaN without an anomalous row.

    Args:
        labels: bool `(rows,)`.
        scores: `(rows,)`, higher is odder; rows whose score is NaN do not count.
    """
    labels, scores = _scored(labels, scores)
    if not labels.any():
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    hits, last = np.cumsum(labels[order]), np.append(np.diff(scores[order]) != 0, True)
    recall, precision = hits[last] / hits[-1], hits[last] / (np.flatnonzero(last) + 1)
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def vus_pr(labels: np.ndarray, scores: np.ndarray, buffer: int = BUFFER) -> float:
    """Return the volume under precision, recall and the length of a buffer around anomalies; NaN without an anomalous row.

    For each buffer length from 0 to `buffer` the labels fall off on both sides of a range as a square root does, recall is
    weighted with the share of ranges that are detected at all, and the area under precision is taken; the volume is the mean.

    Source: Paparrizos et al. 2022, "Volume Under the Surface: a new accuracy evaluation measure for time-series anomaly
    detection", with the 250 thresholds of its reference implementation.
    """
    labels, scores = _scored(labels, scores)
    if not labels.any():
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    falling = scores[order]
    thresholds = falling[np.linspace(0, len(scores) - 1, THRESHOLDS).astype(int)]
    counts = np.searchsorted(-falling, -thresholds, side="right")  # rows at or above each threshold
    areas = [_range_area(labels, scores, order, thresholds, counts, length) for length in range(buffer + 1)]
    return float(np.mean(areas))


def _range_area(
    labels: np.ndarray, scores: np.ndarray, order: np.ndarray, thresholds: np.ndarray, counts: np.ndarray, length: int
) -> float:
    soft = soften(labels, length)
    hits = np.cumsum(soft[order])[counts - 1]
    size = (labels.sum() + soft.sum()) / 2  # neither the labels alone nor all of the buffer
    highest = np.array([scores[begin:end].max() for begin, end in ranges(soft > 0)])
    detected = (highest[:, None] >= thresholds).mean(axis=0)
    recall = np.append(0.0, np.minimum(hits / size, 1.0) * detected)
    return float(np.sum(np.diff(recall) * (hits / counts)))


def soften(labels: np.ndarray, length: int) -> np.ndarray:
    """Return labels that fall off from 1 to both sides of each range within half of `length` rows, float64 `(rows,)`."""
    soft = labels.astype(np.float64)
    for begin, end in ranges(labels):
        after = np.arange(end - 1, min(end - 1 + length // 2, len(labels)))
        before = np.arange(max(begin - length // 2, 0), begin)
        soft[after] += np.sqrt(1 - (after - end + 1) / max(length, 1))
        soft[before] += np.sqrt(1 - (begin - before) / max(length, 1))
    return np.minimum(soft, 1.0)


def ranges(labels: np.ndarray) -> list[tuple[int, int]]:
    """Return first row and end of each run of rows that are true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], np.asarray(labels, np.int8), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def range_f1(labels: np.ndarray, detected: np.ndarray) -> float:
    """Return the harmonic mean of range-based precision and recall: of each range the share that is met, by how many pieces.

    Source: Tatbul et al. 2018, "Precision and recall for time series", with flat bias, no reward for existence alone, and a
    range that several pieces meet divided by their number.
    """
    recall, precision = _met(ranges(labels), ranges(detected)), _met(ranges(detected), ranges(labels))
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _met(of: Sequence[tuple[int, int]], by: Sequence[tuple[int, int]]) -> float:
    shares = []
    for begin, end in of:
        overlaps = [size for low, high in by if (size := min(end, high) - max(begin, low)) > 0]
        shares.append(sum(overlaps) / (end - begin) / max(len(overlaps), 1))
    return float(np.mean(shares)) if shares else 0.0


def best_range_f1(labels: np.ndarray, scores: np.ndarray, thresholds: int = 100) -> float:
    """Return the highest range-based F1 over thresholds, evenly many rows apart: what the scores could reach."""
    labels, scores = _scored(labels, scores)
    levels = np.unique(np.quantile(scores, np.linspace(0.5, 1, thresholds)))
    return max(range_f1(labels, scores >= level) for level in levels)


def nab_score(series: Sequence[tuple[np.ndarray, np.ndarray]]) -> float:
    """Return the score of the Numenta benchmark, standard profile, at the threshold that is best for all series together.

    100 is each window detected at its first row without a false alarm; 0 is no detection at all.

    Args:
        series: `(labels, scores)` of each, in full; the rows at the begin are not scored here. NaN scores detect nothing.

    Source: Lavin and Ahmad 2015, "Evaluating real-time anomaly detection algorithms: the Numenta Anomaly Benchmark".
    """
    events: list[np.ndarray] = []  # rows (score at which it happens, change of the sum)
    windows = 0
    for labels, scores in series:
        changes, count = _nab_events(np.asarray(labels, bool), np.asarray(scores, np.float64))
        events.append(changes)
        windows += count
    changes = np.concatenate(events)
    changes = changes[np.argsort(-changes[:, 0], kind="stable")]
    last = np.append(np.diff(changes[:, 0]) != 0, True)
    best = max(0.0, float(np.cumsum(changes[:, 1])[last].max())) if len(changes) else 0.0
    return 100 * best / (2 * windows) if windows else float("nan")


def _nab_events(labels: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, int]:
    """Return what changes as the threshold falls, `(events, 2)`, from all windows missed; and how many windows there are."""
    begin = int(min(PROBATION * len(labels), 750))  # of at most 5,000 rows, as the benchmark has it
    windows = [(low, high) for low, high in ranges(labels) if high > begin]
    events, scored = [], np.isfinite(scores) & (np.arange(len(labels)) >= begin)
    for low, high in windows:
        rows = np.flatnonzero(scored[low:high]) + low
        rows = rows[np.argsort(-scores[rows], kind="stable")]
        value = sigmoid(-(high - rows) / (high - low)) / sigmoid(np.array(-1.0))
        reached = np.maximum.accumulate(value)
        # A window that is detected at all is no longer missed, which weighs 1 too.
        events.append(np.stack([scores[rows], np.diff(reached, prepend=-1.0)], axis=1))
    outside = np.flatnonzero(scored & ~labels)
    penalty = np.full(len(outside), -1.0)
    for low, high in windows:
        behind = outside >= high
        penalty[behind] = sigmoid((outside[behind] - high + 1) / max(high - low - 1, 1))
    events.append(np.stack([scores[outside], FALSE_POSITIVE * penalty], axis=1))
    return np.concatenate(events), len(windows)


def sigmoid(position: np.ndarray) -> np.ndarray:
    """Return what a detection is worth: about 1 at the begin of its window (-1), 0 at its end, -1 from three windows behind it."""
    return np.where(position > 3, -1.0, 2 / (1 + np.exp(5 * np.minimum(position, 3))) - 1)


def _scored(labels: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    present = np.isfinite(scores)
    return np.asarray(labels, bool)[present], np.asarray(scores, np.float64)[present]
