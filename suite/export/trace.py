"""A signature of a trained model as a function of static batch 1, traced for one deployment."""

from typing import Any

import keras
import tensorflow as tf

from suite.pipeline import Signature
from suite.recurrent.deployment import Deployment, deploying

STATE = "state_"


def trace_signature(
    model: keras.Model, signature: Signature, form: str, deployment: str
) -> tuple[Any, dict[str, tf.TensorSpec]]:
    """Trace a signature for a deployment.

    Weights become constants: a variable that stays one beside a fused op is left unread in the file.

    Args:
        model: The trained model that the signature calls.
        signature: Of the pipeline.
        form: How recurrent layers trace themselves.
        deployment: `"interpreter"` (dynamic lengths), `"compiled"` (fixed shapes), `"streaming"` (one chunk; a state
            goes in and out of each call as inputs and outputs named `state_...`, zeros before the first chunk).

    Returns:
        The concrete function, a dict of tensors out, and the specification of its inputs by name.
    """
    specifications = {
        name: tf.TensorSpec((1, *raw.shape_in(deployment)), raw.dtype, name) for name, raw in signature.inputs.items()
    }
    fixed, streaming = deployment != "interpreter", deployment == "streaming"
    states = _state_specifications(signature, form, specifications) if streaming else {}
    weights = [(variable, variable.numpy()) for variable in model.variables]

    def call(**tensors):
        incoming = {name[len(STATE) :]: tensors.pop(name) for name in states}
        constants = [(variable, tf.constant(value)) for variable, value in weights]
        deployment = Deployment(form, fixed, streaming, incoming if streaming else None)
        with keras.StatelessScope(state_mapping=constants), deploying(deployment) as traced:
            outputs = dict(signature.function(**tensors))
        if streaming:
            # Per-step outputs of one chunk are no answer about the whole input.
            outputs = {name: value for name, value in outputs.items() if name not in signature.per_step}
        outputs |= {STATE + name: value for name, value in traced.final.items()}
        return {name: tf.identity(value, name) for name, value in outputs.items()}

    function = tf.function(call, autograph=False)
    return function.get_concrete_function(**specifications, **states), specifications | states


def _state_specifications(signature, form, specifications):
    traced = Deployment(form, fixed=True, streaming=True)

    def call(**tensors):
        with deploying(traced):
            signature.function(**tensors)
        return {name: tf.identity(zeros) for name, zeros in traced.initial.items()}

    function = tf.function(call, autograph=False).get_concrete_function(**specifications)
    return {
        STATE + name: tf.TensorSpec(shape, function.structured_outputs[name].dtype, STATE + name)
        for name, shape in ((name, function.structured_outputs[name].shape) for name in sorted(traced.initial))
    }
