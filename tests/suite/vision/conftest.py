"""Small videos with known content, written by OpenCV or patched byte by byte."""

import re
import struct
import wave

import numpy as np
import pytest

from suite.vision.opencv import import_cv2


@pytest.fixture(scope="session")
def ramp():
    """Twelve frames of 24x40 whose grey grows by 16 each, and whose left half is darker: uint8 (12, 24, 40, 3)."""
    frames = np.zeros((12, 24, 40, 3), np.uint8)
    frames[:] = (40 + 16 * np.arange(12))[:, None, None, None]
    frames[:, :, :20] -= 32
    return frames


@pytest.fixture
def write_video(tmp_path):
    """Write RGB frames as `name`, in the codec and container asked for; returns the path."""

    def write(name, frames, codec="MJPG", fps=10):
        cv2 = import_cv2()
        height, width = frames.shape[1:3]
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*codec), fps, (width, height))
        assert writer.isOpened(), f"OpenCV cannot write {codec}"
        for frame in frames:
            writer.write(np.ascontiguousarray(frame[:, :, ::-1]))
        writer.release()
        return path

    return write


@pytest.fixture
def write_sound(tmp_path):
    """Write a second of silence as a wav file of any name."""

    def write(name):
        with wave.open(str(tmp_path / name), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(8000)
            file.writeframes(b"\0" * 16000)
        return tmp_path / name

    return write


def set_block_times(path, milliseconds):
    """Give the frames of a Matroska file with one Motion JPEG track other times, which makes the rate vary."""
    data = bytearray(path.read_bytes())
    places = [match.start(1) for match in re.finditer(rb"\x81(..)[\x00\x80]\xff\xd8", bytes(data), re.DOTALL)]
    assert len(places) == len(milliseconds)
    for place, value in zip(places, milliseconds, strict=True):
        data[place : place + 2] = struct.pack(">h", value)
    path.write_bytes(data)


def set_rotation(path, matrix):
    """Set the display matrix (16.16 fixed point; a, b, c, d) in the track header of an mp4 file."""
    data = bytearray(path.read_bytes())
    place = data.index(b"tkhd") + 4 + 40
    a, b, c, d = (int(value * 65536) for value in matrix)
    data[place : place + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
