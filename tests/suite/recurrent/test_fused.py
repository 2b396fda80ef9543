"""An exported LSTM that starts from a state, or hands its own on: the file gives what the layer gives."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from suite.recurrent import LSTM, Bidirectional, MinGRU
from suite.recurrent.deployment import Deployment, deploying

UNITS, FEATURES, STEPS = 4, 3, 6
RANDOM = np.random.default_rng(0)
INPUTS = RANDOM.normal(size=(1, STEPS, FEATURES)).astype("float32")
STATES = [RANDOM.normal(size=(1, UNITS)).astype("float32") for _ in range(2)]


def converted(layer, folder, *states, learned=None):
    """The layer as a `.tflite` file of the fused form: its answer to `INPUTS`, and the names of its ops.

    `states` are inputs of the file, `learned` ones are constants in it.
    """
    specification = [tf.TensorSpec((1, None, FEATURES), name="sequences")]
    specification += [tf.TensorSpec((1, UNITS), name=name) for name in ("h", "c")[: len(states)]]
    module = tf.Module()
    weights = [(variable, variable.numpy()) for variable in layer.variables]

    @tf.function(input_signature=specification, autograph=False)
    def call(sequences, *states):
        constants = [(variable, tf.constant(value)) for variable, value in weights]
        with keras.StatelessScope(state_mapping=constants), deploying(Deployment("fused")):
            results = tf.nest.flatten(layer(sequences, initial_state=list(states) or learned))
        return {f"result_{index}": tf.identity(result) for index, result in enumerate(results)}

    module.call = call
    tf.saved_model.save(module, str(folder), signatures=call)
    content = tf.lite.TFLiteConverter.from_saved_model(str(folder)).convert()
    interpreter = Interpreter(model_content=content)
    ops = {op["op_name"] for op in interpreter._get_ops_details()}
    fed = {"sequences": INPUTS, **dict(zip(("h", "c"), states, strict=False))}
    answers = interpreter.get_signature_runner()(**fed)
    return [answers[name] for name in sorted(answers)], ops


CASES = {
    "plain": ({"return_sequences": True}, 0, True),
    "return_state": ({"return_state": True}, 0, False),
    "initial_state": ({"return_sequences": True}, 2, False),
    "both": ({"return_sequences": True, "return_state": True, "go_backwards": True}, 2, False),
}


@pytest.mark.parametrize(
    "case", [case if case in ("plain", "both") else pytest.param(case, marks=pytest.mark.slow) for case in CASES]
)
def test_states_are_those_of_the_layer(case, tmp_path):
    options, count, fused = CASES[case]
    layer = LSTM(UNITS, **options)
    states = STATES[:count]
    expected = tf.nest.flatten(layer(INPUTS, initial_state=states or None))
    answers, ops = converted(layer, tmp_path, *states)
    for answer, value in zip(answers, expected, strict=True):
        np.testing.assert_allclose(answer, value, atol=1e-5)
    assert ("UNIDIRECTIONAL_SEQUENCE_LSTM" in ops) == fused
    assert not any(op.startswith("Flex") for op in ops)


def test_a_learned_first_state_stays_in_the_file(tmp_path):
    layer = LSTM(UNITS)
    expected = layer(INPUTS, initial_state=STATES)
    answers, _ = converted(layer, tmp_path, learned=STATES)
    np.testing.assert_allclose(answers[0], expected, atol=1e-5)


def test_states_in_both_directions():
    layer = Bidirectional(LSTM(UNITS, return_state=True, return_sequences=True))
    states = [*STATES, *[-state for state in STATES]]
    expected = layer(INPUTS, initial_state=states)
    with deploying(Deployment("fused")):
        traced = tf.function(lambda x: layer(x, initial_state=states))(INPUTS)
    for answer, value in zip(traced, expected, strict=True):
        np.testing.assert_allclose(answer, value, atol=1e-5)


@pytest.mark.parametrize("layer_class", [LSTM, MinGRU])
def test_a_stream_starts_at_zero_or_is_refused(layer_class):
    layer = layer_class(UNITS)
    layer(INPUTS)
    with deploying(Deployment("loop", fixed=True, streaming=True)):
        layer(INPUTS)
        with pytest.raises(ValueError, match=r"streaming deployment a layer's state .* Received: layer="):
            layer(INPUTS, initial_state=STATES[: 2 if layer_class is LSTM else 1])
