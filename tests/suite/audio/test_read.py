import os
import struct
from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile

from suite.audio.read import check_audio, inspect_audio, read_audio, read_blocks
from suite.errors import UserError

RATE = 16000


@pytest.fixture
def tone(tmp_path):
    """`tone(name, rate=..., channels=..., ...)` writes half a second of a tone; returns its path and samples."""

    def write(name, rate=RATE, channels=1, **options):
        samples = (0.3 * np.sin(2 * np.pi * 440 * np.arange(rate // 2) / rate)).astype("float32")
        path = tmp_path / name
        soundfile.write(path, np.stack([samples * (k + 1) / channels for k in range(channels)], 1), rate, **options)
        return path, samples

    return write


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3"])
def test_formats(tone, name):
    path, samples = tone(name)
    info = inspect_audio(path)
    assert (info.duration, info.sample_rate, info.channels, info.frames) == (0.5, RATE, 1, 8000)
    found = read_audio(path, RATE)
    assert found.dtype == np.float32 and found.shape == (8000,)
    inside = slice(500, -500)
    tolerance = {"a.wav": 1e-4, "a.flac": 1e-4}.get(name, 0.02)
    np.testing.assert_allclose(found[inside], samples[inside], atol=tolerance)
    np.testing.assert_allclose(read_audio(str(path), RATE), found)


def test_channels_are_averaged_and_the_rate_is_changed_once(tone):
    path, _ = tone("six.wav", rate=96000, channels=6, subtype="PCM_24")
    decoded, _ = soundfile.read(path, dtype="float32")
    expected = librosa.resample(decoded.mean(1), orig_sr=96000, target_sr=RATE)
    assert inspect_audio(path).channels == 6
    np.testing.assert_allclose(read_audio(path, RATE), expected, atol=1e-6)
    times = np.arange(len(expected)) / RATE
    np.testing.assert_allclose(expected[500:-500], (0.175 * np.sin(2 * np.pi * 440 * times))[500:-500], atol=1e-3)


def test_the_content_counts_not_the_name(tone):
    path, _ = tone("a.mp3")
    renamed = path.rename(path.with_suffix(".wav"))
    assert inspect_audio(renamed).frames == 8000 and len(read_audio(renamed, RATE)) == 8000


def test_a_wav_written_to_a_pipe_announces_no_size(tone):
    path, _ = tone("a.wav")
    content = bytearray(path.read_bytes())
    content[40:44] = b"\xff\xff\xff\xff"
    path.write_bytes(content)
    assert len(read_audio(path, RATE)) == 8000


def bad(tone, tmp_path, kind) -> Path:
    path = tmp_path / "bad.wav"
    if kind == "folder":
        path.mkdir()
    elif kind in ("empty", "text", "noise"):
        path.write_bytes({"empty": b"", "text": b"seven\n" * 99, "noise": bytes(range(256)) * 9}[kind])
    elif kind in ("nan", "infinite"):
        samples = np.zeros((RATE * 61, 2), "float32")
        samples[RATE * 60 + 5, 1] = np.nan if kind == "nan" else -np.inf
        soundfile.write(path, samples, RATE, subtype="FLOAT")
    elif kind == "raw":
        path = tmp_path / "bad.raw"
        path.write_bytes(bytes(1000))
    elif kind != "missing":
        made, _ = tone({"flac": "made.flac", "ogg": "made.ogg", "mp3": "made.mp3"}.get(kind, "made.wav"))
        content = made.read_bytes()
        size = {"header": 44, "half header": 30}.get(kind, len(content) * 2 // 3)
        path.write_bytes(
            content[:40] + struct.pack("<I", 0) if kind == "header that announces nothing" else content[:size]
        )
    return path


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("missing", "No such file"),
        ("folder", "a folder"),
        ("empty", "an empty file"),
        ("header", "a header without samples"),
        ("header that announces nothing", "a header without samples"),
        ("half header", r"30 bytes that begin with b'RIFF"),
        ("truncated", r"announces 5,348 bytes more than there are. Received: a truncated file"),
        ("flac", "flac"),
        ("ogg", r"b'OggS"),
        ("mp3", r"announces 8,000 samples. Received: a truncated file of"),
        ("text", r"594 bytes that begin with b'seven"),
        ("noise", "2,304 bytes that begin with"),
        ("raw", "raw samples"),
        ("nan", r"sample 960005: expected a finite number. Received: nan"),
        ("infinite", r"sample 960005: expected a finite number. Received: -inf"),
    ],
)
def test_faults_are_named_in_one_line(tone, tmp_path, kind, message):
    path = bad(tone, tmp_path, kind)
    with pytest.raises(UserError, match=message) as raised:
        read_audio(path, RATE)
    assert str(raised.value).startswith(f"{path}: ") and "\n" not in str(raised.value)
    with pytest.raises(UserError, match=message):
        list(read_blocks(path, RATE, 0.1))
    if kind not in ("flac", "mp3", "nan", "infinite"):
        with pytest.raises(UserError, match=message):
            inspect_audio(path)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="everything is readable here")
def test_a_file_that_may_not_be_read(tone):
    path, _ = tone("a.wav")
    path.chmod(0)
    with pytest.raises(UserError, match="Permission denied"):
        read_audio(path, RATE)


@pytest.mark.parametrize(("rate", "block_seconds"), [(RATE, 0.05), (8000, 0.013), (44100, 0.2), (96000, 9.0)])
def test_blocks_are_the_whole(tone, rate, block_seconds, monkeypatch):
    monkeypatch.setattr("suite.audio.opening.DECODED_SECONDS", 0.07)
    path, _ = tone("a.flac", rate=rate, channels=2)
    whole = read_audio(path, RATE)
    blocks = list(read_blocks(path, RATE, block_seconds))
    assert {len(block) for block in blocks[:-1]} <= {round(block_seconds * RATE)}
    joined = np.concatenate(blocks)
    assert joined.dtype == np.float32 and len(whole) - len(joined) in (0, 1)
    np.testing.assert_allclose(joined, whole[: len(joined)], atol=1e-4)


def test_blocks_of_a_long_file_are_read_as_they_are_asked_for(tmp_path):
    path = tmp_path / "hour.flac"
    with soundfile.SoundFile(path, "w", 8000, 1) as file:
        for _ in range(60):
            file.write(np.zeros(60 * 8000, "int16"))
    blocks = read_blocks(path, 8000, 10)
    assert len(next(blocks)) == 80_000
    blocks.close()


def test_notes(speech):
    good = speech(1).astype("float32")
    assert check_audio(good, RATE) == []
    assert check_audio(np.zeros(100, "float32"), RATE) == check_audio(np.full(100, 0.5, "float32"), RATE)
    assert "silent" in check_audio(np.zeros(100, "float32"), RATE)[0]
    assert ["clipped" in note for note in check_audio(np.clip(good * 10, -1, 1), RATE)] == [True]
    assert ["DC offset" in note for note in check_audio(np.clip(good + 0.1, -1, 1), RATE)] == [True]
    assert check_audio(good[:0], RATE) == ["no samples"]
