"""How odd the past of a series was: every row beside what was to be expected from the rows before it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from suite.errors import UserError
from suite.inputs.series_host import origin
from suite.pipeline import attempt
from suite.series.anomalies import threshold_by_rate, threshold_by_tail
from suite.series.residuals import scaled_errors
from suite.series.series import Series, Stretch
from suite.signature import Arrays, Predictor

AT_ONCE = 512  # rows that are forecast together
ODD = 3.0  # widths from the median to the outermost quantile, from which on a row is called odd where there are few
FEW = 500  # rows, of which no tail can be told

RawArrays = Callable[[Any, Any], Arrays]


def one_step_quantiles(
    predictor: Predictor, series: Series, rows: range, raw_arrays: RawArrays, settings: Any
) -> np.ndarray:
    """Return what is expected of rows from the rows before each, float64 `(rows, channels, quantiles)`."""
    expected = []
    for start in range(rows.start, rows.stop, AT_ONCE):
        inputs = [
            raw_arrays(Stretch(series, row, len(series)), settings)
            for row in range(start, min(start + AT_ONCE, rows.stop))
        ]
        expected += [outputs["quantiles"][0] for outputs in predictor(inputs)]
    return np.asarray(expected, np.float64)


def row_scores(
    predictor: Predictor, stretch: Stretch, raw_arrays: RawArrays, assets: dict[str, Any], settings: Any
) -> tuple[int, np.ndarray]:
    """Return the first row that is scored, and how odd each row up to the forecast is, `(rows, channels)`.

    Rows are scored from where the model can look back as far as it does in training.

    Raises:
        UserError: if there is no such row.
    """
    series, stop = stretch.series, origin(stretch)
    first = min(assets["look_back"], max(1, stop // 2))
    if stop - first < 1:
        raise UserError(f"{series.name}: expected rows behind the first to look for anomalies. Received: {stop} rows")
    quantiles = one_step_quantiles(predictor, series, range(first, stop), raw_arrays, settings)
    return first, scaled_errors(series.values[first:stop].astype(np.float64), quantiles)


def odd_rows(series: Series, first: int, scores: np.ndarray, rate: float | None) -> list[dict[str, Any]]:
    """Return `time`, `channel` and `score` of the rows that are odd, the oddest first.

    Args:
        first: The row of the first score.
        scores: `(rows, channels)`.
        rate: The share of rows that is to be called odd; None asks for those beyond what the tail of the scores lets expect once in
            a thousand rows.
    """
    odd: list[tuple[float, int, str]] = []
    for place, channel in enumerate(series.channels):
        of_channel = scores[:, place]
        if not np.isfinite(of_channel).any():
            continue
        if rate is not None:
            threshold = threshold_by_rate(of_channel, rate)
        else:
            threshold = threshold_by_tail(of_channel) if len(scores) >= FEW else ODD
        odd += [(float(of_channel[row]), int(row), channel) for row in np.flatnonzero(of_channel > threshold)]
    return [
        {"time": series.frequency.written(series.times[first + row]), "channel": channel, "score": score}
        for score, row, channel in sorted(odd, key=lambda entry: -entry[0])
    ]


def with_anomalies(
    answered: Sequence[Any],
    stretches: Sequence[Stretch | UserError],
    score: Callable[[Stretch], tuple[int, np.ndarray]],
    rate: float | None,
) -> list[Any]:
    """Return the forecasts with the rows of the past that were odd, the oddest first; an error in the place of one at fault.

    Args:
        score: `row_scores` of a stretch.
        rate: As of `odd_rows`.
    """

    def add(forecast: Any, stretch: Stretch) -> Any:
        first, scores = score(stretch)
        return replace(forecast, anomalies=odd_rows(stretch.series, first, scores, rate))

    return [
        forecast if isinstance(forecast, UserError) else attempt(add, forecast, stretch)
        for forecast, stretch in zip(answered, stretches, strict=True)
    ]
