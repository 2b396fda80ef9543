"""An unfinished run on disk: begin one, find it again, and refuse to go on with other data or settings.

`saved_models/TASK/.NAME.unfinished/run.json` says what the run was begun with; what it learned from its data (labels,
vocabulary: `assets`) and the epochs' states lie beside it.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suite.artifact import (
    package_versions,
    read_artifact,
    read_assets,
    read_json,
    refuse_existing,
    write_assets,
    write_json,
    write_whole,
)
from suite.config import TrainingSettings
from suite.data.examples import Examples
from suite.errors import UserError
from suite.training.state import Epoch, latest_state

if TYPE_CHECKING:
    from suite.training.workers.cluster import Workers

ASSETS = "assets"


@dataclass(frozen=True)
class Request:
    """What the user asked for.

    Attributes:
        task: The task's name.
        settings: Validated settings.
        name: Name of the run and of its model folder; None makes one from the data's name.
        output: Folder that holds `TASK/NAME`.
        resume: Go on with the unfinished run of that name.
        init: Model folder to begin from.
        fold: `"2/5"` for one of several folds, and `parent`: the run id that gathers them.
        workers: The processes that train this run together; None: this one alone.
        after_epoch: Of a trial of a sweep: called with each epoch that is safe on disk, those before a resume included;
            may raise `Pruned`. The sweep decides what becomes of such a run's state and model.
    """

    task: str
    settings: TrainingSettings
    name: str | None = None
    output: Path = Path("saved_models")
    resume: bool = False
    init: Path | None = None
    fold: str | None = None
    parent: str | None = None
    workers: "Workers | None" = None
    after_epoch: Callable[[Epoch], None] | None = None


def open_state(request: Request, examples: Examples) -> tuple[Path, Path, dict[str, Any]]:
    """Begin a run on disk, or find the one to resume.

    Returns:
        The final folder, the folder of the unfinished run, and what the latter's run.json holds.

    Raises:
        UserError: if the name is taken or not a plain one, or the unfinished run has other data or settings.
    """
    target, state = check_state(request, examples)
    if request.resume:
        for leftover in [*state.glob(".epoch-*"), *state.glob(".assets.*"), *state.glob("artifact-*")]:
            shutil.rmtree(leftover, ignore_errors=True)
        return target, state, read_json(state / "run.json")
    shutil.rmtree(state / ASSETS, ignore_errors=True)  # of a run that finished no epoch
    state.mkdir(exist_ok=True)
    begun = {
        "task": request.task,
        "name": target.name,
        "fingerprint": examples.fingerprint,
        "parts": examples.parts_fingerprint,
        "order": examples.order_fingerprint,
        "sizes": examples.sizes,
        "fold": request.fold,
        "init": str(request.init) if request.init else None,
        "settings": request.settings.model_dump(mode="json"),
        "versions": package_versions(),
        "run_id": None,
    }
    write_json(state / "run.json", begun)
    return target, state, begun


def check_state(request: Request, examples: Examples) -> tuple[Path, Path]:
    """Return the final folder and that of the unfinished run, if the run may begin or go on; nothing is changed.

    Raises:
        UserError: as `open_state`.
    """
    base = request.output / request.task
    base.mkdir(parents=True, exist_ok=True)
    name = request.name or (_unfinished_name(base, examples) if request.resume else free_name(base, examples.path))
    if not name or Path(name).name != name or name.startswith("."):
        raise UserError(f"--name: expected a plain folder name. Received: {name!r}")
    target = base / name
    state = state_of(target)
    if request.resume:
        if not (state / "run.json").is_file():
            refuse_existing(target)
            raise UserError(f"{state}: no unfinished run of that name to resume; train without --resume to begin one")
        refuse_other(state, read_json(state / "run.json"), request, examples)
        if latest_state(state) is not None and not (state / ASSETS).is_dir():
            raise UserError(
                f"{state}: cannot resume: expected the run's labels and vocabulary with it, which older versions did not "
                "keep and which may come in another order now. Remove that folder to train anew"
            )
        return target, state
    refuse_existing(target)
    if latest_state(state) is not None:
        raise UserError(
            f"{state}: an unfinished run of that name exists; --resume goes on with it, or remove that folder"
        )
    return target, state


def refuse_other(
    place: Path | str, begun: dict[str, Any], request: Request, examples: Examples, action: str = "resume"
) -> None:
    """Raise UserError, naming what differs, if a run was begun with other settings or data than `request` and `examples`.

    Args:
        place: Where the run lies, for the message.
        begun: What is known of it: its settings, the fingerprint, sizes and fold of its data, and the fingerprints of
            parts and order, which runs of older versions lack.
        action: What cannot be done then.
    """
    settings = request.settings.model_dump(mode="json")
    # A setting that the version which began the run did not have was as it is by default.
    begun_settings = type(request.settings)().model_dump(mode="json") | begun["settings"]
    changed = [key for key in settings if settings[key] != begun_settings[key]]
    if changed:
        was = ", ".join(f"{key}={begun_settings[key]!r}" for key in changed)
        now = ", ".join(f"{key}={settings[key]!r}" for key in changed)
        raise UserError(f"{place}: cannot {action} with other settings. It was begun with {was}. Received: {now}")
    for key, value in (("fingerprint", examples.fingerprint), ("sizes", examples.sizes), ("fold", request.fold)):
        if begun.get(key) != value:
            raise UserError(
                f"{place}: cannot {action} with other data: its {key} was {begun.get(key)}. Received: {value}"
            )
    if begun.get("parts") not in (None, examples.parts_fingerprint):
        raise UserError(
            f"{place}: cannot {action} with other parts: expected each example of {examples.path} in the part (train, dev, "
            "test) that it was in when the run began. Received: the same examples, some in another part"
        )
    if begun.get("order") not in (None, examples.order_fingerprint):
        raise UserError(
            f"{place}: cannot {action} with another order: expected the examples of {examples.path} as they stood when the "
            "run began, for batches are drawn by it. Received: the same examples, in another order"
        )


def check_finished(request: Request, examples: Examples) -> None:
    """Raise UserError, naming what differs, if the finished run of that name had other settings or data."""
    target = request.output / request.task / str(request.name)
    record = read_artifact(target).record
    refuse_other(target, record | record["data"], request, examples)


def keep_assets(state: Path, assets: dict[str, Any]) -> None:
    """Keep what a run learned from its data (labels, vocabulary) with its unfinished state."""
    write_whole(state / ASSETS, lambda folder: write_assets(folder, assets))


def kept_assets(state: Path) -> dict[str, Any] | None:
    """Return what `keep_assets` wrote; None for a run that has not come so far."""
    folder = state / ASSETS
    return read_assets(folder) if folder.is_dir() else None


def state_of(target: Path) -> Path:
    """Return the folder of the unfinished run that will become `target`."""
    return target.with_name(f".{target.name}.unfinished")


def free_name(base: Path, data: Path) -> str:
    """Return a run name made from the data's name that no model and no unfinished run in `base` has."""
    stem = Path(data).resolve().name.split(".")[0] or "run"
    existing = {path.name for path in base.iterdir()} if base.is_dir() else set()
    names = [stem, *(f"{stem}-{number}" for number in range(2, len(existing) + 3))]
    return next(name for name in names if name not in existing and f".{name}.unfinished" not in existing)


def _unfinished_name(base: Path, examples: Examples) -> str:
    states = {
        path.parent.name[1:].removesuffix(".unfinished"): read_json(path)
        for path in sorted(base.glob(".*.unfinished/run.json"))
    }
    fitting = [name for name, run in states.items() if run["fingerprint"] == examples.fingerprint]
    if len(fitting) != 1:
        known = ", ".join(states) or "none"
        raise UserError(
            f"--resume: expected one unfinished run of this data in {base}, or --name. Unfinished runs there: {known}"
        )
    return fitting[0]
