"""A file gives the forecasts of Keras; a streaming one gives them row by row, and how odd each row was."""

import json

import numpy as np
import pytest

from suite.artifact import Trained, read_artifact, write_artifact
from suite.export.export import export_files
from suite.export.source import open_source
from suite.inputs.series import raw_arrays
from suite.runtime.deployed import exported_predictor
from suite.runtime.streaming import ChunkRunner
from suite.series.residuals import scaled_errors
from suite.series.series import Stretch

DEPLOYMENTS = ("streaming", "compiled")


@pytest.fixture(scope="module")
def exported(forecaster, tmp_path_factory):
    """The folder of the model with its files, which the export compared with Keras."""
    work = tmp_path_factory.mktemp("forecasting")
    arrays = [raw_arrays(Stretch(forecaster.series, row, 120), forecaster.settings) for row in (5, 60, 100)]
    record = {"task": "forecasting", "data": {"fingerprint": "none", "path": "none"}}
    trained = Trained(forecaster.model, forecaster.settings, forecaster.assets, record, "", arrays)
    write_artifact(work / "model", trained, work)
    source = open_source(read_artifact(work / "model"), None)
    export_files(source, [(deployment, "none") for deployment in DEPLOYMENTS], lambda step: None)
    return work / "model"


def test_files_have_no_flex_and_what_they_differ_is_rounding(exported):
    report = json.loads((exported / "tflite" / "report.json").read_text())
    assert [entry["deployment"] for entry in report["files"]] and len(report["files"]) == 2
    for entry in report["files"]:
        assert not entry["flex"] and entry["parity"]["max_difference"] < 1e-5 and entry["parity"]["inputs"] == 3


def test_a_stream_forecasts_after_each_row_as_the_whole_does_and_says_how_odd_the_row_was(exported, forecaster):
    series, rows = forecaster.series, range(60, 80)
    runner = ChunkRunner(exported / "tflite" / "streaming.tflite")
    expected = None
    for row in rows:
        arrays = raw_arrays(Stretch(series, row + 1, len(series)), forecaster.settings)
        answer = runner.run({"values": series.values[row : row + 1], "time": arrays["time"]})
        # The stream began at row 60: what lies before is missing, as it is for the whole.
        since = {**arrays, "values": series.values[60 : row + 1]}
        (whole,) = forecaster.predictor([since])
        np.testing.assert_allclose(answer["quantiles"], whole["quantiles"], rtol=1e-5, atol=1e-4)
        score = np.zeros(2) if expected is None else scaled_errors(series.values[row].astype(np.float64), expected)
        np.testing.assert_allclose(answer["score"], score, rtol=1e-3, atol=1e-3)
        expected = whole["quantiles"][0].astype(np.float64)


def test_the_host_begins_a_stream_where_a_history_ends(exported, forecaster):
    artifact = read_artifact(exported)
    arrays = [raw_arrays(Stretch(forecaster.series, row, 120), forecaster.settings) for row in (1, 2, 7, 90)]
    for deployment in DEPLOYMENTS:
        answers = exported_predictor(artifact, exported / "tflite" / f"{deployment}.tflite")(arrays)
        for answer, reference in zip(answers, forecaster.predictor(arrays), strict=True):
            np.testing.assert_allclose(answer["quantiles"], reference["quantiles"], rtol=1e-5, atol=1e-4)
