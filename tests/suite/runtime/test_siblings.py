"""Predictors of several signatures of one model: Keras and a file alike, one by one and stacked."""

import numpy as np
import pytest
import tensorflow as tf

from suite.answers.outputs import QUANTITY
from suite.runtime.deployed import deployed_predictor
from suite.runtime.keras_runtime import KerasPredictor
from suite.signature import Host, Output, RawInput, Signature


def double(numbers):
    return {"doubled": 2 * numbers}


def compare(numbers, other):
    return {"larger": tf.maximum(numbers, other), "sum": tf.reduce_sum(numbers + other, axis=1)}


def row_by_row(predictor, arrays):
    """The host's part for a file of a single number: one call for each."""
    calls = [predictor.call({name: array[[place]] for name, array in arrays.items()}) for place in range(3)]
    larger = np.concatenate([call["larger"] for call in calls])
    return {"larger": larger, "sum": np.float32(sum(call["sum"] for call in calls))}


NUMBERS = RawInput("float32", (None,), "numbers", fixed=(1,))
SIGNATURES = [
    Signature("double", {"numbers": NUMBERS}, {"doubled": Output(QUANTITY, "")}, lambda model: double),
    Signature(
        "compare",
        {"numbers": NUMBERS, "other": NUMBERS},
        {"larger": Output(QUANTITY, ""), "sum": Output(QUANTITY, "")},
        lambda model: compare,
        Host(windows=row_by_row),
    ),
]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """An `interpreter` and a `compiled` file of both signatures."""
    found = {}
    for deployment, size in (("interpreter", None), ("compiled", 1)):
        folder, module = tmp_path_factory.mktemp(deployment), tf.Module()
        traced = {
            signature.name: tf.function(signature.function(None)).get_concrete_function(
                **{name: tf.TensorSpec((1, size), tf.float32, name) for name in signature.inputs}
            )
            for signature in SIGNATURES
        }
        tf.saved_model.save(module, str(folder / "saved"), traced)
        path = folder / f"{deployment}.tflite"
        path.write_bytes(tf.lite.TFLiteConverter.from_saved_model(str(folder / "saved")).convert())
        found[deployment] = path
    return found


@pytest.mark.parametrize("runtime", ["keras", "interpreter", "compiled"])
def test_a_sibling_answers_for_its_signature_one_by_one_and_stacked(runtime, files):
    if runtime == "keras":
        predictor = KerasPredictor(None, SIGNATURES)
    else:
        predictor = deployed_predictor(files[runtime], runtime, SIGNATURES[0], signatures=SIGNATURES)
    if runtime != "compiled":
        np.testing.assert_array_equal(predictor([{"numbers": np.float32([1, 2])}])[0]["doubled"], [2, 4])
    sibling = predictor.sibling("compare")
    assert predictor.sibling("compare") is sibling and sibling.sibling("double").signature.name == "double"
    stacked = {"numbers": np.float32([[1, 5, 2], [0, 0, 7]]), "other": np.float32([[3, 3, 3], [1, -1, 1]])}
    found = {name: np.asarray(array) for name, array in sibling.batch(stacked).items()}
    np.testing.assert_array_equal(found["larger"], [[3, 5, 3], [1, 0, 7]])
    np.testing.assert_array_equal(found["sum"], [17, 8])
    alone = sibling([{name: array[row] for name, array in stacked.items()} for row in range(2)])
    for row, answer in enumerate(alone):
        np.testing.assert_array_equal(answer["larger"], found["larger"][row])
    with pytest.raises(ValueError, match="unheard_of"):
        predictor.sibling("unheard_of")


def test_what_one_call_gives_can_be_fed_to_the_next():
    predictor = KerasPredictor(None, SIGNATURES)
    once = predictor.batch({"numbers": np.float32([[1, 2]])})
    twice = predictor.batch({"numbers": once["doubled"]})
    np.testing.assert_array_equal(twice["doubled"], [[4, 8]])
