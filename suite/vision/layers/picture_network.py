"""Networks from pictures to maps: MobileNet, any network of keras.applications, or one of the user's own."""

import contextlib
import inspect
import re
import sys
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path

import keras

from suite.errors import UserError
from suite.vision.layers.preprocessing import preprocessing_layers, preprocessing_mode, restore_normalization

# Width multiplier (alpha) of each MobileNet (Howard et al. 2017).
MOBILENETS = {"mobilenet_0.25": 0.25, "mobilenet_1.0": 1.0}
IMAGENET, RANDOM = "imagenet", "none"
OWN_ENDING = ".keras"
MOST_LISTED = 60  # layers that an error lists; of more, those whose names are near


def backbone_network(
    name: str, height: int, width: int, weights: Path | str | None, last_layer: str | None = None
) -> keras.Model:
    """Return a network from pixels 0..255 to maps, `(batch, height, width, 3)` to `(batch, rows, columns, filters)`.

    A network of `keras.applications` comes without its top, and its preprocessing is part of what is returned: as
    layers before it, where `preprocess_input` of its module changes the pixels, else it has its own inside. A network
    of the user's own is taken as it is: what it does to pixels of 0..255 is its own.

    Args:
        name: `"mobilenet_0.25"`, `"mobilenet_1.0"`, a name of `network_names()` or the path of a `.keras` file.
        height, width: Of a picture, pixels.
        weights: `"imagenet"` (Keras downloads them), `"none"` (random), or a Keras file of this network without its top
            (`.h5`, whole or its first layers, `.weights.h5`, `.keras`); None for a `.keras` file, which has its own.
        last_layer: Name of the layer whose maps are given; None is the last one of the network, or of the file.

    Raises:
        UserError: if there is no such network or layer, it does not take pictures of this size or gives no maps, or its
            weights cannot be read.
    """
    if name.endswith(OWN_ENDING):
        if weights is not None:
            raise UserError(f"setting 'backbone_weights': expected null, for {name} has its own. Received: {weights}")
        return _own_network(Path(name), height, width, last_layer)
    make, mode = _application(name)
    if weights is None:
        hint = "imagenet (Keras downloads them), none (random), or a Keras file without the top"
        raise UserError(
            f"setting 'backbone_weights': backbone {name} needs a weights file. Received: null; give {hint}"
        )
    try:
        whole = make((height, width, 3), None)
    except ValueError as error:
        raise UserError(f"settings 'height' and 'width': {name} does not take {height} x {width}: {error}") from error
    layers = [layer.name for layer in whole.layers]
    if str(weights) == IMAGENET:
        whole = _downloaded(make, name, height, width)
    elif str(weights) != RANDOM:
        layers = _load(whole, Path(weights), name) or layers
        restore_normalization(whole)
    last_layer = layers[-1] if last_layer is None else last_layer
    if last_layer not in layers:
        raise UserError(_no_such_layer(last_layer, layers))
    maps_of = keras.Model(whole.input, whole.get_layer(last_layer).output, name=name)
    pictures = keras.Input((height, width, 3), name="pictures")
    pixels = pictures
    for layer in preprocessing_layers(mode):
        pixels = layer(pixels)
    return _checked(keras.Model(pictures, maps_of(pixels), name=f"{name}_maps"), f"layer {last_layer} of {name}")


def network_names() -> list[str]:
    """Return the names of the networks of `keras.applications`, as `efficientnet_v2_b0`."""
    return sorted(_snake_case(name) for name in _classes())


def _classes() -> dict[str, Callable[..., keras.Model]]:
    functions = inspect.getmembers(keras.applications, inspect.isfunction)
    return {name: function for name, function in functions if "include_top" in inspect.signature(function).parameters}


def _snake_case(name: str) -> str:
    """Return `"efficientnet_v2_b0"` for `"EfficientNetV2B0"`: versions and sizes stand by themselves."""
    parts = r"(?<=[a-z0-9])(?=V\d|B\d|XLarge|Large|Small|Base|Tiny|Mobile$|ResNetV|[SML]$)"
    return re.sub(parts, "_", name).lower()


def _plain(name: str) -> str:
    return re.sub(r"[_\- ]", "", name).lower()


def _application(name: str) -> tuple[Callable[[tuple, str | None], keras.Model], str]:
    """Return what makes a network of a picture's shape with weights, and the mode of its preprocessing."""
    if name in MOBILENETS:
        alpha, module = MOBILENETS[name], keras.applications.mobilenet

        def make_mobilenet(shape: tuple, weights: str | None) -> keras.Model:
            return keras.applications.MobileNet(shape, alpha, include_top=False, weights=weights)

        return make_mobilenet, preprocessing_mode(module.preprocess_input)
    functions = {_plain(class_name): function for class_name, function in _classes().items()}
    function = functions.get(_plain(name))
    if function is None:
        near = get_close_matches(name.lower(), [*MOBILENETS, *network_names()], 3, 0.5)
        hint = f" ({', '.join(near)}?)" if near else ""
        raise UserError(
            f"setting 'backbone' (video: 'front'): expected a network of keras.applications, as resnet50{hint}, or a {OWN_ENDING} file. "
            f"Received: {name!r}"
        )
    module = getattr(keras.applications, function.__module__.rpartition(".")[2])

    def make(shape: tuple, weights: str | None) -> keras.Model:
        return function(input_shape=shape, include_top=False, weights=weights)

    return make, preprocessing_mode(module.preprocess_input)


def _downloaded(make: Callable, name: str, height: int, width: int) -> keras.Model:
    """Return a network with its ImageNet weights, which Keras downloads once and keeps in its own folder."""
    try:
        with contextlib.redirect_stdout(sys.stderr):  # where Keras draws a progress bar
            return make((height, width, 3), IMAGENET)
    except Exception as error:  # a plain Exception where there is no network
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise UserError(
            f"setting 'backbone_weights': the ImageNet weights of {name} cannot be downloaded: {reason}; name a file "
            "of them instead"
        ) from error


def _load(whole: keras.Model, weights: Path, name: str) -> list[str]:
    """Load a file into a network, or into its first layers where the file has no more; return their names if it says."""
    stored = _layers_of(weights, name)
    names = [layer.name for layer in whole.layers]
    stored = stored if stored and stored[-1] in names else []
    try:
        part = keras.Model(whole.input, whole.get_layer(stored[-1]).output) if stored else whole
        part.load_weights(weights)
    except (ValueError, KeyError, OSError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise UserError(f"{weights}: expected weights of {name} without its top: {reason}") from error
    return stored


def _layers_of(weights: Path, name: str) -> list[str]:
    """Return the layers that a file names; a `.weights.h5` or `.keras` of Keras 3 names none."""
    import h5py

    if not weights.is_file():
        raise UserError(f"{weights}: no such file; setting 'backbone_weights' names a Keras .h5 file of {name}")
    if weights.suffix == OWN_ENDING:
        return []
    try:
        with h5py.File(weights) as file:
            layers = file.attrs.get("layer_names", ())
            return [layer if isinstance(layer, str) else layer.decode() for layer in layers]
    except OSError as error:
        raise UserError(f"{weights}: expected a Keras .h5 file with weights of {name}. Received: {error}") from error


def _own_network(path: Path, height: int, width: int, last_layer: str | None) -> keras.Model:
    if not path.is_file():
        raise UserError(f"{path}: no such file; setting 'backbone' names a Keras model that turns pictures into maps")
    try:
        whole = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # of a file that is no model, and of layers that would run code from it
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise UserError(f"{path}: expected a Keras model of layers that Keras knows: {reason}") from error
    if not (isinstance(whole, keras.Model) and whole.built and len(whole.inputs) == len(whole.outputs) == 1):
        raise UserError(f"{path}: expected a model of one input, pictures, and one output, maps")
    layers = [layer.name for layer in whole.layers]
    if last_layer is not None and last_layer not in layers:
        raise UserError(_no_such_layer(last_layer, layers))
    if last_layer is not None:
        whole = keras.Model(whole.inputs, whole.get_layer(last_layer).output, name=whole.name)
    shape = tuple(whole.inputs[0].shape)
    if len(shape) != 4 or any(
        size not in (None, asked) for size, asked in zip(shape[1:], (height, width, 3), strict=True)
    ):
        expected = (
            f"expected a network of pictures of {height} x {width} pixels and 3 channels, as 'height' and 'width' say"
        )
        raise UserError(f"{path}: {expected}. Received: one of the shape {shape}")
    pictures = keras.Input((height, width, 3), name="pictures")
    return _checked(keras.Model(pictures, whole(pictures), name="own_maps"), str(path))


def _checked(network: keras.Model, source: str) -> keras.Model:
    shape = tuple(network.output.shape)
    if len(shape) != 4 or None in shape[1:]:
        expected = "expected maps of the shape (batch, rows, columns, filters)"
        raise UserError(f"setting 'backbone': {source}: {expected}. Received: the shape {shape}")
    return network


def _no_such_layer(name: str, layers: Sequence[str]) -> str:
    listed = layers if len(layers) <= MOST_LISTED else get_close_matches(name, layers, 8, 0.3) or layers[-8:]
    more = "" if len(listed) == len(layers) else f" and {len(layers) - len(listed)} more"
    return f"setting 'backbone_layer': expected one of {', '.join(listed)}{more}. Received: {name!r}"
