"""Saved models of every task without training: small, with the weights that they begin with."""

from pathlib import Path
from typing import Any

from suite.artifact import Trained, package_versions, read_artifact, write_artifact
from suite.config import load_settings
from suite.inputs.sent import write_files
from suite.registry import load_pipeline
from tests.conftest import LEARNED, SMALLEST


def write_untrained(task: str, folder: Path, exported: bool = False) -> tuple[Path, Any]:
    """Write a model folder into `folder`; with its `interpreter` file where `exported`.

    Returns:
        The model folder; the example of its input kind: a text, or the path of a small file.
    """
    import keras

    pipeline, assets = load_pipeline(task), LEARNED[task]
    assets = assets | ({"training_captions": []} if task == "captioning" else {})
    settings = load_settings(pipeline.Settings, None, SMALLEST[task])
    sent = pipeline.INPUT.sent
    (example,) = write_files([sent.example(settings)], folder) if sent is not None else ["a fine film"]
    keras.utils.set_random_seed(5)
    model = pipeline.build(settings, assets)
    record = {
        "task": task,
        "name": task,
        "run_id": "0" * 32,
        "epochs": 1,
        "versions": package_versions(),
        "data": {"fingerprint": "none", "path": "none"},
    }
    parity = [pipeline.raw_arrays(example, settings)]
    write_artifact(folder / "model", Trained(model, settings, assets, record, "", parity), folder)
    if exported:
        from suite.export.export import export_files
        from suite.export.source import open_source

        source = open_source(read_artifact(folder / "model"), None)
        export_files(source, [("interpreter", "none")], lambda step: None)
    return folder / "model", example
