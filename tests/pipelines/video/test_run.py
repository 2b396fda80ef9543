"""The sample data from start to end: what order in time is worth."""

from pathlib import Path

import pytest
from rich.console import Console

import pipelines.video
from pipelines.video.sample_data import CLASSES, make_sample


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    return make_sample(tmp_path_factory.mktemp("sample") / "clips")


def train(data, output, *assignments):
    from suite.config import load_settings
    from suite.runs import Request, read_data, train

    recipe = Path(pipelines.video.__file__).parent / "recipes" / "sample.yaml"
    settings = load_settings(pipelines.video.Settings, recipe, assignments)
    examples = read_data("video", data, settings, None, "fail")
    return train(Request("video", settings, "sample", output), examples, Console(quiet=True)).metrics["test"]


@pytest.mark.slow
def test_the_recurrent_model_knows_the_motion(clips, workdir):
    assert train(clips, workdir)["accuracy"] > 0.9


@pytest.mark.slow
def test_a_single_frame_says_nothing(clips, workdir):
    metrics = train(clips, workdir, "frames=1", "differences=false", "epochs=8")
    assert metrics["accuracy"] < 2 / len(CLASSES)
