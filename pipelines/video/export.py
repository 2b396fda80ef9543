"""The raw-input function of a trained model: what predict calls, and what goes on the phone.

Names, shapes and the host's part, which need no TensorFlow; the function itself is in `graph`.
"""

from typing import Any

from pipelines.video.config import Settings, sees_ahead
from suite.answers.classes import class_outputs
from suite.inputs.video_host import video_host, video_inputs
from suite.signature import ExportRules, Signature, deferred


def signatures(assets: dict[str, Any], settings: Settings) -> list[Signature]:
    """Return `classify_clip`: frames of the model's size, and how many of them count, to probabilities and attention."""
    outputs, ahead = class_outputs(assets["labels"], "frame"), sees_ahead(settings)
    offline = (
        ""
        if ahead != "normalise"
        else (
            f"streaming answers from the first frame on, and this model looks at the whole clip first "
            f"(normalise: {settings.normalise}); train with --set normalise=frame"
        )
    )
    return [
        Signature(
            "classify_clip",
            video_inputs(settings, streams=not ahead),
            outputs,
            deferred(f"{__package__}.graph", "of_clip"),
            video_host(outputs),
            ExportRules(offline=offline, int8_metric_loss=0.02),
            front_end={"frames": settings.frames, "sampling": settings.sampling, "frame_rate": settings.frame_rate},
        )
    ]
