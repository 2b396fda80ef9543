"""A signature of a trained model as a function of static batch 1, traced for one deployment."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from suite.recurrent.deployment import Deployment, deploying
from suite.signature import Signature

STATE = "state_"


def trace_signature(
    model: keras.Model, signature: Signature, signatures: Sequence[Signature], form: str, deployment: str
) -> tuple[Any, dict[str, tf.TensorSpec]]:
    """Trace a signature for a deployment.

    Weights become constants: a variable that stays one beside a fused op is left unread in the file.

    Args:
        model: The trained model that the signature calls.
        signature: The one to trace.
        signatures: All of the pipeline, for the shapes of what others give.
        form: How recurrent layers trace themselves.
        deployment: `"interpreter"` (dynamic lengths), `"compiled"` (fixed shapes), `"streaming"` (one chunk; a state
            goes in and out of each call as inputs and outputs named `state_...`, zeros before the first chunk).

    Returns:
        The concrete function, a dict of tensors out, and the specification of its inputs by name.
    """
    traced = _trace(model, signature, signatures, form, deployment)
    return traced.function, traced.inputs


def trace_signatures(
    model: keras.Model, names: Sequence[str], signatures: Sequence[Signature], form: str, deployment: str
) -> dict[str, tuple[Any, dict[str, tf.TensorSpec]]]:
    """Return what `trace_signature` gives for each name; for the first one alone where any of them has a fused LSTM.

    The state of a fused LSTM can be reset in a file only when all of its signatures have run, and an app calls one.
    """
    by_name, traced = {signature.name: signature for signature in signatures}, {}
    for name in names:
        outcome = _trace(model, by_name[name], signatures, form, deployment)
        traced[name] = outcome.function, outcome.inputs
        if outcome.fused:
            return {names[0]: traced[names[0]]}
    return traced


class _Traced(NamedTuple):
    function: Any
    inputs: dict[str, tf.TensorSpec]
    fused: bool


def _trace(
    model: keras.Model, signature: Signature, signatures: Sequence[Signature], form: str, deployment: str
) -> _Traced:
    specifications = {}
    for name, raw in signature.inputs.items():
        shape = raw.known_shape(deployment)
        if raw.source and None in shape:
            known = _output_shape(model, signatures, *raw.source)
            shape = tuple(size or length for size, length in zip(shape, known, strict=True))
        specifications[name] = tf.TensorSpec((1, *shape), raw.dtype, name)
    fixed, streaming = deployment != "interpreter", deployment == "streaming"
    function = signature.function(model)
    states = _state_specifications(function, form, specifications) if streaming else {}
    weights = [(variable, variable.numpy()) for variable in model.variables]
    fused = False

    def call(**tensors):
        nonlocal fused
        incoming = {name[len(STATE) :]: tensors.pop(name) for name in states}
        constants = [(variable, tf.constant(value)) for variable, value in weights]
        deployment = Deployment(form, fixed, streaming, incoming if streaming else None)
        with keras.StatelessScope(state_mapping=constants), deploying(deployment) as traced:
            outputs = dict(function(**tensors))
        fused = traced.fused
        if streaming:
            # Per-step outputs of one chunk are no answer about the whole input.
            outputs = {name: value for name, value in outputs.items() if signature.outputs[name].in_chunk}
        outputs |= {STATE + name: value for name, value in traced.final.items()}
        return {name: tf.identity(value, name) for name, value in outputs.items()}

    traceable = tf.function(call, autograph=False)
    concrete = traceable.get_concrete_function(**specifications, **states)
    return _Traced(concrete, specifications | states, fused)


def _output_shape(
    model: keras.Model, signatures: Sequence[Signature], name: str, output: str
) -> tuple[int | None, ...]:
    """Return the shape of an output of a signature without the batch axis, from its fixed shapes."""
    signature = next(one for one in signatures if one.name == name)
    specifications = {
        key: tf.TensorSpec((1, *raw.known_shape("compiled")), raw.dtype, key) for key, raw in signature.inputs.items()
    }
    traceable = tf.function(lambda **tensors: signature.function(model)(**tensors), autograph=False)
    return tuple(traceable.get_concrete_function(**specifications).structured_outputs[output].shape[1:])


def _state_specifications(
    function: Callable[..., dict[str, tf.Tensor]], form: str, specifications: dict[str, tf.TensorSpec]
) -> dict[str, tf.TensorSpec]:
    traced = Deployment(form, fixed=True, streaming=True)

    def call(**tensors):
        with deploying(traced):
            function(**tensors)
        return {name: tf.identity(zeros) for name, zeros in traced.initial.items()}

    zeros = tf.function(call, autograph=False).get_concrete_function(**specifications).structured_outputs
    return {
        STATE + name: tf.TensorSpec(zeros[name].shape, zeros[name].dtype, STATE + name)
        for name in sorted(traced.initial)
    }
