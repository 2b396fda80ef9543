"""Captions per second of the suite's beam search beside a plain Python beam loop over `model.predict`.

Usage: python benchmarks/caption_decoding.py [--pictures 128] [--plain 4] [--words 12] [--beam-width 5]
           [--vocabulary 2917] [--rounds 3] [--json]

The plain loop goes picture by picture: at each word it gives `model.predict` the beginnings so far, looks at the last
word's probabilities, sorts in Python. `whole` gives it the whole model, which sees the picture again each time;
`decoder` one that is given the places of the picture, seen once. The model has the sizes of the Flickr8k recipe, with a
small CNN and weights as they are drawn; scores favour length so much that all captions have `--words` words. All three
search by the same rules, and that they say the same is checked. The suite's rate includes seeing the pictures.
"""

import argparse
import json
import os
import statistics
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

LENGTH_PENALTY = 5.0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sizes = {"pictures": 128, "plain": 4, "words": 12, "beam-width": 5, "vocabulary": 2917, "rounds": 3}
    for name, default in sizes.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    row = measure(options)
    if options.json:
        print(json.dumps(row))
        return
    print(
        f"captions per second: suite {row['suite']:.1f}; plain loop, whole model {row['whole']:.2f} "
        f"({row['suite'] / row['whole']:.0f} times), decoder alone {row['decoder']:.2f} "
        f"({row['suite'] / row['decoder']:.0f} times)"
    )


def measure(options):
    """Captions per second of each."""
    import keras

    from pipelines.captioning.config import Settings
    from pipelines.captioning.export import signatures
    from pipelines.captioning.model import build
    from suite.runtime.keras_runtime import KerasPredictor
    from suite.sequence.search import find_sequences, search_rules

    settings = Settings(
        value_units=512, beam_width=options.beam_width, max_words=options.words, length_penalty=LENGTH_PENALTY
    )
    assets = {"words": ["<end>", "<start>", "<unknown>", *(f"word{number}" for number in range(3, options.vocabulary))]}
    keras.utils.set_random_seed(0)
    model = build(settings, assets)
    predictor = KerasPredictor(model, signatures(assets, settings))
    pictures = np.random.default_rng(0).integers(
        0, 256, (options.pictures, settings.height, settings.width, 3), np.uint8
    )

    places = model.get_layer("value_dropout").input
    see = keras.Model(model.input["picture"], places)
    decoder = keras.Model(
        {places.name: places, "tokens": model.input["tokens"], "length": model.input["length"]}, model.output
    )

    def suite():
        batches = [pictures[start : start + 64] for start in range(0, len(pictures), 64)]
        rules = search_rules(settings)
        answers = [find_sequences(predictor, {"picture": batch}, rules)[0] for batch in batches]
        return [best[0].tokens for answer in answers for best in answer]

    def whole():
        return [plain_beam(model, {"picture": picture}, settings) for picture in pictures[: options.plain]]

    def alone():
        seen = see.predict(pictures[: options.plain], verbose=0)
        return [plain_beam(decoder, {places.name: one}, settings) for one in seen]

    runs = {"suite": suite, "whole": whole, "decoder": alone}
    said = {name: run() for name, run in runs.items()}
    for name in ("whole", "decoder"):
        same = sum(one == other for one, other in zip(said["suite"], said[name], strict=False))
        assert same >= 0.75 * options.plain, f"{name}: {same} of {options.plain} captions are the suite's"
    seconds = {name: [] for name in runs}
    for _ in range(options.rounds):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    return {name: len(said[name]) / statistics.median(times) for name, times in seconds.items()}


def plain_beam(model, picture, settings):
    """The caption of one picture, as one would write it first."""
    kept, ended = [(0.0, [])], []
    for length in range(settings.max_words + 1):
        given = {name: np.repeat(array[None], len(kept), axis=0) for name, array in picture.items()}
        given["tokens"] = np.array([[1, *words] for _, words in kept], np.int32)
        given["length"] = np.full(len(kept), length + 1, np.int32)
        logits = model.predict(given, verbose=0)[:, -1].astype(np.float64)
        log_probs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
        longer = []
        for (total, words), row in zip(kept, log_probs, strict=True):
            ended.append(((total + row[0]) / (length + 1) ** settings.length_penalty, words))
            longer += [
                (total + row[word], [*words, word]) for word in np.argsort(-row)[: settings.beam_width + 3] if word > 2
            ]
        kept = sorted(longer, key=lambda one: -one[0])[: settings.beam_width]
    return tuple(int(word) for word in max(ended, key=lambda one: one[0])[1])


if __name__ == "__main__":
    main()
