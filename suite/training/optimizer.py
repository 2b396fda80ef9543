"""AdamW with a learning-rate schedule and global-norm clipping (Loshchilov & Hutter 2019), on request averaging weights."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from suite.config import TrainingSettings

if TYPE_CHECKING:
    import keras


def make_optimizer(
    settings: TrainingSettings, learning_rate: float, total_steps: int, ema_fraction: float = 0.0
) -> "keras.optimizers.Optimizer":
    """Return the optimizer of one phase; schedule, warm-up and average begin anew with each.

    Args:
        settings: `schedule`, `warmup_fraction`, `weight_decay`, `clip_norm`, `precision`.
        learning_rate: The peak.
        total_steps: Steps of the whole phase; the cosine ends there at zero.
        ema_fraction: Keep a running average of the weights for `averaged` (Polyak and Juditsky 1992), in which a step's
            weights have a share of 1 / e after `ema_fraction * total_steps` more; 0 keeps none.
    """
    import keras

    warmup_steps = round(settings.warmup_fraction * total_steps)
    if settings.schedule == "cosine":
        schedule = keras.optimizers.schedules.CosineDecay(
            initial_learning_rate=0.0 if warmup_steps else learning_rate,
            decay_steps=max(1, total_steps - warmup_steps),
            warmup_target=learning_rate if warmup_steps else None,
            warmup_steps=warmup_steps,
        )
    elif warmup_steps:
        schedule = keras.optimizers.schedules.PolynomialDecay(0.0, warmup_steps, end_learning_rate=learning_rate)
    else:
        schedule = learning_rate
    optimizer = keras.optimizers.AdamW(
        schedule,
        weight_decay=settings.weight_decay,
        global_clipnorm=settings.clip_norm,
        use_ema=ema_fraction > 0,
        ema_momentum=1 - 1 / max(1.0, ema_fraction * total_steps),
    )
    # At the end of each `fit`, thus of each epoch, Keras would go on from the average.
    optimizer.finalize_variable_values = lambda variables: None
    # One-dimensional weights (biases, normalisation) shift and scale; decaying them to zero is no regularisation.
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    if settings.precision == "mixed_float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    return optimizer


@contextmanager
def averaged(model: "keras.Model") -> Iterator[None]:
    """Give a compiled model its average weights for a while, where its optimizer keeps them."""
    if not _innermost(model.optimizer).use_ema:
        yield
        return
    newest = [variable.numpy() for variable in model.trainable_variables]
    take_average(model)
    try:
        yield
    finally:
        for variable, value in zip(model.trainable_variables, newest, strict=True):
            variable.assign(value)


def take_average(model: "keras.Model") -> None:
    """Give a compiled model its average weights for good, where its optimizer keeps them."""
    optimizer = _innermost(model.optimizer)
    type(optimizer).finalize_variable_values(optimizer, model.trainable_variables)


def _innermost(optimizer: "keras.optimizers.Optimizer") -> "keras.optimizers.Optimizer":
    """Return the optimizer that keeps the average: the one inside where losses are scaled."""
    return getattr(optimizer, "inner_optimizer", optimizer)
