"""What the clock showed in a time zone <-> UTC, over the hours that daylight saving skips and repeats."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, available_timezones

import numpy as np

from suite.errors import UserError


def load_zone(name: str) -> ZoneInfo:
    """Return a time zone by its name in the IANA database.

    Raises:
        UserError: for an unknown name.
    """
    try:
        return ZoneInfo(name)
    except (OSError, ValueError) as error:  # ZoneInfoNotFoundError is a KeyError
        raise UserError(f"setting 'time_zone': {_expected(name)}") from error
    except KeyError as error:
        raise UserError(f"setting 'time_zone': {_expected(name)}") from error


def _expected(name: str) -> str:
    alike = sorted(zone for zone in available_timezones() if name.lower() in zone.lower())[:3]
    hint = f" (did you mean {', '.join(alike)}?)" if alike else ""
    return f"expected a name as Europe/Paris or UTC{hint}. Received: {name!r}"


def zone_offsets(times: np.ndarray, zone: ZoneInfo) -> np.ndarray:
    """Return by how much the clock of a zone is ahead of UTC, timedelta64[s], at times in UTC.

    Offsets are looked up once a quarter of an hour: no zone changes its clock in between.
    """
    quarters, places = np.unique(times.astype(np.int64) // 900, return_inverse=True)
    ahead = [_ahead(datetime.fromtimestamp(int(quarter) * 900, UTC).astimezone(zone)) for quarter in quarters]
    return np.array(ahead, "timedelta64[s]")[places]


def from_utc(times: np.ndarray, zone: ZoneInfo) -> np.ndarray:
    """Return what the clock of a zone shows at times in UTC, datetime64[s]."""
    return times + zone_offsets(times, zone)


def to_utc(clock: np.ndarray, zone: ZoneInfo) -> tuple[np.ndarray, np.ndarray]:
    """Return the times in UTC at which the clock of a zone shows what it showed, and which of these it never showed, bool.

    Of an hour that comes twice, where clocks go back, a time is the later one if it does not lie after the time before it.

    Args:
        clock: datetime64[s], in the order of the rows of one series.
        zone: Whose clock it was.
    """
    quarters, places = np.unique(clock.astype(np.int64) // 900, return_inverse=True)
    local = [datetime.fromtimestamp(int(quarter) * 900, UTC).replace(tzinfo=None) for quarter in quarters]
    early, late = (
        np.array([_ahead(time.replace(tzinfo=zone, fold=fold)) for time in local], "timedelta64[s]")[places]
        for fold in (0, 1)
    )
    times = clock - early
    for row in np.flatnonzero(early > late):
        if row and times[row] <= times[row - 1]:
            times[row] = clock[row] - late[row]
    return times, early < late


def _ahead(time: datetime) -> int:
    offset = time.utcoffset()
    return 0 if offset is None else int(offset.total_seconds())
