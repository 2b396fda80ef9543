"""Settings of the forecasting pipeline: what it adds to `TrainingSettings`, every default in view."""

from typing import Literal

from pydantic import Field

from suite.config import TrainingSettings


class Settings(TrainingSettings):
    """Forecasting: a series of numbers in, its future values with quantiles, and how odd its past was, out."""

    time_column: str | None = Field(
        None, coerce_numbers_to_str=True, description="column of times; by default ds, else the first that holds times"
    )
    id_column: str = Field(
        "unique_id", coerce_numbers_to_str=True, description="column that says which series a row of a long table is of"
    )
    target_columns: tuple[str, ...] = Field(
        (),
        description="columns to forecast, each a channel; by default y of a long table, all columns of numbers of a wide one",
    )
    past_covariates: tuple[str, ...] = Field((), description="columns that are known up to now")
    future_covariates: tuple[str, ...] = Field(
        (), description="columns that are known ahead; rows without targets at the end of a series say them"
    )
    static_covariates: tuple[str, ...] = Field((), description="columns of numbers that are the same all over a series")
    anomaly_column: str | None = Field(
        None, description="column that marks anomalous rows with 1; by default the one that a format of anomalies has"
    )
    time_format: str | None = Field(
        None, description="how times are written: as strptime has it, or s or ms since 1970; by default recognized"
    )
    time_zone: str | None = Field(
        None, description="zone of times that name none, as Europe/Paris, and of the calendar; by default UTC"
    )
    frequency: str | None = Field(
        None,
        coerce_numbers_to_str=True,
        description="step between rows, as 15min, h, D, B, W, MS, QS, YS; row: rows are steps whatever their times; by default "
        "recognized",
    )
    season: int | None = Field(
        None, ge=1, description="steps after which a season begins anew; by default by the frequency, or found"
    )
    missing: Literal["fail", "forward", "interpolate", "mask"] = Field(
        "mask",
        description="missing values and rows: refused, the value before, on a line between neighbors, or neither read nor scored",
    )
    duplicates: Literal["fail", "first", "last", "mean"] = Field(
        "fail", description="rows of one time: refused, or which one counts"
    )
    sort_rows: bool = Field(False, description="sort rows that are out of order, instead of refusing them")

    horizon: int | None = Field(
        None,
        ge=1,
        description="steps to forecast; by default as is usual for the frequency, as far as the series allow",
    )
    split_by: Literal["given", "content", "group", "time"] = Field(
        "time",
        description="how parts that the data does not name are drawn; time: the end of each series; content or group: whole series",
    )
    train_until: str | None = Field(
        None,
        coerce_numbers_to_str=True,
        description="time, or number of the row, at which training ends (not included)",
    )
    dev_until: str | None = Field(
        None, coerce_numbers_to_str=True, description="time, or number of the row, at which dev ends and test begins"
    )
    score_from: int | None = Field(
        None,
        ge=1,
        description="row from which on values are test, whatever the other settings; rows before are history",
    )
    fold_step: int | None = Field(
        None, ge=1, description="rows between the origins of two folds; by default their dev parts lie end to end"
    )
    fold_refit: bool = Field(
        True,
        description="--folds: each fold trains on all before its origin; false: all train on what is before the first",
    )
