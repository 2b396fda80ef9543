"""A linear-chain conditional random field: how likely tags are, each tag's probability, and the best tags."""

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import keras
import tensorflow as tf

from suite.recurrent.deployment import current
from suite.recurrent.kernels.scan import Tensors
from suite.sequence import crf_loops
from suite.sequence.crf_kernels import logarithmic_sums
from suite.sequence.crf_path import BARRED, best_path, path_score


def crf_log_likelihood(
    logits: tf.Tensor, tags: tf.Tensor, mask: tf.Tensor, transitions: tf.Tensor, start: tf.Tensor, end: tf.Tensor
) -> tf.Tensor:
    """Return the logarithm of the probability of each row's tags among all paths of its length.

        score(y) = start(y_1) + sum_t logits_t(y_t) + sum_t transitions(y_(t-1), y_t) + end(y_n)
        log p(y) = score(y) - log sum_y' exp score(y')

    What stands in padding changes neither the result nor a gradient. The gradient is written by hand: observed less
    expected counts. There is no second derivative.

    Source: Lafferty et al. 2001, "Conditional Random Fields"; scaling: Rabiner 1989, section V.A.

    Args:
        logits: `(batch, time, tags)`, float32 or float64; half precision is computed in float32.
        tags: Integers `(batch, time)`.
        mask: boolean `(batch, time)`, True first and padding at the end.
        transitions: `(tags, tags)`, [from, to]. Those that are barred are finite all the same: `BARRED`.
        start, end: `(tags,)`, for the first and the last tag of a row.

    Returns:
        `(batch,)`, nats, in the dtype of the logits; 0 where a row has no step.
    """
    logits, mask, parameters = _prepared(logits, mask, (transitions, start, end))
    tags = tf.where(mask, tf.cast(tags, tf.int32), 0)

    @tf.custom_gradient
    def likelihood(logits: tf.Tensor, *parameters: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        # The loops have their own gradient; the tape must not look for another one inside.
        values, *weights = (tf.stop_gradient(value) for value in (logits, *parameters))
        form = crf_loops.choose_form(values, often=True)
        sums, exact = crf_loops.sums(form)(values, mask, tuple(weights))

        def gradient(upstream: tf.Tensor) -> Tensors:
            @tf.custom_gradient
            def counts(upstream: tf.Tensor, *sources: tf.Tensor) -> tuple[Tensors, Callable]:
                upstream = tf.stop_gradient(upstream)
                results = crf_loops.gradients(form)(upstream, sums, exact, tags, mask, tuple(weights))
                return results, _no_second_gradient

            # The sources take part so that a second derivative by any of them is refused, not silently zero.
            return counts(upstream, logits, *parameters)

        return path_score(values, tags, mask, tuple(weights)) - tf.cast(sums.log_partition, values.dtype), gradient

    return likelihood(logits, *parameters)


def crf_marginals(
    logits: tf.Tensor, mask: tf.Tensor, transitions: tf.Tensor, start: tf.Tensor, end: tf.Tensor
) -> tf.Tensor:
    """Return the probability of each tag at each step, all paths counted: `(batch, time, tags)`, zeros in padding.

    Arguments as for `crf_log_likelihood`. In an export it is traced over logarithms, in built-in ops of TFLite.
    """
    logits, mask, parameters = _prepared(logits, mask, (transitions, start, end))
    if current() is not None:
        return logarithmic_sums(logits, mask, parameters, crf_loops.deployed_loop()).marginals
    sums, _ = crf_loops.sums(crf_loops.choose_form(logits, often=False))(logits, mask, parameters)
    return tf.cast(sums.marginals, logits.dtype)


def viterbi(
    logits: tf.Tensor, mask: tf.Tensor, transitions: tf.Tensor, start: tf.Tensor, end: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the path of the highest score of each row: int32 `(batch, time)` and its score `(batch,)`.

    Arguments as for `crf_log_likelihood`. Zeros in padding. No barred transition is taken where a path without one exists,
    whatever the logits say. Among equal paths the one whose tags, seen from the end, come first.
    """
    logits, mask, parameters = _prepared(logits, mask, (transitions, start, end))
    if current() is not None:
        tags = best_path(logits, mask, parameters, crf_loops.deployed_loop())
    else:
        tags = crf_loops.path(crf_loops.choose_form(logits, often=False))(logits, mask, parameters)
    return tags, path_score(logits, tags, mask, parameters)


@keras.saving.register_keras_serializable(package="suite")
class CRF(keras.layers.Layer):
    """A linear-chain conditional random field over the logits of a tagger.

    The call hands the logits on, so that it stands as a model's last layer; `log_likelihood`, `marginals` and `decode` are
    for a loss, for probabilities and for answers. Scores of allowed transitions are learned; those of the others stay at
    `BARRED`. All is computed in float32 (float64 in a float64 layer), whatever the policy.

    Args:
        allowed_start: Whether a row may begin with each tag, a list of booleans; its length is the number of tags.
        allowed_transitions: Whether a tag may follow another, a list for each tag that is come from.
        allowed_end: Whether a row may end with each tag.

    Call arguments:
        logits: `(batch, time, tags)`.
        mask: boolean `(batch, time)`, True first; goes no further.

    Returns:
        The logits, float32.
    """

    # Scores span orders of magnitude, and a message is a product of all before it: no 8 bits hold either.
    float_in_int8 = True

    def __init__(
        self,
        allowed_start: Sequence[bool],
        allowed_transitions: Sequence[Sequence[bool]],
        allowed_end: Sequence[bool],
        **options: Any,
    ) -> None:
        super().__init__(autocast=False, **options)
        self.allowed_start = [bool(value) for value in allowed_start]
        self.allowed_transitions = [[bool(value) for value in row] for row in allowed_transitions]
        self.allowed_end = [bool(value) for value in allowed_end]
        size = len(self.allowed_start)
        if {len(self.allowed_end), len(self.allowed_transitions), *map(len, self.allowed_transitions)} != {size}:
            raise ValueError(
                f"`allowed_transitions` must be {size} x {size} and `allowed_end` {size}, as `allowed_start` has {size} tags. "
                f"Received: {[len(row) for row in self.allowed_transitions]} and {len(self.allowed_end)}"
            )
        self.supports_masking = True

    def build(self, logits_shape: tuple[int | None, ...]) -> None:
        """Create the scores, zeros at first."""
        size = len(self.allowed_start)
        if logits_shape[-1] != size:
            raise ValueError(f"The logits must be of {size} tags. Received: shape={logits_shape}")
        shapes = {"transitions": (size, size), "start": (size,), "end": (size,)}
        for name, shape in shapes.items():
            setattr(self, name, self.add_weight(name=name, shape=shape, initializer="zeros", autocast=False))

    def call(self, logits: tf.Tensor, mask: tf.Tensor | None = None) -> tf.Tensor:
        """Return the logits."""
        # A tensor of its own: one that came in would bring its mask along.
        return tf.identity(tf.cast(logits, self._working_dtype))

    def compute_mask(self, logits: tf.Tensor, previous_mask: tf.Tensor | None = None) -> None:
        """Return no mask: Keras would weight the losses of rows by a mask of steps."""

    def log_likelihood(self, logits: tf.Tensor, tags: tf.Tensor, mask: tf.Tensor | None = None) -> tf.Tensor:
        """Return what `crf_log_likelihood` gives with the layer's scores; without a mask every step counts."""
        return crf_log_likelihood(logits, tags, _whole(mask, logits), *self.scores())

    def marginals(self, logits: tf.Tensor, mask: tf.Tensor | None = None) -> tf.Tensor:
        """Return what `crf_marginals` gives with the layer's scores."""
        with tf.name_scope(self.name):
            return crf_marginals(logits, _whole(mask, logits), *self.scores())

    def decode(self, logits: tf.Tensor, mask: tf.Tensor | None = None) -> tuple[tf.Tensor, tf.Tensor]:
        """Return what `viterbi` gives with the layer's scores."""
        with tf.name_scope(self.name):
            return viterbi(logits, _whole(mask, logits), *self.scores())

    def scores(self) -> Tensors:
        """Return transitions, start and end: as learned where allowed, `BARRED` elsewhere."""
        pairs = (
            (self.transitions, self.allowed_transitions),
            (self.start, self.allowed_start),
            (self.end, self.allowed_end),
        )
        return tuple(
            tf.where(allowed, tf.cast(tf.convert_to_tensor(weight), self._working_dtype), BARRED)
            for weight, allowed in pairs
        )

    @property
    def _working_dtype(self) -> str:
        return "float64" if self.compute_dtype == "float64" else "float32"

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        names = ("allowed_start", "allowed_transitions", "allowed_end")
        return super().get_config() | {name: getattr(self, name) for name in names}


def _whole(mask: tf.Tensor | None, logits: tf.Tensor) -> tf.Tensor:
    return tf.ones(tf.shape(logits)[:2], tf.bool) if mask is None else mask


def _prepared(logits: tf.Tensor, mask: tf.Tensor, parameters: Tensors) -> tuple[tf.Tensor, tf.Tensor, Tensors]:
    """Logits with zeros in padding, mask and scores, all of one dtype."""
    logits = tf.convert_to_tensor(logits)
    dtype = tf.float64 if logits.dtype == tf.float64 else tf.float32
    mask = tf.cast(mask, tf.bool)
    if current() is not None:
        # The converter needs to know that the batch is 1.
        time = logits.shape[1] or mask.shape[1]
        logits = tf.reshape(logits, (1, time or -1, logits.shape[-1]))
        mask = tf.reshape(mask, (1, time or -1))
    else:
        first = tf.sequence_mask(tf.reduce_sum(tf.cast(mask, tf.int32), 1), tf.shape(mask)[1])
        tf.debugging.assert_equal(mask, first, "`mask` must be True first, padding at the end of each row.")
    logits = tf.where(mask[..., None], tf.cast(logits, dtype), 0)
    return logits, mask, tuple(tf.cast(values, dtype) for values in parameters)


def _no_second_gradient(*upstream: tf.Tensor) -> NoReturn:
    raise LookupError(
        "The likelihood of a CRF has first derivatives only. Received: a second derivative of `crf_log_likelihood`."
    )
