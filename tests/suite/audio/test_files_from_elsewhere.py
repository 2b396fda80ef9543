"""Sound files as pipes, browsers, phones and editors write them, whole, damaged and cut off."""

import numpy as np
import pytest
import soundfile

from suite.audio.read import inspect_audio, read_audio, read_blocks, survey_audio
from suite.errors import UserError

RATE = 16000
SECONDS = 6


@pytest.fixture(scope="session")
def tone():
    """A tone that glides up: where in it a stretch stands can be heard from its pitch."""
    time = np.arange(SECONDS * RATE) / RATE
    generator = np.random.default_rng(0)
    glide = 0.3 * np.sin(2 * np.pi * (200 * time + 50 * time**2)) * (0.6 + 0.4 * np.sin(6 * np.pi * time))
    return (glide + 0.003 * generator.standard_normal(len(time))).astype("float32")


def without_a_stretch(content, start=0.4, end=0.6):
    first, last = int(len(content) * start), int(len(content) * end)
    return content[:first] + bytes(last - first) + content[last:]


def write(folder, name, content):
    path = folder / name
    path.write_bytes(content)
    return path


def likeness(samples, expected):
    """Return the highest correlation of two recordings over shifts of up to 0.15 s (the delay of an encoder)."""
    length = min(len(samples), len(expected)) - 2400
    right = expected[:length] / np.linalg.norm(expected[:length])
    shifts = range(0, 2400, 4)
    return max(float(samples[k : k + length] @ right / np.linalg.norm(samples[k : k + length])) for k in shifts)


def test_an_mp3_from_a_pipe_is_read_to_its_end(tmp_path, encode_sound):
    generator = np.random.default_rng(0)
    noise = np.clip(0.3 * generator.standard_normal(2 * RATE), -1, 1)
    sound = np.concatenate([noise, np.zeros(8 * RATE)]).astype("float32")
    path = write(tmp_path, "x.mp3", encode_sound(sound, RATE, "libmp3lame", "mp3", pipe=True, quality=5))
    info, notes = survey_audio(path)
    assert 10 <= info.duration < 10.15
    assert inspect_audio(path) == info and len(read_audio(path, RATE)) == info.frames
    assert sum(map(len, read_blocks(path, RATE, 1.0))) == info.frames
    assert any("no announced length" in note for note in notes)


def test_files_one_after_another_are_all_read(tmp_path, encode_sound, tone):
    mp3 = encode_sound(tone, RATE, "libmp3lame", "mp3")
    twice = write(tmp_path, "twice.mp3", mp3 + mp3)
    info, notes = survey_audio(twice)
    assert 2 * SECONDS <= info.duration < 2 * SECONDS + 0.15
    assert any("more sound than the header announces" in note for note in notes)
    assert survey_audio(write(tmp_path, "once.mp3", mp3))[0].frames == len(tone)

    for subtype in ("VORBIS", "OPUS"):
        paths = [tmp_path / f"{number}.ogg" for number in range(2)]
        for path, part in zip(paths, (tone, tone[: RATE * 3]), strict=True):
            soundfile.write(path, part, RATE, format="OGG", subtype=subtype)
        chained = write(tmp_path, "chained.ogg", b"".join(path.read_bytes() for path in paths))
        expected = np.concatenate([soundfile.read(path, dtype="float32")[0] for path in paths])
        np.testing.assert_allclose(read_audio(chained, RATE), np.clip(expected, -1, 1), atol=1e-6)
        info, notes = survey_audio(chained)
        assert info.frames == inspect_audio(chained).frames == len(tone) + RATE * 3
        assert any("several Ogg streams" in note for note in notes)


def test_a_damaged_stretch_of_an_ogg_is_refused(tmp_path, tone):
    path = tmp_path / "a.ogg"
    soundfile.write(path, np.tile(tone, 10), RATE)
    content = path.read_bytes()
    assert survey_audio(path)[0].frames == 10 * len(tone)
    path.write_bytes(without_a_stretch(content))
    for read in (inspect_audio, survey_audio, lambda file: read_audio(file, RATE)):
        with pytest.raises(UserError, match=r"a damaged file; byte .* begins no page"):
            read(path)


@pytest.mark.parametrize("name", ["a.ogg", "a.opus", "a.aiff", "a.au", "a.w64", "a.rf64", "a.caf", "a.wav", "a.flac"])
def test_a_cut_off_file_is_refused(tmp_path, tone, name):
    path = tmp_path / name
    options = {"format": "OGG", "subtype": "OPUS"} if name.endswith("opus") else {}
    soundfile.write(path, tone, RATE, **options)
    content = path.read_bytes()
    assert survey_audio(path)[0].frames == len(tone)
    for share in (0.6, 0.97):
        path.write_bytes(content[: int(len(content) * share)])
        with pytest.raises(UserError, match="truncated file"):
            read_audio(path, RATE)


@pytest.mark.parametrize(("codec", "container"), [("flac", "flac"), ("pcm_s16le", "wav")])
def test_a_file_of_unknown_length_is_read_whole(tmp_path, encode_sound, tone, codec, container):
    path = write(tmp_path, f"a.{container}", encode_sound(tone, RATE, codec, container, pipe=True))
    np.testing.assert_allclose(read_audio(path, RATE), tone, atol=1e-4)
    assert inspect_audio(path).frames == len(tone)


def test_a_wav_that_announces_no_samples_is_read_whole(tmp_path, tone):
    path = tmp_path / "a.wav"
    soundfile.write(path, tone, RATE)
    content = path.read_bytes()
    path.write_bytes(content[:40] + bytes(4) + content[44:])
    np.testing.assert_allclose(read_audio(path, RATE), tone, atol=1e-4)


@pytest.mark.parametrize(
    ("codec", "container", "video"),
    [
        ("aac", "ipod", 0),
        ("aac", "adts", 0),
        ("aac", "mp4", 60),
        ("libopus", "webm", 0),
        ("libopus", "matroska", 60),
        ("alac", "ipod", 0),
    ],
)
def test_what_phones_and_browsers_record_is_read(tmp_path, encode_sound, tone, codec, container, video):
    path = write(tmp_path, "a", encode_sound(tone, RATE, codec, container, video=video))
    info = inspect_audio(path)
    samples = read_audio(path, RATE)
    assert SECONDS <= info.duration < SECONDS + 0.15 and len(samples) == pytest.approx(info.duration * RATE, abs=1)
    assert likeness(samples, tone) > 0.99


@pytest.mark.parametrize(
    ("codec", "container", "options"),
    [
        ("libmp3lame", "mp3", {}),
        ("aac", "adts", {}),
        ("aac", "ipod", {"movflags": "faststart"}),
        ("aac", "ipod", {}),
        ("libopus", "webm", {}),
    ],
)
def test_damage_and_a_missing_end_are_refused_whatever_the_format(
    tmp_path, encode_sound, tone, codec, container, options
):
    content = encode_sound(tone, RATE, codec, container, options=options)
    path = write(tmp_path, "a", content)
    read_audio(path, RATE)
    for spoiled in (content[: int(len(content) * 0.6)], without_a_stretch(content)):
        path.write_bytes(spoiled)
        with pytest.raises(UserError, match=r"damaged|truncated") as raised:
            read_audio(path, RATE)
        assert "\n" not in str(raised.value)


def test_whole_numbers_kept_as_floats_are_refused(tmp_path, tone):
    path = tmp_path / "a.wav"
    loud = tone / np.abs(tone).max() * 32767
    soundfile.write(path, loud, RATE, subtype="FLOAT")
    with pytest.raises(UserError, match="a peak of 32,767, as of whole numbers") as raised:
        read_audio(path, RATE)
    assert "\n" not in str(raised.value)
    soundfile.write(path, loud / 32767 * 1.4, RATE, subtype="FLOAT")
    assert read_audio(path, RATE).max() == 1
    assert any("beyond full scale" in note for note in survey_audio(path)[1])
