"""Files on disk -> series, an example each, which parts by time cut into stretches."""

from pathlib import Path

from pipelines.forecasting.config import Settings
from suite.data.examples import Example, Examples, Problem
from suite.data.faults import require_examples
from suite.data.series_parts import assign_parts, folds, horizon_of, stretch_example
from suite.data.series_reading import FORMATS, read_source
from suite.series.series import Series

__all__ = ["FORMATS", "assign_parts", "folds", "read"]


def read(path: Path | str, settings: Settings, format: str | None = None) -> Examples:
    """Return an example for each series, or for each part of it that the data names, and what is wrong with the rest.

    With `score_from` the rows from there on are test and those before them train, whatever else the data says.

    Args:
        path: A file or a folder.
        settings: How it is read.
        format: One of `FORMATS`; by default recognized from the files.

    Raises:
        UserError: if the path, a column or a whole file is at fault, or no series can be used.
    """
    path = Path(path)
    read, format, listing = read_source(path, settings, format)
    items: list[Example] = []
    problems = list(read.problems)
    for series in read.series:
        stretches = _named_parts(series, read.starts.get(series.name, {}), settings)
        fault = _fault(series, settings)
        if fault is None:
            items += [stretch_example(series, start, stop, part) for start, stop, part in stretches]
        else:
            problems.append(Problem(series.name, fault))
    require_examples(items, path, problems, "series")
    return Examples(tuple(items), path, format, listing.reason, problems=tuple(problems), notes=tuple(read.notes))


def _named_parts(series: Series, starts: dict[str, int], settings: Settings) -> list[tuple[int, int, str | None]]:
    """Return first row, end and part of what is named: by the setting `score_from`, else by the data; else the whole series."""
    if settings.score_from is not None:
        starts = {"test": settings.score_from} if settings.score_from < len(series) else {"train": 0}
    if not starts:
        return [(0, len(series), None)]
    begins = sorted((start, part) for part, start in starts.items())
    if begins[0][0] > 0:
        begins = [(0, "train"), *begins]
    ends = [start for start, _ in begins[1:]] + [len(series)]
    return [(start, end, part) for (start, part), end in zip(begins, ends, strict=True)]


def _fault(series: Series, settings: Settings) -> str | None:
    """Return what keeps a series from being forecast at all."""
    horizon = horizon_of([series], settings)
    if len(series) <= horizon:
        return f"expected more rows than the horizon of {horizon}. Received: {len(series):,}; --set horizon=N takes fewer steps"
    needed = [name for name in ("past_covariates", "future_covariates", "static_covariates") if getattr(settings, name)]
    held = {"past_covariates": series.past, "future_covariates": series.future, "static_covariates": series.static}
    lacking = next((name for name in needed if held[name] is None), None)
    return (
        None
        if lacking is None
        else f"expected {', '.join(getattr(settings, lacking))}, as {lacking} says. Received: none"
    )
