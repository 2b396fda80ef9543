"""Synthetic speech by espeak-ng (through espeakng-loader, extra `demo`), the same samples for the same list of utterances.

The library is global state: it is not safe in threads, and how it says something depends on what it said before. So every
list is spoken in a process of its own.
"""

import ctypes
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from suite.errors import UserError

SAMPLE_RATE = 22050  # Hz, of espeak-ng
LOUDNESS = 60  # percent of espeak-ng's volume; at 100 some voices clip
# espeak-ng's speak_lib.h
AUDIO_OUTPUT_RETRIEVAL, INITIALIZE_DONT_EXIT, CHARS_UTF8, POS_CHARACTER, RATE, VOLUME, PITCH = 1, 0x8000, 1, 1, 1, 2, 3


@dataclass(frozen=True, slots=True)
class Utterance:
    """What to say: the text, espeak-ng's name of the voice (`"en-us+belinda"`), words per minute, and pitch, 0 to 99."""

    text: str
    voice: str
    words_per_minute: int = 170
    pitch: int = 50


def speak(utterances: Sequence[Utterance]) -> list[np.ndarray]:
    """Return the samples, int16 `(samples,)` at `SAMPLE_RATE`, of each utterance.

    Raises:
        UserError: if espeak-ng is not installed, cannot be loaded, or does not know a voice.
    """
    if find_spec("espeakng_loader") is None:
        raise UserError(
            "the samples are spoken by espeak-ng, which is not installed: pip install 'recurrent-suite[demo]'"
        )
    root = Path(__file__).resolve().parents[2]
    process = subprocess.run(
        [sys.executable, "-m", "suite.audio.espeak"],
        input=json.dumps([asdict(utterance) for utterance in utterances]).encode(),
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH")]))},
        capture_output=True,
        check=False,
    )
    if process.returncode:
        why = process.stderr.decode("utf-8", "replace").strip().splitlines() or [f"status {process.returncode}"]
        raise UserError(f"espeak-ng cannot speak here: {why[-1]}")
    spoken = np.frombuffer(process.stdout, "<i2")
    sizes = np.frombuffer(spoken[: 2 * len(utterances)].tobytes(), "<i4")
    return [samples.astype(np.int16) for samples in np.split(spoken[2 * len(utterances) :], np.cumsum(sizes)[:-1])]


def _main() -> None:
    """Read utterances as JSON, write the number of samples of each (32 bits), then all samples (16 bits)."""
    utterances = [Utterance(**fields) for fields in json.load(sys.stdin)]
    library, chunks = _open_library()
    spoken = [_say(library, chunks, utterance) for utterance in utterances]
    sys.stdout.buffer.write(np.array([len(samples) for samples in spoken], "<i4").tobytes())
    sys.stdout.buffer.write(b"".join(samples.astype("<i2").tobytes() for samples in spoken))


def _open_library() -> tuple[ctypes.CDLL, list[np.ndarray]]:
    import espeakng_loader

    library: Any = ctypes.CDLL(espeakng_loader.get_library_path())
    data = espeakng_loader.get_data_path().encode()
    if library.espeak_Initialize(AUDIO_OUTPUT_RETRIEVAL, 0, data, INITIALIZE_DONT_EXIT) != SAMPLE_RATE:
        raise OSError(f"no data in {data.decode()}")
    chunks: list[np.ndarray] = []

    @ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
    def receive(samples: Any, count: int, events: Any) -> int:
        if samples and count > 0:
            chunks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0

    library.receive = receive  # kept alive as long as the library
    library.espeak_SetSynthCallback(receive)
    return library, chunks


def _say(library: ctypes.CDLL, chunks: list[np.ndarray], utterance: Utterance) -> np.ndarray:
    if library.espeak_SetVoiceByName(utterance.voice.encode()) != 0:
        raise ValueError(f"no voice {utterance.voice!r}")
    library.espeak_SetParameter(RATE, utterance.words_per_minute, 0)
    library.espeak_SetParameter(VOLUME, LOUDNESS, 0)
    library.espeak_SetParameter(PITCH, utterance.pitch, 0)
    text = utterance.text.encode() + b"\0"
    library.espeak_Synth(text, ctypes.c_size_t(len(text)), 0, POS_CHARACTER, 0, CHARS_UTF8, None, None)
    library.espeak_Synchronize()
    samples = np.concatenate([*chunks, np.zeros(0, np.int16)])
    chunks.clear()
    return samples


if __name__ == "__main__":
    _main()
