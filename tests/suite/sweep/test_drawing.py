"""What is drawn depends on seed, number and the trials before, and is never drawn twice."""

import optuna
import pytest

from pipelines.sentiment.config import Settings
from suite.errors import UserError
from suite.sweep.drawing import draw
from suite.sweep.space import distributions

SPACE = {
    "learning_rate": {"low": 1e-4, "high": 1e-2, "log": True},
    "units": [8, 16],
    "dropout": {"low": 0.0, "high": 0.5},
}


def study_of(trials, space=SPACE):
    """A study in memory with trials of the given params, values and states."""
    study = optuna.create_study(direction="maximize")
    for params, value, state in trials:
        trial = optuna.trial.create_trial(
            params=params,
            distributions=distributions(space, Settings),
            value=value,
            state=optuna.trial.TrialState[state],
        )
        study.add_trial(trial)
    return study


def test_trial_0_has_the_settings_as_they_stand_where_the_space_holds_them():
    params = draw(study_of([]), SPACE, Settings(units=16, learning_rate=0.002, dropout=0.6), 0)
    assert (params["units"], params["learning_rate"]) == (16, 0.002)
    assert 0 <= params["dropout"] <= 0.5


def test_a_draw_depends_on_seed_number_and_trials_before_alone():
    before = [(draw(study_of([]), SPACE, Settings(), number), 0.1 * number, "COMPLETE") for number in range(4)]
    drawn = draw(study_of(before), SPACE, Settings(), 4)
    assert drawn == draw(study_of(before), SPACE, Settings(), 4)
    assert drawn != draw(study_of(before), SPACE, Settings(), 5)
    assert drawn != draw(study_of(before), SPACE, Settings(seed=1), 4)


def test_after_the_first_trials_it_looks_where_the_best_ones_were():
    """With the units 8 always good and 16 always poor, TPE draws 8 far more often than by chance."""
    before = []
    for number in range(16):
        params = draw(study_of([]), SPACE, Settings(), number + 1)
        before.append((params, 0.9 if params["units"] == 8 else 0.1, "COMPLETE"))
    study = study_of(before)
    assert sum(draw(study, SPACE, Settings(), 16 + number)["units"] == 8 for number in range(20)) >= 15


def test_no_combination_is_drawn_twice_until_there_is_none():
    space = {"units": [8, 16], "cell": ["lstm", "gru"], "word_vectors": [None, "a.txt"], "min_count": [0, 1]}
    trials = []
    for number in range(12):  # of the 16, min_count 0 with word vectors is refused by the settings
        params = draw(study_of(trials, space), space, Settings(), number)
        assert params not in [drawn for drawn, _, _ in trials]
        assert params["min_count"] or not params["word_vectors"]
        trials.append((params, 0.5, "COMPLETE"))
    with pytest.raises(UserError, match="no further combination of units, cell"):
        draw(study_of(trials, space), space, Settings(), 12)
