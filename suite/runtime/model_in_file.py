"""What travels inside an exported file so that it answers by itself: its task, settings and the assets its host needs.

`model.json` lies in the zip behind the model, beside the labels. It holds nothing else of the run: no real inputs, no
digests of them, no settings of the training, and of paths only the last part.
"""

import json
import zipfile
from pathlib import Path, PurePath
from typing import Any

from suite.artifact import Artifact, read_artifact
from suite.config import TrainingSettings, validate_settings
from suite.errors import UserError
from suite.registry import load_pipeline

NAME = "model.json"
ENDING = ".tflite"
IDENTIFIER = b"TFL3"  # bytes 4 to 8 of a .tflite file
BASE_SETTINGS = set(TrainingSettings.model_fields) - {"encoding"}  # of the training alone


def model_parameters(artifact: Artifact, deployment: str, custom_ops: bool) -> dict[str, Any]:
    """Return what `model.json` says, JSON-able.

    Args:
        artifact: The saved model.
        deployment: Of the file.
        custom_ops: Whether it holds ops that an app must link.
    """
    settings = artifact.settings.model_dump(mode="json", exclude=BASE_SETTINGS, exclude_defaults=True)
    return {
        "task": artifact.task,
        "deployment": deployment,
        "custom_ops": custom_ops,
        "settings": {name: _without_folder(value) for name, value in settings.items()},
        "assets": artifact.pipeline.host_assets(artifact.assets, artifact.settings),
    }


def _without_folder(value: Any) -> Any:
    """Return the last part of an absolute path, and anything else as it is."""
    is_path = isinstance(value, str) and (PurePath(value).is_absolute() or value.startswith("~"))
    return PurePath(value).name if is_path else value


def read_parameters(path: Path) -> dict[str, Any] | None:
    """Return what `model.json` in a file says; None where the file has none.

    Raises:
        UserError: if there is no such file, it is no `.tflite`, or its `model.json` is damaged.
    """
    try:
        with path.open("rb") as file:
            if file.read(8)[4:] != IDENTIFIER:
                raise UserError(f"{path}: not a .tflite file")
            with zipfile.ZipFile(file) as packed:
                parameters = json.loads(packed.read(NAME))
    except (KeyError, zipfile.BadZipFile):
        return None
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise UserError(f"{path}: its {NAME} is damaged: {error}") from error
    parts = {"task": str, "deployment": str, "custom_ops": bool, "settings": dict, "assets": dict}
    if not isinstance(parameters, dict) or any(not isinstance(parameters.get(key), parts[key]) for key in parts):
        raise UserError(f"{path}: its {NAME} is damaged: expected {', '.join(parts)}")
    return parameters


def is_file_model(path: str | Path) -> bool:
    """Return whether an exported file is meant in place of a model folder."""
    return Path(path).suffix == ENDING and not Path(path).is_dir()


def open_model(path: str | Path | Artifact) -> Artifact:
    """Read a model folder without its weights, or what an exported file says of itself; `path` is then the file.

    What was read already is returned as it is.

    Raises:
        UserError: as `read_artifact`, or for a file that was exported before files said enough of themselves.
    """
    if isinstance(path, Artifact) or not is_file_model(path):
        return read_artifact(path)
    path = Path(path)
    parameters = read_parameters(path)
    if parameters is None:
        raise UserError(
            f"{path}: expected {NAME} inside it, which tells how to answer; export again with `suite export MODEL_DIR`, or "
            f"name the folder: suite predict MODEL_DIR --tflite {path}"
        )
    pipeline, values = load_pipeline(parameters["task"]), parameters["settings"]
    settings = validate_settings(pipeline.Settings, values, dict.fromkeys(values, f"{path}: {NAME}"))
    record = {"task": parameters["task"], "data": {"fingerprint": None}}
    return Artifact(path, parameters["task"], pipeline, settings, parameters["assets"], record)
