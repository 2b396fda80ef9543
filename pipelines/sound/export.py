"""The raw-input functions of a trained model: what predict calls, and what goes on the phone.

Names, shapes and the host's part, which need no TensorFlow; the functions themselves are in `graph`.
"""

from collections.abc import Sequence
from typing import Any

from pipelines.sound.config import Settings
from suite.answers.classes import class_outputs
from suite.answers.outputs import VECTOR
from suite.inputs.audio_host import AudioWindow, audio_front_end, audio_host, audio_inputs
from suite.inputs.windows import joined
from suite.signature import Arrays, ExportRules, Output, Signature, deferred

RULES = ExportRules(
    "a step hears what comes after it; train with --set causal=true bidirectional=false normalization=global"
)


def signatures(assets: dict[str, Any], settings: Settings) -> list[Signature]:
    """Return `classify`, samples to the probability of each class; of a model with voice prints also `embed`, samples to one.

    The `interpreter` file takes as many samples as there are, the `compiled` one `window_seconds` with padding behind them,
    the `streaming` one chunk after chunk, and answers for all so far. `listening` in the front end is what an app that waits for
    words decides by (`listening.decide`).
    """
    from pipelines.sound.listening import cutoffs_of, smoothed_windows, window_samples

    listening = {
        "hop_samples": window_samples(settings)[1],
        "smoothed_windows": smoothed_windows(settings),
        "refractory_seconds": settings.refractory_seconds,
        "cutoffs": cutoffs_of(assets),
    }
    front_end = audio_front_end(settings, listening=listening)
    classify = _signature("classify", "of_classes", class_outputs(assets["labels"], "step"), settings, front_end)
    if not settings.embedding:
        return [classify]
    voice = Output(VECTOR, "voice print, of length 1: the nearer two of one direction, the likelier one voice")
    return [classify, _signature("embed", "of_voices", {"embedding": voice}, settings, front_end)]


def _signature(
    name: str, graph: str, outputs: dict[str, Output], settings: Settings, front_end: dict[str, Any]
) -> Signature:
    def join_windows(answers: Sequence[Arrays], windows: Sequence[AudioWindow]) -> Arrays:
        return joined(answers, [window.samples for window in windows], outputs)

    def join_chunks(answers: Sequence[Arrays]) -> Arrays:
        return answers[-1]

    return Signature(
        name,
        audio_inputs(settings),
        outputs,
        deferred(f"{__package__}.graph", graph),
        audio_host(settings, join_windows, join_chunks),
        RULES,
        front_end=front_end,
    )


def host_assets(assets: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """Return the labels, and the word that is listened for with its cutoff where it was tuned."""
    return {name: assets[name] for name in ("labels", "detector") if name in assets}
