"""What Keras' switches for the whole training step are worth on this machine's CPU.

    python benchmarks/step_options.py [TASK...]

Milliseconds of one training step (medians over rounds, interleaved) on batches in memory, for each task's sample data with its
default settings, beside the step as `suite train` runs it:

    steps_per_execution=8   eight steps in one call of TensorFlow
    jit_compile             XLA of the whole step (`suite` compiles its recurrent kernels alone)
    mixed_bfloat16          layers compute in bfloat16, weights stay float32

An option that a task's step cannot take is shown with the first line of its error.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from suite.data.reading import read_examples
from suite.registry import PIPELINES, load_pipeline
from suite.training.optimizer import make_optimizer

STEPS, ROUNDS = 16, 5
OPTIONS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "steps_per_execution=8": {"steps_per_execution": 8},
    "jit_compile": {"jit_compile": True},
    "mixed_bfloat16": {"precision": "mixed_bfloat16"},
}


def main() -> None:
    """Measure and print a table."""
    for task in sys.argv[1:] or PIPELINES:
        print(task, flush=True)
        milliseconds = measure(task)
        base = milliseconds.get("as it is")
        for name, value in milliseconds.items():
            shown = f"{value:8.1f} ms  {value / base:5.2f} x" if isinstance(value, float) else value
            print(f"  {name:24}{shown}", flush=True)


def measure(task: str) -> dict[str, Any]:
    """Return option -> milliseconds of a step, or the first line of its error."""
    pipeline = load_pipeline(task)
    with tempfile.TemporaryDirectory() as folder:
        settings = pipeline.Settings()
        examples = read_examples(pipeline, pipeline.make_sample(Path(folder) / "sample"), settings).part("train")
        assets = pipeline.prepare(examples, settings)
        batches = list(pipeline.batches(examples, assets, settings, True).dataset(0).take(STEPS))
    fits, times = {}, {}
    for name, options in OPTIONS.items():
        try:
            model = prepared(pipeline, settings.model_copy(update=options), assets, options)
            data = tf.data.Dataset.from_generator(lambda: iter(batches), output_signature=signature(batches))
            model.fit(data, verbose=0)
            fits[name], times[name] = (model, data), []
        except Exception as error:  # TensorFlow's, Keras', XLA's
            times[name] = f"{type(error).__name__}: {str(error).strip().splitlines()[0][:90]}"
    for _ in range(ROUNDS):
        for name, (model, data) in fits.items():
            started = time.perf_counter()
            model.fit(data, verbose=0)
            times[name].append((time.perf_counter() - started) / len(batches) * 1000)
    return {name: statistics.median(value) if isinstance(value, list) else value for name, value in times.items()}


def prepared(pipeline: Any, settings: Any, assets: dict[str, Any], options: dict[str, Any]) -> keras.Model:
    """Return a compiled model of the task with the switches set."""
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(options.get("precision", "float32"))
    model = pipeline.build(settings, assets)
    phase = pipeline.phases(settings, assets)[0]
    phase.compile(model, make_optimizer(settings, phase.learning_rate, 100))
    model.steps_per_execution = options.get("steps_per_execution", 1)
    model.jit_compile = options.get("jit_compile", model.jit_compile)
    return model


def signature(batches: list[Any]) -> Any:
    """Return what a dataset of such batches yields: dimensions that differ among them are open."""

    def spec(*tensors: tf.Tensor) -> tf.TensorSpec:
        sizes = zip(*(tensor.shape for tensor in tensors), strict=True)
        return tf.TensorSpec([size[0] if len(set(size)) == 1 else None for size in sizes], tensors[0].dtype)

    return tf.nest.map_structure(spec, *batches)


if __name__ == "__main__":
    main()
