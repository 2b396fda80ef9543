"""Models in the tracking store by their names: what is behind one, and where its folder is on this machine.

models:/NAME@ALIAS, models:/NAME/VERSION, models:/NAME/latest     a registered model
models:/m-...                                                     a logged model by its id
runs:/ID, runs:/ID/NAME                                           the saved model of a run, or another that it logged
"""

import os
import re
import shutil
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from suite.artifact import files_digest, read_json, record_file, write_whole
from suite.errors import UserError
from suite.tracking.store import open_store, tracking_uri

SCHEMES = ("models:/", "runs:/")
SAVED_MODEL = "model"  # the name of a run's saved model among those that it logged
MODEL_FILE = "MLmodel"
DIGEST, FOLDER = "digest", "model_dir"  # tags of a logged model, the latter one of its run too
UNKNOWN = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")


@dataclass(frozen=True)
class StoredModel:
    """A model in the store.

    Attributes:
        reference: As somebody typed it.
        title: What it is, for people: `"version 3 of film"`.
        name: Of a folder of its own: letters, digits, dashes.
        location: URI of its files, in MLflow's layout.
        run_id: The run that made it; None where the store does not know.
        tags: Of the logged model.
        version: Number of the registered version; None of a model that is not registered.
    """

    reference: str
    title: str
    name: str
    location: str
    run_id: str | None
    tags: dict[str, str]
    version: str | None = None


def is_reference(path: str | Path) -> bool:
    """Return whether a model in the store is meant in place of a folder."""
    return str(path).startswith(SCHEMES)


def model_folder(path: str | Path) -> Path:
    """Return a folder to read a model from: the path itself, or of a model in the store what `read_folder` gives."""
    return read_folder(find_model(str(path))) if is_reference(path) else Path(path)


def own_folder(path: str | Path, output: Path = Path("saved_models")) -> Path:
    """Return a model folder that may be written to: the path itself, or of a model in the store what `write_folder` gives."""
    return write_folder(find_model(str(path)), output) if is_reference(path) else Path(path)


def find_model(reference: str) -> StoredModel:
    """Look up a model in the store.

    Raises:
        UserError: for a name, version, alias or run that is not there; what is there is named.
    """
    database = tracking_uri().removeprefix("sqlite:///")
    if database != tracking_uri() and not Path(database).exists():
        raise UserError(f"{reference}: there is no tracking store {tracking_uri()}; MLFLOW_TRACKING_URI names another")
    client = open_store().MlflowClient()
    scheme, _, name = reference.partition(":/")
    if scheme == "runs":
        run_id, _, logged = name.partition("/")
        return _of_run(client, reference, run_id, logged or SAVED_MODEL)
    if re.fullmatch(r"m-[0-9a-f]+", name):
        model = ask(client.get_logged_model, name)
        if model is None:
            raise UserError(f"{reference}: no such logged model in {tracking_uri()}")
        return _logged(reference, model, f"{model.name} of run {model.source_run_id}", f"{model.name}-{name[2:10]}")
    return _registered(client, reference, name)


def ask(question: Any, *arguments: Any) -> Any:
    """Return what a store answers, None where it knows no such thing."""
    from mlflow.exceptions import MlflowException

    try:
        return question(*arguments)
    except MlflowException as error:
        if error.error_code not in UNKNOWN:
            raise
        return None


def _logged(reference: str, model: Any, title: str, name: str, version: str | None = None) -> StoredModel:
    location, run_id = model.artifact_location, model.source_run_id
    return StoredModel(reference, title, name, location, run_id, dict(model.tags), version)


def _of_run(client: Any, reference: str, run_id: str, name: str) -> StoredModel:
    run = ask(client.get_run, run_id)
    if run is None:
        raise UserError(
            f"{reference}: no such run in {tracking_uri()}; `suite runs TASK --json` lists the ids of all runs"
        )
    ready = logged_models(client, run)
    if name not in ready:
        raise UserError(
            f"{reference}: run {run.info.run_name} ({run.info.status.lower()}) logged no model {name!r}; it logged: "
            f"{', '.join(sorted(ready)) or 'none'}"
        )
    title = "the model" if name == SAVED_MODEL else name
    suffix = "" if name == SAVED_MODEL else f"-{name}"
    return _logged(reference, ready[name], f"{title} of run {run.info.run_name}", f"run-{run_id[:8]}{suffix}")


def logged_models(client: Any, run: Any) -> dict[str, Any]:
    """Return the models that a run has logged whole, the newest of each name."""
    logged = client.search_logged_models([run.info.experiment_id], f"source_run_id = '{run.info.run_id}'")
    return {
        model.name: model for model in reversed(logged) if str(model.status) == "READY"
    }  # the newest is listed first


def _registered(client: Any, reference: str, name: str) -> StoredModel:
    at_alias = re.fullmatch(r"(?P<name>[^/@]+)@(?P<alias>[^/@]+)", name)
    at_version = re.fullmatch(r"(?P<name>[^/]+)/(?P<version>\d+|latest)", name)
    parts = at_alias or at_version
    if parts is None:
        raise UserError(f"{reference}: expected models:/NAME@ALIAS, models:/NAME/VERSION or runs:/ID; {_names(client)}")
    registered = ask(client.get_registered_model, parts["name"])
    if registered is None:
        raise UserError(f"{reference}: no registered model {parts['name']!r}; {_names(client)}")
    if at_alias:
        version = ask(client.get_model_version_by_alias, parts["name"], parts["alias"])
    elif parts["version"] == "latest":
        version = max(versions_of(client, parts["name"]), key=lambda known: int(known.version), default=None)
    else:
        version = ask(client.get_model_version, parts["name"], parts["version"])
    if version is None:
        aliases = ", ".join(f"@{alias} (version {number})" for alias, number in sorted(registered.aliases.items()))
        numbers = ", ".join(str(known.version) for known in versions_of(client, parts["name"]))
        raise UserError(
            f"{reference}: no such version; there are aliases {aliases or 'none'}, versions {numbers or 'none'}"
        )
    title, folder = f"version {version.version} of {version.name}", f"{_plain(version.name)}-v{version.version}"
    number, source = str(version.version), re.fullmatch(r"models:/(m-[0-9a-f]+)", version.source or "")
    model = ask(client.get_logged_model, source[1]) if source else None  # databases do not keep `version.model_id`
    if model is not None:
        return _logged(reference, model, title, folder, number)
    location = client.get_model_version_download_uri(version.name, version.version)
    return StoredModel(reference, title, folder, location, version.run_id, dict(version.tags), number)


def versions_of(client: Any, name: str) -> list[Any]:
    """Return all versions of a registered model, the first one first."""
    quoted = name.replace("'", "''")
    return sorted(client.search_model_versions(f"name='{quoted}'"), key=lambda version: int(version.version))


def _names(client: Any) -> str:
    names = ", ".join(sorted(model.name for model in client.search_registered_models()))
    return f"registered in {tracking_uri()}: {names or 'none'}"


def _plain(name: str) -> str:
    return re.sub(r"[^\w-]+", "-", name).strip("-") or "model"


def read_folder(model: StoredModel) -> Path:
    """Return a folder to read a stored model from; of an exported file, that file.

    It is the folder that `suite train` wrote where that is still on this machine, the same by the check sums of its files;
    else the store's own files where they lie on this machine; else a copy that is downloaded once.

    Raises:
        UserError: if the model is none of the suite's, or its files are gone.
    """
    return _original(model) or _inside(model, _files(model))


def write_folder(model: StoredModel, output: Path) -> Path:
    """Return a model folder that may be written to: the one that `suite train` wrote, as above, or a copy in `output`.

    Raises:
        UserError: as `read_folder`; for a stored exported file; if another folder has the name of the copy.
    """
    original = _original(model)
    if original is not None:
        return original
    source = _inside(model, _files(model))
    if not source.is_dir():
        raise UserError(f"{model.reference}: expected a saved model. Received: {model.title}, an exported file")
    record = read_json(record_file(source))
    folder = output / record["task"] / model.name
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        write_whole(folder, lambda temporary: _copy(source, temporary))
    elif _digest(folder) != files_digest(record):
        raise UserError(f"{folder} exists and is not {model.title}; remove it, or name the folder itself")
    return folder


def _copy(source: Path, target: Path) -> None:
    shutil.copytree(source, target, dirs_exist_ok=True)
    target.chmod(0o755)


def _original(model: StoredModel) -> Path | None:
    folder, digest = model.tags.get(FOLDER), model.tags.get(DIGEST)
    if not folder or not digest or _digest(Path(folder)) != digest:
        return None
    here = Path(folder)
    return here.relative_to(Path.cwd()) if here.is_relative_to(Path.cwd()) else here


def _digest(folder: Path) -> str | None:
    """Return the digest of a model folder by its record, None where there is none."""
    try:
        return files_digest(read_json(record_file(folder)))
    except (UserError, KeyError, TypeError, AttributeError):
        return None


def _inside(model: StoredModel, folder: Path) -> Path:
    """Return the model folder, or the exported file, in what MLflow keeps of a model."""
    from mlflow.models import Model

    if not (folder / MODEL_FILE).is_file():
        raise UserError(f"{model.reference}: the files of {model.title} are no longer in {model.location}")
    flavors = Model.load(str(folder)).flavors
    exported, python = flavors.get("tflite", {}), flavors.get("python_function", {})
    if "file" in exported:
        return folder / exported["data"] / "tflite" / exported["file"]
    if python.get("loader_module") != "suite.tracking.pyfunc":
        raise UserError(
            f"{model.reference}: expected a model of this suite. Received: {model.title}, of the flavors {', '.join(flavors)}"
        )
    return folder / python["data"]


def _files(model: StoredModel) -> Path:
    """Return a folder of this machine with a stored model's files: the store's own, or a copy that is downloaded once."""
    from mlflow.utils.file_utils import local_file_uri_to_path
    from mlflow.utils.uri import is_local_uri

    if is_local_uri(model.location):
        return Path(local_file_uri_to_path(model.location))
    folder = cache_folder() / re.sub(r"[^\w.-]+", "-", model.location)
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            write_whole(folder, partial(_download, model.location))
        except OSError:
            if not folder.is_dir():  # else another process was quicker
                raise
    return folder


def _download(location: str, folder: Path) -> None:
    from mlflow.artifacts import download_artifacts

    downloaded = Path(download_artifacts(artifact_uri=location, dst_path=str(folder)))
    if downloaded != folder:  # a folder of the name that it has in the store
        for path in downloaded.iterdir():
            path.rename(folder / path.name)
        downloaded.rmdir()


def cache_folder() -> Path:
    """Return where downloaded models are kept for this user."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home())
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "recurrent-suite" / "models"
