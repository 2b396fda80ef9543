"""The raw-input functions of a trained model: what predict calls, and what goes on the phone.

Names, shapes and the host's part, which need no TensorFlow; the functions themselves are in `graph`.
"""

from dataclasses import replace
from typing import Any

from pipelines.captioning.config import Settings
from suite.answers.sentence_signatures import Memory, search_parameters, sentence_signatures
from suite.signature import RawInput, Signature


def signatures(assets: dict[str, Any], settings: Settings) -> list[Signature]:
    """Return `caption`, of a picture of any size (`compiled`: of the model's), `encode` and `decode_step`."""
    size, attends = (settings.height, settings.width), settings.attention != "none"
    meaning = f"picture, RGB, 0..255; in a file of one size scaled to fit, with black bars, to {size[0]} x {size[1]}"
    picture = {"picture": RawInput("uint8", (None, None, 3), meaning, fixed=(*size, 3))}
    memory = Memory(
        places=settings.grid**2 if attends else 1,
        key_size=settings.attention_units if attends else 1,
        place="place of the grid",
        where="over the picture, row by row",
    )
    front_end = {"height": settings.height, "width": settings.width, "grid": settings.grid if attends else 0}
    front_end |= search_parameters(settings)
    bare = sentence_signatures("caption", picture, memory, assets["words"], settings, f"{__package__}.graph")
    return [replace(signature, front_end=front_end) for signature in bare]
