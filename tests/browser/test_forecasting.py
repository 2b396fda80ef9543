"""The page of a forecaster gives the forecast that Python gives from the same file, and draws it."""

import json

import numpy as np
import pytest

from suite.config import load_settings
from suite.inputs.series_host import raw_arrays
from suite.registry import load_pipeline
from suite.runtime.deployed import deployed_predictor
from suite.series.frequency import parse_frequency
from suite.series.series import Series, Stretch
from tests.conftest import LEARNED, SMALLEST

pytestmark = pytest.mark.browser
DONE = "#result[aria-busy='false']"


def days(values):
    times = np.datetime64("2024-02-01", "s") + np.arange(len(values)) * np.timedelta64(1, "D")
    return Series("made", times, np.float32(values)[:, None], ("y",), parse_frequency("D"))


@pytest.fixture(scope="module")
def forecasting(export_page):
    """The page of an untrained model, and `forecast(series)` by the exported file in Python."""
    import keras

    pipeline, assets = load_pipeline("forecasting"), LEARNED["forecasting"]
    settings = load_settings(pipeline.Settings, None, SMALLEST["forecasting"])
    keras.utils.set_random_seed(3)
    model = pipeline.build(settings, assets)
    inputs = [raw_arrays(Stretch(days(np.arange(40)), row, 40), settings) for row in (10, 40)]
    page, file = export_page("forecasting", model, settings, assets, inputs)
    signatures = pipeline.signatures(assets, settings)
    predictor = deployed_predictor(file, "compiled", signatures[0], signatures=signatures)
    return page, lambda series: pipeline.predict(predictor, [series], assets, settings)[0]


def test_the_browser_forecasts_as_python_does_and_draws_it(visit_page, forecasting):
    folder, forecast = forecasting
    generator = np.random.default_rng(0)
    with visit_page(folder) as page:
        for rows in (3, 14, 60):
            values = np.round(generator.normal(50, 9, rows), 2)
            values[rows // 2] = np.nan
            series = days(values)
            lines = [
                f"{str(time)[:10]},{'' if np.isnan(value) else value}"
                for time, value in zip(series.times, values, strict=True)
            ]
            page.fill("#text", "\n".join(["ds,y", *lines]))
            page.wait_for_selector(DONE)
            shown = json.loads(page.get_attribute("#answer", "data-forecast"))
            expected = forecast(series)
            assert shown["times"] == expected.times
            ours, theirs = shown["channels"][0], expected.channels[0]
            np.testing.assert_allclose(ours["median"], theirs.median, rtol=1e-4)
            np.testing.assert_allclose(ours["low"], theirs.quantiles["0.1"], rtol=1e-4)
            np.testing.assert_allclose(ours["high"], theirs.quantiles["0.9"], rtol=1e-4)
            assert page.locator("#drawings svg polyline").count() >= 2
            assert page.locator("#forecast tr").count() == 1 + len(expected.times)
        page.fill("#text", "just words")
        assert page.inner_text("#notice") != "" and page.inner_text("#latency") == "Nothing to forecast yet"
        assert page.faults == []
