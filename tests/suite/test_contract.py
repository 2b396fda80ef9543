"""Every registered pipeline fulfils the contract of suite/pipeline.py."""

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from suite.answers.kind import AnswerKind
from suite.config import TrainingSettings
from suite.errors import UserError
from suite.inputs.kind import InputKind
from suite.pipeline import PredictOption, primary_metric
from suite.registry import PIPELINES, load_pipeline

ARGUMENTS = {
    "read": ["path", "settings", "format"],
    "check_parts": ["examples", "settings", "assets"],
    "prepare": ["train", "settings", "inherited"],
    "batches": ["examples", "assets", "settings", "training"],
    "build": ["settings", "assets"],
    "phases": ["settings", "assets"],
    "raw_arrays": ["raw_input", "settings"],
    "signatures": ["assets", "settings"],
    "evaluate": ["predictor", "examples", "assets", "settings"],
    "predict": ["predictor", "raw_inputs", "assets", "settings"],
    "make_sample": ["directory", "seed", "format"],
}
FILES = {
    "__init__.py",
    "README.md",
    "config.py",
    "data.py",
    "model.py",
    "export.py",
    "sample_data.py",
    "recipes",
}


@pytest.mark.parametrize("task", PIPELINES)
def test_a_pipeline_exports_the_contract(task):
    pipeline = load_pipeline(task)
    assert issubclass(pipeline.Settings, TrainingSettings)
    assert primary_metric(pipeline.METRICS)[1] in ("min", "max")
    assert all(isinstance(option, PredictOption) for option in pipeline.PREDICT_OPTIONS)
    assert isinstance(pipeline.INPUT, InputKind) and isinstance(pipeline.ANSWER, AnswerKind)
    assert pipeline.INPUT.column in pipeline.Settings.model_fields
    for name, arguments in ARGUMENTS.items():
        assert list(inspect.signature(getattr(pipeline, name)).parameters)[: len(arguments)] == arguments, name


@pytest.mark.parametrize("task", PIPELINES)
def test_a_pipeline_has_the_file_set(task):
    folder = Path(load_pipeline(task).package.__path__[0])
    assert {path.name for path in folder.iterdir()} >= FILES


@pytest.mark.parametrize("task", PIPELINES)
def test_recipes_are_valid_settings(task):
    from suite.config import load_settings

    pipeline = load_pipeline(task)
    recipes = sorted((Path(pipeline.package.__path__[0]) / "recipes").glob("*.yaml"))
    assert recipes
    for recipe in recipes:
        assert isinstance(load_settings(pipeline.Settings, recipe), pipeline.Settings)


def test_an_unknown_task_lists_the_known_ones():
    with pytest.raises(UserError, match=r"'sentimen'.*sentiment.*Did you mean 'sentiment'"):
        load_pipeline("sentimen")


def test_names_mean_functions_even_after_their_file_was_imported():
    import pipelines.sentiment.predict
    import pipelines.video.evaluate
    import pipelines.video.predict

    pipeline = load_pipeline("video")
    assert inspect.isfunction(pipeline.evaluate) and inspect.isfunction(pipeline.predict)
    assert pipelines.video.evaluate is not None
    of_kind = load_pipeline("sentiment")  # its file predict.py has no `predict`
    assert inspect.ismethod(of_kind.predict) and inspect.isfunction(of_kind.answer)


def test_settings_and_help_do_not_import_tensorflow():
    code = (
        "import sys, suite.cli; from suite.registry import load_pipeline; load_pipeline('sentiment').Settings(); "
        "sys.exit('tensorflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
