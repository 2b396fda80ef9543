"""A small made-up set of series with seasons, trends, holidays, promotions and marked anomalies, in several formats.

csv    a long table: what four shops sell each day; promotions and holidays are known two weeks ahead
tsv    a wide table: three sensors each hour, with values missing
m4     a series a row, each month, of different lengths
"""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from suite.data.new_folder import make_sample_folder

FORMATS = ("csv", "tsv", "m4")
SHOPS, DAYS, DAYS_AHEAD = ("north", "south", "east", "west"), 420, 14
HOLIDAYS = ("01-01", "05-01", "10-03", "12-25")
HOURS, SENSORS = 24 * 40, ("boiler", "pump", "room")
MONTHS, MONTHLY, MONTHLY_HORIZON = (72, 96, 120), 6, 12
ODD_DAYS = 3  # of each shop


def make_sample(directory: Path | str, seed: int = 0, format: str = "csv") -> Path:
    """Write the sample series and return the folder; the same seed writes the same files.

    Args:
        directory: A folder that is new or empty.
        seed: Another one makes other series.
        format: `csv`, `tsv` or `m4`: days, hours or months.

    Raises:
        UserError: for an unknown format, or a path that is a file or a folder with something in it.
    """
    directory = make_sample_folder(directory, format, FORMATS)
    generator = np.random.default_rng(seed)
    if format == "csv":
        head = ("unique_id", "ds", "y", "promotion", "holiday", "anomaly")
        _write(directory / "sales.csv", [head, *(row for shop in SHOPS for row in _shop(shop, generator))], ",")
    elif format == "tsv":
        _write(directory / "sensors.tsv", [("time", *SENSORS), *_sensors(generator)], "\t")
    else:
        train, test = _monthly(generator)
        _write(directory / "Monthly-train.csv", train, ",")
        _write(directory / "Monthly-test.csv", test, ",")
    return directory


def _write(path: Path, rows: Iterable[Sequence[Any]], delimiter: str) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter, lineterminator="\n").writerows(rows)


def _shop(shop: str, generator: np.random.Generator) -> list[tuple[Any, ...]]:
    """Return a row for each day: a week's season, a trend, promotions and holidays, noise, and a few days that are odd."""
    days = np.arange(DAYS + DAYS_AHEAD)
    dates = np.datetime64("2024-01-01") + days
    level, growth, season = generator.uniform(50, 300), generator.uniform(-0.05, 0.2), generator.uniform(0.1, 0.3, 7)
    promotion = (generator.random(len(days) // 7 + 1) < 0.2).repeat(7)[: len(days)]
    holiday = np.array([str(date)[5:] in HOLIDAYS for date in dates])
    expected = (level + growth * days) * (0.8 + season[days % 7]) * (1 + 0.3 * promotion) * (1 - 0.7 * holiday)
    sold = expected * generator.normal(1, 0.04, len(days))
    odd = np.isin(days, generator.choice(np.arange(DAYS // 2, DAYS), ODD_DAYS, replace=False))
    sold[odd] *= generator.choice([0.2, 2.2], ODD_DAYS)
    return [
        (shop, date, f"{value:.1f}" if day < DAYS else "", int(on_sale), int(off), int(strange))
        for day, date, value, on_sale, off, strange in zip(days, dates, sold, promotion, holiday, odd, strict=True)
    ]


def _sensors(generator: np.random.Generator) -> list[tuple[Any, ...]]:
    """Return a row for each hour: a day's season of each sensor, which follow one another, with a few values missing."""
    hours = np.arange(HOURS)
    times = np.datetime64("2024-03-01T00", "h") + hours
    heat = 60 + 8 * np.sin(2 * np.pi * (hours - 6) / 24) + generator.normal(0, 0.4, HOURS).cumsum() * 0.1
    columns = [heat, 2 + 0.02 * np.roll(heat, 1), 20 + 0.1 * np.roll(heat, 3)]
    values = np.stack(columns, axis=1) + generator.normal(0, 0.05, (HOURS, len(SENSORS)))
    missing = generator.random(values.shape) < 0.01
    return [
        (
            str(time).replace("T", " ") + ":00",
            *("" if gone else f"{value:.3f}" for value, gone in zip(*row, strict=True)),
        )
        for time, *row in zip(times, values, missing, strict=True)
    ]


def _monthly(generator: np.random.Generator) -> tuple[list[list[str]], list[list[str]]]:
    """Return the rows of the train and of the test file: a year's season, a trend, a level of its own."""
    longest = max(MONTHS)
    train = [["V1", *(f"V{place}" for place in range(2, longest + 2))]]
    test = [["V1", *(f"V{place}" for place in range(2, MONTHLY_HORIZON + 2))]]
    for number in range(1, MONTHLY + 1):
        rows = int(generator.choice(MONTHS))
        months = np.arange(rows + MONTHLY_HORIZON)
        level, growth, swing = 10 ** generator.uniform(2, 4), generator.uniform(0, 0.01), generator.uniform(0.05, 0.3)
        values = level * (1 + growth * months) * (1 + swing * np.sin(2 * np.pi * (months + number) / 12))
        values *= generator.normal(1, 0.02, len(months))
        texts = [f"{value:.1f}" for value in values]
        train.append([f"M{number}", *texts[:rows], *[""] * (longest - rows)])
        test.append([f"M{number}", *texts[rows:]])
    return train, test
