"""Which settings the next trial has.

The draw of a trial depends on the seed, its number and the trials before it, not on the process that draws: a sweep of
one process that was killed and continued draws what one left alone does, and two processes never draw the same.
"""

import warnings
from typing import TYPE_CHECKING, Any

from suite.config import TrainingSettings
from suite.errors import UserError
from suite.sweep.space import Space, decode, distributions, encode, trial_settings

if TYPE_CHECKING:
    from optuna import Study

TPE_TRIES = 20  # of the sampler that learns; it may come back to one combination again and again
RANDOM_TRIES = 2000


def draw(study: "Study", space: Space, settings: TrainingSettings, number: int) -> dict[str, Any]:
    """Return parameters for trial `number`: by TPE, valid together, and of no trial before.

    Trial 0 has the settings as they stand, wherever the space holds them, so that the best trial is not worse.

    Raises:
        UserError: if no other combination was found.
    """
    import optuna
    from optuna.trial import TrialState

    optuna_space = distributions(space, type(settings))
    earlier = study.get_trials(deepcopy=False)
    drawn_before = [trial.params for trial in earlier]
    informative = [
        trial for trial in earlier if trial.state in (TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING)
    ]
    for attempt in range(TPE_TRIES + RANDOM_TRIES):
        if attempt <= TPE_TRIES:
            sampler = _sampler(settings.seed, number, attempt, learns=attempt < TPE_TRIES)
            # A copy in memory: what is drawn and not taken leaves no trace in the study.
            copy = optuna.create_study(direction=study.direction, sampler=sampler)
            copy.add_trials(informative if attempt < TPE_TRIES else [])
        params = copy.ask(optuna_space).params
        if number == 0 and attempt == 0:
            params |= _as_they_stand(settings, optuna_space)
        if params not in drawn_before and _is_valid(settings, decode(space, params)):
            return params
    raise UserError(f"no further combination of {', '.join(space)} was found that is allowed and was not tried")


def _sampler(seed: int, number: int, attempt: int, learns: bool) -> Any:
    import numpy as np
    import optuna

    own_seed = int(np.random.SeedSequence([seed, number, attempt]).generate_state(1)[0])
    if not learns:
        return optuna.samplers.RandomSampler(seed=own_seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        # constant_liar: trials that run beside this one count as poor, so that it looks elsewhere.
        return optuna.samplers.TPESampler(seed=own_seed, constant_liar=True)


def _as_they_stand(settings: TrainingSettings, optuna_space: dict[str, Any]) -> dict[str, Any]:
    values = settings.model_dump(mode="json")
    present = {}
    for key, distribution in optuna_space.items():
        value = encode(values[key])
        try:
            if distribution._contains(distribution.to_internal_repr(value)):
                present[key] = value
        except (ValueError, TypeError):  # a choice that is none of these, null
            continue
    return present


def _is_valid(settings: TrainingSettings, values: dict[str, Any]) -> bool:
    try:
        trial_settings(settings, values)
    except UserError:
        return False
    return True
