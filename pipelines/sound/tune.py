"""What `suite sound tune` does: the cutoff of a word's probability for so many false accepts an hour."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.sound.config import settings_of
from pipelines.sound.formats import sound_files
from pipelines.sound.listening import Track, at_rate, draw_rejections, rejection_curve, track
from suite.errors import UserError
from suite.inputs.recordings import BLOCK_SECONDS, sample_blocks

RATES = (0.1, 0.5, 1.0)  # false accepts per hour that false rejects are told of
PAUSE = np.zeros(8000, np.float32)  # around a clip, so that a window can hold it whole wherever it begins


def tune_listening(
    model_dir: Path, data: Path, label: str, negatives: list[Path], accepts_per_hour: float, tflite: Path | None
) -> dict[str, Any]:
    """Find the cutoff on dev clips of a word and on recordings without it, and keep it in the model folder.

    Other classes' dev clips count as recordings without the word too. The curve is drawn beside the files of the export.

    Args:
        model_dir: A saved model.
        data: Its dev part, else all of it, where it has none.
        label: The word.
        negatives: Files and folders of recordings without the word.
        accepts_per_hour: False accepts per hour that are allowed.
        tflite: An exported file to listen with; None: the Keras model.

    Returns:
        `label`, `cutoff`, `positives`, `negative_hours`, `false_accepts_per_hour`, `false_rejects`, and `frr_at_RATE_fah`.

    Raises:
        UserError: if model or data cannot be read, the label is unknown or has no clip, or there is no recording without it.
    """
    from pipelines.sound.data import raw_arrays
    from suite.artifact import read_artifact, replace_assets
    from suite.data.reading import read_examples
    from suite.quiet import import_tensorflow
    from suite.runtime.loaded import load

    artifact = read_artifact(model_dir)
    settings, labels = settings_of(artifact), artifact.assets["labels"]
    if label not in labels:
        raise UserError(f"--label: expected one of {', '.join(labels)}. Received: {label!r}")
    examples = read_examples(artifact.pipeline, data, settings, None, artifact.assets)
    if tflite is None:
        import_tensorflow()
    selected = examples.part("dev") or examples.part("all")
    predictor, place = load(model_dir, tflite=tflite).predictor, labels.index(label)

    def heard(blocks: Iterable[np.ndarray]) -> Track:
        return track(predictor, blocks, place, settings)

    def clips(of_label: bool) -> list[np.ndarray]:
        clips_of = [example for example in selected if (example.target == label) == of_label]
        return [raw_arrays(example.input, settings)["samples"] for example in clips_of]

    peaks = np.array([heard([PAUSE, clip, PAUSE]).scores.max() for clip in clips(True)])
    if not len(peaks):
        raise UserError(f"{data}: expected clips of {label!r} in dev. Received: none")
    tracks = [
        heard(sample_blocks(path, settings, settings.whole_steps(BLOCK_SECONDS))) for path in _recordings(negatives)
    ]
    tracks += [heard([PAUSE, clip, PAUSE]) for clip in clips(False)]
    if not tracks:
        raise UserError(f"{data}: expected recordings without {label!r}, or --negatives FOLDER. Received: none")
    curve = rejection_curve(peaks, tracks, settings.refractory_seconds)
    cutoff, accepts, rejects = at_rate(curve, accepts_per_hour)
    replace_assets(artifact, {"detector": {"label": label, "cutoff": cutoff}})
    _write_curve(curve, artifact.path / "tflite")
    figures = {"negative_hours": sum(at.seconds for at in tracks) / 3600, "false_accepts_per_hour": accepts}
    rejected = {f"frr_at_{rate:g}_fah": at_rate(curve, rate)[2] for rate in RATES}
    return {"label": label, "cutoff": cutoff, "positives": len(peaks), **figures, "false_rejects": rejects, **rejected}


def _write_curve(curve: list[tuple[float, float, float]], folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    draw_rejections(curve).savefig(folder / "false_rejects.png")


def _recordings(places: list[Path]) -> list[Path]:
    paths = []
    for place in places:
        inside = sound_files(place)
        if not inside:
            raise UserError(f"--negatives: expected recordings. Received: {place}, which holds none")
        paths += inside
    return paths
