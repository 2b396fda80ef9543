"""Decides how a recurrent layer runs: compiled or not, and in how many parts of the batch."""

import contextlib
import contextvars
import functools
import os
from collections.abc import Iterator, Sequence

import tensorflow as tf

from suite.recurrent.kernels.recurrence import Form

# Measured: below this many multiplications and additions in one forward pass, XLA saves less than its compile costs.
COMPILE_FROM = 3e7
# Measured: a step with less work than this is over before a second core could help.
SHARD_FROM = 1e6
ROWS_PER_SHARD, MOST_SHARDS = 8, 4
# What an unknown batch and length are taken for.
USUAL_BATCH, USUAL_LENGTH = 32, 100

_compilation: contextvars.ContextVar[bool | str] = contextvars.ContextVar("suite_recurrent_compilation", default="auto")


@contextlib.contextmanager
def compilation(mode: bool | str) -> Iterator[None]:
    """Says whether layers called inside compile their loops: `True`, `False`, or `"auto"` (the default)."""
    if mode not in (True, False, "auto"):
        raise ValueError(f"`mode` must be True, False or 'auto'. Received: mode={mode}")
    token = _compilation.set(mode)
    try:
        yield
    finally:
        _compilation.reset(token)


def choose_form(
    kernel: str,
    inputs: tf.Tensor,
    weights_shape: Sequence[int],
    mask: tf.Tensor | None,
    *,
    sequences: bool,
    training: bool,
    dropped: tf.Tensor | None = None,
) -> Form:
    """The `Form` for a layer whose recurrent kernel has `weights_shape`, called on `inputs`."""
    return Form(
        kernel=kernel,
        sequences=bool(sequences),
        keep=bool(training),
        compiled=choose_compiled(inputs, weights_shape),
        shards=choose_shards(inputs, weights_shape),
        features=inputs.shape[-1],
        recurrent=tuple(weights_shape),
        masked=mask is not None,
        dtype=inputs.dtype,
        mixed=0 if mask is None or mask.dtype == tf.bool else mask.shape[-1],
        dropped=dropped is not None,
    )


def choose_compiled(inputs: tf.Tensor, weights_shape: Sequence[int]) -> bool:
    """Whether a loop over `inputs` `(batch, time, features)` whose recurrent kernel has `weights_shape` is compiled."""
    length = USUAL_LENGTH if inputs.shape[1] is None else inputs.shape[1]
    compiled = _compilation.get()
    return _work(inputs, weights_shape) * length >= COMPILE_FROM if compiled == "auto" else bool(compiled)


def compiles_light_loops(often: bool) -> bool:
    """Whether loops are compiled whose steps are so light that most of their time goes into calling ops.

    Measured: XLA then pays at any size in what runs `often`, as a loss does; elsewhere compiling takes longer than it saves.
    """
    mode = _compilation.get()
    return often if mode == "auto" else bool(mode)


def choose_shards(inputs: tf.Tensor, weights_shape: Sequence[int]) -> int:
    """Into how many parts the batch of `inputs` is cut for a loop whose recurrent kernel has `weights_shape`."""
    if _work(inputs, weights_shape) < SHARD_FROM:
        return 1
    return max(1, min(cores(), _batch(inputs) // ROWS_PER_SHARD, MOST_SHARDS))


def _work(inputs: tf.Tensor, weights_shape: Sequence[int]) -> int:
    """Multiplications and additions of one step."""
    return 2 * _batch(inputs) * weights_shape[0] * weights_shape[1]


def _batch(inputs: tf.Tensor) -> int:
    return USUAL_BATCH if inputs.shape[0] is None else inputs.shape[0]


@functools.cache
def has_gpu() -> bool:
    """Whether TensorFlow sees a GPU, where Keras' own cuDNN path is the faster one."""
    return bool(tf.config.list_logical_devices("GPU"))


@functools.cache
def cores() -> int:
    """Processor cores this process may use."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    limit = tf.config.threading.get_inter_op_parallelism_threads()
    return min(count or 1, limit) if limit else count or 1
