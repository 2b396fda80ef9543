"""The epoch loop: `model.fit` one epoch at a time, dev metrics, best weights, early stopping, saved state."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from suite.config import TrainingSettings
from suite.pipeline import BatchSource, Phase
from suite.training.nan_guard import NanGuard, check_weights
from suite.training.optimizer import averaged, make_optimizer, take_average
from suite.training.progress import TrainingProgress
from suite.training.state import Epoch, History, read_history, restore_best, restore_state, save_state

if TYPE_CHECKING:
    import keras
    import tensorflow as tf


@dataclass(frozen=True)
class FitPlan:
    """What is fitted, one phase after another, and what is best.

    Attributes:
        phases: Each starts from the best weights of the one before.
        sources: The training batches of each.
        monitor: Name and direction of the dev metric that decides what is best.
        score: Returns the dev metrics of the model as it stands; None without a dev part (then the last weights stay).
    """

    phases: Sequence[Phase]
    sources: Sequence[BatchSource]
    monitor: tuple[str, str]
    score: Callable[[], dict[str, float]] | None = None


def fit(
    model: "keras.Model",
    plan: FitPlan,
    settings: TrainingSettings,
    state: Path,
    on_epoch: Callable[[Epoch], None],
    console: Console,
) -> History:
    """Fit all phases, going on from the state on disk where there is one; leave the best weights in the model.

    Args:
        model: A built model.
        plan: The phases with their batches, and how the model is scored.
        settings: Seed, patience, optimizer settings.
        state: Folder of the unfinished run.
        on_epoch: Called after each epoch's state is safe on disk.
        console: For progress.

    Returns:
        The history of all epochs, those before a resume included.

    Raises:
        UserError: when the loss is no longer a number.
    """
    history = read_history(state)
    with TrainingProgress(sum(phase.epochs for phase in plan.phases), console) as progress:
        for index, (phase, source) in enumerate(zip(plan.phases, plan.sources, strict=True)):
            epochs = history.of_phase(index)
            if history.epochs and history.epochs[-1].phase > index:
                continue
            begin_phase(model, phase, source, settings)
            if epochs:
                restore_state(state, model)
            elif index:
                restore_best(state, model)
            while len(epochs) < phase.epochs and not _stale(epochs, history, settings.patience):
                epoch = fit_epoch(model, source, index, len(history.epochs), plan.score, progress)
                history.epochs.append(epoch)
                if plan.score is not None and _is_better(epoch, history, plan.monitor):
                    history.best = epoch.number
                save_state(state, model, history)
                epochs = history.of_phase(index)
                seconds_left = (phase.epochs - len(epochs)) * sum(e.seconds for e in epochs) / len(epochs)
                progress.epoch_done(epoch, history.best == epoch.number, seconds_left)
                on_epoch(epoch)
            if history.best is None:
                take_average(model)
    restore_best(state, model)
    return history


def begin_phase(model: "keras.Model", phase: Phase, source: BatchSource, settings: TrainingSettings) -> None:
    """Compile the model for a phase, with a new optimizer whose variables are there."""
    ema_fraction = settings.ema_fraction if phase.ema_fraction is None else phase.ema_fraction
    phase.compile(model, make_optimizer(settings, phase.learning_rate, phase.epochs * source.steps, ema_fraction))
    model.optimizer.build(model.trainable_variables)


def fit_epoch(
    model: "keras.Model",
    source: BatchSource,
    phase: int,
    number: int,
    score: Callable[[], dict[str, float]] | None,
    progress: TrainingProgress,
) -> Epoch:
    """Fit one epoch of a compiled model and score it; `number` counts over all phases, from 0.

    Raises:
        UserError: when the loss, or a weight after the last batch, is no longer a number.
    """
    started = time.monotonic()
    callbacks = [NanGuard(number, source.names), progress.callback(number, source.steps)]
    logs = model.fit(
        _without_tuning(source.dataset(number)),
        initial_epoch=number,
        epochs=number + 1,
        shuffle=False,
        verbose=0,
        callbacks=callbacks,
    ).history
    check_weights(model, number, source.steps, source.names)
    metrics = {f"train_{name}": float(values[0]) for name, values in logs.items()}
    if score is not None:
        with averaged(model):
            metrics |= {f"val_{name}": value for name, value in score().items()}
    metrics["learning_rate"] = float(model.optimizer.learning_rate)
    return Epoch(number, phase, metrics, time.monotonic() - started)


def _without_tuning(dataset: "tf.data.Dataset") -> "tf.data.Dataset":
    """Return the batches without tf.data's self-tuning, whose thread can hold up the end of an epoch by up to a minute."""
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)


def _is_better(epoch: Epoch, history: History, monitor: tuple[str, str]) -> bool:
    """Return whether an epoch's dev metric beats the best one's; one that is no number beats none."""
    name, direction = monitor
    value = epoch.metrics[f"val_{name}"]
    if history.best is None:
        return not math.isnan(value)
    best = history.epochs[history.best].metrics[f"val_{name}"]
    return value > best if direction == "max" else value < best


def _stale(epochs: list[Epoch], history: History, patience: int) -> bool:
    if not patience or history.best is None or not epochs:
        return False
    return epochs[-1].number - max(history.best, epochs[0].number) >= patience
