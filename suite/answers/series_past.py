"""How odd the past of a series was: every row beside what was to be expected from the rows before it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from suite.errors import UserError
from suite.inputs.series_host import origin
from suite.pipeline import attempt
from suite.series.residuals import scaled_errors
from suite.series.series import Series, Stretch
from suite.signature import Arrays, Predictor

AT_ONCE = 512  # rows that are forecast together
ODD = 3.0  # widths from the median to the outermost quantile, from which on a row is called odd
MOST_SHOWN = 20

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


def with_anomalies(
    answered: Sequence[Any],
    stretches: Sequence[Stretch | UserError],
    predictor: Predictor,
    raw_arrays: RawArrays,
    assets: dict[str, Any],
    settings: Any,
) -> list[Any]:
    """Return the forecasts with the rows of the past that were odd, the oddest first; an error in the place of one at fault."""

    def add(forecast: Any, stretch: Stretch) -> Any:
        series = stretch.series
        first, scores = row_scores(predictor, stretch, raw_arrays, assets, settings)
        order = np.argsort(np.where(np.isfinite(scores), -scores, 0.0), axis=None, kind="stable")[:MOST_SHOWN]
        odd = [np.unravel_index(place, scores.shape) for place in order]
        rows = [
            {
                "time": series.frequency.written(series.times[first + row]),
                "channel": series.channels[channel],
                "score": float(scores[row, channel]),
            }
            for row, channel in odd
            if scores[row, channel] > ODD
        ]
        return replace(forecast, anomalies=rows)

    return [
        forecast if isinstance(forecast, UserError) else attempt(add, forecast, stretch)
        for forecast, stretch in zip(answered, stretches, strict=True)
    ]
