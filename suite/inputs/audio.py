"""Input kind `audio`: sound files and the microphone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from suite.inputs.calls import Call, GuideSources
from suite.inputs.kind import FileContents, Input, InputKind, fits
from suite.inputs.media import read_media_path
from suite.inputs.recordings import raw_arrays
from suite.inputs.sent import Sent, example_sound, samples_of
from suite.pipeline import PredictOption

SAMPLE_RATE = 16000  # Hz, of a file that does not say


def read_path(path: Path, settings: Any, encoding: str | None = None) -> Iterator[Input]:
    """Yield the sound files that a path stands for."""
    return read_media_path(path, settings, encoding, "audio_column")


def page(contents: FileContents) -> tuple[dict[str, Any], str] | None:
    """Return what the page needs of `samples` of fixed number and their `length`; None where the file takes other inputs."""
    if set(contents.inputs) != {"samples", "length"} or not fits(contents.inputs["samples"], "float32", 2):
        return None
    size, rate = contents.inputs["samples"]["shape"][1], contents.front_end.get("sample_rate", SAMPLE_RATE)
    step = contents.front_end.get("step_samples", 1)
    fact = f"{size / rate:.3g} seconds of sound at {rate:,} Hz at a time; longer recordings in windows"
    # Where words are listened for, the page slides a window over sound that does not end.
    listening = {name: contents.front_end[name] for name in ("listening",) if name in contents.front_end}
    return {"size": size, "sample_rate": rate, "step_samples": step, **listening}, fact


def guide(call: Call, front_end: dict[str, Any]) -> GuideSources | None:
    """Return the sources that cut a recording as a file takes it."""
    recording = call.input_with_length(2, ("float32", "int16"))
    if recording is None:
        return None
    samples, length = recording
    values = {
        "input": samples.name,
        "length": length.name,
        "type": samples.dtype,
        "rate": front_end.get("sample_rate", SAMPLE_RATE),
        "size": samples.shape[1],
        "step": front_end.get("step_samples", 1),
        "tail": front_end.get("tail_samples", 0),
    }
    return GuideSources("audio", values)


AUDIO = InputKind(
    "audio",
    "audio_column",
    read_path,
    page,
    raw_arrays,
    live=("microphone",),
    array_options=(PredictOption("sample_rate", float, None, "of the samples, in Hz; None: the model's own"),),
    guide=guide,
    sent=Sent(1, samples_of, example_sound),
)
