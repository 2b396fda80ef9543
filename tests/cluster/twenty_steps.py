"""Twenty steps of a training in float64, as a program: `twenty_steps.py TASK DATA WEIGHTS.npz`, a worker under `TF_CONFIG`."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from suite.quiet import import_tensorflow

STEPS = 20
BATCH_SIZE = 6


def main(task: str, data: Path, output: Path) -> None:
    """Train, and write the weights that this worker has at the end."""
    import_tensorflow()
    import keras

    from suite.config import load_settings
    from suite.data.reading import read_examples
    from suite.registry import load_pipeline
    from suite.training.fit import begin_phase
    from suite.training.process import prepare_process
    from suite.training.workers.cluster import join, read_place
    from suite.training.workers.turns import compile_for

    place = read_place()
    workers = join(place) if place else None
    pipeline = load_pipeline(task)
    settings = load_settings(pipeline.Settings, None, [f"batch_size={BATCH_SIZE}"])
    prepare_process(settings)
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    train = read_examples(pipeline, data, settings).part("train")
    train = train[:: max(1, len(train) // (STEPS * BATCH_SIZE))]
    assets = pipeline.prepare(train, settings, None)
    model, phase = pipeline.build(settings, assets), pipeline.phases(settings, assets)[0]
    source = pipeline.batches(train, assets, settings, True)
    if workers:
        phase = replace(phase, compile=compile_for(workers, phase))
    begin_phase(model, phase, source, settings)
    if not workers:
        model.make_train_function()
    batches = iter(source.dataset(0, workers.share) if workers else source.dataset(0))
    for _ in range(STEPS):
        model.train_function(batches)
    np.savez(output, **{weight.path: weight.numpy() for weight in model.variables})
    sys.stdout.flush()
    os._exit(0)  # a strategy of several workers waits for the others as Python ends


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
