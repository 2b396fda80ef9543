"""How well the scores of rows tell those that the data marks as anomalies."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from suite.series.anomaly_metrics import auc_pr, vus_pr
from suite.series.series import Stretch

MARK_METRICS = {"auc_pr": ("max", "fraction"), "vus_pr": ("max", "fraction")}


@dataclass
class RowScores:
    """Rows that were scored so far: of which stretch each is, its number, and how odd it was, one array for each batch."""

    places: list[np.ndarray] = field(default_factory=list)
    rows: list[np.ndarray] = field(default_factory=list)
    scores: list[np.ndarray] = field(default_factory=list)

    def add(self, places: np.ndarray, rows: np.ndarray, scores: np.ndarray) -> None:
        """Add rows, int64 `(rows,)`, with the scores of their channels, `(rows, channels)`, NaN where a value is missing."""
        present = np.isfinite(scores)
        sums = np.where(present, scores, 0.0).sum(axis=1)
        self.places.append(places)
        self.rows.append(rows)
        self.scores.append(np.where(present.any(axis=1), sums / np.maximum(present.sum(axis=1), 1), np.nan))

    def figures(self, stretches: Sequence[Stretch]) -> dict[str, float]:
        """Return the means of `MARK_METRICS` over stretches with a marked row; nothing where there is none.

        The score of a row is how far it lies from what was expected one step before, in widths of the quantiles, mean over channels.
        """
        figures: list[tuple[float, float]] = []
        if not self.places:
            return {}
        places, rows, scores = (np.concatenate(parts) for parts in (self.places, self.rows, self.scores))
        for number, stretch in enumerate(stretches):
            marks, of_stretch = stretch.series.anomalies, places == number
            if marks is not None and marks[rows[of_stretch]].any():
                labels = marks[rows[of_stretch]]
                figures.append((auc_pr(labels, scores[of_stretch]), vus_pr(labels, scores[of_stretch])))
        present = [pair for pair in figures if np.isfinite(pair).all()]
        return dict(zip(MARK_METRICS, np.mean(present, axis=0).tolist(), strict=True)) if present else {}
