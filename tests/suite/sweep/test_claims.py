"""Each trial has one process that answers for it; one whose process is gone is claimed again, under its number."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import optuna
import pytest

from pipelines.sentiment.config import Settings
from suite.errors import UserError
from suite.sweep.claims import claim, give_back, release
from suite.sweep.plan import Sweep
from suite.sweep.study import begin, check_storage, open_study, pruner, ranked, shown_url
from suite.sweep.trial import Job, after_epoch
from suite.training.pruned import Pruned
from suite.training.state import Epoch

ROOT = Path(__file__).resolve().parents[3]
SPACE = {"learning_rate": {"low": 1e-4, "high": 1e-2, "log": True}, "units": {"low": 4, "high": 16, "step": 4}}


@pytest.fixture
def sweep(tmp_path):
    plan = Sweep("sentiment", "search", Settings(), SPACE, 4, tmp_path)
    plan.folder.mkdir(parents=True)
    return plan


def test_each_claim_is_another_trial_until_there_are_enough(sweep):
    study = open_study(sweep)
    claims = [claim(sweep, study) for _ in range(5)]
    assert [claimed and claimed.number for claimed in claims] == [0, 1, 2, 3, None]
    assert len({str(claimed.params) for claimed in claims[:4]}) == 4
    assert claims[0].params["learning_rate"] == Settings().learning_rate


def test_a_trial_whose_process_is_gone_is_claimed_again_as_it_was(sweep):
    study = open_study(sweep)
    first, second = claim(sweep, study), claim(sweep, study)
    study.tell(second.number, 0.5)
    release(first)  # as the system does when a process is killed
    release(second)
    again = claim(sweep, open_study(sweep))
    assert (again.number, again.params) == (first.number, first.params)
    give_back(study, again)
    claims = [claim(sweep, study) for _ in range(2)]
    assert [claimed.number for claimed in claims] == [first.number, 2]


def test_a_trial_drawn_by_a_process_that_died_then_is_the_next(sweep):
    study = open_study(sweep)
    study.enqueue_trial({"learning_rate": 0.005, "units": 12})
    claimed = claim(sweep, study)
    assert (claimed.number, claimed.params) == (0, {"learning_rate": 0.005, "units": 12})


CLAIMING = """
import sys
from pathlib import Path
from pipelines.sentiment.config import Settings
from suite.sweep.claims import claim
from suite.sweep.plan import Sweep
from suite.sweep.study import alone, open_study
sweep = Sweep("sentiment", "search", Settings(), {space}, 10, Path({output!r}))
with alone(sweep):
    study = open_study(sweep)
claims = [claimed for _ in range(10) if (claimed := claim(sweep, study))]
print(*(claimed.number for claimed in claims))
sys.stdout.flush()
sys.stdin.read()
"""


def test_processes_that_begin_a_study_at_once_share_it(sweep):
    code = CLAIMING.format(space=SPACE, output=str(sweep.output))
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    numbers = [list(map(int, process.stdout.readline().split())) for process in processes]
    assert sorted(numbers[0] + numbers[1]) == list(range(10))
    study = open_study(sweep)
    assert len({str(trial.params) for trial in study.trials}) == 10
    assert claim(replace(sweep, trials=10), study) is None  # both are alive
    lost = max(numbers, key=len)
    processes[numbers.index(lost)].kill()
    processes[numbers.index(lost)].wait()
    assert claim(replace(sweep, trials=10), study).number == lost[0]
    for process in processes:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def reported(study, sweep, values):
    """A trial that reports values epoch by epoch; returns the number of the epoch after which it was pruned, or None."""
    trial = study.ask()
    job = Job(sweep, trial.number, trial._trial_id, {}, "parent")
    for number, value in enumerate(values):
        try:
            after_epoch(study, job, Epoch(number, 0, {"val_accuracy": value}, 1.0), say=lambda line: None)
        except Pruned as pruned:
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
            assert f"after epoch {number + 1}" in str(pruned) and "accuracy" in str(pruned)
            return number
    study.tell(trial, values[-1])
    return None


def test_a_trial_worse_than_the_median_is_pruned_but_not_in_the_first_epochs_nor_among_the_first_five():
    study = optuna.create_study(direction="maximize", pruner=pruner(10))
    sweep = Sweep("sentiment", "search", Settings(), SPACE, 9)
    curves = [[0.1 * epoch + 0.01 * trial for epoch in range(10)] for trial in range(5)]
    assert [reported(study, sweep, [0.9] * 10)] == [None]
    assert [reported(study, sweep, curve) for curve in curves[1:]] == [None] * 4  # worse than 0.9, but too early to say
    assert reported(study, sweep, [0.0] * 10) == 2  # a fifth of the epochs pass first
    assert reported(study, sweep, [0.0, 0.1, *[0.95] * 8]) is None
    assert study.trials[5].intermediate_values == {0: 0.0, 1: 0.0, 2: 0.0}
    assert [trial.number for trial in ranked(study)][:2] == [6, 4]


def test_an_epoch_is_told_once_also_by_a_trial_that_goes_on():
    study = optuna.create_study(direction="maximize", pruner=pruner(10))
    sweep = Sweep("sentiment", "search", Settings(), SPACE, 9)
    trial = study.ask()
    job, lines = Job(sweep, trial.number, trial._trial_id, {}, "parent"), []
    for number in (0, 1, 0, 1, 2):
        after_epoch(study, job, Epoch(number, 0, {"val_accuracy": 0.5}, 1.0), say=lines.append)
    assert [line.split()[3] for line in lines] == ["1", "2", "3"]


def data(**changes):
    from suite.data.examples import Example, Examples

    texts = changes.get("texts", ["good", "bad", "fine"])
    items = [Example(str(index), text, "yes", "train" if index else "dev") for index, text in enumerate(texts)]
    return Examples(tuple(items), Path("x"), "csv", "")


def test_a_sweep_goes_on_with_its_own_settings_space_and_data_alone(sweep):
    study = open_study(sweep)
    begin(sweep, study, data())
    begin(sweep, study, data())
    for other, examples, words in (
        (replace(sweep, settings=Settings(epochs=3)), data(), "epochs=3"),
        (replace(sweep, space=SPACE | {"units": [8]}), data(), "units"),
        (sweep, data(texts=["good", "bad", "dull"]), "other data"),
        (sweep, data(texts=["good", "fine", "bad"]), "another order"),
    ):
        with pytest.raises(UserError, match=words):
            begin(other, study, examples)


def test_a_new_sweep_does_not_take_models_that_are_there(sweep):
    sweep.model_dir(3).mkdir()
    with pytest.raises(UserError, match=r"search-trial3: expected no models.*another --name"):
        begin(sweep, open_study(sweep), data())


def test_only_postgresql_is_shared_and_no_password_is_shown(tmp_path):
    check_storage(None)
    check_storage("postgresql+psycopg2://me@db/x")
    with pytest.raises(UserError, match="PostgreSQL") as fault:
        check_storage("mysql://me:secret@db/x")
    assert "secret" not in str(fault.value)
    sweep = Sweep("sentiment", "search", Settings(), SPACE, 4, tmp_path, "postgresql://me:secret@db/x")
    assert shown_url(sweep) == "postgresql://me:***@db/x"
