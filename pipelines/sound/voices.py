"""Who is speaking: prints of known voices in a file beside a model, how near another one is, and how often that errs.

A score is the cosine of the angle between two prints: 1 is the same direction. It is not set against the directions of the classes
that were trained on, as cohorts usually are: those fit the training clips too well, and voices were told apart worse by it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.sound.config import Settings, settings_of
from pipelines.sound.data import raw_arrays
from suite.errors import UserError

TARGET_SHARE = 0.01  # of trials that are of one voice, for min_dcf (NIST SRE)
SILENT_PEAK = 1e-3  # -60 dB of full scale
UNTUNED = 0.55  # the cosine that counts as one voice where none was measured


@dataclass(frozen=True, eq=False)
class Speaker:
    """A saved model that makes voice prints.

    Attributes:
        path: The model folder.
        identity: SHA-256 of its weights: prints of another model mean nothing to this one.
        predictor: Of `embed`.
        settings: Of the model.
        assets: Of the model; `voice_threshold` once it was measured.
    """

    path: Path
    identity: str
    predictor: Any
    settings: Settings
    assets: dict[str, Any]

    @property
    def threshold(self) -> float:
        """The score from which two recordings count as one voice."""
        return float(self.assets.get("voice_threshold", UNTUNED))

    def prints(self, recordings: Sequence[Any]) -> np.ndarray:
        """Return the voice print of each recording, `(recordings, embedding)`.

        Raises:
            UserError: for one that cannot be read, or is silent.
        """
        arrays = [raw_arrays(recording, self.settings) for recording in recordings]
        for recording, array in zip(recordings, arrays, strict=True):
            if np.ptp(array["samples"]) < 2 * SILENT_PEAK:
                raise UserError(f"{recording}: expected a voice. Received: silence, nothing above -60 dB of full scale")
        return np.array([answer["embedding"] for answer in self.predictor(arrays)], np.float64)


def scores(tried: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return the score of each of the prints `tried` `(m, embedding)` with each of `known` `(n, embedding)`: `(m, n)`."""
    tried, known = (prints / np.linalg.norm(prints, axis=1, keepdims=True) for prints in (tried, known))
    return tried @ known.T


def open_speaker(model_dir: Path) -> Speaker:
    """Open a model folder.

    Raises:
        UserError: for one that makes no voice prints.
    """
    from suite.artifact import load_model, read_artifact
    from suite.quiet import import_tensorflow

    artifact = read_artifact(model_dir)
    settings = settings_of(artifact)
    if not settings.embedding:
        raise UserError(
            f"{model_dir}: expected a model with voice prints; train with --set embedding=64. Received: none"
        )
    import_tensorflow()
    from suite.runtime.keras_runtime import KerasPredictor

    model = load_model(artifact)
    signatures = artifact.pipeline.signatures(artifact.assets, settings)
    predictor = KerasPredictor(model, signatures).sibling("embed")
    identity = artifact.record["files"]["model.keras"]
    return Speaker(artifact.path, identity, predictor, settings, artifact.assets)


def voices_file(model_dir: Path) -> Path:
    """Return where the voices of a model are kept: beside its folder."""
    folder = Path(model_dir).absolute()
    return folder.with_name(f"{folder.name}.voices.json")


def read_voices(path: Path, speaker: Speaker) -> dict[str, dict[str, Any]]:
    """Return name -> `print` and `recordings` of the voices in a file; none where there is no file.

    Raises:
        UserError: for a file of another model.
    """
    from suite.artifact import read_json

    if not path.is_file():
        return {}
    content = read_json(path)
    if not isinstance(content, dict) or content.get("model") != speaker.identity:
        raise UserError(
            f"{path}: expected voices of {speaker.path}. Received: those of another model; enroll them again"
        )
    return content["voices"]


def enroll(speaker: Speaker, name: str, recordings: Sequence[Path], path: Path) -> dict[str, Any]:
    """Keep the mean voice print of recordings under a name, in place of what was kept under it; return what was kept.

    Raises:
        UserError: for a recording that cannot be read or is silent, or a file of another model.
    """
    from suite.artifact import write_json

    voices, prints = read_voices(path, speaker), speaker.prints(recordings)
    mean = prints.mean(axis=0)
    voices[name] = {"print": (mean / np.linalg.norm(mean)).round(6).tolist(), "recordings": len(recordings)}
    write_json(path, {"model": speaker.identity, "voices": voices})
    return {"name": name, "recordings": len(recordings), "voices": len(voices), "file": str(path)}


def verify(speaker: Speaker, name: str, recordings: Sequence[Path], path: Path) -> list[dict[str, Any]]:
    """Return for each recording `input`, `score`, `threshold` and `accepted`: whether it is the voice kept under a name.

    Raises:
        UserError: as `enroll`, and for a name that nothing is kept under.
    """
    voices = read_voices(path, speaker)
    if name not in voices:
        names = ", ".join(voices) or "none"
        raise UserError(f"{path}: expected one of the enrolled voices: {names}. Received: {name!r}")
    cosines = scores(speaker.prints(recordings), np.array([voices[name]["print"]]))[:, 0]
    threshold = speaker.threshold
    return [
        {
            "input": str(recording),
            "name": name,
            "score": float(score),
            "threshold": threshold,
            "accepted": bool(score >= threshold),
        }
        for recording, score in zip(recordings, cosines, strict=True)
    ]


def error_figures(scores: np.ndarray, same: np.ndarray) -> dict[str, float]:
    """Return `eer`, the rate at which false accepts and false rejects are equally often, `threshold`, where that is, and
    `min_dcf`, the least mean cost of an error where one trial in a hundred is of one voice, as a share of the cost of
    deciding without listening.

    Args:
        scores: Of the trials, `(trials,)`.
        same: Whether each is of one voice, boolean `(trials,)`.
    """
    from sklearn.metrics import roc_curve

    accepts, hits, thresholds = roc_curve(same, scores, drop_intermediate=False)
    rejects = 1 - hits
    crossing = int(np.argmin(np.abs(rejects - accepts)))
    costs = TARGET_SHARE * rejects + (1 - TARGET_SHARE) * accepts
    return {
        "eer": float((rejects[crossing] + accepts[crossing]) / 2),
        "min_dcf": float(costs.min() / min(TARGET_SHARE, 1 - TARGET_SHARE)),
        "threshold": float(thresholds[crossing]),
    }


def run_trials(speaker: Speaker, data: Path, column: str, clips: int) -> dict[str, Any]:
    """Try every clip of voices never trained on against the mean print of so many others of each, and keep the threshold.

    Args:
        speaker: The model.
        data: Recordings; the voices of the training part are left out.
        column: Of a manifest, who is speaking; of folders the class is.
        clips: Of one voice in a print that is tried against.

    Returns:
        `voices`, `trials`, `eer`, `min_dcf`, `threshold`.

    Raises:
        UserError: if the data cannot be read, or holds fewer than two voices with more clips than that.
    """
    from suite.artifact import read_artifact, replace_assets

    artifact = read_artifact(speaker.path)
    settings = speaker.settings.model_copy(update={"label_column": column, "keywords": (), "silence_fraction": 0.0})
    undivided = artifact.pipeline.read(data, settings)
    known = set(speaker.assets["labels"])
    items = [example for example in undivided.items if example.target not in known]
    by_voice: dict[str, list[int]] = {}
    for index, example in enumerate(items):
        by_voice.setdefault(example.target, []).append(index)
    by_voice = {voice: indices for voice, indices in by_voice.items() if len(indices) > clips}
    if len(by_voice) < 2:
        raise UserError(
            f"{data}: expected two voices that the model was not trained on, with more than {clips} clips each. "
            f"Received: {', '.join(by_voice) or 'none'}"
        )
    prints = speaker.prints([example.input for example in items])
    cosines, same = [], []
    for voice, indices in by_voice.items():
        for start in range(0, len(indices) - clips + 1, clips):
            enrolled = indices[start : start + clips]
            tried = [index for group in by_voice.values() for index in group if index not in enrolled]
            mean = prints[enrolled].mean(axis=0, keepdims=True)
            cosines.append(scores(prints[tried], mean)[:, 0])
            same.append(np.array([items[index].target == voice for index in tried]))
    figures = error_figures(np.concatenate(cosines), np.concatenate(same))
    replace_assets(artifact, {"voice_threshold": figures["threshold"]})
    return {"voices": len(by_voice), "trials": sum(map(len, cosines)), "clips": clips, **figures}
