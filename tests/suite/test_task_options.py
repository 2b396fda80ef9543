"""The options that tasks add to `suite predict` are read as click reads any."""

import pytest

from suite.commands.task_options import split_options
from suite.errors import UserError
from suite.pipeline import PredictOption

OPTIONS = (
    PredictOption("explain", bool, False, ""),
    PredictOption("n_best", int, 1, ""),
    PredictOption("weight", float, -1.0, ""),
    PredictOption("annotate", str, None, ""),
)


@pytest.mark.parametrize(
    ("typed", "inputs", "values"),
    [
        ("x --explain y", ["x", "y"], {"explain": True}),
        ("x --no-explain", ["x"], {"explain": False}),
        ("--explain --no-explain x", ["x"], {"explain": False}),
        ("x --n-best 3", ["x"], {"n_best": 3}),
        ("x --n-best=3 --weight -0.5", ["x"], {"n_best": 3, "weight": -0.5}),
        ("--annotate=--odd.mp4 x", ["x"], {"annotate": "--odd.mp4"}),
        ("-5 x -", ["-5", "x", "-"], {}),
        ("", [], {}),
    ],
)
def test_what_is_typed(typed, inputs, values):
    assert split_options(typed.split(), OPTIONS, "poetry") == (inputs, values)


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("x --explain=false", "'--explain' does not take a value"),
        ("x --explain=maybe", "'--explain' does not take a value"),
        ("x --n-best three", "'--n-best': 'three' is not a valid int"),
        ("x --n-best", "'--n-best' requires an argument"),
        ("x --n-best 1.5", "'--n-best': '1.5' is not a valid int"),
        ("x --expl", "unknown option '--expl'; options of poetry: --explain/--no-explain, --n-best"),
        ("x --no-n-best", "unknown option '--no-n-best'"),
    ],
)
def test_what_is_refused(typed, message):
    with pytest.raises(UserError) as refused:
        split_options(typed.split(), OPTIONS, "poetry")
    assert message in str(refused.value).replace("Option ", "")


def test_no_explain_does_not_explain(suite, trained):
    (plain,) = suite("predict", trained.model_dir, "a film", "--no-explain", "--json").json_lines
    (explained,) = suite("predict", trained.model_dir, "a film", "--explain", "--json").json_lines
    refused = suite("predict", trained.model_dir, "a film", "--explain=false", "--json")
    assert "tokens" not in plain and "tokens" in explained
    assert refused.status == 2 and refused.out == "" and "'--explain'" in refused.err
