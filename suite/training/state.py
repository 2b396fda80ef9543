"""The state of an unfinished run on disk: everything that the next epoch depends on.

One folder per finished epoch, written under a temporary name and renamed when whole, so that a kill at any
moment leaves the last finished epoch behind:

    epoch-0003/variables.npz    model variables (weights, seed-generator states), then optimizer variables
    epoch-0003/best.npz         model variables of the best epoch so far, averaged where its phase averages weights
    epoch-0003/progress.json    the history: one entry per finished epoch

Data order and augmentation are functions of (seed, epoch) and need no state.
"""

import os
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from suite.artifact import read_json, write_json, write_whole
from suite.errors import UserError
from suite.training.optimizer import averaged

if TYPE_CHECKING:
    import keras


@dataclass
class Epoch:
    """One finished epoch: number over all phases (from 0), phase index, metrics with their prefixes, seconds."""

    number: int
    phase: int
    metrics: dict[str, float]
    seconds: float


@dataclass
class History:
    """The finished epochs and the number of the best one (None before the first, or without a dev part)."""

    epochs: list[Epoch] = field(default_factory=list)
    best: int | None = None

    def of_phase(self, phase: int) -> list[Epoch]:
        """Return the finished epochs of one phase."""
        return [epoch for epoch in self.epochs if epoch.phase == phase]


def save_state(directory: Path, model: "keras.Model", history: History) -> None:
    """Save the state after the last epoch of `history`, then remove older ones."""
    number = history.epochs[-1].number
    previous = latest_state(directory)

    def write(folder: Path) -> None:
        save_variables(folder / "variables.npz", model.variables + model.optimizer.variables)
        if history.best == number:
            with averaged(model):
                save_variables(folder / "best.npz", model.variables)
        elif history.best is not None and previous is not None:
            _link_or_copy(previous / "best.npz", folder / "best.npz")
        write_json(folder / "progress.json", asdict(history))

    write_whole(directory / f"epoch-{number:04d}", write)
    for folder in directory.glob("epoch-*"):
        if folder.name < f"epoch-{number:04d}":
            shutil.rmtree(folder, ignore_errors=True)


def latest_state(directory: Path) -> Path | None:
    """Return the folder of the last finished epoch, or None."""
    return max(directory.glob("epoch-*"), default=None)


def read_history(directory: Path) -> History:
    """Return the history of an unfinished run; an empty one before its first finished epoch."""
    folder = latest_state(directory)
    if folder is None:
        return History()
    saved = read_json(folder / "progress.json")
    return History([Epoch(**epoch) for epoch in saved["epochs"]], saved["best"])


def restore_state(directory: Path, model: "keras.Model") -> None:
    """Restore model and optimizer variables of the last finished epoch."""
    folder = latest_state(directory)
    if folder is None:
        raise ValueError(f"{directory}: no epoch of this run was finished")
    load_variables(folder / "variables.npz", model.variables + model.optimizer.variables)


def restore_best(directory: Path, model: "keras.Model") -> None:
    """Restore the model variables of the best epoch; leaves the model alone where there is none."""
    folder = latest_state(directory)
    if folder is not None and (folder / "best.npz").is_file():
        load_variables(folder / "best.npz", model.variables)


def save_variables(path: Path, variables: list) -> None:
    """Write variables in order, as raw arrays without pickling."""
    import keras
    import numpy as np

    np.savez(
        path, **{f"{index:05d}": keras.ops.convert_to_numpy(variable.value) for index, variable in enumerate(variables)}
    )


def load_variables(path: Path, variables: list) -> None:
    """Assign what `save_variables` wrote.

    Raises:
        UserError: if number or shapes differ (other settings, other code).
    """
    import numpy as np

    with np.load(path, allow_pickle=False) as arrays:
        if len(arrays.files) != len(variables):
            raise UserError(f"{path}: expected {len(variables)} variables. Received: {len(arrays.files)}")
        for index, variable in enumerate(variables):
            value = arrays[f"{index:05d}"]
            if tuple(value.shape) != tuple(variable.shape):
                raise UserError(
                    f"{path}: {variable.path} expected shape {tuple(variable.shape)}. Received: {value.shape}"
                )
            variable.assign(value)


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
