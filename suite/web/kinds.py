"""What a page can be fed with and what it then shows: one function for each kind of input.

Each takes the file, one of its signatures as the report has it with its `name`, and the labels. It returns None where the
signature takes something else, and raises UserError where only the answer does not fit.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from suite.errors import UserError
from suite.export.metadata import VOCABULARY
from suite.export.model_file import packed_files


@dataclass(frozen=True)
class Kind:
    """How the page uses a signature.

    Attributes:
        input: For the module `static/inputs/KIND.js`: `kind` and what it needs to know.
        answer: For `static/answers/KIND.js`, likewise.
        outputs: The outputs that the page reads.
        fact: What the page tells of the input.
        others: Further signatures of the file that the page calls, and the outputs of each that it reads.
    """

    input: dict[str, Any]
    answer: dict[str, Any]
    outputs: tuple[str, ...]
    fact: str
    others: dict[str, tuple[str, ...]] = field(default_factory=dict)


def text_kind(tflite: Path, signature: dict[str, Any], labels: list[str]) -> Kind | None:
    """A row of UTF-8 bytes of fixed length: probabilities of labels."""
    if len(signature["inputs"]) != 1:
        return None
    [(name, details)] = signature["inputs"].items()
    if not _fits(details, "uint8", 2):
        return None
    probabilities = _probabilities(tflite, signature, labels)
    size = details["shape"][1]
    return Kind(
        {"kind": "text", "name": name, "size": size, "probabilities": probabilities},
        {"kind": "labels", "labels": labels},
        (probabilities,),
        f"{size:,} bytes of UTF-8 at a time; longer text in several windows",
    )


def audio_kind(tflite: Path, signature: dict[str, Any], labels: list[str]) -> Kind | None:
    """`samples` of fixed number and their `length`: the transcript, from `log_probs` of `frames`."""
    inputs = signature["inputs"]
    if set(inputs) != {"samples", "length"} or not _fits(inputs["samples"], "float32", 2):
        return None
    front_end = _front_end(tflite)
    outputs = ("log_probs", "frames")
    missing = [name for name in outputs if name not in signature["outputs"]]
    missing += [name for name in ("sample_rate", "step_samples", "symbols") if name not in front_end]
    if missing:
        raise UserError(
            f"{tflite}: to transcribe, a page needs outputs log_probs and frames, and front_end.json in the file with "
            f"sample_rate, step_samples and symbols. Missing: {', '.join(missing)}"
        )
    size, rate = inputs["samples"]["shape"][1], front_end["sample_rate"]
    return Kind(
        {
            "kind": "audio",
            "size": size,
            "sample_rate": rate,
            "step_samples": front_end["step_samples"],
            "symbols": front_end["symbols"],
        },
        {"kind": "text", "before": "The transcript appears here.", "none": "No words were recognised."},
        outputs,
        f"{size / rate:.3g} seconds of sound at {rate:,} Hz at a time; longer recordings in windows that overlap",
    )


def video_kind(tflite: Path, signature: dict[str, Any], labels: list[str]) -> Kind | None:
    """`frames` of fixed number and size, and their `length`: probabilities of labels."""
    inputs = signature["inputs"]
    if set(inputs) != {"frames", "length"} or not _fits(inputs["frames"], "uint8", 5):
        return None
    if _probabilities(tflite, signature, labels) != "probabilities":
        raise UserError(f"{tflite}: a page needs an output probabilities, float32[1, {len(labels)}]")
    _, size, height, width, channels = inputs["frames"]["shape"]
    front_end = _front_end(tflite)
    rate = front_end.get("frame_rate")
    most = front_end.get("frames", size)
    return Kind(
        {
            "kind": "video",
            "size": size,
            "height": height,
            "width": width,
            "channels": channels,
            "frames": most,
            "sampling": front_end.get("sampling", "uniform"),
            "frame_rate": rate,
        },
        {"kind": "labels", "labels": labels},
        ("probabilities",),
        f"the last {most} frames, {f'{rate:g} a second, ' if rate else ''}scaled to {width} × {height} pixels",
    )


def picture_kind(tflite: Path, signature: dict[str, Any], labels: list[str]) -> Kind | None:
    """`picture` of fixed size: a caption, by a search over the file's signatures `encode` and `decode_step`."""
    inputs = signature["inputs"]
    if set(inputs) != {"picture"} or not _fits(inputs["picture"], "uint8", 4):
        return None
    front_end, files = _front_end(tflite), packed_files(tflite)
    outputs = ("tokens", "count", "log_prob", "attention")
    rules = (
        "start",
        "end",
        "forbidden",
        "max_words",
        "beam_width",
        "beams",
        "length_penalty",
        "no_repeat_ngram",
        "grid",
    )
    missing = [name for name in outputs if name not in signature["outputs"]]
    missing += [name for name in rules if name not in front_end] + [VOCABULARY] * (VOCABULARY not in files)
    if missing:
        raise UserError(
            f"{tflite}: to caption pictures, a page needs outputs {', '.join(outputs)}, the rules of the search in "
            f"front_end.json and {VOCABULARY} in the file. Missing: {', '.join(missing)}"
        )
    _, height, width, _ = inputs["picture"]["shape"]
    size = {"height": height, "width": width}
    words = files[VOCABULARY].decode("utf-8").splitlines()
    found = {name: front_end[name] for name in rules}
    beams = min(found["beam_width"], found["beams"])
    return Kind(
        {"kind": "picture", **size, **found, "words": words},
        {"kind": "caption", **size, "grid": found["grid"]},
        outputs,
        f"a picture, scaled to {width} × {height} pixels; {beams} sentences are followed at once",
        {"encode": ("values", "keys", "state"), "decode_step": ("log_probs", "state", "attention")},
    )


KINDS = (text_kind, audio_kind, video_kind, picture_kind)


def _fits(details, dtype, axes):
    """Say whether a tensor has a dtype, one row, and this many axes, all of fixed length."""
    shape = details["shape"]
    return details["dtype"] == dtype and len(shape) == axes and shape[0] == 1 and all(shape)


def _probabilities(tflite, signature, labels):
    """Return the name of the output that has one number per label."""
    for name, details in signature["outputs"].items():
        if labels and details["dtype"] == "float32" and details["shape"] == [1, len(labels)]:
            return name
    received = ", ".join(tensor(*item) for item in signature["outputs"].items())
    raise UserError(
        f"{tflite}: a page shows the probabilities of labels, float32[1, labels]. "
        f"Received: {len(labels)} labels and {received}"
    )


def _front_end(tflite):
    """Return the parameters of the front end that travel in the file."""
    return json.loads(packed_files(tflite).get("front_end.json", b"{}"))


def tensor(name: str, details: dict[str, Any]) -> str:
    """Return a tensor as words: `text: uint8[1, 256]`."""
    shape = ", ".join("any" if size is None else str(size) for size in details["shape"])
    return f"{name}: {details['dtype']}[{shape}]"
