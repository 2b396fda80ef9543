"""What a signature computes: raw rows to quantiles, at once or row by row with the rows before carried along."""

import inspect

import keras
import tensorflow as tf

from pipelines.forecasting.model import raw_quantiles
from suite.answers.series import QUANTILES, SCORE
from suite.inputs.series_host import WindowShape
from suite.recurrent.deployment import Deployment, current, deploying
from suite.series.layers import LARGEST
from suite.signature import Graph


def of_window(model: keras.Model, shape: WindowShape, names: tuple[str, ...]) -> Graph:
    """Return `forecast(values, ...)`: the arguments are `names`, the answer `quantiles` and, of a stream, `score`."""

    def forecast(*arguments: tf.Tensor, **named: tf.Tensor) -> dict[str, tf.Tensor]:
        tensors = dict(zip(names, arguments, strict=False)) | named
        deployment = current()
        if deployment is not None and deployment.streaming:
            return _of_row(model, shape, tensors, deployment)
        return {QUANTILES: raw_quantiles(model(tensors, training=False))}

    parameters = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in names]
    forecast.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return forecast


def _of_row(
    model: keras.Model, shape: WindowShape, tensors: dict[str, tf.Tensor], deployment: Deployment
) -> dict[str, tf.Tensor]:
    """Return the forecast after one more row, and how odd that row was beside the forecast before it.

    The state is the rows before, how many of them there have been, and the forecast of the next row.
    """
    rows = tf.reshape(tensors["values"], (1, 1, shape.channels))
    before = deployment.carry("rows", tf.zeros((1, shape.look_back, shape.channels)))
    count = deployment.carry("count", tf.zeros((1, 1)))
    window = tf.concat([before[:, 1:], rows], axis=1)
    known = tf.minimum(count + 1.0, float(shape.look_back))
    places = tf.reshape(tf.range(shape.look_back, 0, -1, dtype=tf.float32), (1, shape.look_back, 1))
    window_known = tf.where(places <= tf.reshape(known, (1, 1, 1)), window, 2 * LARGEST)
    # The rows are all there is of the past: layers inside begin anew with each call.
    with deploying(Deployment(deployment.form, fixed=True)):
        quantiles = raw_quantiles(model({**tensors, "values": window_known}, training=False))
    expected = deployment.carry("expected", tf.zeros((1, shape.channels, quantiles.shape[-1])))
    deployment.keep("rows", window)
    deployment.keep("count", known)
    deployment.keep("expected", quantiles[:, 0])
    return {QUANTILES: quantiles, SCORE: tf.where(count > 0.5, _score(rows[:, 0], expected), 0.0)}


def _score(values: tf.Tensor, expected: tf.Tensor) -> tf.Tensor:
    """Return how odd values `(1, channels)` are beside quantiles `(1, channels, quantiles)`: as `suite.answers.series` has it."""
    middle = expected.shape[-1] // 2
    center, error = expected[..., middle], values - expected[..., middle]
    below, above = center - expected[..., 0], expected[..., -1] - center
    width = tf.where(error > 0, above, below) if middle else tf.ones_like(error)
    score = tf.abs(error) / tf.maximum(width, 1e-6 * tf.abs(center) + 1e-12)
    return tf.where(tf.abs(values) <= LARGEST, score, 0.0)
