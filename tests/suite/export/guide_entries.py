"""Report entries of every kind of input and answer in every deployment, as an export writes them."""

from typing import Any

from suite.answers.classes import CLASSES
from suite.answers.sentence import SENTENCE
from suite.answers.tags import TAGS
from suite.answers.transcript import TRANSCRIPT
from suite.export.guide import Kinds
from suite.inputs.audio import AUDIO
from suite.inputs.image import IMAGE
from suite.inputs.text import TEXT
from suite.inputs.video import VIDEO

LABELS = ["no", "yes"]
FRONT_END = {"step_samples": 4, "symbols": ["", "a", "$b\n"], "sample_rate": 8000, "tail_samples": 3}
LENGTH = {"dtype": "int32", "shape": [1], "meaning": "how many count"}
STATE = {"dtype": "float32", "shape": [1, 1], "meaning": "state of the stream: sum; zeros before the first chunk"}


READS = {"text": TEXT, "float32": AUDIO, "int16": AUDIO, "video": VIDEO, "image": IMAGE}
# Tags are of a lettered scheme and beside intents, words are plain labels alone.
ANSWERS = {"classes": CLASSES, "transcript": TRANSCRIPT, "sentence": SENTENCE, "tags": TAGS, "words": TAGS}
TAG_NAMES = {"tags": ["O", *(f"{letter}-$A" for letter in "BIES"), "S-b-c"], "words": ["O", "NOUN", "$", "O-O"]}


def kinds(name: str) -> Kinds:
    """The kinds of a pipeline that exports the entry of a name; one of arrays alone reads and answers something else."""
    _, source, answer = name.split("_")
    return READS.get(source, TEXT), ANSWERS.get(answer, CLASSES)


def front_end(name: str) -> dict[str, Any]:
    """What travels in the file of an entry as `front_end.json`, and its vocabulary."""
    answer = name.split("_")[-1]
    if answer not in TAG_NAMES:
        return FRONT_END
    scheme = "bioes" if answer == "tags" else "none"
    return FRONT_END | {"vocabulary": TAG_NAMES[answer], "scheme": scheme, "longest": 24}


def tensor(dtype: str, *shape: int | None, **more: str) -> dict[str, Any]:
    return {"dtype": dtype, "shape": list(shape), "meaning": "values", **more}


def inputs_of(kind: str, size: int | None) -> dict[str, Any]:
    """The inputs of a kind; `size` is None where it may have any length."""
    if kind == "text":
        return {"text": tensor("uint8", 1, size, kind="text")}
    if kind in ("float32", "int16"):
        return {"samples": tensor(kind, 1, size), "length": LENGTH}
    if kind == "video":
        return {"frames": tensor("uint8", 1, size, 6, 8, 3), "length": LENGTH}
    if kind == "image":
        return {"picture": tensor("uint8", 1, size and 6, size and 8, 3)}
    if kind == "row":
        return {"tokens": tensor("int32", 1, size)}
    return {"flags": tensor("bool", 1, size, 3), "place": tensor("int64", 1)}


def outputs_of(kind: str, size: int | None) -> dict[str, Any]:
    """The outputs of an answer kind."""
    if kind == "classes":
        return {"scores": tensor("float32", 1, 2, kind="probability")}
    text = {"bytes": tensor("uint8", 1, size, kind="text", length="size"), "size": LENGTH | {"kind": "count"}}
    if kind == "transcript":
        rows = tensor("float32", 1, size and size // 4, 3, kind="log-probability", length="steps")
        return text | {"rows": rows, "steps": LENGTH | {"kind": "count"}}
    if kind == "sentence":
        return text | {"numbers": tensor("int32", 1, size, kind="decision")}
    if kind in ("tags", "words"):
        places = size and size // 4
        numbers = {
            name: tensor("int32", 1, places, kind="count", length="count") for name in ("starts", "ends", "tags")
        }
        probabilities = tensor("float32", 1, places, kind="probability", length="count")
        intent = {"intent": tensor("float32", 1, 2, kind="probability")} if kind == "tags" else {}
        return numbers | {"probabilities": probabilities, "count": LENGTH | {"kind": "count"}} | intent
    return {"values": tensor("float32", 1, 4, kind="inner")}


KINDS = [
    ("text", "classes"),
    ("text", "sentence"),
    ("text", "tags"),
    ("text", "words"),
    ("float32", "transcript"),
    ("int16", "classes"),
    ("video", "classes"),
    ("image", "sentence"),
    ("row", "classes"),
    ("tensors", "tensors"),
]
SIZES = {"interpreter": None, "compiled": 16, "streaming": 16}


def entry(deployment: str, inputs: dict[str, Any], outputs: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A report entry with one signature, `use_it`."""
    return {
        "file": f"{deployment}.tflite",
        "deployment": deployment,
        "signatures": {"use_it": {"inputs": inputs, "outputs": outputs}},
        "labels": LABELS,
        "bytes": 1688,
        "ops": {},
        "notes": [],
    } | changes


def entries() -> dict[str, dict[str, Any]]:
    """Deployment, input kind and answer kind, joined by `_` -> entry; of `fused` files the state stays inside."""
    made = {}
    for deployment, size in SIZES.items():
        state = {"state_sum": STATE} if deployment == "streaming" else {}
        for source, answer in KINDS:
            if source == "image" and state:  # a picture does not come in chunks
                continue
            inputs, outputs = inputs_of(source, size) | state, outputs_of(answer, size) | state
            labels = {"labels": []} if answer == "words" else {}
            made[f"{deployment}_{source}_{answer}"] = entry(deployment, inputs, outputs, **labels)
    fused = {"ops": {"UNIDIRECTIONAL_SEQUENCE_LSTM": 1}}
    made["fused_text_classes"] = made["interpreter_text_classes"] | fused
    made["fused_row_classes"] = made["compiled_row_classes"] | fused
    return made
