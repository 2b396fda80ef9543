"""The raw-input function of a trained model: what predict and evaluate call, and what goes on the phone."""

from typing import Any

from pipelines.forecasting.config import Settings
from pipelines.forecasting.learned import window_shape
from suite.answers.series import series_outputs
from suite.inputs.series_host import series_host, series_inputs
from suite.signature import ExportRules, Signature, deferred


def signatures(assets: dict[str, Any], settings: Settings) -> list[Signature]:
    """Return what can be called: `forecast`, from the last rows of a series to the quantiles of those behind them."""
    shape = window_shape(assets, settings)
    inputs = series_inputs(shape, settings.time_zone)
    outputs = series_outputs(assets["quantiles"])
    front_end = {
        name: assets[name] for name in ("channels", "frequency", "season", "look_back", "horizon", "quantiles")
    }
    front_end |= {
        "time_zone": settings.time_zone or "UTC",
        "calendar": shape.calendar,
        "covariates": assets["covariates"],
    }
    function = deferred(f"{__package__}.graph", "of_window", shape, tuple(inputs))
    rules = ExportRules(no_int8="raw values of any size have no range to find", metric_loss=0.02)
    return [Signature("forecast", inputs, outputs, function, series_host(shape), rules, front_end=front_end)]
