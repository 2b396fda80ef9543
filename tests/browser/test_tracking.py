"""Runs of every task as the MLflow UI shows them, opened by the address that `suite ui` prints."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from suite.registry import PIPELINES, load_pipeline
from tests.conftest import SMALLEST

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
ROOT = Path(__file__).resolve().parents[2]
COMPARED = "sentiment"
EXAMPLES = {"train": 24, "dev": 8, "test": 8}  # at most: a task may have fewer and longer ones
SECONDS = 60_000  # of waiting for what MLflow draws, in milliseconds
CARD = "[data-testid='experiment-view-compare-runs-card']"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A store with a short run of every task, and two of one: its `uri`, and how many examples each task trained on."""
    from rich.console import Console

    from suite.config import load_settings
    from suite.data.reading import read_examples
    from suite.pipeline import draw
    from suite.runs import Request, train

    folder = tmp_path_factory.mktemp("store")
    uri = f"sqlite:///{folder}/mlflow.db"
    trained_on = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", uri)
        patch.chdir(folder)
        for task in PIPELINES:
            pipeline = load_pipeline(task)
            recipe = Path(pipeline.package.__path__[0]) / "recipes" / "sample.yaml"
            data = pipeline.make_sample(folder / "sample" / task)
            for rate in ("0.001", "0.05") if task == COMPARED else ("0.001",):
                assignments = (
                    *SMALLEST.get(task, ()),
                    "epochs=3",
                    "patience=0",
                    "batch_size=8",
                    f"learning_rate={rate}",
                )
                settings = load_settings(pipeline.Settings, None if task in SMALLEST else recipe, assignments)
                examples = read_examples(pipeline, data, settings)
                few = [example for part, count in EXAMPLES.items() for example in draw(examples.part(part), count)]
                trained_on[task] = len(draw(examples.part("train"), EXAMPLES["train"]))
                request = Request(task, settings, f"rate-{rate}", folder / "models")
                train(request, examples.with_items(few), Console(quiet=True))
    return SimpleNamespace(uri=uri, trained_on=trained_on)


@pytest.fixture(scope="module")
def printed(store, tmp_path_factory):
    """What `suite ui` prints: its line, and the address in it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "suite", "ui", COMPARED, "--port", str(port)],
        cwd=tmp_path_factory.mktemp("ui"),
        env=os.environ | {"PYTHONPATH": str(ROOT), "MLFLOW_TRACKING_URI": store.uri},
        stdout=subprocess.PIPE,
        text=True,
    )
    line = process.stdout.readline()
    yield SimpleNamespace(line=line, address=re.search(r"http\S+", line)[0])
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 130


@pytest.fixture
def page(browser, printed):
    """The page of the printed address, with its table of runs."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    page.goto(printed.address)
    page.wait_for_selector("text=2 matching runs", timeout=SECONDS)  # the first number is of none that have come yet
    yield page
    context.close()


def test_the_printed_address_opens_the_training_runs_with_what_the_task_is(page, store):
    text = page.inner_text("body")
    assert "2 matching runs" in text and "rate-0.001" in text and "rate-0.05" in text
    assert "Judges" not in text and "Evaluation runs" not in text and "Prompts" not in text
    assert load_pipeline(COMPARED).summary in text and "higher is better" in text


@pytest.mark.parametrize("task", PIPELINES)
def test_a_run_of_each_task_has_its_data_sets(page, printed, store, task):
    import mlflow

    client = mlflow.MlflowClient(store.uri)
    experiment = client.get_experiment_by_name(task)
    page.goto(re.sub(r"experiments/\d+", f"experiments/{experiment.experiment_id}", printed.address))
    opener = page.locator("[data-testid='open-dataset-drawer']:visible").first
    opener.click(timeout=SECONDS)
    page.wait_for_selector(f"text=num rows: {store.trained_on[task]}", timeout=SECONDS)
    text = page.inner_text("body")
    assert "3 datasets used" in text and load_pipeline(task).summary in text
    runs = client.search_runs([experiment.experiment_id])
    primary = next(iter(load_pipeline(task).METRICS))
    names = {name for run in runs for name in run.data.metrics}
    assert {"train_loss", f"val_{primary}", f"test_{primary}", "wall_seconds"} <= names
    assert all(set(run.data.metrics) == names for run in runs)


def test_two_runs_compared_show_the_same_metrics_and_the_parameters_that_differ(page, tmp_path):
    page.locator(".ag-header-row input[type=checkbox]:visible").first.click(timeout=SECONDS)
    page.get_by_role("button", name="Compare", exact=True).click(timeout=SECONDS)
    page.wait_for_selector("text=Comparing 2 Runs", timeout=SECONDS)
    page.wait_for_selector("text=wall_seconds", timeout=SECONDS)
    text = page.inner_text("body")
    assert re.search(r"learning_rate\s+(0\.05\s+0\.001|0\.001\s+0\.05)\n", text)
    lines = re.search(r"\nMetrics\n(.*?)\nArtifacts", text, re.DOTALL)[1].split("\n")
    names = [line for line in lines if re.match(r"(train|val|test|wall)_\w+$", line)]
    figures = [line for line in lines if re.match(r"-?[0-9.]+(e-?[0-9]+)?$", line)]
    assert {"train_loss", "val_accuracy", "val_loss", "test_accuracy", "wall_seconds"} <= set(names)
    assert len(figures) == 2 * len(names) and len(set(names)) == len(names)
    page.screenshot(path=tmp_path / "compared.png")


def test_curves_lie_over_one_another_and_pictures_stand_side_by_side(page, printed, tmp_path):
    page.set_viewport_size({"width": 1400, "height": 2600})
    page.goto(f"{printed.address}&compareRunsMode=CHART")
    curve = page.locator(CARD, has_text="val_accuracy").first
    curve.locator("g.trace path.js-line").nth(1).wait_for(state="attached", timeout=SECONDS)
    assert {"rate-0.001 (val_accuracy)", "rate-0.05 (val_accuracy)"} <= set(curve.inner_text().split("\n"))
    titles = [card.inner_text().split("\n")[0] for card in page.locator(CARD).all()]
    assert titles[0].startswith("test_") and {"train_loss", "val_accuracy", "wall_seconds"} <= set(titles)
    picture = page.locator(CARD, has_text="val_confusion_matrix").first
    picture.locator("[data-component-id='fullscreen_button_chartcard']").click(timeout=SECONDS)
    images = page.locator("[role=dialog] img")
    images.nth(1).wait_for(timeout=SECONDS)
    page.wait_for_function(
        "[...document.querySelectorAll('[role=dialog] img')].filter(image => image.naturalWidth > 100).length >= 2",
        timeout=SECONDS,
    )
    sources = [image.get_attribute("src") for image in images.all()]
    assert len({re.search(r"run_uuid=(\w+)", source)[1] for source in sources}) == 2
    page.set_viewport_size({"width": 1400, "height": 900})
    page.screenshot(path=tmp_path / "pictures.png")
