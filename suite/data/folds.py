"""K folds of the training data by a stable hash."""

from collections.abc import Mapping
from dataclasses import replace

from suite.config import TrainingSettings
from suite.data.examples import Examples
from suite.data.groups import require_groups, splits_by_group, units
from suite.data.stable_hash import stable_share
from suite.errors import UserError


def folds(examples: Examples, k: int, by_group: bool) -> list[Examples]:
    """Return the data set k times, each with another k-th of train and dev as dev and the rest of them as train.

    Every example of train and dev is dev in exactly one fold; test stays as it is. Identical contents, and with
    `by_group` whole groups, are in one fold; an example without a group beside others that have one counts as a group.
    The largest come first, each into the smallest fold so far, equal ones in hash order: sizes differ by one at most
    where all contents are distinct, and neither order nor path matters.

    Raises:
        UserError: if k is under 2 or there are fewer contents, or groups, than folds.
    """
    pool = [index for index, example in enumerate(examples.items) if example.part != "test"]
    if by_group and not any(examples.items[index].group for index in pool):
        require_groups((examples.items[index] for index in pool), "--folds by group")
    torn = units(examples.items, pool, by_group)
    if not 2 <= k <= len(torn):
        what = "groups" if by_group else "examples"
        remedy = "; --set split_by=content lets groups straddle folds" if by_group else ""
        raise UserError(f"--folds: expected 2 to {len(torn)}, the number of different {what}. Received: {k}{remedy}")
    sizes, fold_of = [0] * k, {}
    for name in sorted(torn, key=lambda name: (-len(torn[name]), stable_share("fold", name), name)):
        smallest = sizes.index(min(sizes))
        sizes[smallest] += len(torn[name])
        fold_of.update(dict.fromkeys(torn[name], smallest))
    return [_fold(examples, fold_of, number) for number in range(k)]


def folds_of_examples(examples: Examples, count: int, settings: TrainingSettings) -> list[Examples]:
    """Return folds of whole examples: by group where parts are, as the settings say.

    Raises:
        UserError: as `folds`.
    """
    pool = [example for example in examples.items if example.part != "test"]
    return folds(examples, count, by_group=splits_by_group(pool, settings.split_by))


def _fold(examples: Examples, fold_of: Mapping[int, int], number: int) -> Examples:
    items = [
        example if index not in fold_of else replace(example, part="dev" if fold_of[index] == number else "train")
        for index, example in enumerate(examples.items)
    ]
    return replace(examples, items=tuple(items), named_parts=examples.named_parts & {"test"})
