"""Training throughput of the video pipeline beside plain Keras fed by a Python generator.

    python benchmarks/video_throughput.py [--data PATH] [--config pipelines/video/recipes/NAME.yaml] [--set KEY=VALUE]

Without `--data` on the embedded sample clips, with their recipe. Ways to run the same model on the same clips,
interleaved round by round in one process:

    suite                    the recipe as `suite train` fits it: decoded clips kept, threads, augmentation, masks
    suite, no clip kept      the same with `cache_megabytes=0`: every clip decoded again in every epoch, by threads
    plain Keras              `model.fit` on `keras.layers.TimeDistributed` and Keras' own recurrent layers, fed by a
                             Python generator that decodes each clip with OpenCV in every epoch and pads to `frames`
    plain Keras, in memory   the same on arrays decoded beforehand: what remains is the model
    input pipeline           the batches of `suite`, read and thrown away: clips kept, and every clip decoded

Both models start from the same weights, and are checked to give the same probabilities. Prints clips per second
(medians over rounds) and their ratios, also per second of CPU time of this process, which other work on the machine
disturbs less.
"""

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from rich.console import Console

from pipelines.video.config import Settings
from suite.config import load_settings
from suite.data.reading import read_examples
from suite.pipeline import Pipeline
from suite.recurrent import to_keras
from suite.training.fit import fit_epoch
from suite.training.optimizer import make_optimizer
from suite.training.progress import TrainingProgress
from suite.vision.opencv import import_cv2

SAMPLE_RECIPE = Path(__file__).parent.parent / "pipelines/video/recipes/sample.yaml"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--config", type=Path, default=SAMPLE_RECIPE)
    parser.add_argument("--set", action="append", default=["cell=lstm"], metavar="KEY=VALUE")
    parser.add_argument("--clips", type=int, default=256, help="training clips, at most")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()

    settings = load_settings(Settings, arguments.config, arguments.set)
    pipeline = Pipeline("pipelines.video")
    keras.utils.set_random_seed(settings.seed)
    if settings.deterministic:
        tf.config.experimental.enable_op_determinism()
    data = arguments.data or pipeline.make_sample(Path(tempfile.mkdtemp()) / "clips")
    examples = read_examples(pipeline, data, settings).part("train")
    examples = examples[:: -(-len(examples) // arguments.clips)]
    assets = pipeline.prepare(examples, settings)
    sources = {
        "kept": pipeline.batches(examples, assets, settings, True),
        "decoded": pipeline.batches(examples, assets, settings.model_copy(update={"cache_megabytes": 0}), True),
    }

    ours = pipeline.build(settings, assets)
    models = {"suite": ours, "suite, no clip kept": keras.models.clone_model(ours)}
    models |= {name: plain_model(ours, settings.frames) for name in ("plain Keras", "plain Keras, in memory")}
    check_same(ours, models["plain Keras"], examples, assets, settings)
    (phase,) = pipeline.phases(settings, assets)
    for model in models.values():
        phase.compile(model, make_optimizer(settings, phase.learning_rate, 10 * sources["kept"].steps))

    progress = TrainingProgress(1, Console(quiet=True))
    steps = -(-len(examples) // settings.batch_size)
    memory = list(naive_batches(examples, assets, settings, 0))
    repeated = tf.data.Dataset.from_generator(lambda: iter(memory), output_signature=_signature(memory[0])).cache()
    ways = {
        "suite": lambda number: fit_epoch(models["suite"], sources["kept"], 0, number, None, progress),
        "suite, no clip kept": lambda number: fit_epoch(
            models["suite, no clip kept"], sources["decoded"], 0, number, None, progress
        ),
        "plain Keras": lambda number: models["plain Keras"].fit(
            naive_batches(examples, assets, settings, number), steps_per_epoch=steps, verbose=0
        ),
        "plain Keras, in memory": lambda number: models["plain Keras, in memory"].fit(repeated, verbose=0),
        "input pipeline, kept": lambda number: sum(1 for _ in sources["kept"].dataset(number)),
        "input pipeline, decoded": lambda number: sum(1 for _ in sources["decoded"].dataset(number)),
        "Python generator": lambda number: sum(1 for _ in naive_batches(examples, assets, settings, number)),
    }
    seconds, cpu_seconds = {name: [] for name in ways}, {name: [] for name in ways}
    for number in range(arguments.rounds + 1):
        for name, way in ways.items():
            started, cpu_started = time.perf_counter(), time.process_time()
            way(number)
            if number:  # the first round traces, compiles and fills the cache
                seconds[name].append(time.perf_counter() - started)
                cpu_seconds[name].append(time.process_time() - cpu_started)
    rates = {name: len(examples) / statistics.median(values) for name, values in seconds.items()}
    cpu_rates = {name: len(examples) / statistics.median(values) for name, values in cpu_seconds.items()}
    report = {
        "clips": len(examples),
        "clips_per_second": {name: round(rate, 1) for name, rate in rates.items()},
        "clips_per_second_best_round": {name: round(len(examples) / min(own), 1) for name, own in seconds.items()},
        "clips_per_cpu_second": {name: round(rate, 1) for name, rate in cpu_rates.items()},
        "suite / plain Keras": round(rates["suite"] / rates["plain Keras"], 2),
        "suite, no clip kept / plain Keras": round(rates["suite, no clip kept"] / rates["plain Keras"], 2),
        "suite / plain Keras, in memory": round(rates["suite"] / rates["plain Keras, in memory"], 2),
        "suite / plain Keras, per CPU second": round(cpu_rates["suite"] / cpu_rates["plain Keras"], 2),
        "input pipeline, decoded / suite": round(rates["input pipeline, decoded"] / rates["suite"], 1),
    }
    print(json.dumps(report, indent=2))


@keras.saving.register_keras_serializable(package="benchmark")
class EveryFrame(keras.layers.Layer):
    """`keras.layers.TimeDistributed` around the network of a frame, called as the suite's layer of that place is."""

    def __init__(self, network, **kwargs):
        super().__init__(**kwargs)
        self.inner = keras.layers.TimeDistributed(network)

    def call(self, frames, mask, training=None):
        return self.inner(frames, training=training)


def plain_model(model: keras.Model, frames: int) -> keras.Model:
    """Return the same model with Keras' own recurrent layers and `TimeDistributed`, for clips of `frames` frames.

    The number of frames is fixed, since `TimeDistributed` cannot update batch normalisation while it is unknown.
    """

    def copy(layer):
        if type(layer).__name__ == "FrameWise":
            return EveryFrame(keras.models.clone_model(layer.network), name=layer.name)
        return type(layer).from_config(layer.get_config())

    swapped = to_keras(model)
    inputs = {
        "frames": keras.Input((frames, *swapped.input["frames"].shape[2:]), dtype="uint8", name="frames"),
        "length": keras.Input((), dtype="int32", name="length"),
    }
    plain = keras.models.clone_model(swapped, inputs, clone_function=copy)
    plain.set_weights(model.get_weights())
    return plain


def check_same(ours, plain, examples, assets, settings) -> None:
    """Raise AssertionError unless both models give the same probabilities for a batch."""
    inputs, _ = next(naive_batches(examples, assets, settings, 0))
    ours, plain = (np.asarray(model(inputs, training=False)) for model in (ours, plain))
    worst = float(np.abs(ours - plain).max())
    assert worst < 1e-4, f"the two models differ by {worst}"


def naive_batches(examples, assets, settings, seed):
    """Yield the batches of an epoch as a short script would: decode, resize, pad, one clip after another."""
    cv2 = import_cv2()
    cv2.setNumThreads(-1)
    order = np.random.default_rng(seed).permutation(len(examples))
    for start in range(0, len(order), settings.batch_size):
        chosen = [examples[index] for index in order[start : start + settings.batch_size]]
        shape = (len(chosen), settings.frames, settings.height, settings.width, settings.channels)
        frames, lengths = np.zeros(shape, np.uint8), np.zeros(len(chosen), np.int32)
        for row, example in enumerate(chosen):
            clip = []
            capture = cv2.VideoCapture(str(example.input))
            while True:
                read, frame = capture.read()
                if not read:
                    break
                frame = cv2.resize(frame, (settings.width, settings.height), interpolation=cv2.INTER_AREA)
                code = cv2.COLOR_BGR2RGB if settings.channels == 3 else cv2.COLOR_BGR2GRAY
                clip.append(cv2.cvtColor(frame, code).reshape(shape[2:]))
            capture.release()
            if len(clip) > settings.frames:
                clip = [clip[int((n + 0.5) * len(clip) / settings.frames)] for n in range(settings.frames)]
            frames[row, : len(clip)], lengths[row] = clip, len(clip)
        targets = np.array([assets["labels"].index(example.target) for example in chosen], np.int32)
        yield {"frames": frames, "length": lengths}, targets


def _signature(batch):
    return keras.tree.map_structure(lambda value: tf.TensorSpec((None, *value.shape[1:]), value.dtype), batch)


if __name__ == "__main__":
    main()
