"""What a forecaster learns of its training part before it is trained: sizes, scales, names."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from pipelines.forecasting.config import Settings
from suite.data.examples import Example
from suite.data.series_parts import horizon_of
from suite.errors import UserError
from suite.inputs.series_host import WindowShape, covariates
from suite.series.scales import Scales, training_scales
from suite.series.series import Series, Stretch
from suite.series.sizes import calendar_width, default_look_back, default_segment


def prepare(train: Sequence[Example], settings: Settings, inherited: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the assets.

    `channels`, `frequency`, `season`, `horizon`, `look_back`, `segment`, `least_history` (rows before the first target of a
    training window), `normalize`, `scales` (of each channel), `covariates` with `covariate_means` and `covariate_scales`,
    `series` (names that the model tells apart), `quantiles`, and `statistics`: of each series, of its training rows alone, what
    errors are scaled by.

    Raises:
        UserError: if series do not go together, or are too short for the horizon.
    """
    stretches: list[Stretch] = [example.input for example in train]
    first = stretches[0].series
    _check_together(train, first)
    frequency = first.frequency
    rows = int(np.median([len(stretch) for stretch in stretches]))
    horizon = horizon_of([stretch.series for stretch in stretches], settings)
    look_back = settings.look_back or default_look_back(frequency, horizon, rows)
    several = len({stretch.series.name for stretch in stretches}) > 1
    normalize = settings.normalize or ("last_scale" if several else "last")
    statistics = {
        name: training_scales(values, frequency.season) for name, values in _rows_of_series(stretches).items()
    }
    names = _covariate_names(first, settings)
    known = [covariates for stretch in stretches if (covariates := _known(stretch)) is not None]
    means, scales = _moments(np.concatenate(known)) if known else (np.zeros(0), np.zeros(0))
    return {
        "channels": list(first.channels),
        "frequency": frequency.code,
        "season": frequency.season,
        "horizon": horizon,
        "look_back": look_back,
        "segment": settings.segment or default_segment(frequency, horizon, look_back),
        "least_history": look_back if rows >= 3 * look_back + horizon else max(1, min(look_back, rows - horizon) // 2),
        "normalize": normalize,
        "scales": _channel_scales(statistics, normalize, several),
        "covariates": names,
        "covariate_means": means.tolist(),
        "covariate_scales": scales.tolist(),
        "series": sorted(statistics) if several and settings.series_embedding else [],
        "quantiles": list(settings.quantiles),
        "statistics": statistics,
    }


def window_shape(assets: dict[str, Any], settings: Settings) -> WindowShape:
    """Return what the model of some assets takes."""
    return WindowShape(
        assets["look_back"],
        assets["horizon"],
        len(assets["channels"]),
        len(assets["covariates"]),
        assets["series"],
        settings.calendar and calendar_width(assets["frequency"]) > 0,
    )


def _check_together(train: Sequence[Example], first: Series) -> None:
    """Raise UserError for series that have not the channels, the step or the covariates of the first."""
    for example in train:
        series: Series = example.input.series
        for what, received, expected in (
            ("channels", ", ".join(series.channels), ", ".join(first.channels)),
            ("a step of", series.frequency.code, first.frequency.code),
            ("covariates", _covariate_count(series), _covariate_count(first)),
        ):
            if len(series.channels) == len(first.channels) == 1 and what == "channels":
                continue
            if received != expected:
                raise UserError(
                    f"{example.name}: expected {what} {expected}, as {train[0].name} has; one model forecasts series that "
                    f"are alike. Received: {received}"
                )


def _covariate_count(series: Series) -> int:
    parts = [array.shape[-1] for array in (series.past, series.future, series.static) if array is not None]
    return sum(parts)


def _covariate_names(series: Series, settings: Settings) -> list[str]:
    """Return the names of the covariates in the order of `suite.inputs.series_host.covariates`."""
    parts = (
        (series.past, settings.past_covariates),
        (series.future, settings.future_covariates),
        (series.static, settings.static_covariates),
    )
    return [name for array, names in parts if array is not None for name in names]


def _known(stretch: Stretch) -> np.ndarray | None:
    """Return the covariates of the rows of a stretch, float32 `(rows, covariates)`."""
    return covariates(stretch.series, stretch.start, stretch.stop, stretch.stop)


def _rows_of_series(stretches: Sequence[Stretch]) -> dict[str, np.ndarray]:
    """Return the training rows of each series by its name; of one in several stretches those of its longest."""
    longest: dict[str, Stretch] = {}
    for stretch in stretches:
        name = stretch.series.name
        if name not in longest or len(stretch) > len(longest[name]):
            longest[name] = stretch
    return {name: stretch.series.values[stretch.start : stretch.stop] for name, stretch in longest.items()}


def _moments(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    scales = values.std(axis=0)
    return values.mean(axis=0), np.where(scales > 0, scales, 1.0)


def _channel_scales(statistics: dict[str, Scales], normalize: str, several: bool) -> list[float]:
    """Return the scale of each channel, its standard deviation in training, of several series the median of theirs.

    Where windows have scales of their own it is the least one: a share of that, for a window may be flat.
    """
    scales = np.median([scales["std"] for scales in statistics.values()], axis=0)
    share = 1.0 if not normalize.endswith("scale") else 1e-3 if several else 0.05
    return [float(scale) for scale in scales * share]
