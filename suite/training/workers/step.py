"""The training step of several workers, each with a share of the batch: the step that one worker takes with all of it.

Losses may couple the examples of a batch (a mean over the tokens that count, a division by the mean number of symbols),
so no worker can compute its part of one. Instead:

    1. each worker runs the model on its rows;
    2. the outputs and targets of all workers are gathered, so that each has those of the whole batch, and the loss,
       as the model was compiled with it, is computed of them, with its gradient by the outputs;
    3. each worker carries the gradient by the outputs of its rows back to the weights, and the sum over the workers,

           dL/dw = sum over workers k of (dL/do_k do_k/dw),

       is the gradient of the whole batch, which the optimizer then clips and applies, alike in every worker.

A weight that the loss itself has (the transitions of a CRF) is reached without the outputs: each worker adds its equal share
of that gradient. A loss that a layer adds is taken for a mean over examples: a worker's counts by its share of the rows.
"""

from collections.abc import Callable, Iterator
from typing import Any

import keras
import tensorflow as tf

from suite.training.workers.cluster import Workers
from suite.training.workers.whole_batch import Rows, of_whole_batch

GATHERED_TYPES = (tf.float32, tf.float64, tf.int32, tf.int64)  # others go as int32


def make_train_function(model: keras.Model, workers: Workers) -> Callable[[Iterator[Any]], dict[str, tf.Tensor]]:
    """Return what `model.fit` calls for each batch of a worker's rows, in place of Keras' own, for a compiled model.

    It is traced once, whatever the shapes of the batches: processes that traced at different steps would lose each other.
    """

    @tf.function(autograph=False, reduce_retracing=True)
    def train_function(iterator: Iterator[Any]) -> dict[str, tf.Tensor]:
        return _train_step(model, workers, next(iterator))

    return train_function


def _train_step(model: keras.Model, workers: Workers, data: Any) -> dict[str, tf.Tensor]:
    x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    weights, tape = model.trainable_weights, tf.GradientTape()

    def run_forward(*local: Any) -> Any:
        (x, y, sample_weight), rows = _as_wide_as_all(workers, local)
        with of_whole_batch(model, rows), tape:
            y_pred = model(x, training=True)
            added = tf.add_n([tf.reduce_sum(loss) for loss in model.losses]) if model.losses else None
        outputs = tf.nest.flatten(y_pred)
        masks = [getattr(output, "_keras_mask", None) for output in outputs]
        everything = _gather([y_pred, y, sample_weight, masks])
        return outputs, added, everything, (rows.start, rows.count, rows.total)

    # Run by the strategy is only what speaks to other workers: within, Keras would take a loss for one of several parts.
    outputs, added, everything, positions = workers.strategy.run(run_forward, args=(x, y, sample_weight))
    y_pred, y, sample_weight, masks = everything
    rows = Rows(*positions)
    for output, mask in zip(tf.nest.flatten(y_pred), masks, strict=True):
        output._keras_mask = mask
    share = rows.count / rows.total
    with tf.GradientTape() as loss_tape:
        loss_tape.watch(tf.nest.flatten(y_pred))
        loss = model._compile_loss(y, y_pred, sample_weight)
        scaled = model.optimizer.scale_loss(loss)
    by_outputs, direct = loss_tape.gradient(scaled, [tf.nest.flatten(y_pred), [weight.value for weight in weights]])

    def run_backward() -> Any:
        reached = [(output, seed) for output, seed in zip(outputs, by_outputs, strict=True) if seed is not None]
        targets = [output for output, _ in reached]
        seeds = [seed[rows.start : rows.start + rows.count] for _, seed in reached]
        counted = tf.zeros((), loss.dtype)
        if added is not None:
            targets.append(added)
            seeds.append(model.optimizer.scale_loss(tf.cast(share, added.dtype)))
            counted = tf.where(rows.count > 0, tf.cast(share, loss.dtype) * tf.cast(added, loss.dtype), counted)
        through = tape.gradient(targets, [weight.value for weight in weights], output_gradients=seeds)
        count = len(workers.place.addresses)
        local = [_sum_of(gradient, part, count) for gradient, part in zip(through, direct, strict=True)]
        *reduced, counted = _all_reduce([gradient for gradient in local if gradient is not None] + [counted])
        summed = iter(reduced)
        return [None if gradient is None else next(summed) for gradient in local], counted

    gradients, counted = workers.strategy.run(run_backward)
    model._loss_tracker.update_state(loss + counted, sample_weight=rows.total)
    model.optimizer.apply_gradients(zip(gradients, weights, strict=True))
    return model.compute_metrics(x, y, y_pred, sample_weight=sample_weight)


def _as_wide_as_all(workers: Workers, local: Any) -> tuple[Any, Rows]:
    """Return tensors padded with zeros to the sizes of the widest worker's, and the place of their rows in the batch."""
    tensors = [tensor for tensor in tf.nest.flatten(local) if tensor is not None]
    unknown = [[axis for axis in range(1, len(tensor.shape)) if tensor.shape[axis] is None] for tensor in tensors]
    sizes = [tf.shape(tensor)[axis] for tensor, axes in zip(tensors, unknown, strict=True) for axis in axes]
    of_all = _gather(tf.stack([tf.shape(tensors[0])[0], *sizes])[tf.newaxis])
    widest = iter(tf.unstack(tf.reduce_max(of_all[:, 1:], 0), num=len(sizes)))
    padded = []
    for tensor, axes in zip(tensors, unknown, strict=True):
        missing = [next(widest) - tf.shape(tensor)[axis] if axis in axes else 0 for axis in range(len(tensor.shape))]
        whole = tf.pad(tensor, [[0, size] for size in missing]) if axes else tensor
        padded.append(tf.ensure_shape(whole, tensor.shape))
    rows, number = of_all[:, 0], workers.place.index
    filled = iter(padded)
    local = tf.nest.map_structure(lambda tensor: None if tensor is None else next(filled), local)
    return local, Rows(tf.reduce_sum(rows[:number]), rows[number], tf.reduce_sum(rows))


def _gather(nest: Any) -> Any:
    """Return the tensors of a nest with the rows of all workers, in their order."""
    context = tf.distribute.get_replica_context()

    def gather(tensor: tf.Tensor | None) -> tf.Tensor | None:
        if tensor is None:
            return None
        sent = tensor if tensor.dtype in GATHERED_TYPES else tf.cast(tensor, tf.int32)
        gathered = tf.cast(context.all_gather(tf.stop_gradient(sent), axis=0), tensor.dtype)
        return tf.ensure_shape(gathered, [None, *tensor.shape[1:]])

    return tf.nest.map_structure(gather, nest)


def _all_reduce(tensors: list[Any]) -> list[Any]:
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, tensors)


def _sum_of(through: Any, direct: Any, workers: int) -> Any:
    """Return a worker's part of a gradient: what came through the outputs, and its share of what the loss itself has."""
    if direct is None:
        return through
    part = tf.convert_to_tensor(direct) / workers
    return part if through is None else tf.convert_to_tensor(through) + part
