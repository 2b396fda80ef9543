"""Which delegates of LiteRT list every op of a file, by their public op lists."""

import functools
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

OP_LISTS = Path(__file__).with_name("delegate_ops.yaml")


@functools.cache
def op_lists() -> dict[str, Any]:
    """Return `date`, `source` and `delegates`: name -> `file` of the source and `ops`, names of the schema."""
    return yaml.safe_load(OP_LISTS.read_text(encoding="utf-8"))


def unlisted_ops(ops: Iterable[str]) -> dict[str, list[str]]:
    """Return for each delegate which of these ops its list lacks, sorted; none where it lists them all.

    Args:
        ops: Names of the schema; a custom op is on no list.
    """
    return {name: sorted({*ops} - {*listed["ops"]}) for name, listed in op_lists()["delegates"].items()}


def full_delegates(unlisted: dict[str, list[str]]) -> list[str]:
    """Return the delegates that list every op, of what `unlisted_ops` gave."""
    return [name for name, ops in unlisted.items() if not ops]


def delegate_note(unlisted: dict[str, list[str]]) -> str:
    """Return one sentence about what `unlisted_ops` gave: who lists every op, or who lacks fewest and which these are."""
    listing, date = full_delegates(unlisted), op_lists()["date"]
    if listing:
        return (
            f"Every op is on the op list of {', '.join(listing)} (as of {date}; types and shapes were not looked at)."
        )
    name = min(unlisted, key=lambda name: len(unlisted[name]))
    return f"No delegate's op list holds every op (as of {date}); {name} lacks fewest: {', '.join(unlisted[name])}."
