import json
import shutil

import numpy as np
import pytest

from suite.artifact import load_model, read_artifact, read_parity
from suite.errors import UserError


@pytest.fixture
def folder(trained, tmp_path):
    return shutil.copytree(trained.model_dir, tmp_path / "copy")


def test_a_folder_holds_what_the_design_names(folder):
    names = {path.name for path in folder.iterdir()}
    assert names == {"model.keras", "settings.yaml", "assets", "record.json", "README.md"}
    assert json.loads((folder / "assets" / "labels.json").read_text()) == ["negative", "positive"]
    record = json.loads((folder / "record.json").read_text())
    assert record["task"] == "sentiment" and record["data"]["sizes"] == {"train": 240, "dev": 60, "test": 60}


def test_a_folder_of_before_with_its_record_in_metrics_json_is_read_and_answers(folder, trained):
    from suite.artifact import replace_assets
    from suite.runtime.loaded import load

    (folder / "record.json").rename(folder / "metrics.json")
    artifact = read_artifact(folder)
    assert artifact.record == read_artifact(trained.model_dir).record
    assert load(folder).predict("a fine film") == load(trained.model_dir).predict("a fine film")
    replace_assets(artifact, {"later": 1})
    assert read_artifact(folder).assets["later"] == 1
    assert not (folder / "record.json").exists()
    (folder / "metrics.json").unlink()
    with pytest.raises(UserError, match=r"lacks record\.json"):
        read_artifact(folder)


def test_parity_inputs_are_real_inputs(folder, reviews):
    inputs = read_parity(read_artifact(folder))
    texts = {line.split("\t")[0] for line in (reviews / "dev.tsv").read_text().splitlines()[1:]}
    assert len(inputs) == 60
    assert {bytes(arrays["text"]).decode() for arrays in inputs} <= texts


def test_a_copy_has_the_same_weights(folder, trained):
    ours, theirs = (load_model(read_artifact(path)).get_weights() for path in (folder, trained.model_dir))
    assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_the_model_file_holds_no_state_of_training(folder):
    import keras

    ours, model = load_model(read_artifact(folder)), keras.models.load_model(folder / "model.keras")
    assert getattr(model, "optimizer", None) is None
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), ours.get_weights(), strict=True))
    bytes_of_weights = sum(weight.numpy().nbytes for weight in model.weights)
    assert (folder / "model.keras").stat().st_size < 1.2 * bytes_of_weights + 200_000


def test_no_folder(tmp_path):
    with pytest.raises(UserError, match="no such model folder"):
        read_artifact(tmp_path / "none")


@pytest.mark.parametrize("name", ["model.keras", "settings.yaml", "record.json", "README.md", "assets/labels.json"])
def test_a_half_written_folder_names_what_it_lacks(folder, name):
    (folder / name).unlink()
    with pytest.raises(UserError, match=f"lacks {name}"):
        read_artifact(folder)


def test_a_damaged_file_is_named(folder):
    content = bytearray((folder / "model.keras").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "model.keras").write_bytes(content)
    with pytest.raises(UserError, match=r"model\.keras: damaged"):
        read_artifact(folder)


def test_a_record_that_is_no_json(folder):
    (folder / "record.json").write_text("{")
    with pytest.raises(UserError, match=r"record\.json.*JSON"):
        read_artifact(folder)


def test_other_versions_are_a_warning(folder):
    artifact = read_artifact(folder)
    artifact.record["versions"]["keras"] = "3.0.0"
    with pytest.warns(UserWarning, match=r"trained with keras 3\.0\.0"):
        load_model(artifact)


def test_loading_runs_no_code_from_the_folder(folder, tmp_path):
    """A model file whose config holds a pickled lambda is refused by safe mode."""
    import keras

    model = keras.Sequential([keras.Input((1,)), keras.layers.Lambda(lambda x: x)])
    model.save(folder / "model.keras")
    record = json.loads((folder / "record.json").read_text())
    del record["files"]["model.keras"]
    (folder / "record.json").write_text(json.dumps(record))
    with pytest.raises(UserError, match=r"model\.keras: Keras cannot read it"):
        load_model(read_artifact(folder))
