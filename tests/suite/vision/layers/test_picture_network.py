"""Backbones by name: the pixels are prepared as keras.applications does, and what cannot be used is said."""

import os
from pathlib import Path

import keras
import numpy as np
import pytest

from suite.errors import UserError
from suite.vision.layers import backbone_network
from suite.vision.layers import picture_network as module
from suite.vision.layers.feature_memory import network_key
from suite.vision.layers.picture_network import network_names
from suite.vision.layers.preprocessing import preprocessing_layers, preprocessing_mode, restore_normalization

PIXELS = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3)).astype("float32")
MODES = {
    "none": "convnext efficientnet efficientnet_v2 mobilenet_v3",
    "tf": "inception_resnet_v2 inception_v3 mobilenet mobilenet_v2 nasnet resnet_v2 xception",
    "torch": "densenet",
    "caffe": "resnet resnet50 vgg16 vgg19",
}


@pytest.mark.parametrize("name", " ".join(MODES.values()).split())
def test_pixels_are_prepared_as_keras_does(name):
    preprocess_input = getattr(keras.applications, name).preprocess_input
    mode = preprocessing_mode(preprocess_input)
    assert name in MODES[mode].split()
    prepared = PIXELS
    for layer in preprocessing_layers(mode):
        prepared = keras.layers.deserialize(keras.layers.serialize(layer))(prepared)
    np.testing.assert_allclose(prepared, preprocess_input(PIXELS.copy()), atol=1e-4)


ORACLES = {  # name here -> the class and module of keras.applications, by hand
    "mobilenet_v3_small": ("MobileNetV3Small", "mobilenet_v3"),
    "vgg16": ("VGG16", "vgg16"),
    "mobilenet_v2": ("MobileNetV2", "mobilenet_v2"),
    "efficientnet_b0": ("EfficientNetB0", "efficientnet"),
    "efficientnet_v2_b0": ("EfficientNetV2B0", "efficientnet_v2"),
    "resnet50": ("ResNet50", "resnet50"),
    "resnet50_v2": ("ResNet50V2", "resnet_v2"),
    "convnext_tiny": ("ConvNeXtTiny", "convnext"),
    "densenet121": ("DenseNet121", "densenet"),
}
QUICK = ("mobilenet_v3_small", "vgg16")


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in ORACLES]
)
def test_maps_are_those_of_keras_network_also_after_saving(tmp_path, name):
    class_name, module_name = ORACLES[name]
    ours = backbone_network(name, 32, 32, "none")
    theirs = getattr(keras.applications, class_name)(input_shape=(32, 32, 3), include_top=False, weights=None)
    theirs.set_weights(ours.get_weights())
    preprocess_input = getattr(keras.applications, module_name).preprocess_input
    wanted = theirs(preprocess_input(PIXELS.copy()), training=False).numpy()
    seen = ours(PIXELS, training=False).numpy()
    assert seen.ndim == 4 and np.abs(seen).max() > 0
    np.testing.assert_allclose(seen, wanted, rtol=1e-4, atol=1e-5 * np.abs(wanted).max())
    ours.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras", safe_mode=True)
    np.testing.assert_array_equal(loaded(PIXELS, training=False), seen)


def test_there_is_a_name_for_every_network_of_keras():
    names = network_names()
    expected = {"resnet50", "resnet50_v2", "efficientnet_v2_b0", "efficientnet_b7", "convnext_xlarge", "nasnet_mobile"}
    assert expected | {"inception_resnet_v2", "mobilenet_v3_large", "efficientnet_v2_m", "vgg19"} <= set(names)
    assert len(names) == len(set(names)) == len([name for name in dir(keras.applications) if name[0].isupper()])


@pytest.mark.parametrize("name", ["VGG16", "vgg_16", "vgg16"])
def test_a_name_may_be_written_as_keras_writes_it(name):
    assert backbone_network(name, 32, 32, "none", "block1_pool").output_shape == (None, 16, 16, 64)


@pytest.mark.parametrize(
    ("name", "near"),
    [("resnet5", "resnet50"), ("mobilenet_v3", "mobilenet_v2"), ("efficientnetv2", "efficientnet_v2_")],
)
def test_an_unknown_name_is_refused_with_those_that_are_near(name, near):
    with pytest.raises(UserError, match=rf"setting 'backbone' .*: expected a network .*{near}.* Received: '{name}'"):
        backbone_network(name, 32, 32, "none")


def small(height=32, width=32):
    pictures = keras.Input((height, width, 3))
    maps = keras.layers.Conv2D(4, 3, 4, "same", activation="relu", name="conv")(
        keras.layers.Rescaling(1 / 255)(pictures)
    )
    return keras.Model(pictures, maps, name="my_eye")


@pytest.mark.parametrize("size", [(32, 32), (None, None)])
def test_a_network_of_the_users_own_is_taken_as_it_is(tmp_path, size):
    mine = small(*size)
    mine.save(tmp_path / "eye.keras")
    network = backbone_network(str(tmp_path / "eye.keras"), 32, 32, None)
    assert network.output_shape == (None, 8, 8, 4)
    np.testing.assert_allclose(network(PIXELS), mine(PIXELS), atol=1e-6)
    cut = backbone_network(str(tmp_path / "eye.keras"), 32, 32, None, mine.layers[1].name)
    np.testing.assert_allclose(cut(PIXELS), PIXELS / 255, atol=1e-6)


def bad_models(folder):
    flat = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.GlobalAveragePooling2D()])
    code = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Lambda(lambda pictures: pictures / 255)])
    grey = keras.Sequential([keras.Input((32, 32, 1)), keras.layers.Conv2D(2, 3)])
    first, second = keras.Input((32, 32, 3)), keras.Input((32, 32, 3))
    two = keras.Model([first, second], keras.layers.Add()([first, second]))
    (folder / "text.keras").write_text("no model")
    for name, model in {"flat": flat, "code": code, "grey": grey, "two": two, "large": small(64, 64)}.items():
        model.save(folder / f"{name}.keras")


BAD = {
    "flat": r"expected maps of the shape \(batch, rows, columns, filters\). Received: the shape \(None, 3\)",
    "code": r"code.keras: expected a Keras model of layers that Keras knows: .*[Ll]ambda",
    "grey": r"expected a network of pictures of 32 x 32 pixels and 3 channels.*Received: one of the shape .*1\)",
    "large": r"expected a network of pictures of 32 x 32 pixels.*Received: one of the shape \(None, 64, 64, 3\)",
    "two": r"expected a model of one input, pictures, and one output, maps",
    "text": r"text.keras: expected a Keras model of layers that Keras knows: ",
    "nowhere": r"nowhere.keras: no such file; setting 'backbone' names",
}


def test_a_network_that_will_not_do_is_refused_in_one_sentence(tmp_path):
    bad_models(tmp_path)
    for name, message in BAD.items():
        with pytest.raises(UserError, match=message) as error:
            backbone_network(str(tmp_path / f"{name}.keras"), 32, 32, None)
        assert "\n" not in str(error.value)
    with pytest.raises(UserError, match=r"setting 'backbone_weights': expected null, for .*flat.keras has its own"):
        backbone_network(str(tmp_path / "flat.keras"), 32, 32, "none")


def test_weights_come_from_a_file_of_any_kind_that_keras_writes(tmp_path):
    keras.utils.set_random_seed(3)
    theirs = keras.applications.VGG16(input_shape=(32, 32, 3), include_top=False, weights=None)
    wanted = theirs(keras.applications.vgg16.preprocess_input(PIXELS.copy()))
    theirs.save_weights(tmp_path / "a.weights.h5")
    theirs.save(tmp_path / "a.keras")
    for name in ("a.weights.h5", "a.keras"):
        network = backbone_network("vgg16", 32, 32, str(tmp_path / name))
        np.testing.assert_allclose(network(PIXELS), wanted, atol=1e-4 * np.abs(wanted).max())
    with pytest.raises(UserError, match=r"a.weights.h5: expected weights of vgg19 without its top: "):
        backbone_network("vgg19", 32, 32, str(tmp_path / "a.weights.h5"))
    with pytest.raises(
        UserError, match=r"b.h5: no such file; setting 'backbone_weights' names a Keras .h5 file of vgg16"
    ):
        backbone_network("vgg16", 32, 32, str(tmp_path / "b.h5"))
    with pytest.raises(
        UserError, match=r"'backbone_weights': backbone vgg16 needs a weights file. Received: null; give imagenet "
    ):
        backbone_network("vgg16", 32, 32, None)


def test_weights_that_cannot_be_downloaded_are_one_sentence(monkeypatch):
    def unreachable(*arguments, **options):
        raise Exception("URL fetch failure on https://somewhere/vgg16.h5: None -- Name or service not known\nmore")

    monkeypatch.setattr("keras.src.applications.vgg16.file_utils.get_file", unreachable)
    with pytest.raises(UserError, match=r"ImageNet weights of vgg16 cannot be downloaded: URL fetch failure") as error:
        backbone_network("vgg16", 32, 32, "imagenet")
    assert "\n" not in str(error.value) and str(error.value).endswith("; name a file of them instead")


def test_downloaded_weights_draw_no_bar_on_stdout(monkeypatch, capsys):
    made = []

    def make(shape, weights):
        made.append(weights)
        print("progress")
        return small()

    monkeypatch.setattr(module, "_application", lambda name: (make, "none"))
    backbone_network("vgg16", 32, 32, "imagenet", "conv")
    assert made == [None, "imagenet"] and capsys.readouterr().err.count("progress") == 1


def test_pictures_too_small_for_a_network_and_layers_that_there_are_not():
    with pytest.raises(
        UserError, match=r"settings 'height' and 'width': vgg16 does not take 16 x 16: .*at least 32x32"
    ):
        backbone_network("vgg16", 16, 16, "none")
    with pytest.raises(
        UserError, match=r"setting 'backbone_layer': expected one of .*block1_conv1.* Received: 'conv_9'"
    ):
        backbone_network("vgg16", 32, 32, "none", "conv_9")


def test_efficientnets_file_is_read_as_keras_reads_its_own_download():
    """ImageNet's deviation stands in the file as a variance; what counts is (x / 255 - mean) / deviation."""
    mean, deviation = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    network = keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Rescaling(1 / 255), keras.layers.Normalization()])
    network.layers[1].set_weights([mean, deviation, np.array(0)])
    restore_normalization(network)
    np.testing.assert_allclose(network(PIXELS[:, :4, :4]), (PIXELS[:, :4, :4] / 255 - mean) / deviation, atol=1e-5)
    before = [weight.numpy() for weight in network.weights]
    restore_normalization(network)
    assert all(np.array_equal(*pair) for pair in zip(before, network.weights, strict=True))


def test_networks_with_the_same_weights_that_scale_pixels_otherwise_do_not_share_what_they_saw():
    keys = set()
    for scale in (1 / 255, 1 / 127.5, 1 / 255):
        keras.utils.set_random_seed(0)
        pictures = keras.Input((8, 8, 3))
        inner = keras.Sequential([keras.layers.Rescaling(scale), keras.layers.Conv2D(2, 3)])
        keys.add(network_key(keras.Model(pictures, inner(pictures)), ""))
    assert len(keys) == 2


def test_mobilenet_is_built_as_ever():
    """The layers and their places, as in models saved before: what these answer must not change."""
    network = backbone_network("mobilenet_0.25", 32, 32, "none", "conv_pw_3_relu")
    assert [layer.name for layer in network.layers] == ["pictures", "preprocessing", "mobilenet_0.25"]
    assert network.name == "mobilenet_0.25_maps" and network.output_shape == (None, 8, 8, 32)
    scaling = network.get_layer("preprocessing").get_config()
    assert scaling["scale"] == 1 / 127.5 and scaling["offset"] == -1
    inner = network.get_layer("mobilenet_0.25")
    assert [layer.name for layer in inner.layers][1:4] == ["conv1", "conv1_bn", "conv1_relu"]
    wanted = keras.Model(inner.input, inner.output)(keras.layers.Rescaling(1 / 127.5, -1)(PIXELS))
    np.testing.assert_array_equal(network(PIXELS), wanted)


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "file", "layer"),
    [
        ("mobilenet_0.25", "mobilenet_0.25_224_no_top.h5", "conv_pw_13_relu"),
        ("mobilenet_1.0", "mobilenet_1.0_224_upto_conv_pw_12.h5", "conv_pw_12_relu"),
    ],
)
def test_learned_mobilenets_see_what_keras_sees(name, file, layer):
    folder = Path(os.environ.get("SUITE_DATA", "")) / "pretrained"
    if not (folder / file).is_file():
        pytest.skip(f"{folder / file} does not exist")
    network = backbone_network(name, 96, 96, folder / file)
    alpha = float(name.rpartition("_")[2])
    whole = keras.applications.MobileNet((96, 96, 3), alpha, include_top=False, weights=None)
    part = keras.Model(whole.input, whole.get_layer(layer).output)
    part.load_weights(folder / file)
    pixels = np.random.default_rng(0).integers(0, 256, (2, 96, 96, 3)).astype("float32")
    np.testing.assert_array_equal(network(pixels), part(keras.layers.Rescaling(1 / 127.5, -1)(pixels)))
