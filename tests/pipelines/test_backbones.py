"""Backbones of every kind in the two tasks that see: built, saved, loaded, and exported with built-in ops alone."""

import json

import keras
import numpy as np
import pytest

from pipelines.captioning.config import Settings as Captioning
from pipelines.captioning.model import build as build_captioning
from pipelines.video.config import Settings as Video
from pipelines.video.model import build as build_video
from suite.errors import UserError
from tests.pipelines.captioning.conftest import TINY_CAPTIONING, draw_flag

ASSETS = {"words": [f"w{number}" for number in range(9)], "labels": ["run", "walk"]}
SIZE = {"height": 32, "width": 32, "units": 6}


@pytest.fixture
def eye(tmp_path):
    """A network of the user's own, a `.keras` file: 32 x 32 pixels to 4 x 4 places of 5 features."""
    keras.utils.set_random_seed(0)
    network = keras.Sequential(
        [keras.Input((32, 32, 3)), keras.layers.Rescaling(1 / 255), keras.layers.Conv2D(5, 8, 8, activation="relu")]
    )
    network.save(tmp_path / "eye.keras")
    return tmp_path / "eye.keras"


def test_a_model_holds_the_users_own_network_whole(eye, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), np.uint8)
    tokens = {"tokens": np.ones((2, 3), np.int32), "length": np.array([3, 2], np.int32)}
    settings = Captioning(**SIZE, backbone=str(eye), grid=2, attention_units=4, embedding_size=4)
    captioning, video = build_captioning(settings, ASSETS), build_video(Video(**SIZE, front=str(eye)), ASSETS)
    inputs = {
        "captioning": {"picture": pixels, **tokens},
        "video": {"frames": np.stack([pixels, pixels[::-1]]), "length": np.array([2, 2], np.int32)},
    }
    eye.unlink()
    for task, model in {"captioning": captioning, "video": video}.items():
        wanted = model(inputs[task], training=False)
        model.save(tmp_path / f"{task}.keras")
        loaded = keras.saving.load_model(tmp_path / f"{task}.keras", compile=False, safe_mode=True)
        np.testing.assert_allclose(loaded(inputs[task], training=False), wanted, atol=1e-6)


@pytest.mark.parametrize("name", ["resnet5", "cmn", "eye.keras"])
def test_a_backbone_that_there_is_not_is_named_by_both_tasks(name):
    with pytest.raises(UserError, match=rf"setting 'backbone'.*{name}|{name}: no such file"):
        build_captioning(Captioning(**SIZE, backbone=name), ASSETS)
    with pytest.raises(UserError, match=rf"'front'.*{name}|{name}: no such file"):
        build_video(Video(**SIZE, front=name), ASSETS)


def test_the_grid_is_that_of_the_networks_strides(eye):
    with pytest.raises(UserError, match=r"'grid': expected a divisor of 4 and 4, the rows and columns of the maps"):
        build_captioning(Captioning(**SIZE, backbone=str(eye), grid=3), ASSETS)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mobilenet_v3_small", "efficientnet_v2_b0", "resnet50", "convnext_tiny"])
def test_a_trained_model_is_exported_with_built_in_ops(suite, workdir, train_on, flags, name):
    assignments = ("height=64", "width=64", "grid=2", f"backbone={name}", "backbone_weights=none", "epochs=1")
    run = train_on("captioning", flags, name, *TINY_CAPTIONING, *assignments)
    exported = suite("export", run.model_dir, "--deployment", "interpreter", "--json")
    assert exported.status == 0, exported.err
    (file,) = json.loads(exported.out)["files"]
    assert not file["flex"] and not file["custom"]
    picture = draw_flag(workdir / "flag.png", "red", "blue")
    answers = [
        suite("predict", run.model_dir, picture, "--json", "--runtime", runtime).json for runtime in ("keras", "tflite")
    ]
    assert answers[0]["caption"] == answers[1]["caption"]
    assert answers[0]["score"] == pytest.approx(answers[1]["score"], abs=1e-3)
