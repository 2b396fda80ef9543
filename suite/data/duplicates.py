"""The same content more than once: within a part, across parts, with different targets."""

from collections.abc import Iterable, Sequence
from itertools import combinations

from suite.data.examples import PARTS, Example
from suite.data.stable_hash import content


def find_duplicates(items: Iterable[Example]) -> dict[str, list[list[Example]]]:
    """Return what occurs more than once: `{"train": [...], "train/dev": [...], "targets": [...]}`, all keys present.

    Under a part: lists of examples in it with the same content. Under two parts: examples of one content in both.
    Under `"targets"`: examples of one content whose targets differ.
    """
    by_content: dict[str, list[Example]] = {}
    for example in items:
        by_content.setdefault(content(example), []).append(example)
    repeated = [same for same in by_content.values() if len(same) > 1]
    duplicates = {part: [within for same in repeated if len(within := _of(same, part)) > 1] for part in PARTS}
    for first, second in combinations(PARTS, 2):
        across = [_of(same, first) + _of(same, second) for same in repeated if _of(same, first) and _of(same, second)]
        duplicates[f"{first}/{second}"] = across
    duplicates["targets"] = [same for same in repeated if any(example.target != same[0].target for example in same)]
    return duplicates


def describe_duplicates(items: Iterable[Example]) -> list[str]:
    """Return one sentence per kind of duplicate that a person should know of, with a count and an example."""
    duplicates, notes = find_duplicates(items), []
    for first, second in combinations(PARTS, 2):
        across = duplicates[f"{first}/{second}"]
        if across:
            earlier, later = _of(across[0], first)[0], _of(across[0], second)[0]
            notes.append(f"{_count(across)} in both {first} and {second}, for example {earlier.name} and {later.name}.")
    within = [(part, duplicates[part]) for part in PARTS if duplicates[part]]
    for part, repeated in within:
        earlier, later = repeated[0][:2]
        notes.append(f"{_count(repeated)} more than once in {part}, for example {earlier.name} and {later.name}.")
    # Two lists of captions say the same in other words; two labels contradict one another.
    if duplicates["targets"] and isinstance(duplicates["targets"][0][0].target, str):
        earlier = duplicates["targets"][0][0]
        later = next(example for example in duplicates["targets"][0] if example.target != earlier.target)
        pair = f"{earlier.name} ({earlier.target!r}) and {later.name} ({later.target!r})"
        notes.append(f"{_count(duplicates['targets'])} with different targets, for example {pair}.")
    return notes


def _of(same: Sequence[Example], part: str) -> list[Example]:
    return [example for example in same if example.part == part]


def _count(repeated: Sequence[list[Example]]) -> str:
    return f"{len(repeated):,} input{'s occur' if len(repeated) != 1 else ' occurs'}"
