"""Training throughput of a sentiment recipe beside plain Keras, and of its input pipeline alone.

    python benchmarks/sentiment_throughput.py --data PATH --config pipelines/sentiment/recipes/imdb.yaml

Four ways to run the same model on the same batches, interleaved round by round in one process:

    suite                the recipe as `suite train` fits it
    suite, keras layers  the same fit, the recurrent layers swapped for Keras' own: what the suite's loop and input cost
    plain Keras          `model.fit` on Keras' own recurrent layers, batches ready in memory, no callbacks
    input pipeline       the batches of `suite`, read and thrown away

Prints examples per second (medians over rounds) and their ratios.
"""

import argparse
import json
import statistics
import time
from pathlib import Path

import keras
import tensorflow as tf
from rich.console import Console

from pipelines.sentiment.config import Settings
from suite.config import load_settings
from suite.data.reading import read_examples
from suite.pipeline import BatchSource
from suite.recurrent import to_keras
from suite.registry import load_pipeline
from suite.training.fit import fit_epoch
from suite.training.optimizer import make_optimizer
from suite.training.progress import TrainingProgress


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--batches", type=int, default=60, help="batches per measurement")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()

    settings = load_settings(Settings, arguments.config, arguments.set)
    pipeline = load_pipeline("sentiment")
    keras.utils.set_random_seed(settings.seed)
    if settings.deterministic:
        tf.config.experimental.enable_op_determinism()
    train = read_examples(pipeline, arguments.data, settings).part("train")
    assets = pipeline.prepare(train, settings)
    whole = pipeline.batches(train, assets, settings, True)
    source = BatchSource(
        min(arguments.batches, whole.steps), lambda epoch: whole.dataset(0).take(arguments.batches), whole.names
    )
    ready = list(source.dataset(0))
    examples = sum(int(batch[1].shape[0]) for batch in ready)

    (phase,) = pipeline.phases(settings, assets)
    ours = pipeline.build(settings, assets)
    models = {"suite": ours, "suite, keras layers": to_keras(ours), "plain Keras": to_keras(ours)}
    for model in models.values():
        phase.compile(model, make_optimizer(settings, phase.learning_rate, 10 * source.steps))
    progress = TrainingProgress(1, Console(quiet=True))
    memory = tf.data.Dataset.from_generator(lambda: iter(ready), output_signature=source.dataset(0).element_spec)
    memory = memory.apply(tf.data.experimental.assert_cardinality(len(ready))).cache()
    ways = {
        "suite": lambda: fit_epoch(models["suite"], source, 0, 0, None, progress),
        "suite, keras layers": lambda: fit_epoch(models["suite, keras layers"], source, 0, 0, None, progress),
        "plain Keras": lambda: models["plain Keras"].fit(memory, epochs=1, shuffle=False, verbose=0),
        "input pipeline": lambda: sum(1 for _ in source.dataset(0)),
    }
    seconds = {name: [] for name in ways}
    for number in range(arguments.rounds + 1):
        for name, way in ways.items():
            started = time.perf_counter()
            way()
            if number:  # the first round traces and compiles
                seconds[name].append(time.perf_counter() - started)
    rates = {name: examples / statistics.median(values) for name, values in seconds.items()}
    report = {
        "examples_per_second": {name: round(rate, 1) for name, rate in rates.items()},
        "examples_per_second_best_round": {name: round(examples / min(values), 1) for name, values in seconds.items()},
        "suite / plain Keras": round(rates["suite"] / rates["plain Keras"], 3),
        "suite with keras layers / plain Keras": round(rates["suite, keras layers"] / rates["plain Keras"], 3),
        "input pipeline / suite": round(rates["input pipeline"] / rates["suite"], 1),
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
