"""Who does what in a training of several workers: the chief leads through phases and epochs, the others follow."""

import io
import tarfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from rich.console import Console

from suite.artifact import read_assets, write_assets
from suite.data.examples import Examples
from suite.errors import UserError
from suite.pipeline import BatchSource, Phase
from suite.registry import load_pipeline
from suite.training.begin import phase_sources
from suite.training.fit import begin_phase, fit_epoch
from suite.training.process import prepare_process
from suite.training.progress import TrainingProgress
from suite.training.unfinished import Request, refuse_other
from suite.training.workers.cluster import Workers, naming_lost_workers

if TYPE_CHECKING:
    import keras
    import tensorflow as tf


def send_begin(workers: Workers, begun: dict[str, Any], assets: dict[str, Any]) -> None:
    """Tell the other workers what the chief's run was begun with, and what it learned from its data."""
    workers.send(begun)
    with TemporaryDirectory() as folder, io.BytesIO() as buffer:
        write_assets(Path(folder), assets)
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            archive.add(folder, ".")
        workers.send_bytes(buffer.getvalue())


def lead(
    workers: Workers, model: "keras.Model", phases: Sequence[Phase], sources: Sequence[BatchSource]
) -> tuple[list[Phase], list[BatchSource]]:
    """Return phases and sources that make `fit` train with all workers.

    A phase compiles the model to take its steps with the others. A source gives the chief its rows of an epoch's batches;
    before, it calls the others to that epoch, and to the first one of a phase with the variables that the chief has.
    """
    led: list[int] = []

    def dataset(index: int, epoch: int) -> "tf.data.Dataset":
        workers.send([index, epoch])
        if index not in led:
            led.append(index)
            workers.share_variables(model.variables + model.optimizer.variables)
        return sources[index].dataset(epoch, workers.share)

    compiled = [replace(phase, compile=compile_for(workers, phase)) for phase in phases]
    return compiled, [replace(source, dataset=partial(dataset, index)) for index, source in enumerate(sources)]


def send_end(workers: Workers) -> None:
    """Tell the other workers that the run has ended well; one that is lost by then has nothing left to do."""
    with suppress(UserError), naming_lost_workers(workers):
        workers.send(None)


def compile_for(workers: Workers, phase: Phase) -> Callable[["keras.Model", "keras.optimizers.Optimizer"], None]:
    """Return a phase's `compile` for a model whose steps all workers take together."""
    from suite.training.workers.step import make_train_function

    def compile(model: "keras.Model", optimizer: "keras.optimizers.Optimizer") -> None:
        phase.compile(model, optimizer)
        model.train_function = make_train_function(model, workers)

    return compile


def follow(workers: Workers, request: Request, examples: Examples) -> None:
    """Train along with the chief until it says that the run has ended; nothing is written.

    Args:
        workers: Of which this process is not the chief.
        request: What was asked for, as the chief's.
        examples: The data, as the chief's.

    Raises:
        UserError: if settings or data are not those of the chief, or the loss is no longer a number.
    """
    pipeline, settings = load_pipeline(request.task), request.settings
    prepare_process(settings)
    begun = workers.receive()
    if begun is None:
        return
    refuse_other(f"worker {workers.place.index + 1}", begun, request, examples, "train along")
    with TemporaryDirectory() as folder, io.BytesIO(workers.receive_bytes()) as buffer:
        with tarfile.open(fileobj=buffer) as archive:
            archive.extractall(folder, filter="data")
        assets = read_assets(Path(folder))
    model = pipeline.build(settings, assets)
    phases = pipeline.phases(settings, assets)
    sources = phase_sources(pipeline, phases, model, examples.part("train"), assets, settings)
    silent = TrainingProgress(0, Console(quiet=True))
    current = None
    while (call := workers.receive()) is not None:
        index, epoch = call
        source = sources[index]
        if index != current:
            current = index
            begin_phase(model, replace(phases[index], compile=compile_for(workers, phases[index])), source, settings)
            workers.share_variables(model.variables + model.optimizer.variables)
        share = replace(source, dataset=partial(source.dataset, share=workers.share))
        fit_epoch(model, share, index, epoch, None, silent)
