"""Settings of the forecasting pipeline: what it adds to `TrainingSettings`, every default in view."""

from typing import Any, Literal, Self

from pydantic import Field, field_validator

from suite.config import TrainingSettings, search_choices, search_range


class Settings(TrainingSettings):
    """Forecasting: a series of numbers in, its future values with quantiles, and how odd its past was, out."""

    epochs: int = Field(20, ge=1, description="passes over the training windows, at most")
    batch_size: int = Field(64, ge=1, description="windows per step")
    patience: int = Field(
        5, ge=0, description="epochs without a better dev metric before stopping; 0 never stops early"
    )

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

    look_back: int | None = Field(
        None, ge=1, le=4096, description="steps that a forecast looks back; by default a few seasons and horizons"
    )
    segment: int | None = Field(
        None, ge=1, description="form segments: steps that are read at once; by default of season and horizon"
    )
    form: Literal["segments", "steps"] = Field(
        "segments",
        description="segments: each channel by itself, in segments, the whole horizon at once (SegRNN); steps: an encoder and a "
        "decoder that go step by step, all channels together",
    )
    cell: Literal[
        "gru",
        "lstm",
        "simple_rnn",
        "min_gru",
        "min_lstm",
        "rg_lru",
        "cifg",
        "cifg_projected",
        "cifg_projected_norm",
        "indy_lstm",
    ] = Field("gru", description="recurrent layer", json_schema_extra=search_choices("gru", "lstm", "min_gru"))
    units: int = Field(
        64, ge=2, description="units of the recurrent layer", json_schema_extra=search_range(32, 512, log=True)
    )
    dropout: float = Field(
        0.2,
        ge=0,
        lt=1,
        description="features dropped before the forecast",
        json_schema_extra=search_range(0.0, 0.6),
    )
    linear: bool = Field(
        True, description="add a linear forecast of each channel, which begins as the values of a season before"
    )
    normalize: Literal["last", "mean", "last_scale", "mean_scale"] | None = Field(
        None,
        description="level that is taken off a window and added again, the last value or the mean, and with _scale the scale too; "
        "by default last, of several series last_scale",
    )
    calendar: bool = Field(True, description="tell the model where in the day, the week and the year a step is")
    series_embedding: int = Field(
        0, ge=0, description="learned features of each series of a long table; 0: one model for any series"
    )
    quantiles: tuple[float, ...] = Field(
        (0.1, 0.5, 0.9), description="quantiles to forecast, 0.5 among them, in pairs around it; []: a point alone"
    )
    loss: Literal["mae", "mse", "huber"] = Field("mae", description="loss of a point forecast, with quantiles=[]")
    calibrate: bool = Field(
        True, description="move the quantiles until they hold on dev what they promise (conformal prediction)"
    )
    epoch_windows: int | None = Field(
        None,
        ge=1,
        description="windows that an epoch trains on; by default all, but for few at least 20 batches and for many 500",
    )

    most_windows: int | None = Field(
        None, ge=1, description="windows that are scored, evenly spread; by default every one, one row apart"
    )
    epoch_dev_windows: int = Field(2000, ge=1, description="windows of dev that are scored after each epoch, at most")

    @field_validator("target_columns", "past_covariates", "future_covariates", "static_covariates", mode="before")
    @classmethod
    def _listed(cls, columns: Any) -> Any:
        listed = columns if isinstance(columns, list | tuple) else (columns,)
        return tuple(str(column) if isinstance(column, int | float) else column for column in listed)

    @field_validator("quantiles")
    @classmethod
    def _in_pairs(cls, quantiles: tuple[float, ...]) -> tuple[float, ...]:
        pairs = zip(quantiles, reversed(quantiles), strict=True)
        in_order = list(quantiles) == sorted(set(quantiles)) and all(0 < quantile < 1 for quantile in quantiles)
        if quantiles and not (in_order and len(quantiles) % 2 and all(abs(a + b - 1) < 1e-6 for a, b in pairs)):
            raise ValueError(
                "expected rising numbers between 0 and 1, 0.5 in the middle and the others in pairs around it"
            )
        return quantiles

    def for_epochs(self) -> Self:
        """Return the settings by which dev is scored after each epoch: on fewer windows."""
        return self.model_copy(
            update={"most_windows": min(self.most_windows or self.epoch_dev_windows, self.epoch_dev_windows)}
        )
