"""Which sources of the guide fit a signature: the kind of its input, the kind of its answer, and what goes into them.

Told from dtypes and shapes of inputs and from the kinds of outputs. A later kind adds a row to `INPUT_KINDS` or
`ANSWER_KINDS`, and a file of its name for each language; what fits none is `tensors`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from suite.export.guide_calls import Call, Tensor, output_of_kind

SAMPLE_RATE = 16000  # Hz, of a file that does not say


@dataclass(frozen=True)
class GuideKind:
    """How a signature is used: by the sources `name` of each language, and what they are filled with.

    Attributes:
        name: Of the sources.
        values: By name, what the marked places are filled with.
        conditions: That hold beside those of the deployment.
        extra: Further sources that these use.
    """

    name: str
    values: dict[str, Any]
    conditions: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()


def input_kind(call: Call, front_end: dict[str, Any]) -> GuideKind:
    """Return how the inputs of a call are made of what an app has.

    Args:
        call: A signature.
        front_end: What travels in the file as `front_end.json`; empty if unknown.
    """
    return next(kind for kind in (fits(call, front_end) for fits in INPUT_KINDS) if kind)


def answer_kind(call: Call, source: GuideKind, labels: list[str], front_end: dict[str, Any]) -> GuideKind:
    """Return how the outputs of a call are read; `source` is the kind of its input."""
    return next(kind for kind in (fits(call, source, labels, front_end) for fits in ANSWER_KINDS) if kind)


def _text(call: Call, front_end: dict[str, Any]) -> GuideKind | None:
    if len(call.inputs) != 1 or not call.inputs[0].is_text:
        return None
    return GuideKind("text", {"input": call.inputs[0].name, "size": call.inputs[0].shape[1]})


def _audio(call: Call, front_end: dict[str, Any]) -> GuideKind | None:
    samples, length = _with_length(call, 2, ("float32", "int16"))
    if not samples or not length:
        return None
    values = {
        "input": samples.name,
        "length": length.name,
        "type": samples.dtype,
        "rate": front_end.get("sample_rate", SAMPLE_RATE),
        "size": samples.shape[1],
        "step": front_end.get("step_samples", 1),
        "tail": front_end.get("tail_samples", 0),
    }
    return GuideKind("audio", values)


def _video(call: Call, front_end: dict[str, Any]) -> GuideKind | None:
    frames, length = _with_length(call, 5, ("uint8",))
    if not frames or not length or None in frames.shape[2:]:
        return None
    _, size, height, width, channels = frames.shape
    picture = {"height": height, "width": width, "channels": channels}
    return GuideKind(
        "video", {"input": frames.name, "length": length.name, "size": size} | picture, extra=("pictures",)
    )


def _image(call: Call, front_end: dict[str, Any]) -> GuideKind | None:
    only = call.inputs[0] if len(call.inputs) == 1 else None
    if not only or only.dtype != "uint8" or len(only.shape) != 4 or only.shape[-1] != 3:
        return None
    _, height, width, _ = only.shape
    values = {"input": only.name, "height": height, "width": width}
    return GuideKind("image", values, extra=("pictures",) if only.fixed else ())


def _tensors(call: Call, front_end: dict[str, Any]) -> GuideKind:
    if call.window:
        row = call.window
        return GuideKind("tensors", {"input": row.name, "size": row.shape[1], "type": row.dtype}, ("row",))
    return GuideKind("tensors", {}, ("arrays",))


def _with_length(call: Call, axes: int, dtypes: tuple[str, ...]) -> tuple[Tensor | None, Tensor | None]:
    """Return the two inputs of a call: one of these axes, and a whole number that says how much of it counts."""
    if len(call.inputs) != 2:
        return None, None
    content = next((tensor for tensor in call.inputs if len(tensor.shape) == axes and tensor.dtype in dtypes), None)
    length = next((tensor for tensor in call.inputs if tensor.shape == (1,) and tensor.dtype == "int32"), None)
    return content, length


def _classes(call: Call, source: GuideKind, labels: list[str], front_end: dict[str, Any]) -> GuideKind | None:
    scores = output_of_kind(call, "probability")
    if not scores or not labels or scores.shape[-1:] != (len(labels),):
        return None
    return GuideKind("classes", {"output": scores.name})


def _sentence(call: Call, source: GuideKind, labels: list[str], front_end: dict[str, Any]) -> GuideKind | None:
    text = output_of_kind(call, "text")
    return GuideKind("sentence", {"output": text.name}) if text and output_of_kind(call, "decision") else None


def _transcript(call: Call, source: GuideKind, labels: list[str], front_end: dict[str, Any]) -> GuideKind | None:
    text, log_probs = output_of_kind(call, "text"), output_of_kind(call, "log-probability")
    if not text:
        return None
    values: dict[str, Any] = {"output": text.name}
    whole = call.states or not all(tensor.fixed for tensor in call.inputs)
    if whole:
        return GuideKind("transcript", values, ("together",))
    symbols = front_end.get("symbols")
    counted = source.name == "audio" and "step_samples" in front_end
    if not (counted and symbols and log_probs and log_probs.length):
        return GuideKind("transcript", values, ("apart",))
    values |= {"logprobs": log_probs.name, "count": log_probs.length, "symbols": symbols}
    return GuideKind("transcript", values, ("stitch",))


def _outputs(call: Call, source: GuideKind, labels: list[str], front_end: dict[str, Any]) -> GuideKind:
    return GuideKind("tensors", {})


INPUT_KINDS: tuple[Callable[..., GuideKind | None], ...] = (_text, _audio, _video, _image, _tensors)
ANSWER_KINDS: tuple[Callable[..., GuideKind | None], ...] = (_classes, _sentence, _transcript, _outputs)
