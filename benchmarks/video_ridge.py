"""Ridge regression on what a frozen backbone sees, on the folds of `suite train --folds`: what recurrence has to beat.

    python benchmarks/video_ridge.py --data PATH --config pipelines/video/recipes/surveillance_fight.yaml [--folds 5]

Of the maps behind `backbone_layer`, a clip keeps one vector:

    mean          each map's mean over the picture, averaged over time
    mean, std     the same, and its deviation over time
    motion        each map's largest change since the frame before, averaged over time
    both          mean and motion

Features are standardised; the strength of the ridge is chosen by grouped cross-validation within the training folds.
Prints the mean accuracy over the folds, and in brackets the one of the best strength for all folds, chosen afterwards.
"""

import argparse
from pathlib import Path

import numpy as np
from sklearn.linear_model import RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pipelines.video.config import Settings
from pipelines.video.data import raw_arrays
from suite.config import load_settings
from suite.data.folds import folds
from suite.data.reading import read_examples
from suite.registry import load_pipeline
from suite.vision.layers import Backbone, backbone_network

STRENGTHS = 10.0 ** np.arange(-1, 6)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--folds", type=int, default=5)
    arguments = parser.parse_args()

    settings = load_settings(Settings, arguments.config, arguments.set)
    examples = read_examples(load_pipeline("video"), arguments.data, settings)
    labels = np.array([example.target for example in examples.items])
    parts = folds(examples, arguments.folds, settings.split_by == "group")
    fold_of = np.argmax([[example.part == "dev" for example in fold.items] for fold in parts], axis=0)
    for name, features in summed_up(examples, settings).items():
        chosen, best = cross_validate(features, labels, fold_of)
        print(f"{name:10s} {features.shape[1]:5d} features   {chosen:.3f} ({best:.3f})", flush=True)


def summed_up(examples, settings) -> dict[str, np.ndarray]:
    """Return each kind of vectors, `(clips, features)`."""
    network = backbone_network(
        settings.front, settings.height, settings.width, settings.backbone_weights, settings.backbone_layer
    )
    layer = Backbone(network, "both")
    layer.trainable = False
    rows = {"mean": [], "mean, std": [], "motion": [], "both": []}
    for example in examples.items:
        frames = raw_arrays(example.input, settings)["frames"][np.newaxis]
        seen = np.asarray(layer(frames, np.ones(frames.shape[:2], bool)))[0].astype(np.float64)
        mean, motion = np.split(seen, 2, axis=1)
        rows["mean"].append(mean.mean(axis=0))
        rows["mean, std"].append(np.concatenate([mean.mean(axis=0), mean.std(axis=0)]))
        rows["motion"].append(motion.mean(axis=0))
        rows["both"].append(seen.mean(axis=0))
    return {name: np.array(own) for name, own in rows.items()}


def cross_validate(features, labels, fold_of) -> tuple[float, float]:
    """Return the mean accuracy with strengths chosen within the training folds, and with the best of all for all."""
    count = fold_of.max() + 1
    outer = np.zeros((count, len(STRENGTHS)))
    chosen = []
    for fold in range(count):
        train = fold_of != fold
        outer[fold] = accuracies(features, labels, train, ~train)
        others = [other for other in range(count) if other != fold]
        inner = [accuracies(features, labels, train & (fold_of != other), fold_of == other) for other in others]
        chosen.append(outer[fold, np.mean(inner, axis=0).argmax()])
    return float(np.mean(chosen)), float(outer.mean(axis=0).max())


def accuracies(features, labels, train, dev) -> list[float]:
    """Return the accuracy on `dev` of a ridge of each strength fitted to `train`."""
    return [
        make_pipeline(StandardScaler(), RidgeClassifier(alpha=strength))
        .fit(features[train], labels[train])
        .score(features[dev], labels[dev])
        for strength in STRENGTHS
    ]


if __name__ == "__main__":
    main()
