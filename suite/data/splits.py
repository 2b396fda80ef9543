"""Every example's part: as the data names it, and drawn by a stable hash where it does not."""

from collections.abc import Sequence
from dataclasses import replace

from suite.config import TrainingSettings
from suite.data.duplicates import describe_duplicates
from suite.data.examples import Example, Examples
from suite.data.groups import (
    describe_groups,
    describe_straddling,
    name_groups,
    require_groups,
    splits_by_group,
    units,
)
from suite.data.stable_hash import content, stable_share
from suite.errors import UserError


def assign_parts(examples: Examples, settings: TrainingSettings) -> Examples:
    """Return the examples with a part each, `named_parts` as the data has them, and notes on groups and duplicates.

    1. Parts that the data names stay; an example without one is train.
    2. Where the data names no part at all, `test_fraction` is drawn as test.
    3. Where it names no dev, `dev_groups`, else `dev_fraction` of train, become dev; nothing with `dev_fraction: 0`.
    Data that is all dev or test needs no groups.

    How is drawn: `group`, `content` or `time`; `given`, the default, draws by group where there are groups, enough of them
    for each part to have one, else by content, with a note if there are groups. An example without a group beside others
    that have one counts as a group of its own by default, and is a fault where `group` is asked for.

    Drawing by content takes every example whose hash lies below the fraction: an example's part then depends on its
    content alone, not on order, path or the examples beside it, and data can grow without moving any; for that reason
    it is not stratified by label. The share is the fraction up to chance, but in tiny data one example at least and
    twice the fraction at most, lowest hashes first.
    By group, whole groups are taken in hash order as long as that brings the share closer to the fraction.
    By time, the last examples in the order of the files are taken, test after dev; identical texts can then straddle.

    Raises:
        UserError: if groups are needed and missing, too few, or named wrongly.
    """
    items = name_groups(examples.items, settings.group_pattern)
    named = frozenset(example.part for example in items if example.part)
    parts = [example.part or "train" for example in items]
    notes = list(examples.notes)
    if settings.split_by == "group" and "train" in parts:
        require_groups(items, "split_by: group")
    if settings.dev_groups and "train" in parts:
        notes += _take_groups(items, parts, settings, named)
    pool = [example for example, part in zip(items, parts, strict=True) if part == "train"]
    drawn = [("test", settings.test_fraction)] if not named else []
    drawn += [("dev", settings.dev_fraction)] if "dev" not in named and not settings.dev_groups else []
    drawn = [(part, fraction) for part, fraction in drawn if fraction and pool]
    by_group = splits_by_group(pool, settings.split_by, 1 + len(drawn))
    for part, fraction in drawn:
        _draw(items, parts, part, fraction, "group" if by_group else settings.split_by)
    assigned = tuple(
        example if example.part == part else replace(example, part=part)
        for example, part in zip(items, parts, strict=True)
    )
    if drawn and by_group:
        notes.append(describe_groups(assigned))
    elif drawn and settings.split_by == "given" and (groups := {example.group for example in pool} - {None}):
        few = f"{len(groups)} group{'s are' if len(groups) > 1 else ' is'} too few for {1 + len(drawn)} parts"
        notes.append(f"Split by content: {few}, so that groups straddle them.")
    notes += describe_straddling(assigned)
    notes += describe_duplicates(assigned)
    return replace(examples, items=assigned, named_parts=named, notes=tuple(notes))


def _take_groups(
    items: Sequence[Example], parts: list[str], settings: TrainingSettings, named: frozenset[str]
) -> list[str]:
    """Move the groups of `dev_groups` from train to dev, in place; return notes."""
    listed = ", ".join(settings.dev_groups)
    if "dev" in named:
        raise UserError(f"setting 'dev_groups': the data names its own dev part, which stays. Received: {listed}")
    require_groups(items, "dev_groups")
    known = {example.group or "" for example, part in zip(items, parts, strict=True) if part == "train"}
    for group in settings.dev_groups:
        if group not in known:
            listed = ", ".join(sorted(known)[:20])
            raise UserError(f"setting 'dev_groups': expected groups of train: {listed}. Received: {group!r}")
    if not settings.dev_fraction:
        return [f"dev_fraction is 0, so the dev_groups {listed} stay in train."]
    if known == set(settings.dev_groups):
        raise UserError(f"setting 'dev_groups': expected not all groups of train. Received: {listed}")
    for index, example in enumerate(items):
        if parts[index] == "train" and example.group in settings.dev_groups:
            parts[index] = "dev"
    return []


def _draw(items: Sequence[Example], parts: list[str], part: str, fraction: float, split_by: str) -> None:
    """Give `fraction` of train to another part, in place."""
    pool = [index for index, current in enumerate(parts) if current == "train"]
    if split_by == "time":
        count = min(max(round(fraction * len(pool)), 1), len(pool) - 1)
        drawn = pool[len(pool) - count :]
    elif split_by == "group":
        drawn = _draw_groups(units(items, pool, by_group=True), part, fraction)
    else:
        drawn = _draw_contents(items, pool, part, fraction)
    for index in drawn:
        parts[index] = part


def _draw_contents(items: Sequence[Example], pool: list[int], part: str, fraction: float) -> list[int]:
    shares = {text: stable_share(part, text) for text in units(items, pool, by_group=False)}
    if len(shares) < 2:
        return []
    order = sorted(shares, key=lambda text: (shares[text], text))
    below = sum(share < fraction for share in shares.values())
    limit = min(round(2 * fraction * len(order)), len(order) - 1)
    drawn = set(order[: max(1, min(below, limit))])
    return [index for index in pool if content(items[index]) in drawn]


def _draw_groups(groups: dict[str, list[int]], part: str, fraction: float) -> list[int]:
    if len(groups) < 2:
        remedy = f"--set {part}_fraction=0 draws none, --set split_by=content lets groups straddle parts"
        expected = f"split by group: train needs at least two groups to draw {part} from ({remedy})"
        raise UserError(f"{expected}. Received: {', '.join(groups)}")
    target = fraction * sum(map(len, groups.values()))
    order = sorted(groups, key=lambda group: (stable_share(part, group), group))
    drawn: list[int] = []
    for group in order:
        if abs(len(drawn) + len(groups[group]) - target) < abs(len(drawn) - target):
            drawn += groups[group]
    return drawn or min((groups[group] for group in order), key=len)
