"""How far one step of a series is: recognized from its times, seconds to years, and counted by the calendar."""

import re
from dataclasses import dataclass

import numpy as np

from suite.errors import UserError

SECONDS = {"s": 1, "min": 60, "h": 3600, "D": 86400, "W": 7 * 86400, "row": 1}
MONTHS = {"MS": 1, "ME": 1, "QS": 3, "QE": 3, "YS": 12, "YE": 12}
DAY = np.timedelta64(1, "D")
SEASONS = {"s": 1, "D": 7, "B": 5, "W": 52, "row": 1}  # steps; of minutes and hours a day, of months a year
ALIASES = {"T": "min", "H": "h", "S": "s", "M": "MS", "Q": "QS", "Y": "YS", "A": "YS", "AS": "YS", "d": "D", "w": "W"}
_CODE = re.compile(r"(\d*)(s|min|h|D|B|W|MS|ME|QS|QE|YS|YE|row)")


@dataclass(frozen=True)
class Frequency:
    """A step and a season.

    Attributes:
        code: A number, where it is not 1, and a unit: `s`, `min`, `h`, `D`, `B` (Monday to Friday), `W`, `MS` and `ME` (months;
            by `ME` at their last day), `QS`, `QE`, `YS`, `YE`, or `row` where the data has no times.
        season: Steps after which the usual season begins anew; 1 where there is none.
        usual: Of `row`, the seconds of a usual step, where rows count as steps whatever their times are; None without times.
    """

    code: str
    season: int
    usual: int | None = None

    @property
    def count(self) -> int:
        """Return how many units a step is."""
        return int(_split(self.code)[0] or 1)

    @property
    def unit(self) -> str:
        """Return the unit of a step."""
        return _split(self.code)[1]

    @property
    def by_day(self) -> bool:
        """Return whether a step is a day or longer, so that times are dates."""
        return self.unit in ("D", "B", "W", *MONTHS)

    @property
    def _seconds(self) -> int:
        return self.usual or SECONDS[self.unit]

    def step(self, time: np.datetime64 | np.ndarray, n: int | np.ndarray) -> np.ndarray:
        """Return the time `n` steps after (before, if negative) a time, datetime64[s]; both may be arrays.

        A month later is the same day of the month, or its last where it is shorter.
        """
        times, steps = np.asarray(time, "datetime64[s]"), np.asarray(n, np.int64) * self.count
        if self.unit in SECONDS:
            return times + (steps * self._seconds).astype("timedelta64[s]")
        dates = times.astype("datetime64[D]")
        of_day = times - dates
        if self.unit == "B":
            return np.busday_offset(dates, steps, roll="backward").astype("datetime64[s]") + of_day
        months = dates.astype("datetime64[M]")
        later = months + (steps * MONTHS[self.unit]).astype("timedelta64[M]")
        last = (later + np.timedelta64(1, "M")).astype("datetime64[D]") - DAY
        if self.unit.endswith("E"):
            return last.astype("datetime64[s]") + of_day
        days = dates - months.astype("datetime64[D]")
        return np.minimum(later.astype("datetime64[D]") + days, last).astype("datetime64[s]") + of_day

    def positions(self, times: np.ndarray, origin: np.datetime64) -> tuple[np.ndarray, np.ndarray]:
        """Return how many steps each time is after the origin, int64 `(time,)`, and whether it is just on a step, bool.

        A time between two steps has the number of the earlier one.
        """
        if self.unit in SECONDS:
            steps, rest = np.divmod((times - origin).astype(np.int64), self.count * self._seconds)
            return steps, rest == 0
        dates, first = times.astype("datetime64[D]"), origin.astype("datetime64[D]")
        if self.unit == "B":
            steps = np.busday_count(first, dates) // self.count
        else:
            months = dates.astype("datetime64[M]") - first.astype("datetime64[M]")
            steps = months.astype(np.int64) // (self.count * MONTHS[self.unit])
        return steps, self.step(origin, steps) == times

    def written(self, time: np.datetime64) -> str:
        """Return a time as people write it: a date where steps are days or longer, the number of a row without times."""
        if self.unit == "row" and self.usual is None:
            return str(time.astype(np.int64))
        text = str(time.astype("datetime64[s]")).replace("T", " ")
        return text.removesuffix(" 00:00:00") if self.by_day else text


def _split(code: str) -> tuple[str, str]:
    match = _CODE.fullmatch(code)
    if match is None:
        raise UserError(
            "frequency: expected a number and one of s, min, h, D, B, W, MS, ME, QS, QE, YS, YE, as 15min, or row. "
            f"Received: {code!r}"
        )
    return match[1], match[2]


def parse_frequency(code: str, season: int | None = None) -> Frequency:
    """Return the frequency of a code; pandas' older spellings (`H`, `15T`, `M`, `W-SUN`) are known.

    Raises:
        UserError: for an unknown code.
    """
    number, unit = re.fullmatch(r"(\d*)(.*)", code.strip().partition("-")[0], re.DOTALL).groups()  # type: ignore[union-attr]
    spelling = f"{'' if number == '1' else number}{ALIASES.get(unit, unit)}"
    number, unit = _split(spelling)
    if number and not int(number):
        raise UserError(f"frequency: expected a step longer than none. Received: {code!r}")
    return Frequency(spelling, season or usual_season(int(number or 1), unit))


def usual_season(count: int, unit: str) -> int:
    """Return after how many steps of `count` units the usual season begins anew: a day, a week, a year; 1 without one."""
    if unit in MONTHS:
        return max(1, 12 // (count * MONTHS[unit]))
    if unit in ("min", "h"):
        day = 86400 // (count * SECONDS[unit])
        return day if day > 1 else 7 * 86400 // (count * SECONDS[unit]) or 1
    return max(1, round(SEASONS[unit] / count))


def recognize(times: np.ndarray) -> Frequency | None:
    """Return the frequency of rising times, datetime64[s] `(time,)`, gaps aside; None where none can be told.

    The step is the most usual distance, and most distances must be it; times that lie between steps are the caller's to look for.
    """
    if len(times) < 3:
        return None
    dates = times.astype("datetime64[D]")
    if len(np.unique(times - dates)) == 1 and (frequency := _of_dates(dates)):
        return frequency
    lengths, counts = np.unique(np.diff(times).astype(np.int64), return_counts=True)
    step = int(lengths[counts.argmax()])
    if step <= 0 or 2 * counts.max() < counts.sum() or step % 86400 == 0:
        return None
    unit = next(unit for unit in ("h", "min", "s") if step % SECONDS[unit] == 0)
    return parse_frequency(f"{step // SECONDS[unit]}{unit}")


def _of_dates(dates: np.ndarray) -> Frequency | None:
    """Return the frequency of dates: months where the day of the month repeats, else weeks, days or working days."""
    months = dates.astype("datetime64[M]")
    of_month = (dates - months.astype("datetime64[D]")).astype(int)
    longest = ((months + np.timedelta64(1, "M")).astype("datetime64[D]") - months.astype("datetime64[D]")).astype(
        int
    ) - 1
    between = np.diff(months).astype(int)
    if between.min() > 0 and (of_month == np.minimum(of_month.max(), longest)).all():
        return parse_frequency(_of_months(_most_usual(between), bool((of_month == longest).all())))
    days = np.diff(dates).astype(int)
    step, share = _most_usual(days), np.mean(days == _most_usual(days))
    weekend = (dates.astype(int) + 3) % 7 >= 5  # day 0, in 1970, was a Thursday
    if step == 1 and not weekend.any() and len(dates) >= 10:
        return parse_frequency("B")
    if share < 0.5:
        return None
    return parse_frequency(f"{step // 7}W" if step % 7 == 0 else f"{step}D")


def _most_usual(numbers: np.ndarray) -> int:
    values, counts = np.unique(numbers, return_counts=True)
    return int(values[counts.argmax()])


def _of_months(step: int, at_end: bool) -> str:
    end = "E" if at_end else "S"
    for unit, months in (("Y", 12), ("Q", 3), ("M", 1)):
        if step % months == 0:
            return f"{step // months}{unit}{end}"
    raise AssertionError(step)
