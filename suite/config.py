"""Validated settings: defaults < YAML file < `--set`, and the base of every task's settings."""

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from suite.errors import UserError

# The layers that a task's `cell` may name: `suite.recurrent.stack` makes them. All are recurrent but `transformer`.
Cell = Literal[
    "lstm",
    "gru",
    "simple_rnn",
    "min_gru",
    "min_lstm",
    "rg_lru",
    "cifg",
    "cifg_projected",
    "cifg_projected_norm",
    "indy_lstm",
    "layer_norm_lstm",
    "transformer",
]


def search_range(low: float, high: float, log: bool = False, step: float | None = None) -> dict[str, Any]:
    """Return what a setting declares beside its default so that `suite sweep` searches from `low` to `high`, both included.

    Args:
        low, high: In the unit of the setting.
        log: Draw by the logarithm: 0.001 to 0.01 as often as 0.01 to 0.1.
        step: Draw only `low`, `low + step` and so on.
    """
    options = ({"log": True} if log else {}) | ({} if step is None else {"step": step})
    return {"sweep": {"low": low, "high": high} | options}


def search_choices(*choices: Any) -> dict[str, Any]:
    """Return what a setting declares beside its default so that `suite sweep` searches among these values."""
    return {"sweep": list(choices)}


class TrainingSettings(BaseModel):
    """What every task's training has in common. A task extends it once, in `pipelines/TASK/config.py`."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    seed: int = Field(0, ge=0, lt=2**31, description="seed of weights, data order, dropout and augmentation")
    deterministic: bool = Field(True, description="make runs repeat bit for bit (TensorFlow's op determinism)")
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16"] = Field(
        "float32", description="Keras dtype policy of the layers; weights stay float32"
    )

    epochs: int = Field(10, ge=1, description="passes over the training part, at most")
    batch_size: int = Field(32, ge=1, description="examples per step")
    learning_rate: float = Field(
        1e-3,
        gt=0,
        description="peak learning rate of AdamW",
        json_schema_extra=search_range(1e-4, 1e-2, log=True),
    )
    schedule: Literal["constant", "cosine"] = Field(
        "cosine", description="learning rate over the steps of a phase; each phase begins it anew"
    )
    warmup_fraction: float = Field(
        0.0, ge=0, lt=1, description="share of the steps of each phase that rise to the peak"
    )
    ema_fraction: float = Field(
        0.0,
        ge=0,
        le=1,
        description="running average of the weights, scored and kept: how far back it goes, as a share of the steps of a phase; 0: none",
    )
    weight_decay: float = Field(
        0.0,
        ge=0,
        description="decoupled weight decay of AdamW",
        json_schema_extra=search_choices(0.0, 1e-4, 1e-3, 1e-2),
    )
    clip_norm: float = Field(1.0, gt=0, description="largest global norm of the gradient")
    patience: int = Field(
        3, ge=0, description="epochs without a better dev metric before stopping; 0 never stops early"
    )

    split_by: Literal["given", "content", "group", "time"] = Field(
        "given",
        description="how parts that the data does not name are drawn; given: by group where the data has groups, else by "
        "content; content: by a hash of the example",
    )
    group_pattern: str | None = Field(
        None, description="regular expression on path or group; its first group names the group"
    )
    dev_groups: tuple[str, ...] = Field((), description="groups of the training data that become dev")
    dev_fraction: float = Field(
        0.1, ge=0, lt=1, description="share of train taken as dev where the data names none; 0: final fit"
    )
    test_fraction: float = Field(0.1, ge=0, lt=1, description="share taken as test where the data names no part at all")
    encoding: str = Field("utf-8", description="encoding of text files")

    log_samples: bool = Field(True, description="log sample predictions, with their inputs, to the tracking store")
    log_system_metrics: bool = Field(
        True, description="log the use of processor, memory, disk and network by runs that take longer than a minute"
    )
    parity_samples: int = Field(
        64,
        ge=0,
        le=64,
        description="real inputs kept in the model folder to check exports; 0 for private data, then no digests of the "
        "training inputs either",
    )

    def for_epochs(self) -> Self:
        """Return the settings of the dev scores after each epoch; a task whose search is slow makes it shorter there."""
        return self


SettingsType = TypeVar("SettingsType", bound=TrainingSettings)


def load_settings(
    settings_class: type[SettingsType], config: Path | None = None, assignments: Iterable[str] = ()
) -> SettingsType:
    """Return validated settings: the class's defaults, then the YAML file, then `KEY=VALUE` assignments.

    Args:
        settings_class: `Settings` of a pipeline.
        config: A YAML file with one mapping of setting names to values.
        assignments: `KEY=VALUE` strings; the value is read as YAML (`3`, `true`, `[a, b]`, `null`).

    Raises:
        UserError: for an unreadable file, an unknown key (the nearest known one is named) or a value not allowed.
    """
    values = read_yaml_mapping(config) if config is not None else {}
    source = dict.fromkeys(values, f"{config}")
    typed = parse_assignments(assignments)
    return validate_settings(settings_class, values | typed, source | dict.fromkeys(typed, "--set"))


def assign(settings: SettingsType, assignments: Iterable[str]) -> SettingsType:
    """Return settings with other values for some, as `KEY=VALUE` strings.

    Raises:
        UserError: for an unknown key or a value not allowed.
    """
    typed = parse_assignments(assignments)
    return validate_settings(type(settings), settings.model_dump() | typed, dict.fromkeys(typed, "--set"))


def parse_assignments(assignments: Iterable[str]) -> dict[str, Any]:
    """Return the values of `KEY=VALUE` strings, read as YAML where they are YAML.

    Raises:
        UserError: for a string without an equals sign.
    """
    values: dict[str, Any] = {}
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals:
            raise UserError(f"--set takes KEY=VALUE. Received: {assignment!r}")
        try:
            values[key.strip()] = yaml.safe_load(text)
        except yaml.YAMLError:
            values[key.strip()] = text
    return values


def read_yaml_mapping(path: Path) -> dict:
    """Return the mapping in a YAML file.

    Raises:
        UserError: if the file cannot be read, is not YAML or holds something other than a mapping.
    """
    try:
        values = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path}: cannot read the settings file: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise UserError(
            f"{path}: expected UTF-8 text. Received: byte {error.object[error.start]:#04x} at {error.start}"
        ) from error
    except yaml.YAMLError as error:
        place = getattr(error, "problem_mark", None)
        line = f":{place.line + 1}" if place else ""
        raise UserError(f"{path}{line}: not valid YAML: {getattr(error, 'problem', None) or error}") from error
    if values is None:
        return {}
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise UserError(f"{path}: expected a mapping of setting names to values. Received: {type(values).__name__}")
    return values


def validate_settings(
    settings_class: type[SettingsType], values: dict, source: dict[str, str] | None = None
) -> SettingsType:
    """Return `settings_class(**values)`.

    Raises:
        UserError: one line per fault: where the value came from, the key, what is allowed, what was received.
    """
    try:
        return settings_class.model_validate(values)
    except ValidationError as error:
        lines = [_describe(settings_class, fault, source or {}) for fault in error.errors()]
        raise UserError("\n".join(dict.fromkeys(lines))) from error


def setting_value(settings_class: type[TrainingSettings], key: str, value: Any, place: str) -> Any:
    """Return a value as the setting `key` holds it, in the types of JSON, whatever the other settings are.

    Args:
        settings_class: `Settings` of a pipeline.
        key: A setting's name.
        value: As it was typed or read.
        place: Where it came from, for the message.

    Raises:
        UserError: for an unknown key or a value that this setting refuses.
    """
    if key not in settings_class.model_fields:
        validate_settings(settings_class, {key: value}, {key: place})
    field = settings_class.model_fields[key]
    adapter: TypeAdapter[Any] = TypeAdapter(Annotated[field.annotation, field])  # type: ignore[arg-type]
    try:
        return adapter.dump_python(adapter.validate_python(value), mode="json")
    except ValidationError as error:
        fault = {**error.errors()[0], "loc": (key,)}
        raise UserError(_describe(settings_class, fault, {key: place})) from error


def declared_space(settings_class: type[TrainingSettings]) -> dict[str, Any]:
    """Return what each setting that declares one is searched in: a list of choices, or low, high, log and step."""
    return {
        name: field.json_schema_extra["sweep"]
        for name, field in settings_class.model_fields.items()
        if isinstance(field.json_schema_extra, dict) and "sweep" in field.json_schema_extra
    }


def _describe(settings_class: type[TrainingSettings], fault: Any, source: Mapping[str, str]) -> str:
    key = str(fault["loc"][0]) if fault["loc"] else ""
    place = f"{source[key]}: " if key in source else ""
    if fault["type"] == "extra_forbidden":
        nearest = difflib.get_close_matches(key, settings_class.model_fields, n=1, cutoff=0.5)
        hint = f"did you mean {nearest[0]!r}?" if nearest else "`suite train TASK --settings` lists them all."
        return f"{place}unknown setting {key!r}; {hint}"
    if not key:
        return f"{fault['msg'].removeprefix('Value error, ')}"
    allowed = get_args(settings_class.model_fields[key].annotation) if fault["type"] == "literal_error" else ()
    expected = "one of " + ", ".join(map(repr, allowed)) if allowed else fault["msg"].removeprefix("Value error, ")
    expected = expected.removeprefix("Input should be ")
    return f"{place}setting {key!r}: expected {expected}. Received: {fault['input']!r}"


def describe_settings(settings_class: type[TrainingSettings]) -> list[dict]:
    """Return name, type, default, meaning and what `suite sweep` searches (or None) of every setting, the task's own first."""
    base, space = set(TrainingSettings.model_fields), declared_space(settings_class)
    fields = sorted(settings_class.model_fields.items(), key=lambda item: item[0] in base)
    return [
        {
            "name": name,
            "type": _type_name(field.annotation),
            "default": field.get_default(),
            "meaning": field.description or "",
            "sweep": space.get(name),
        }
        for name, field in fields
    ]


def _type_name(annotation: Any) -> str:
    choices = get_args(annotation)
    if choices and all(isinstance(choice, str) for choice in choices):
        return " | ".join(choices)
    return (
        annotation.__name__
        if isinstance(annotation, type) and not choices
        else str(annotation).replace("NoneType", "null")
    )
