"""Which column of a table of series is what: times, series, values to forecast, covariates, marks of anomalies."""

from dataclasses import dataclass, field
from typing import Protocol

from suite.data.number_columns import NumberTable
from suite.errors import UserError

LONG_TIME, LONG_VALUE = "ds", "y"
TIME_NAMES = (LONG_TIME, "date", "datetime", "timestamp", "time", "month", "week", "day", "quarter", "year")
CLOCK_PARTS = ("year", "month", "day", "hour", "minute", "second")
COUNTING_NAMES = ("", "no", "no.", "nr", "index", "id", "row", "unnamed: 0", "column 0")


class SeriesSettings(Protocol):
    """The settings by which series are read; `pipelines/forecasting/config.py` says what each of them means."""

    @property
    def encoding(self) -> str: ...
    @property
    def time_column(self) -> str | None: ...
    @property
    def id_column(self) -> str: ...
    @property
    def target_columns(self) -> tuple[str, ...]: ...
    @property
    def past_covariates(self) -> tuple[str, ...]: ...
    @property
    def future_covariates(self) -> tuple[str, ...]: ...
    @property
    def static_covariates(self) -> tuple[str, ...]: ...
    @property
    def anomaly_column(self) -> str | None: ...
    @property
    def time_format(self) -> str | None: ...
    @property
    def time_zone(self) -> str | None: ...
    @property
    def frequency(self) -> str | None: ...
    @property
    def season(self) -> int | None: ...
    @property
    def missing(self) -> str: ...
    @property
    def duplicates(self) -> str: ...
    @property
    def sort_rows(self) -> bool: ...
    @property
    def train_until(self) -> str | None: ...
    @property
    def score_from(self) -> int | None: ...
    @property
    def dev_fraction(self) -> float: ...
    @property
    def test_fraction(self) -> float: ...


@dataclass(frozen=True)
class Roles:
    """The columns of a table by what they are.

    Attributes:
        time: Column of times; None where there is none, or where `clock` is.
        clock: Columns of year, month and so on that together are the time.
        series: Column that names the series; None where the table is one series.
        targets: What is to be forecast, the channels.
        past, future, static: Covariates.
        anomaly: Column that marks anomalies; None without.
        notes: Which columns are not read, and why.
    """

    time: str | None
    series: str | None
    targets: tuple[str, ...]
    past: tuple[str, ...] = ()
    future: tuple[str, ...] = ()
    static: tuple[str, ...] = ()
    anomaly: str | None = None
    clock: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)


def assign_roles(table: NumberTable, settings: SeriesSettings) -> Roles:
    """Return what the columns are.

    Long: the table has the column of series (`unique_id`), or `ds` and `y`; other columns count where a setting names them.
    Wide: every column of numbers that no setting names is a channel.

    Raises:
        UserError: if a column that a setting names is not there, is named twice, or no column is left to forecast.
    """
    covariates = {
        setting: tuple(table.spelling(name, setting) for name in getattr(settings, setting))
        for setting in ("past_covariates", "future_covariates", "static_covariates")
    }
    anomaly = settings.anomaly_column and table.spelling(settings.anomaly_column, "anomaly_column")
    series = table.spelling(settings.id_column) if table.has(settings.id_column) else None
    if series is None and settings.id_column != "unique_id":
        table.spelling(settings.id_column, "id_column")
    named = [*(name for names in covariates.values() for name in names), *([anomaly] if anomaly else [])]
    clock = _clock_parts(table, named) if settings.time_column is None else ()
    time = None if clock else _time_column(table, settings, named)
    used = {*named, *clock, *([series] if series else []), *([time] if time else [])}
    targets = tuple(table.spelling(name, "target_columns") for name in settings.target_columns)
    notes: list[str] = []
    if not targets and table.has(LONG_VALUE) and (series or table.has(LONG_TIME)):
        targets = (table.spelling(LONG_VALUE),)
    if not targets and series:
        table.spelling(LONG_VALUE, "target_columns")
    if not targets:
        targets, notes = _channels(table, used)
    elif unread := [name for name in table.columns if name not in used and name not in targets]:
        notes = [f"{_names(unread)} of {table.name}: not read, since no setting names it as a covariate."]
    twice = next((name for name in targets if name in used), None)
    if twice is not None:
        raise UserError(f"{table.path}: the column {twice!r} is named for two things by the settings")
    if not targets:
        raise UserError(
            f"{table.path}: expected a column of numbers to forecast. Received: {_names(list(table.columns))}"
        )
    past, future, static = covariates.values()
    return Roles(time, series, targets, past, future, static, anomaly, clock, notes)


def _clock_parts(table: NumberTable, named: list[str]) -> tuple[str, ...]:
    """Return the columns `year`, `month`, `day` and perhaps `hour`, ... where the table has them in place of a time."""
    if not all(table.has(part) for part in CLOCK_PARTS[:3]) or any(table.has(name) for name in TIME_NAMES[:5]):
        return ()
    parts = tuple(table.spelling(part) for part in CLOCK_PARTS if table.has(part))
    return () if set(parts) & set(named) else parts


def _time_column(table: NumberTable, settings: SeriesSettings, named: list[str]) -> str | None:
    """Return the column of times: the named one, else the first with a usual name, or of texts, that begins as times do."""
    if settings.time_column is not None:
        return table.spelling(settings.time_column, "time_column")
    columns = [name for name in table.columns if name not in named]
    usual = [name for spelling in TIME_NAMES for name in columns if name.lower() == spelling]
    texts = [name for name in columns if table.texts[name] and name not in usual]
    digits = [name for name in columns if not table.texts[name] and table.holds_dates_in_digits(name)]
    dated = next((name for name in usual + texts + digits if table.looks_dated(name)), None)
    return dated or next((name for name in usual if name.lower() in TIME_NAMES[:4]), None)


def _channels(table: NumberTable, used: set[str]) -> tuple[tuple[str, ...], list[str]]:
    columns = [name for name in table.columns if name not in used]
    texts = [name for name in columns if table.texts[name]]
    counting = [name for name in columns if name.lower() in COUNTING_NAMES and table.counts_rows(name)]
    notes = [f"{_names(texts)} of {table.name}: not read, since it holds texts."] if texts else []
    if counting:
        notes.append(f"{_names(counting)} of {table.name}: not read, since it numbers the rows.")
    return tuple(name for name in columns if name not in texts and name not in counting), notes


def _names(names: list[str]) -> str:
    listed = ", ".join(map(repr, names[:8]))
    return listed + (f" and {len(names) - 8} more" if len(names) > 8 else "")
