import numpy as np
import pytest
from PIL import Image

import suite.vision.image
from suite.errors import UserError
from suite.vision.image import read_image


@pytest.fixture
def scene():
    """A smooth picture of 32x48, different in every corner, uint8 RGB."""
    rows, columns = np.mgrid[0:32, 0:48]
    return np.stack([rows * 7, columns * 5, 250 - rows * 3 - columns * 2], axis=-1).astype(np.uint8)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.bmp", "a.webp", "a.tiff", "a.gif"])
def test_every_format_gives_the_same_pixels(scene, tmp_path, name):
    settings = {"quality": 95} if name == "a.jpg" else {"lossless": True} if name == "a.webp" else {}
    Image.fromarray(scene).save(tmp_path / name, **settings)
    pixels = read_image(tmp_path / name)
    assert pixels.dtype == np.uint8 and pixels.shape == scene.shape
    assert np.abs(pixels.astype(int) - scene).mean() < {"a.jpg": 3, "a.gif": 12}.get(name, 0.1)


TURNS = {
    1: lambda p: p,
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.transpose(1, 0, 2),
    6: lambda p: np.rot90(p, -1),
    7: lambda p: p[::-1, ::-1].transpose(1, 0, 2),
    8: np.rot90,
}


@pytest.mark.parametrize("orientation", TURNS)
@pytest.mark.parametrize("ending", ["jpg", "png"])
def test_a_picture_is_turned_as_its_exif_says(scene, tmp_path, orientation, ending):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(scene).save(tmp_path / f"a.{ending}", exif=exif, quality=95)
    expected = TURNS[orientation](scene).astype(int)
    pixels = read_image(tmp_path / f"a.{ending}")
    assert pixels.shape == expected.shape and np.abs(pixels - expected).mean() < 3


def test_cmyk_is_converted(scene, tmp_path):
    for name in ("a.jpg", "a.tiff"):
        Image.fromarray(scene).convert("CMYK").save(tmp_path / name, quality=95)
        assert np.abs(read_image(tmp_path / name).astype(int) - scene).mean() < 4


def test_grey_is_repeated(scene, tmp_path):
    for mode in ("L", "1"):
        grey = Image.fromarray(scene).convert(mode)
        grey.save(tmp_path / "a.png")
        assert np.array_equal(read_image(tmp_path / "a.png"), np.asarray(grey.convert("RGB")))


def test_sixteen_bits_become_eight(scene, tmp_path):
    import cv2

    for name in ("a.png", "a.tiff"):
        deep = scene.astype(np.uint16) * 257
        Image.fromarray(deep[:, :, 0]).save(tmp_path / name)
        assert np.array_equal(read_image(tmp_path / name), np.repeat(scene[:, :, :1], 3, axis=2))
    assert cv2.imwrite(str(tmp_path / "colour.png"), deep[:, :, ::-1])
    assert np.array_equal(read_image(tmp_path / "colour.png"), scene)
    dark = (scene[:, :, 0] // 8).astype(np.uint16)  # next to nothing of 16 bits: black, not stretched
    Image.fromarray(dark).save(tmp_path / "dark.png")
    assert read_image(tmp_path / "dark.png").max() == 0


def test_what_is_transparent_is_white(scene, tmp_path):
    alpha = np.zeros(scene.shape[:2], np.uint8)
    alpha[:, 16:32], alpha[:, 32:] = 128, 255
    Image.fromarray(np.dstack([scene, alpha])).save(tmp_path / "a.png")
    pixels = read_image(tmp_path / "a.png").astype(int)
    assert (pixels[:, :16] == 255).all() and np.array_equal(pixels[:, 32:], scene[:, 32:])
    half = scene[:, 16:32] * (128 / 255) + 255 * (127 / 255)
    assert np.abs(pixels[:, 16:32] - half).max() <= 1
    palette = Image.fromarray(scene).quantize(8)
    palette.save(tmp_path / "p.png", transparency=palette.getpixel((0, 0)))
    assert (read_image(tmp_path / "p.png")[0, 0] == 255).all()


BAD = {
    "missing": (None, "no such file"),
    "zero bytes": (b"", "the file is empty (zero bytes)"),
    "text": (
        b"a dog runs",
        r"expected a picture (jpg, png, ...). Received: another file, whatever its name (it starts with 'a dog runs')",
    ),
    "cut off": ("cut", "the picture is damaged or cut off"),
    "huge": ("huge", "expected at most 1,000 pixels. Received: 48x32"),
    "folder": ("folder", "expected a picture file. Received: a folder"),
}


@pytest.mark.parametrize(("data", "message"), BAD.values(), ids=BAD)
@pytest.mark.parametrize("ending", ["jpg", "png"])
def test_a_bad_picture_is_refused_in_one_sentence(scene, tmp_path, monkeypatch, data, message, ending):
    path = tmp_path / f"bad.{ending}"
    if data == "folder":
        path.mkdir()
    elif data in ("cut", "huge"):
        noise = np.random.default_rng(0).integers(0, 256, scene.shape, np.uint8)
        Image.fromarray(noise).save(path)
        if data == "huge":
            monkeypatch.setattr(suite.vision.image, "MOST_PIXELS", 1000)
        else:
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    elif data is not None:
        path.write_bytes(data)
    with pytest.raises(UserError) as error:
        read_image(path)
    assert str(error.value).startswith(f"{path}: ") and message in str(error.value)
    assert "\n" not in str(error.value)
