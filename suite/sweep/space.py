"""What a sweep searches: which settings, and what each may be.

A space is a dict, setting -> a list of choices, or `{"low", "high"}` with `"log": True` or `"step"`: as a settings class
declares it beside its defaults, and as a `--space` file has it.

    learning_rate: {low: 0.0001, high: 0.01, log: true}
    units: {low: 32, high: 128, step: 32}
    cell: [lstm, gru]
"""

import json
import math
import types
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

from suite.config import (
    SettingsType,
    TrainingSettings,
    declared_space,
    read_yaml_mapping,
    setting_value,
    validate_settings,
)
from suite.data.examples import Examples
from suite.errors import UserError

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

Space = dict[str, Any]

RANGE_KEYS = ("low", "high", "log", "step")
GRAMMAR = "expected a list of choices, or a mapping with low, high and, where wanted, log: true or step"
OF_A_PROCESS = ("deterministic",)  # settings that a process cannot take back for its next run
TRIES = 100


def read_space(settings: TrainingSettings, file: Path | None) -> Space:
    """Return the space of a `--space` file, or the one that the settings declare, its values as the settings hold them.

    Args:
        settings: Those of all trials, but for what is searched.
        file: YAML; None takes what is declared.

    Raises:
        UserError: naming the key: for one that is unknown, a range that is none, or a value that the setting refuses, by
            itself or beside all values that the others may have.
    """
    settings_class = type(settings)
    place = f"the space that {settings_class.__module__} declares" if file is None else str(file)
    entries = declared_space(settings_class) if file is None else read_yaml_mapping(file)
    if not entries:
        raise UserError(f"{place}: expected settings to search. Received: none")
    space = {key: _entry(settings_class, key, entry, place) for key, entry in entries.items()}
    _check_together(settings, space, place)
    return space


def _entry(settings_class: type[TrainingSettings], key: str, entry: Any, place: str) -> list[Any] | dict[str, Any]:
    if key not in settings_class.model_fields:
        setting_value(settings_class, key, None, place)
    if key in OF_A_PROCESS:
        raise UserError(
            f"{place}: {key} cannot be searched, for it holds for a whole process; --set gives it to all trials"
        )
    if isinstance(entry, dict):
        return _range(settings_class, key, entry, place)
    if not isinstance(entry, list) or not entry:
        raise UserError(f"{place}: {key}: {GRAMMAR}. Received: {entry!r}")
    choices = [setting_value(settings_class, key, choice, place) for choice in entry]
    twice = next((choice for index, choice in enumerate(choices) if choice in choices[:index]), None)
    if len({encode(choice) for choice in choices}) < len(choices):
        raise UserError(f"{place}: {key}: expected different choices. Received twice: {twice!r}")
    return choices


def _range(settings_class: type[TrainingSettings], key: str, entry: dict[Any, Any], place: str) -> dict[str, Any]:
    number = _number_type(settings_class.model_fields[key].annotation)
    if number is None:
        raise UserError(f"{place}: {key} is no number: expected a list of choices. Received: {entry!r}")
    if not {"low", "high"} <= set(entry) <= set(RANGE_KEYS) or not isinstance(entry.get("log", False), bool):
        raise UserError(f"{place}: {key}: {GRAMMAR}. Received: {entry!r}")
    low, high = (setting_value(settings_class, key, entry[bound], place) for bound in ("low", "high"))
    log, step = entry.get("log", False), entry.get("step")
    if not low < high or not math.isfinite(high - low):
        raise UserError(f"{place}: {key}: expected low < high. Received: low {low}, high {high}")
    if log and step is not None:
        raise UserError(f"{place}: {key}: expected log or step, not both. Received: {entry!r}")
    if log and low <= 0:
        raise UserError(f"{place}: {key}: expected low > 0 with log. Received: low {low}")
    if step is None:
        return {"low": low, "high": high} | ({"log": True} if log else {})
    try:
        step = number(step)
        steps = (high - low) / step
    except (TypeError, ValueError, ZeroDivisionError):
        steps = -1.0
    if isinstance(entry["step"], bool) or steps < 1 or step != float(entry["step"]) or abs(steps - round(steps)) > 1e-6:
        raise UserError(
            f"{place}: {key}: expected a step, {'whole and ' * (number is int)}above 0, that goes from low to high in whole "
            f"steps. Received: {entry!r}"
        )
    return {"low": low, "high": high, "step": step}


def _number_type(annotation: Any) -> type[int] | type[float] | None:
    """Return int or float where that is what a setting holds (or null); None for any other."""
    if get_origin(annotation) in (Union, types.UnionType):
        members = [part for part in get_args(annotation) if part is not type(None)]
        annotation = members[0] if len(members) == 1 else None
    return annotation if annotation in (int, float) else None


def _check_together(settings: TrainingSettings, space: Space, place: str) -> None:
    """Raise UserError if a choice, or an end of a range, goes with nothing that the other settings may be."""
    draws = _random_draws(settings, space)
    for key, value in end_points(space):
        for _ in range(TRIES):
            fault = _refusal(settings, decode(space, next(draws)) | {key: value})
            if fault is None:
                break
        else:
            raise UserError(f"{place}: {key}: no trial can have {value!r}: {fault}")


def end_points(space: Space) -> Iterator[tuple[str, Any]]:
    """Yield key and value of every choice and of both ends of every range."""
    for key, entry in space.items():
        for value in entry if isinstance(entry, list) else (entry["low"], entry["high"]):
            yield key, value


def check_reading(
    settings: TrainingSettings, space: Space, examples: Examples, read: Callable[[TrainingSettings], Examples]
) -> None:
    """Check that no trial would read other data, whose figures could not be compared.

    What settings declare to be searched does not touch the data; of other keys each choice, or end, is tried.

    Args:
        settings: Those of all trials, but for what is searched.
        space: What is searched.
        examples: What was read with `settings`.
        read: Reads the same data with other settings.

    Raises:
        UserError: naming the key.
    """
    declared = declared_space(type(settings))
    for key, value in end_points(space):
        if key in declared or _refusal(settings, {key: value}):
            continue
        other = read(trial_settings(settings, {key: value}))
        if other.order_fingerprint != examples.order_fingerprint:
            raise UserError(
                f"{key} cannot be searched: with {value!r} the data, its parts or its order are others "
                f"({other.sizes} in place of {examples.sizes}), and figures could not be compared"
            )


def _refusal(settings: TrainingSettings, values: dict[str, Any]) -> str | None:
    try:
        trial_settings(settings, values)
    except UserError as error:
        return str(error)
    return None


def _random_draws(settings: TrainingSettings, space: Space) -> Iterator[dict[str, Any]]:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=settings.seed))
    ask = partial(study.ask, distributions(space, type(settings)))
    while True:
        yield ask().params


def distributions(space: Space, settings_class: type[TrainingSettings]) -> dict[str, "BaseDistribution"]:
    """Return the space in Optuna's terms."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    optuna_space: dict[str, BaseDistribution] = {}
    for key, entry in space.items():
        if isinstance(entry, list):
            optuna_space[key] = CategoricalDistribution([encode(choice) for choice in entry])
        elif _number_type(settings_class.model_fields[key].annotation) is int:
            optuna_space[key] = IntDistribution(
                entry["low"], entry["high"], entry.get("log", False), entry.get("step", 1)
            )
        else:
            bounds = float(entry["low"]), float(entry["high"])
            optuna_space[key] = FloatDistribution(*bounds, entry.get("log", False), entry.get("step"))
    return optuna_space


def combinations(optuna_space: dict[str, "BaseDistribution"]) -> int | None:
    """Return how many different trials a space allows; None without end."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    count = 1
    for distribution in optuna_space.values():
        if isinstance(distribution, CategoricalDistribution):
            count *= len(distribution.choices)
        elif isinstance(distribution, IntDistribution | FloatDistribution) and distribution.step is not None:
            count *= round((distribution.high - distribution.low) / distribution.step) + 1
        else:
            return None
    return count


def encode(choice: Any) -> Any:
    """Return a choice as a study stores it: plain values as they are, lists as JSON."""
    return json.dumps(choice) if isinstance(choice, list | dict) else choice


def decode(space: Space, params: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a trial's parameters."""
    return {
        key: next((choice for choice in space[key] if encode(choice) == value), value)
        if isinstance(value, str)
        else value
        for key, value in params.items()
    }


def trial_settings(settings: SettingsType, values: dict[str, Any]) -> SettingsType:
    """Return the settings with other values for those that are searched.

    Raises:
        UserError: if they do not go together.
    """
    return validate_settings(type(settings), settings.model_dump(mode="json") | values)
