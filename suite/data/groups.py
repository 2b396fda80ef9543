"""Groups of examples (speakers, scenes, languages): named by a pattern, and what must stay together with them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import combinations

from suite.data.examples import PARTS, Example
from suite.data.stable_hash import content
from suite.errors import UserError


def name_groups(items: Sequence[Example], pattern: str | None) -> list[Example]:
    """Return the examples with the group that a regular expression finds in their name (path), else in their group.

    The group is the pattern's first capture group, or the whole match where it has none; no pattern changes nothing.

    Raises:
        UserError: for an invalid pattern, or naming an example that it does not match.
    """
    if pattern is None:
        return list(items)
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise UserError(f"setting 'group_pattern': not a regular expression: {error}. Received: {pattern!r}") from error
    grouped = []
    for example in items:
        match = expression.search(example.name) or expression.search(example.group or "")
        group = match and (match.group(1) if expression.groups else match.group())
        if not group:
            group = f"the group {example.group!r}" if example.group else "a group"
            place = f"the path {example.name!r} nor {group}"
            raise UserError(f"setting 'group_pattern': {pattern!r} matches neither {place}")
        grouped.append(replace(example, group=group))
    return grouped


def require_groups(items: Iterable[Example], why: str) -> None:
    """Raise UserError, naming an example without a group and the setting that needs one."""
    for example in items:
        if example.group is None:
            source = "from a 'group' column, a folder or --set group_pattern=REGEX"
            raise UserError(f"{why} needs a group for every example, {source}. Received: none for {example.name}")


def splits_by_group(items: Sequence[Example], split_by: str, parts: int = 2) -> bool:
    """Return whether whole groups are drawn: where that is asked for, or by default where there are enough for all parts.

    Args:
        items: What is to be cut. Examples without a group count as one group each.
        split_by: The setting.
        parts: Into how many parts.
    """
    if split_by != "given":
        return split_by == "group"
    return any(example.group is not None for example in items) and len(units(items, range(len(items)), True)) >= parts


def describe_groups(items: Sequence[Example]) -> str:
    """Return one sentence on how many groups each part has, for parts that were drawn by group."""
    names = {part: {example.group for example in items if example.part == part} - {None} for part in PARTS}
    total = len(set().union(*names.values()))
    counts = ", ".join(f"{len(groups):,} in {part}" for part, groups in names.items() if groups)
    return f"Split by group ({total:,} groups): {counts}; --set split_by=content lets groups straddle parts."


def describe_straddling(items: Iterable[Example]) -> list[str]:
    """Return one sentence for each two parts that share a group: as the data names them, or as they were drawn by content."""
    groups: dict[str | None, set] = {part: set() for part in PARTS}
    for example in items:
        groups[example.part].add(example.group)
    shared = {(part, later): (groups[part] & groups[later]) - {None} for part, later in combinations(PARTS, 2)}
    return [
        f"{len(names):,} group{'s are' if len(names) > 1 else ' is'} in both {part} and {later}, as {min(names)!r}."
        for (part, later), names in shared.items()
        if names
    ]


def units(items: Sequence[Example], indices: Iterable[int], by_group: bool) -> dict[str, list[int]]:
    """Return the sets of examples that must not be torn apart, as `{name: indices}`.

    By content that is every distinct content. By group it is every group, and groups that share a content are one
    unit, unless that would tie all groups together: then they stay separate and duplicates are merely reported. An
    example without a group stays with its content.
    """
    gathered: dict[str, list[int]] = {}
    for index in indices:
        name = items[index].group if by_group else None
        gathered.setdefault(content(items[index]) if name is None else name, []).append(index)
    if not by_group:
        return gathered
    tied = _tie(gathered, items)
    return tied if len(tied) > 1 else gathered


def _tie(groups: dict[str, list[int]], items: Sequence[Example]) -> dict[str, list[int]]:
    """Join groups that share a content (union-find over group names)."""
    parent = {group: group for group in groups}

    def root(group: str) -> str:
        while parent[group] != group:
            group = parent[group]
        return group

    first_with: dict[str, str] = {}
    for group, indices in groups.items():
        for index in indices:
            earlier = first_with.setdefault(content(items[index]), group)
            low, high = sorted((root(group), root(earlier)))
            parent[high] = low
    tied: dict[str, list[int]] = {}
    for group, indices in groups.items():
        tied.setdefault(root(group), []).extend(indices)
    return tied
