"""How far a forecast looks back and in which pieces it reads, where nobody says: by the season and by what there is."""

from suite.series.frequency import MONTHS, SECONDS, Frequency, parse_frequency

WEEK = 7 * 86400  # seconds
MOST_LOOK_BACK, LEAST_LOOK_BACK = 672, 4
USUAL_HORIZONS = {"D": 14, "B": 10, "W": 13, "MS": 12, "ME": 12, "QS": 8, "QE": 8, "YS": 6, "YE": 6}
LONGEST_HORIZON, PLAIN_HORIZON, HORIZON_SHARE = 96, 12, 8
LONGEST_SEGMENT, SHORTEST_SEGMENT = 48, 4


def default_horizon(frequency: Frequency, rows: int) -> int:
    """Return how many steps to forecast: a season of a step under a day, else as is usual; at most an eighth of the rows."""
    usual = USUAL_HORIZONS.get(frequency.unit) if frequency.count == 1 else None
    if usual is None:
        usual = frequency.season if 1 < frequency.season <= LONGEST_HORIZON else PLAIN_HORIZON
    return max(1, min(usual, rows // HORIZON_SHARE))


def default_look_back(frequency: Frequency, horizon: int, rows: int) -> int:
    """Return how many steps a forecast looks back.

    1. Of minutes and hours a week, else three seasons of up to a dozen steps, two of longer ones; at least four horizons.
    2. No more than 672, and no more than half of what there is to learn from.

    Args:
        horizon: Steps to forecast.
        rows: Of a usual training stretch.
    """
    season = frequency.season
    steps = 0
    if frequency.unit in ("min", "h"):
        steps = WEEK // (frequency.count * SECONDS[frequency.unit])
    elif season > 1:
        steps = season * (3 if season <= 12 else 2)
    steps = max(steps if steps <= MOST_LOOK_BACK else season, 4 * horizon)
    return max(min(steps, MOST_LOOK_BACK, rows // 2), LEAST_LOOK_BACK)


def default_segment(frequency: Frequency, horizon: int, look_back: int) -> int:
    """Return how many steps are read at once: a season, or the longest piece up to 48 that a season is made of."""
    season = frequency.season
    pieces = [size for size in range(SHORTEST_SEGMENT, LONGEST_SEGMENT + 1) if season % size == 0]
    size = pieces[-1] if pieces else min(12, horizon)
    return max(1, min(size, look_back))


def calendar_width(frequency: str) -> int:
    """Return how many features the calendar of a frequency has: none of years, of rows without times, and of seconds."""
    unit = parse_frequency(frequency).unit
    if unit in ("row", "s", "YS", "YE"):
        return 0
    return 2 if unit in MONTHS or unit == "W" else 4
