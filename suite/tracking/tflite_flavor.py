"""An MLflow model flavor `tflite`: the phone's own file in the store, answering raw inputs.

    info = log_model("saved_models/sentiment/reviews", name="tflite")
    mlflow.pyfunc.load_model(info.model_uri).predict(["a fine film"])
    mlflow models serve --env-manager local -m MODEL_URI

A logged model holds, after MLflow's layout for custom flavors:

    MLmodel            flavors `tflite` (file, deployment, quantization) and `python_function`
    model/             settings.yaml, record.json, README.md, assets/ (without real inputs), tflite/FILE, tflite/labels.txt
    requirements.txt, conda.yaml, python_env.yaml

Nothing is pickled and no Keras weights go along. The suite itself must be installed where the model is loaded.
"""

import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suite.artifact import Artifact, package_versions, read_artifact, read_assets, read_json, record_file
from suite.config import read_yaml_mapping, validate_settings
from suite.errors import UserError
from suite.registry import load_pipeline
from suite.runtime.deployed import exported_predictor, split_name
from suite.runtime.loaded import LoadedModel
from suite.tracking.pyfunc import SavedModel
from suite.tracking.signatures import input_example as small_example
from suite.tracking.signatures import signature as made_signature
from suite.tracking.store import open_store

if TYPE_CHECKING:
    from mlflow.models import Model, ModelSignature
    from mlflow.models.model import ModelInfo

FLAVOR = "tflite"
DATA = "model"


def save_model(
    path: str | Path,
    model_dir: str | Path | Artifact,
    file: str = "interpreter.tflite",
    mlflow_model: "Model | None" = None,
    signature: "ModelSignature | None" = None,
    input_example: list[str] | None = None,
    pip_requirements: list[str] | None = None,
    metadata: dict[str, Any] | None = None,
) -> None:
    """Write an exported file as an MLflow model.

    Args:
        path: The folder to write; must not exist.
        model_dir: A saved model with exported files, or what `read_artifact` read of it.
        file: Which of them: `DEPLOYMENT[-QUANTISATION].tflite`.
        mlflow_model: The model description that `log_model` fills.
        signature: Inputs, outputs and options; by default found by answering the example.
        input_example: Raw inputs, texts or paths; by default a sentence, or a small file as base64.
        pip_requirements: By default the installed versions of the packages that decide what a model computes.
        metadata: Of the user's own, for the MLmodel file.

    Raises:
        UserError: if `path` exists, `model_dir` is no whole model folder, or `file` was not exported.
    """
    from mlflow import pyfunc
    from mlflow.models import Model
    from mlflow.models.utils import _save_example

    path, artifact = Path(path), read_artifact(model_dir)
    if path.exists():
        raise UserError(f"{path} exists and is never overwritten")
    deployment, quantization = split_name(file)
    _copy(artifact, file, path / DATA)
    model = open_folder(path / DATA)
    description = mlflow_model or Model()
    if input_example is None:
        input_example = small_example(artifact)
    description.signature = signature or describe(model, input_example)
    _save_example(description, input_example, str(path))
    if metadata is not None:
        description.metadata = metadata
    pyfunc.add_to_model(
        description, loader_module=__name__, data=DATA, conda_env="conda.yaml", python_env="python_env.yaml"
    )
    versions = package_versions()
    description.add_flavor(
        FLAVOR,
        data=DATA,
        file=file,
        deployment=deployment,
        quantization=quantization,
        task=artifact.task,
        ai_edge_litert_version=versions.get("ai-edge-litert", "unknown"),
    )
    description.save(str(path / "MLmodel"))
    _write_environment(path, [f"{package}=={number}" for package, number in versions.items()], pip_requirements)


def _write_environment(path: Path, defaults: list[str], pip_requirements: list[str] | None) -> None:
    """Write what MLflow makes the environment of a model from."""
    import yaml
    from mlflow.utils.environment import _process_pip_requirements, _PythonEnv

    conda, pip, _ = _process_pip_requirements(defaults, pip_requirements, None)
    (path / "conda.yaml").write_text(yaml.safe_dump(conda, sort_keys=False), encoding="utf-8")
    (path / "requirements.txt").write_text("\n".join(pip) + "\n", encoding="utf-8")
    _PythonEnv.current().to_yaml(str(path / "python_env.yaml"))


def log_model(
    model_dir: str | Path | Artifact,
    name: str = "tflite",
    file: str = "interpreter.tflite",
    registered_model_name: str | None = None,
    **options: Any,
) -> "ModelInfo":
    """Log an exported file to the active MLflow run (or a new one) of the suite's store.

    Args:
        model_dir: A saved model with exported files, or what `read_artifact` read of it.
        name: Of the logged model.
        file: Which exported file.
        registered_model_name: Registers the model under this name too.
        **options: As for `save_model`: `signature`, `input_example`, `pip_requirements`, `metadata`.

    Returns:
        MLflow's description; `model_uri` is what loads it.

    Raises:
        UserError: as `save_model`, or if the store cannot be opened.
    """
    open_store()
    from mlflow.models import Model

    return Model.log(
        artifact_path=None,
        name=name,
        flavor=sys.modules[__name__],
        registered_model_name=registered_model_name,
        model_dir=model_dir,
        file=file,
        **options,
    )


def load_model(model_uri: str) -> LoadedModel:
    """Load a logged model: `predict(raw_input)` answers, `predictor` takes raw arrays.

    Args:
        model_uri: `models:/...`, `runs:/RUN/NAME` or a folder.

    Raises:
        UserError: if it is no model of this flavor.
    """
    open_store()
    from mlflow.artifacts import download_artifacts
    from mlflow.models import Model

    folder = Path(download_artifacts(artifact_uri=model_uri))
    flavor = Model.load(str(folder)).flavors.get(FLAVOR)
    if flavor is None:
        raise UserError(f"{model_uri}: expected a model of the flavor {FLAVOR!r}, as `log_model` writes it")
    return open_folder(folder / flavor["data"])


def _load_pyfunc(path: str) -> SavedModel:
    model = open_folder(Path(path))
    return SavedModel(model, first_column_alone=model.artifact.pipeline.INPUT.sent is None)


def open_folder(folder: Path) -> LoadedModel:
    """Load what `save_model` put into `model/`: a model folder without Keras weights and with one exported file."""
    (file,) = sorted((folder / "tflite").glob("*.tflite"))
    record = read_json(record_file(folder))
    pipeline = load_pipeline(record["task"])
    values = read_yaml_mapping(folder / "settings.yaml")
    settings = validate_settings(pipeline.Settings, values, dict.fromkeys(values, str(folder / "settings.yaml")))
    artifact = Artifact(folder, record["task"], pipeline, settings, read_assets(folder / "assets"), record)
    return LoadedModel(artifact, exported_predictor(artifact, file))


def describe(model: LoadedModel, input_example: list[str] | None) -> "ModelSignature":
    """Return MLflow's signature: as that of a saved model; a text alone is a column of strings, which MLflow checks."""
    from mlflow.types import ColSpec, Schema

    answers = None
    if input_example is not None:
        with suppress(UserError):  # not every model can answer the small file that is the example of its kind
            answers = SavedModel(model).predict(list(input_example))
    described = made_signature(model.artifact, answers)
    if model.artifact.pipeline.INPUT.sent is None:
        described.inputs = Schema([ColSpec("string")])
        described._is_signature_from_type_hint = False
    return described


def _copy(artifact: Artifact, file: str, target: Path) -> None:
    """Copy what an exported file needs to answer raw inputs; real inputs in `assets/parity/` stay behind."""
    source = artifact.path / "tflite"
    if not (source / file).is_file():
        exported = ", ".join(sorted(path.name for path in source.glob("*.tflite"))) or "none"
        raise UserError(
            f"{source / file}: no such file; exported: {exported}; `suite export {artifact.path}` writes it"
        )
    (target / "tflite").mkdir(parents=True)
    for path in (artifact.path / "settings.yaml", record_file(artifact.path), artifact.path / "README.md"):
        shutil.copy2(path, target / path.name)
    shutil.copytree(artifact.path / "assets", target / "assets", ignore=shutil.ignore_patterns("parity"))
    shutil.copy2(source / file, target / "tflite" / file)
    if (source / "labels.txt").is_file():
        shutil.copy2(source / "labels.txt", target / "tflite" / "labels.txt")
