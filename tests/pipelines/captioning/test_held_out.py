"""The sample data from start to end: words learned, not sentences."""

from pathlib import Path

import pytest
from rich.console import Console

import pipelines.captioning
from pipelines.captioning.sample_data import make_sample


@pytest.mark.slow
def test_scenes_whose_combinations_were_never_seen_are_described(tmp_path, workdir):
    from suite.config import load_settings
    from suite.runs import Request, read_data, train

    recipe = Path(pipelines.captioning.__file__).parent / "recipes" / "sample.yaml"
    settings = load_settings(pipelines.captioning.Settings, recipe)
    examples = read_data("captioning", make_sample(tmp_path / "scenes"), settings, None, "fail")
    metrics = train(Request("captioning", settings, "sample", workdir), examples, Console(quiet=True)).metrics["test"]
    assert metrics["exact_match"] >= 0.9
    # A caption of train names another combination.
    assert metrics["copied"] < 0.1
