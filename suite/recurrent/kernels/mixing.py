"""Any kernel with states that keep a part of what they were at each step: zoneout, and masked steps beside it.

    s_t = s_(t-1) + m_t (s'_t - s_(t-1))            s'_t: what the kernel's own step makes of s_(t-1)

`m_t` is 1 where a unit takes its new value, 0 where it keeps the old one, and between the two where it takes the mean. Then

    ds'_t = m_t ds_t            ds_(t-1) = (1 - m_t) ds_t + what the kernel's own step gives back for ds'_t
"""

import functools
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from suite.recurrent.kernels.scan import Prepare, Step, Tensors, scan


def mixed_forward(
    kernel: Any,
    inputs: tf.Tensor,
    states: Tensors,
    input_weights: Tensors,
    weights: Tensors,
    taken: tf.Tensor,
    length: tf.Tensor | None = None,
    dropped: tf.Tensor | None = None,
    *,
    keep: bool,
    sequences: bool,
    compiled: bool,
) -> tuple[tf.Tensor | None, Tensors, Tensors]:
    """What `kernel.forward` does, with `taken` in the place of its mask.

    Args:
        kernel: One of `KERNELS`; it must not need its new state to tell what a step did (`simple_rnn` does where `m_t` is
            neither 0 nor 1).
        taken: `m_t` of all steps, `(batch, time, width)`: one number for each state, or one for each of their units.
    """
    count = len(states)
    parts = _parts(taken, states)

    def run(
        prepare: Prepare, step: Step, states: Tensors, steps: Tensors, widths: Any, **options: Any
    ) -> tuple[Tensors, Tensors]:
        def mixed(slices: list[tf.Tensor], before: Tensors) -> tuple[Tensors, Tensors]:
            after, outputs = step(slices[:-1], before)
            # What a kernel carries beside its states is not mixed.
            pairs = zip(parts(slices[-1]), before[:count], after[:count], strict=True)
            new = tuple(old + share * (made - old) for share, old, made in pairs)
            return (*new, *after[count:]), (new[0], *outputs[1:])[: len(outputs)]

        return scan(prepare, mixed, states, (*steps, taken), widths, **options)

    return kernel.forward(
        inputs,
        states,
        input_weights,
        weights,
        None,
        length,
        dropped,
        keep=keep,
        sequences=sequences,
        compiled=compiled,
        scan=run,
    )


def mixed_backward(
    kernel: Any,
    d_outputs: tf.Tensor | None,
    d_states: Tensors,
    outputs: tf.Tensor,
    saved: Tensors,
    states: Tensors,
    weights: Tensors,
    taken: tf.Tensor,
    length: tf.Tensor | None = None,
    dropped: tf.Tensor | None = None,
    *,
    compiled: bool,
) -> tuple[tf.Tensor, Tensors, Tensors]:
    """What `kernel.backward` does, for `mixed_forward`."""
    count, parts = len(states), _parts(taken, states)
    arriving = () if d_outputs is None else (d_outputs,)

    def run(
        prepare: Prepare, step: Step, states: Tensors, steps: Tensors, widths: Any, **options: Any
    ) -> tuple[Tensors, Tensors]:
        def mixed(slices: list[tf.Tensor], d_after: Tensors) -> tuple[Tensors, Tensors]:
            if arriving:
                d_after = (d_after[0] + slices[-1], *d_after[1:])
                slices = slices[:-1]
            shares = parts(slices[-1])
            # What a kernel carries beside the gradients of its states is not mixed.
            of_states, carried = d_after[:count], d_after[count:]
            entering = tuple(share * d for share, d in zip(shares, of_states, strict=True))
            before, results = step(slices[:-1], (*entering, *carried))
            triples = zip(before[:count], shares, of_states, strict=True)
            return (*(b + (1 - share) * d for b, share, d in triples), *before[count:]), results

        return scan(prepare, mixed, states, (*steps, taken, *arriving), widths, **options)

    return kernel.backward(
        None, d_states, outputs, saved, states, weights, None, length, dropped, compiled=compiled, scan=run
    )


def mixed_kernel(kernel: Any) -> tuple[Callable, Callable]:
    """The two functions of a kernel with mixed states."""
    return functools.partial(mixed_forward, kernel), functools.partial(mixed_backward, kernel)


def _parts(taken: tf.Tensor, states: Tensors) -> Callable[[tf.Tensor], list[tf.Tensor]]:
    """The function that cuts `m_t`, `(batch, width)`, into that of each state."""
    widths = [state.shape[1] for state in states]
    sizes = [1] * len(states) if taken.shape[2] == len(states) else widths
    return lambda shares: tf.split(shares, sizes, axis=-1)
