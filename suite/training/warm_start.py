"""Begin from the weights of another trained model (`--init`)."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from suite.artifact import Artifact, load_model
from suite.errors import UserError
from suite.pipeline import NamedWeights

if TYPE_CHECKING:
    import keras

MOST_NAMES = 8


def copy_weights(source: Artifact, model: "keras.Model", names: NamedWeights) -> tuple[int, list[str]]:
    """Copy every weight that both models have at the same place with the same shape, and by name what belongs to names.

    A place is the end of a path (Keras leaves out the beginning for wrapped layers of a loaded model), without the numbers
    that Keras appends to names it has given before, and which of the weights of that name it is. Of a weight whose
    entries along an axis belong to labels, symbols or words, each entry goes to the entry of the same name.

    Args:
        source: The trained model.
        model: The new one.
        names: Of the new model: what its pipeline's `named_weights` gives.

    Returns:
        How many were copied, whole or in part, and what of `model` keeps its fresh values: paths of weights (other sizes),
        or a path and the names that the source does not know.

    Raises:
        UserError: if no weight fits.
    """
    source_names = source.pipeline.named_weights(source.settings, source.assets)
    values = {place: variable.numpy() for place, variable in _places(load_model(source).weights)}
    copied, fresh = 0, []
    for place, variable in _places(model.weights):
        value, key = values.get(place), _key(place[0], names)
        if value is not None and key is not None:
            axes, entries = names[key]
            value, unknown = _match(variable.numpy(), entries, value, source_names[key][1], axes)
        elif value is not None and tuple(value.shape) == tuple(variable.shape):
            unknown = []
        else:
            value = None
        if value is None:
            fresh.append(variable.path)
            continue
        variable.assign(value)
        copied += 1
        if unknown:
            fresh.append(f"{variable.path} of {_listed(unknown)}")
    if not copied:
        raise UserError(
            f"--init {source.path}: none of its weights fits this model; train with the settings of that model"
        )
    return copied, fresh


def _match(
    fresh: np.ndarray,
    entries: Sequence,
    value: np.ndarray,
    source_entries: Sequence,
    axes: int | tuple[int, ...],
) -> tuple[np.ndarray | None, list]:
    """Return the fresh values with the source's in place of those it has a name for, and the names it lacks.

    None in place of the values where it has no name for any, or its weight has another shape beside those axes.
    """
    axes = (axes,) if isinstance(axes, int) else axes
    places = {name: place for place, name in enumerate(source_entries)}
    pairs = [(place, places[name]) for place, name in enumerate(entries) if name in places]
    fits = fresh.ndim == value.ndim and all(
        (size == len(entries) and source_size == len(source_entries)) if axis in axes else size == source_size
        for axis, (size, source_size) in enumerate(zip(fresh.shape, value.shape, strict=False))
    )
    if not pairs or not fits:
        return None, list(entries)
    targets, sources = map(list, zip(*pairs, strict=True))
    merged = fresh.copy()
    target_places, source_places = (
        np.ix_(*(rows if axis in axes else range(size) for axis, size in enumerate(weight.shape)))
        for weight, rows in ((fresh, targets), (value, sources))
    )
    merged[target_places] = value[source_places]
    return merged, [name for name in entries if name not in places]


def _key(path: str, names: NamedWeights) -> str | None:
    """Return the entry of `names` that a place's path ends with."""
    return next((key for key in names if f"/{path}".endswith(f"/{key}")), None)


def _listed(names: Sequence) -> str:
    more = f" and {len(names) - MOST_NAMES:,} more" if len(names) > MOST_NAMES else ""
    return ", ".join(map(repr, names[:MOST_NAMES])) + more


def _places(weights: Sequence["keras.Variable"]) -> list[tuple[tuple[str, int], "keras.Variable"]]:
    counts: Counter[str] = Counter()
    placed = []
    for variable in weights:
        path = "/".join(re.sub(r"_\d+(?=/|$)", "", variable.path).split("/")[-3:])
        placed.append(((path, counts[path]), variable))
        counts[path] += 1
    return placed
