"""Pictures as cameras, scanners, browsers and other programs write them: damaged metadata, deep grey, odd modes.

The right pixels are those that the test itself wrote, or NumPy's arithmetic on them.
"""

import io
import json
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from suite.errors import UserError
from suite.vision.image import inspect_image, read_image

pytestmark = pytest.mark.filterwarnings("ignore:::PIL")

SCENE = np.stack(
    [np.mgrid[0:32, 0:48][0] * 7, np.mgrid[0:32, 0:48][1] * 5, 250 - np.mgrid[0:32, 0:48].sum(0) * 3], axis=-1
).astype(np.uint8)
GREY = SCENE[:, :, 0]


def encoded(form="PNG", pixels=SCENE, mode=None, **options):
    """The bytes of pixels as a picture file."""
    picture = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    file = io.BytesIO()
    (picture.convert(mode) if mode else picture).save(file, form, **options)
    return file.getvalue()


def pixels_of(folder, data, name="picture.jpg"):
    (folder / name).write_bytes(data)
    return read_image(folder / name)


def alike(one, other, most=3.0):
    return one.shape == other.shape and np.abs(one.astype(int) - other.astype(int)).mean() <= most


def exif_entries(*entries, orientation=None):
    """An EXIF block with entries (tag, type, count, value bytes), the orientation before them."""
    entries = ([(0x0112, 3, 1, struct.pack("<HH", orientation, 0))] if orientation else []) + list(entries)
    rows = b"".join(struct.pack("<HHI", tag, kind, count) + value for tag, kind, count, value in entries)
    return b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + rows + b"\0\0\0\0"


OUT_OF_RANGE = (0x011A, 5, 1, struct.pack("<I", 0x7FFFFFF0))  # a rational number beyond the end of the block
NEGATIVE = (0x0110, 9, 1, struct.pack("<i", -5))  # a signed number where a text belongs
BROKEN_EXIF = {
    "a value beyond the end": (exif_entries(OUT_OF_RANGE, orientation=6), 6),
    "a number where a text belongs": (exif_entries(NEGATIVE, orientation=3), 3),
    "cut off in its entries": (exif_entries(OUT_OF_RANGE, NEGATIVE, orientation=6)[:-10], 6),
    "no TIFF header": (b"Exif\0\0XX*\0\x08\0\0\0\0\0", 1),
    "next to nothing": (b"Exif\0\0I", 1),
    "an orientation that there is not": (exif_entries((0x0112, 3, 1, struct.pack("<HH", 77, 0))), 1),
    "an orientation that is a text": (exif_entries((0x0112, 2, 4, b"six\0")), 1),
}
TURNS = {1: lambda p: p, 3: lambda p: p[::-1, ::-1], 6: lambda p: np.rot90(p, -1)}


@pytest.mark.parametrize("kind", BROKEN_EXIF)
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_broken_exif_block_costs_no_picture(tmp_path, form, kind):
    exif, orientation = BROKEN_EXIF[kind]
    data = encoded(form, exif=exif, **({"lossless": True} if form == "WEBP" else {}), quality=95)
    assert alike(pixels_of(tmp_path, data), TURNS[orientation](SCENE))


def test_numbers_that_no_writer_can_put_back_cost_no_picture(tmp_path):
    """A rational of 0/0, a signed one out of range: writing the block anew, as turning a picture does, fails on these."""
    offset = struct.pack("<I", 8 + 2 + 3 * 12 + 4)
    block = exif_entries((0x011A, 5, 1, offset), (0x8769, 4, 1, struct.pack("<I", 2**32 - 1)), orientation=6)
    block += struct.pack("<II", 2**32 - 1, 0)
    assert alike(pixels_of(tmp_path, encoded("JPEG", exif=block, quality=95)), np.rot90(SCENE, -1))


def png_chunk(name, content, wrong_checksum=False):
    checksum = zlib.crc32(name + content) ^ wrong_checksum
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)


def after_header(data, chunk):
    """A PNG with a chunk more, right behind its header."""
    return data[:33] + chunk + data[33:]


ODD_CHUNKS = {
    "a text with a wrong checksum": png_chunk(b"tEXt", b"Comment\0a dog", True),
    "a text that unpacks to 100 MB": png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(100_000_000))),
    "a text that does not unpack": png_chunk(b"zTXt", b"Comment\0\x07nothing"),
    "a colour profile that is none": png_chunk(b"iCCP", b"name\0\x05nothing"),
    "a size in metres cut off": png_chunk(b"pHYs", b"\0"),
}


@pytest.mark.parametrize("kind", ODD_CHUNKS)
def test_a_broken_chunk_that_no_pixel_needs_costs_no_picture(tmp_path, kind):
    data = after_header(encoded(), ODD_CHUNKS[kind])
    assert np.array_equal(pixels_of(tmp_path, data), SCENE)


def test_a_broken_jpeg_block_that_no_pixel_needs_costs_neither_the_picture_nor_its_turn(tmp_path):
    data = encoded("JPEG", exif=exif_entries(orientation=6), quality=95)
    for content in (
        b"MPF\0II*\0\x08\0\0\0\x01\0\x01\xb0\x07\0\x04\0\0\0abcd",
        b"ICC_PROFILE\0",
        b"Photoshop 3.0\x008BIM\x04",
    ):
        for marker in (b"\xff\xe2", b"\xff\xed"):
            block = marker + struct.pack(">H", len(content) + 2) + content
            assert alike(pixels_of(tmp_path, data[:2] + block + data[2:]), np.rot90(SCENE, -1))


def test_broken_tiff_tags_cost_neither_the_picture_nor_its_turn(tmp_path):
    tags = {0x0112: 6, 0x010E: "a dog", 0x8769: 2**32 - 1}
    for compression in ("raw", "tiff_lzw"):
        data = encoded("TIFF", tiffinfo=tags, compression=compression)
        assert alike(pixels_of(tmp_path, data), np.rot90(SCENE, -1), 0)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_pixels_that_are_cut_off_are_refused_whatever_the_metadata(tmp_path, form):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    data = encoded(form, noise)
    with pytest.raises(UserError, match=r"picture.jpg: (the picture is damaged or cut off|expected a picture)"):
        pixels_of(tmp_path, data[: len(data) * 3 // 5])
    with pytest.raises(UserError, match=r"picture.jpg: "):
        pixels_of(tmp_path, data[:24])


def test_whatever_is_wrong_with_a_file_is_said_with_its_name(tmp_path):
    """Half of the bytes of small files changed at random: read, or refused in one sentence; never anything else."""
    generator, refused = np.random.default_rng(1), 0
    files = [encoded(form) for form in ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "TGA", "ICO", "PCX")]
    for round_number in range(400):
        data = bytearray(files[round_number % len(files)])
        for place in generator.integers(0, min(len(data), 200), 6):
            data[place] = generator.integers(0, 256)
        try:
            assert pixels_of(tmp_path, bytes(data)).dtype == np.uint8
        except UserError as error:
            assert str(error).startswith(f"{tmp_path}/picture.jpg: ") and "\n" not in str(error)
            refused += 1
    assert 50 < refused < 350


FLOATS = {"0 to 1": 1, "0 to 255": 255, "0 to 65535": 65535}


@pytest.mark.parametrize("white", FLOATS.values(), ids=FLOATS)
def test_grey_that_is_no_whole_number(tmp_path, white):
    values = (GREY / 255 * white).astype(np.float32)
    data = encoded("TIFF", values)
    assert np.abs(pixels_of(tmp_path, data)[:, :, 0].astype(int) - GREY).max() <= 1
    _, remarks = inspect_image(tmp_path / "picture.jpg")
    assert remarks == (f"grey numbers are taken as 0 (black) to {white:,} (white)",)


def test_grey_a_little_outside_of_its_range_and_what_is_no_number(tmp_path):
    values = np.array([[-0.02, 0.5, 1.03, np.nan, np.inf]], np.float32)
    assert pixels_of(tmp_path, encoded("TIFF", values))[0, :, 0].tolist() == [0, 128, 255, 0, 255]


@pytest.mark.parametrize(("low", "high"), [(-1, 1), (0, 4), (0, 1000), (0, 1e6)])
def test_grey_whose_range_cannot_be_told_is_refused(tmp_path, low, high):
    with pytest.raises(UserError, match=rf"expected grey from 0 to 1, .*Received: numbers from {low} to "):
        pixels_of(tmp_path, encoded("TIFF", np.linspace(low, high, 6, dtype=np.float32)[None]))


WHOLE = {  # tags of TIFF: bits, sample format; the numbers that are black and white
    "32 bits, unsigned": (32, 1, "<u4", 2**32 - 1),
    "32 bits, signed": (32, 2, "<i4", 2**31 - 1),
    "32 bits that hold 16": (32, 1, "<u4", 65535),
    "32 bits that hold 8": (32, 2, "<i4", 255),
    "16 bits": (16, 1, "<u2", 65535),
    "16 bits, signed": (16, 2, "<i2", 32767),
}


def tiff(values, bits, sample_format, photometric=1):
    """A TIFF of one strip, written by hand: the words of the specification, no library."""
    height, width = values.shape
    tags = {
        256: width, 257: height, 258: bits, 259: 1, 262: photometric, 273: 8, 277: 1, 278: height,
        279: values.nbytes, 339: sample_format,
    }  # fmt: skip
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    directory = struct.pack("<H", len(tags)) + entries + bytes(4)
    return b"II*\0" + struct.pack("<I", 8 + values.nbytes) + values.tobytes() + directory


@pytest.mark.parametrize("kind", WHOLE)
def test_grey_of_many_bits(tmp_path, kind):
    bits, sample_format, dtype, white = WHOLE[kind]
    values = (GREY / 255 * white).astype(np.float64).round().clip(0, white).astype(dtype)
    seen = pixels_of(tmp_path, tiff(values, bits, sample_format))
    assert np.abs(seen[:, :, 0].astype(int) - GREY).max() <= 1


def test_grey_with_white_as_zero_is_no_negative(tmp_path):
    values = (65535 - GREY.astype("<u2") * 257).astype("<u2")
    assert np.array_equal(pixels_of(tmp_path, tiff(values, 16, 1, photometric=0))[:, :, 0], GREY)


def test_twelve_bits_are_scaled_by_twelve_bits(tmp_path):
    values = np.array([[0, 4095, 2048, 1024]], np.uint16)
    packed = b"".join(bytes([a >> 4, (a & 15) << 4 | b >> 8, b & 255]) for a, b in values.reshape(-1, 2).tolist())
    seen = pixels_of(
        tmp_path,
        tiff(np.frombuffer(packed, np.uint8)[None], 12, 1).replace(
            struct.pack("<HHII", 256, 4, 1, 6), struct.pack("<HHII", 256, 4, 1, 4)
        ),
    )
    assert seen[0, :, 0].tolist() == [0, 255, 128, 64]


def test_netpbm_of_sixteen_bits_is_scaled_by_its_own_maximum(tmp_path):
    assert pixels_of(tmp_path, b"P5 3 1 1000\n" + struct.pack(">3H", 0, 500, 1000))[0, :, 0].tolist() == [0, 128, 255]
    assert pixels_of(tmp_path, b"P5 3 1 65535\n" + struct.pack(">3H", 0, 100, 200))[0, :, 0].tolist() == [0, 0, 1]


def test_lab_is_converted(tmp_path):
    to_lab = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB")
    lab = ImageCms.applyTransform(Image.fromarray(SCENE), to_lab)
    assert lab.mode == "LAB" and alike(pixels_of(tmp_path, encoded("TIFF", lab)), SCENE)


def test_cmyk_as_adobe_writes_it(tmp_path):
    """Adobe's JPEG holds CMYK the other way round; its block says so."""
    data = encoded("JPEG", mode="CMYK", quality=95)
    assert b"Adobe" in data and alike(pixels_of(tmp_path, data), SCENE, 4)


def test_what_is_transparent_lies_on_white_and_is_said(tmp_path):
    half = np.dstack([SCENE, np.full(GREY.shape, 51, np.uint8)])
    grey = np.dstack([GREY, np.full(GREY.shape, 51, np.uint8)])
    wanted = np.rint(0.2 * SCENE + 0.8 * 255).astype(int)
    for picture, right in ((half, wanted), (grey, np.rint(0.2 * GREY + 0.8 * 255).astype(int)[:, :, None])):
        assert np.abs(pixels_of(tmp_path, encoded(pixels=picture)) - right).max() <= 1
        assert inspect_image(tmp_path / "picture.jpg")[1] == ("what is transparent is laid over white",)
    opaque = np.dstack([SCENE, np.full(GREY.shape, 255, np.uint8)])
    assert np.array_equal(pixels_of(tmp_path, encoded(pixels=opaque)), SCENE)
    assert inspect_image(tmp_path / "picture.jpg")[1] == ()
    palette = Image.fromarray(SCENE).quantize(8)
    clear = pixels_of(tmp_path, encoded(pixels=palette, transparency=bytes([0, *[255] * 7])))
    assert (clear[np.asarray(palette) == 0] == 255).all()


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP", "AVIF", "TIFF"])
def test_of_several_pictures_the_first_is_read_and_that_is_said(tmp_path, form):
    others = [Image.new("RGB", (48, 32), colour) for colour in ("red", "green")]
    data = encoded(form, save_all=True, append_images=others, **({"lossless": True} if form == "WEBP" else {}))
    assert alike(pixels_of(tmp_path, data), SCENE, 12 if form in ("GIF", "AVIF") else 0)
    (remark,) = inspect_image(tmp_path / "picture.jpg")[1]
    assert remark == ("of several pages the first is read" if form == "TIFF" else "of an animation the first is read")


def test_the_second_picture_of_a_phone_photo_is_no_animation(tmp_path):
    data = encoded("MPO", save_all=True, append_images=[Image.new("RGB", (48, 32), "red")], quality=95)
    assert alike(pixels_of(tmp_path, data), SCENE) and inspect_image(tmp_path / "picture.jpg")[1] == ()


NOT_READ = {
    "HEIC": (
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(40),
        "a HEIC picture, as phones take them: convert it to jpg",
    ),
    "JPEG XL": (b"\xff\x0a" + bytes(40), "a JPEG XL picture: convert it to jpg"),
    "SVG": (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG drawing: convert it to png"),
    "PDF": (b"%PDF-1.7\n" + bytes(40), "a PDF"),
    "video": (b"\0\0\0\x18ftypisom\0\0\0\0isomavc1" + bytes(40), "a video"),
    "double": (tiff(np.zeros((2, 2)), 64, 3), "a TIFF picture of a kind that cannot be decoded, or cut off"),
}


@pytest.mark.parametrize("kind", NOT_READ)
def test_a_kind_that_cannot_be_read_is_called_by_its_name(tmp_path, kind):
    data, name = NOT_READ[kind]
    with pytest.raises(UserError, match=r"picture.jpg: expected a picture \(jpg, png, ...\). Received: ") as error:
        pixels_of(tmp_path, data)
    assert name in str(error.value)


def test_a_picture_too_large_to_be_one_is_refused(tmp_path):
    header = struct.pack(">II5B", 60_000, 60_000, 8, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", b"") + png_chunk(b"IEND", b"")
    with pytest.raises(UserError, match=r"expected at most 170,000,000 pixels. Received: .*3600000000 pixels"):
        pixels_of(tmp_path, data)


@pytest.mark.parametrize("name", ["Bär 犬.jpg", "10:30:15.jpg", "no ending", "photo.png.txt"])
def test_a_name_says_nothing_about_the_content(tmp_path, name):
    assert np.array_equal(pixels_of(tmp_path, encoded(), name), SCENE)


@pytest.fixture
def photos(tmp_path):
    """Twelve photos with captions, of which one has a broken EXIF block, one is no picture and one is a GIF animation."""
    rows = []
    for number in range(12):
        noise = np.random.default_rng(number).integers(0, 256, (20, 20, 3), np.uint8)
        exif = BROKEN_EXIF["a value beyond the end"][0] if number == 3 else b""
        (tmp_path / f"{number}.jpg").write_bytes(encoded("JPEG", noise, exif=exif))
        rows.append(json.dumps({"image": f"{number}.jpg", "captions": ["a dog runs"]}) + "\n")
    (tmp_path / "5.jpg").write_bytes(b"\xff\xd8\xff\xe0 no more")
    animation = {"save_all": True, "append_images": [Image.new("RGB", (48, 32))]}
    (tmp_path / "6.jpg").write_bytes(encoded("GIF", **animation))
    info = PngImagePlugin.PngInfo()
    (tmp_path / "7.jpg").write_bytes(encoded(pnginfo=info))
    (tmp_path / "captions.jsonl").write_text("".join(rows))
    return tmp_path


def test_a_data_set_with_such_pictures_is_checked_and_each_is_named(suite, photos):
    checked = suite("data", "check", "captioning", "--data", photos, "--json")
    assert checked.status == 2
    (problem,) = checked.json["problems"]
    assert (
        problem["name"] == "captions.jsonl:6 (5.jpg)"
        and "5.jpg: the picture is damaged or cut off" in problem["message"]
    )
    assert "Of an animation the first is read: 1 picture, 6.jpg." in checked.json["notes"]
    assert sum(checked.json["sizes"].values()) == 11
