"""The saved-model folder `saved_models/TASK/NAME/`: write, read, verify.

    model.keras     architecture and weights (Keras 3 format; read in safe mode)
    settings.yaml   every setting of the run; usable as `--config`
    assets/         what `prepare` returned, one JSON file per entry; parity/ holds raw inputs for checking exports,
                    trained_on.npy digests of the training inputs
    record.json     the record of the run: task, data, versions, figures, check sums of the other files; `metrics.json` in
                    folders of before, which are still read
    README.md       the model card

Nothing in the folder is code and nothing is pickled: loading runs nothing that the folder brings.
"""

import hashlib
import importlib
import json
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from suite.config import TrainingSettings, read_yaml_mapping, validate_settings
from suite.errors import UserError
from suite.registry import load_pipeline
from suite.signature import Arrays

if TYPE_CHECKING:
    import keras

RECORD, RECORD_OF_BEFORE = "record.json", "metrics.json"
CARD = "README.md"
REQUIRED = ("model.keras", "settings.yaml", CARD)
VERSIONED_PACKAGES = ("tensorflow", "keras", "tensorflow-text", "numpy", "mlflow", "ai-edge-litert")


@dataclass(frozen=True)
class Artifact:
    """A saved model, read but for its weights.

    Attributes:
        path: The folder.
        task: The task's name, and `pipeline` its package.
        settings: The settings of the run.
        assets: What `prepare` returned in the run.
        record: The content of `record.json`.
    """

    path: Path
    task: str
    pipeline: Any
    settings: TrainingSettings
    assets: dict[str, Any]
    record: dict[str, Any]


def package_versions() -> dict[str, str]:
    """Return the installed versions of the packages that decide what a model computes."""
    versions = {}
    for package in VERSIONED_PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return versions


@dataclass(frozen=True)
class Trained:
    """What a run leaves.

    Attributes:
        model: The trained model.
        settings, assets: As the run used them.
        record: JSON-able; `files` (check sums) is added when it is written.
        card: Text of README.md.
        parity: Raw inputs, one dict of arrays each.
    """

    model: "keras.Model"
    settings: TrainingSettings
    assets: dict[str, Any]
    record: dict[str, Any]
    card: str
    parity: list[Arrays]


def write_artifact(path: Path, trained: Trained, work: Path) -> None:
    """Write a model folder under a temporary name beside `path`, then rename it.

    Args:
        path: The final folder; must not exist.
        trained: What goes into it.
        work: An existing folder on the same file system that takes the temporary one.

    Raises:
        UserError: if `path` exists.
    """
    import numpy as np

    refuse_existing(path)
    temporary = Path(tempfile.mkdtemp(prefix="artifact-", dir=work))
    try:
        without_optimizer(trained.model).save(temporary / "model.keras")
        write_settings(temporary / "settings.yaml", trained.settings)
        write_assets(temporary / "assets", trained.assets)
        if trained.parity:
            (temporary / "assets" / "parity").mkdir()
        for index, arrays in enumerate(trained.parity):
            np.savez_compressed(temporary / "assets" / "parity" / f"{index:03d}.npz", **arrays)
        (temporary / CARD).write_text(trained.card, encoding="utf-8")
        files = {
            str(file.relative_to(temporary).as_posix()): checksum(file)
            for file in sorted(temporary.rglob("*"))
            if file.is_file()
        }
        write_json(temporary / RECORD, {**trained.record, "files": files})
        temporary.chmod(0o755)
        refuse_existing(path)
        os.rename(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def without_optimizer(model: "keras.Model") -> "keras.Model":
    """Return a copy of a model as it answers: the state of training takes twice the space of the weights, and a loss is not
    always something that `keras.models.load_model` finds again.
    """
    copy = type(model).from_config(model.get_config())
    for variable, trained in zip(copy.weights, model.weights, strict=True):
        variable.assign(trained)
    return copy


def refuse_existing(path: Path) -> None:
    """Raise UserError if a model folder of that name exists."""
    if path.exists():
        raise UserError(f"{path} exists and is never overwritten; choose another --name, or remove it")


def read_artifact(path: str | Path | Artifact, verify: bool = True) -> Artifact:
    """Read a model folder without its weights.

    Args:
        path: The folder; what was read of one already is returned as it is, so that no command looks at its files twice.
        verify: Compare the check sums of all files with the record.

    Raises:
        UserError: if it is no folder, half-written, damaged, or of an unknown task.
    """
    if isinstance(path, Artifact):
        return path
    path = Path(path)
    if not path.is_dir():
        raise UserError(
            f"{path}: no such model folder; expected a folder that `suite train` wrote (saved_models/TASK/NAME)"
        )
    record_path = record_file(path)
    missing = [file.name for file in (*(path / name for name in REQUIRED), record_path) if not file.is_file()]
    if missing:
        raise UserError(f"{path}: not a whole model folder; it lacks {', '.join(missing)}")
    record = read_json(record_path)
    if (
        not isinstance(record, dict)
        or not isinstance(record.get("task"), str)
        or not isinstance(record.get("files"), dict)
    ):
        raise UserError(f"{record_path}: expected the record of a run with `task` and `files`")
    if verify:
        for name, expected in record["files"].items():
            if not (path / name).is_file():
                raise UserError(f"{path}: not a whole model folder; it lacks {name}")
            if checksum(path / name) != expected:
                raise UserError(
                    f"{path / name}: damaged or changed after training: its check sum is not the recorded one"
                )
    pipeline = load_pipeline(record["task"])
    values = read_yaml_mapping(path / "settings.yaml")
    if values.get("split_by") == "given" and "parts" not in record.get("data", {}):
        values["split_by"] = "content"  # what `given` meant when this run drew its parts
    settings = validate_settings(pipeline.Settings, values, dict.fromkeys(values, str(path / "settings.yaml")))
    return Artifact(path, record["task"], pipeline, settings, read_assets(path / "assets"), record)


def record_file(folder: Path) -> Path:
    """Return the path of the record in a model folder, which a folder of before has under another name."""
    before = folder / RECORD_OF_BEFORE
    return before if before.is_file() and not (folder / RECORD).is_file() else folder / RECORD


def load_model(artifact: Artifact) -> "keras.Model":
    """Return the trained Keras model of a folder; other package versions than at training are a warning.

    Raises:
        UserError: if Keras cannot read the file.
    """
    import keras

    now = package_versions()
    for package in ("tensorflow", "keras"):
        then = artifact.record.get("versions", {}).get(package)
        if then and then != now.get(package):
            warnings.warn(
                f"{artifact.path} was trained with {package} {then}; this is {now.get(package)}", stacklevel=2
            )
    # The pipeline's module registers its layers under their names; the model file brings no code of its own.
    importlib.import_module(artifact.pipeline.build.__module__)
    try:
        return keras.saving.load_model(artifact.path / "model.keras", compile=False, safe_mode=True)
    except (ValueError, TypeError, OSError, KeyError) as error:
        # Keras wraps the fault in its history; the last line is the fault.
        last = (str(error).strip().splitlines() or [type(error).__name__])[-1].removeprefix("Exception encountered: ")
        raise UserError(f"{artifact.path / 'model.keras'}: Keras cannot read it: {last}") from error


def read_parity(artifact: Artifact) -> list[Arrays]:
    """Return the raw inputs kept with the model; empty where the run kept none."""
    import numpy as np

    loaded = []
    for file in sorted((artifact.path / "assets" / "parity").glob("*.npz")):
        with np.load(file, allow_pickle=False) as arrays:
            loaded.append({name: arrays[name] for name in arrays.files})
    return loaded


def write_settings(path: Path, settings: TrainingSettings) -> None:
    """Write all settings as YAML, in the order in which they are declared."""
    path.write_text(
        yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False, allow_unicode=True), encoding="utf-8"
    )


def write_assets(directory: Path, assets: dict[str, Any]) -> None:
    """Write each entry as `NAME.json`, an array as `NAME.npy`."""
    import numpy as np

    directory.mkdir(exist_ok=True)
    for name, value in assets.items():
        if isinstance(value, np.ndarray):
            np.save(directory / f"{name}.npy", value, allow_pickle=False)
        else:
            write_json(directory / f"{name}.json", value)


def read_assets(directory: Path) -> dict[str, Any]:
    """Read what `write_assets` wrote."""
    import numpy as np

    assets = {file.stem: read_json(file) for file in sorted(directory.glob("*.json"))}
    return assets | {file.stem: np.load(file, allow_pickle=False) for file in sorted(directory.glob("*.npy"))}


def replace_assets(artifact: Artifact, assets: dict[str, Any]) -> None:
    """Write assets that were found after training (decoder weights) into a model folder, and their check sums.

    Each file is replaced whole; a reader between the two steps finds a folder that it refuses, never a wrong answer.
    """
    files = dict(artifact.record["files"])
    for name, value in assets.items():
        path = artifact.path / "assets" / f"{name}.json"
        write_json(path, value)
        files[f"assets/{name}.json"] = checksum(path)
    write_json(record_file(artifact.path), {**artifact.record, "files": files})


def replace_card(artifact: Artifact, card: str) -> None:
    """Write another text as the model card of a folder, and its check sum, in the order of `replace_assets`."""
    path = artifact.path / CARD
    path.write_text(card, encoding="utf-8")
    record = read_json(record_file(artifact.path))
    write_json(record_file(artifact.path), {**record, "files": {**record["files"], CARD: checksum(path)}})


def write_json(path: Path, value: Any) -> None:
    """Write `value` as UTF-8 JSON, under a temporary name first."""
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(temporary, path)


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        UserError: if it is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise UserError(f"{path}: expected JSON: {error}") from error


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_digest(record: dict[str, Any]) -> str:
    """Return the SHA-256 of the check sums in a record, by which two copies of a model folder are known to be the same."""
    return hashlib.sha256(json.dumps(record["files"], sort_keys=True).encode()).hexdigest()


def write_whole(path: Path, write: Callable[[Path], None]) -> None:
    """Call `write(folder)` on a temporary folder beside `path` and rename it to `path` when whole."""
    temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        write(temporary)
        os.rename(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
