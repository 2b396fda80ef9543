"""Workers that need no process of their own, and one small sweep that was run with them."""

from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace

import pytest

SPACE = "learning_rate: {low: 0.005, high: 0.05, log: true}\nunits: [4, 8]\ndropout: {low: 0, high: 0.6}\n"


class InThisProcess:
    """Workers that call `train(job)` where they stand; what it raises, the future raises."""

    slots = 1

    def __init__(self, train):
        self.train, self.jobs = train, []

    def submit(self, job):
        self.jobs.append(job)
        future = Future()
        try:
            future.set_result(self.train(job))
        except BaseException as error:
            future.set_exception(error)
        return future

    def stop(self):
        pass


@pytest.fixture(scope="session")
def space_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("space") / "space.yaml"
    path.write_text(SPACE)
    return path


@pytest.fixture(scope="session")
def swept(tmp_path_factory, tracking_uri, reviews, space_file):
    """A sweep of three trials of one epoch on the reviews: the plan, the data, the report, what was said."""
    from rich.console import Console

    from suite.config import load_settings
    from suite.registry import load_pipeline
    from suite.runs import read_data
    from suite.sweep.plan import Sweep
    from suite.sweep.run import run_sweep
    from suite.sweep.space import read_space
    from suite.sweep.trial import run_trial
    from tests.conftest import TINY

    settings = load_settings(load_pipeline("sentiment").Settings, None, [*TINY, "epochs=1"])
    examples = read_data("sentiment", reviews, settings, None, "fail")
    output = Path(tmp_path_factory.mktemp("swept"))
    sweep = Sweep("sentiment", "search", settings, read_space(settings, space_file), 3, output)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", tracking_uri)
        workers = InThisProcess(lambda job: run_trial(job, examples))
        report = run_sweep(sweep, examples, workers, Console(quiet=True))
    return SimpleNamespace(sweep=sweep, examples=examples, report=report, jobs=workers.jobs)
