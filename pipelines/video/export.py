"""The raw-input function of a trained model: what predict calls, and what goes on the phone.

Names, shapes and the host's part, which need no TensorFlow; the function itself is in `graph`.
"""

from typing import TYPE_CHECKING, Any

from pipelines.video.config import Settings, sees_ahead
from suite.answers.classes import class_outputs
from suite.inputs.video_host import video_host
from suite.signature import ExportRules, RawInput, Signature

if TYPE_CHECKING:
    import keras

    from pipelines.video.graph import Graph


def signatures(assets: dict[str, Any], settings: Settings) -> list[Signature]:
    """Return `classify_clip`: frames of the model's size, and how many of them count, to probabilities and attention.

    The app has scaled each picture to fit `height` and `width`, with black bars where the shape differs
    (`suite.vision.resize`). The `interpreter` file takes as many frames as there are, the `compiled` one
    `compiled_frames` with padding behind them, the `streaming` one one frame after another, and answers for all so far.
    """

    def classify_clip(model: "keras.Model") -> "Graph":
        from pipelines.video.graph import of_clip

        return of_clip(model)

    picture = (settings.height, settings.width, settings.channels)
    ahead = sees_ahead(settings)
    frames = RawInput(
        "uint8",
        (None, *picture),
        f"frames, {'RGB' if settings.channels == 3 else 'grey'}, 0..255, scaled to fit, with black bars",
        fixed=(settings.compiled_frames, *picture),
        chunk=() if ahead else (1, *picture),
    )
    length = RawInput("int32", (), "frames that count; what comes after them is padding")
    offline = (
        ""
        if ahead != "normalise"
        else (
            f"streaming answers from the first frame on, and this model looks at the whole clip first "
            f"(normalise: {settings.normalise}); train with --set normalise=frame"
        )
    )
    outputs = class_outputs(assets["labels"], "frame")
    return [
        Signature(
            "classify_clip",
            {"frames": frames, "length": length},
            outputs,
            classify_clip,
            video_host(outputs),
            ExportRules(offline=offline, int8_metric_loss=0.02),
            front_end={"frames": settings.frames, "sampling": settings.sampling, "frame_rate": settings.frame_rate},
        )
    ]
