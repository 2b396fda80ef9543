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
    named = []
    for example in items:
        found = expression.search(example.name) or expression.search(example.group or "")
        group = found and (found.group(1) if expression.groups else found.group())
        if not group:
            group = f"the group {example.group!r}" if example.group else "a group"
            place = f"the path {example.name!r} nor {group}"
            raise UserError(f"setting 'group_pattern': {pattern!r} matches neither {place}")
        named.append(replace(example, group=group))
    return named


def require_groups(items: Iterable[Example], why: str) -> None:
    """Raise UserError, naming an example without a group and the setting that needs one."""
    for example in items:
        if example.group is None:
            source = "from a 'group' column, a folder or --set group_pattern=REGEX"
            raise UserError(f"{why} needs a group for every example, {source}. Received: none for {example.name}")


def describe_straddling(items: Iterable[Example]) -> list[str]:
    """Return one sentence for each two parts that share a group, which only happens where the data names the parts."""
    groups: dict[str, set] = {part: set() for part in PARTS}
    for example in items:
        groups[example.part].add(example.group)
    shared = {(one, other): (groups[one] & groups[other]) - {None} for one, other in combinations(PARTS, 2)}
    return [
        f"{len(both):,} group{'s are' if len(both) > 1 else ' is'} in both {one} and {other}, as {min(both)!r}."
        for (one, other), both in shared.items()
        if both
    ]


def units(items: Sequence[Example], indices: Iterable[int], by_group: bool) -> dict[str, list[int]]:
    """Return the sets of examples that must not be torn apart, as `{name: indices}`.

    By content that is every distinct content. By group it is every group, and groups that share a content are one
    unit, unless that would tie all groups together: then they stay separate and duplicates are merely reported.
    """
    found: dict[str, list[int]] = {}
    for index in indices:
        found.setdefault(items[index].group if by_group else content(items[index]), []).append(index)
    if not by_group:
        return found
    tied = _tie(found, items)
    return tied if len(tied) > 1 else found


def _tie(groups, items):
    """Join groups that share a content (union-find over group names)."""
    parent = {group: group for group in groups}

    def root(group):
        while parent[group] != group:
            group = parent[group]
        return group

    first_with = {}
    for group, indices in groups.items():
        for index in indices:
            other = first_with.setdefault(content(items[index]), group)
            low, high = sorted((root(group), root(other)))
            parent[high] = low
    tied: dict[str, list[int]] = {}
    for group, indices in groups.items():
        tied.setdefault(root(group), []).extend(indices)
    return tied
