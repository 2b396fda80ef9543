"""What a data set holds, as plain data for `suite data check` and the model card."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from suite.data.duplicates import find_duplicates
from suite.data.examples import PARTS, Example, Examples

QUANTILES = (0, 25, 50, 75, 95, 100)
MOST_LABELS = 200


def summarize(examples: Examples) -> dict:
    """Return a JSON-able summary.

    Keys: `path`, `format`, `reason`, `named_parts`, `sizes`; `labels` (`{part: {label: count}}`, most frequent first;
    empty unless targets are strings that repeat); `groups` (`{group: {part: count}}`); `lengths` (`{part: {"words" or
    "characters": {"min", "p25", "p50", "p75", "p95", "max"}}}`, for text inputs); `duplicates` (`{part or "part/part"
    or "targets": {"contents", "example"}}`, those found); `problems` (`[{"name", "message"}]`) and `notes`.
    """
    return {
        "path": str(examples.path),
        "format": examples.format,
        "reason": examples.reason,
        "named_parts": [part for part in PARTS if part in examples.named_parts],
        "sizes": examples.sizes,
        "labels": _labels(examples),
        "groups": _groups(examples.items),
        "lengths": {part: _lengths(examples.part(part)) for part in PARTS if _are_texts(examples.part(part))},
        "duplicates": {
            kind: {"contents": len(contents), "example": [example.name for example in contents[0][:2]]}
            for kind, contents in find_duplicates(examples.items).items()
            if contents
        },
        "problems": [{"name": problem.name, "message": problem.message} for problem in examples.problems],
        "notes": list(examples.notes),
    }


def _labels(examples: Examples) -> dict[str, dict[str, int]]:
    targets = [example.target for example in examples.items]
    if not all(isinstance(target, str) for target in targets):
        return {}
    if len(set(targets)) > min(MOST_LABELS, max(2, len(targets) // 2)):
        return {}
    counts = {part: Counter(example.target for example in examples.part(part)) for part in PARTS}
    return {part: dict(sorted(count.items(), key=_most_first)) for part, count in counts.items() if count}


def _most_first(pair: tuple[str, int]) -> tuple[int, str]:
    return -pair[1], pair[0]


def _groups(items: Sequence[Example]) -> dict[str, dict[str, int]]:
    groups: dict[str, Counter] = {}
    for example in items:
        if example.group is not None:
            groups.setdefault(example.group, Counter())[example.part] += 1
    return {group: {part: counts[part] for part in PARTS if counts[part]} for group, counts in sorted(groups.items())}


def _are_texts(items: Sequence[Example]) -> bool:
    return bool(items) and all(isinstance(example.input, str) and example.input == example.key for example in items)


def _lengths(items: Sequence[Example]) -> dict[str, dict[str, int]]:
    names = ["min", *(f"p{share}" for share in QUANTILES[1:-1]), "max"]
    measures = {
        "words": [len(example.input.split()) for example in items],
        "characters": [len(example.input) for example in items],
    }
    return {
        measure: dict(zip(names, map(int, np.percentile(values, QUANTILES, method="nearest")), strict=True))
        for measure, values in measures.items()
    }
