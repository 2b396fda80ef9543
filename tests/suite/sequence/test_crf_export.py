"""The CRF in files: built-in ops, fixed or any length, every quantization, the answers of Keras."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from suite.export.worker import _int8
from suite.recurrent.deployment import Deployment, deploying
from suite.sequence.crf import CRF

# 40 x 40 scores: constants of over 1,024 numbers are what the converter makes 8 bits of.
TAGS, FEATURES, STEPS = 40, 8, 6
RANDOM = np.random.default_rng(0)
NAMES = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
CASES = {
    "any length": ("fused", None, "none"),
    "any length, float16": ("fused", None, "float16"),
    "any length, dynamic": ("fused", None, "dynamic"),
    "any length, int8": ("fused", None, "int8"),
    "fixed": ("loop", STEPS, "none"),
    "fixed, dynamic": ("loop", STEPS, "dynamic"),
    "unrolled, int8": ("unrolled", STEPS, "int8"),
}


@pytest.fixture(scope="module")
def layers():
    allowed = RANDOM.random((TAGS, TAGS)) < 0.7
    crf = CRF([True] * (TAGS - 1) + [False], allowed, [True] * TAGS, name="crf")
    dense = keras.layers.Dense(TAGS, name="dense")
    crf.build((None, None, TAGS)), dense.build((None, None, FEATURES))
    for weight in (*crf.weights, dense.kernel):
        weight.assign(RANDOM.normal(size=weight.shape))
    return dense, crf


def save_tagger(layers, folder, form, steps):
    """Write the tagger as a saved model, as the exporter makes one."""
    dense, crf = layers
    weights = [(variable, variable.numpy()) for variable in dense.variables + crf.variables]
    specification = [tf.TensorSpec((1, steps, FEATURES), name="features"), tf.TensorSpec((1,), tf.int32, "length")]

    @tf.function(input_signature=specification, autograph=False)
    def call(features, length):
        constants = [(variable, tf.constant(value)) for variable, value in weights]
        with keras.StatelessScope(state_mapping=constants), deploying(Deployment(form, fixed=steps is not None)):
            mask = tf.sequence_mask(length, steps or tf.shape(features)[1])
            logits = crf(dense(features))
            results = {"tags": crf.decode(logits, mask)[0], "marginals": crf.marginals(logits, mask)}
        return {name: tf.identity(value, name) for name, value in results.items()}

    module = tf.Module()
    module.call = call
    tf.saved_model.save(module, str(folder), signatures=call)
    return folder


def converted(folder, steps, quantization):
    """A saved model as the content of a file."""

    def converter():
        made = tf.lite.TFLiteConverter.from_saved_model(str(folder))
        made.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        return made

    if quantization == "int8":
        length = np.array([steps or 7], np.int32)
        samples = [{"features": features(length[0]), "length": length} for _ in range(30)]
        every = [("serving_default", sample) for sample in samples]
        return _int8(converter, lambda: iter(every), ["crf"], [], ["crf", "dense"])
    prepared = converter()
    if quantization != "none":
        prepared.optimizations = [tf.lite.Optimize.DEFAULT]
    if quantization == "float16":
        prepared.target_spec.supported_types = [tf.float16]
    return prepared.convert()


@pytest.fixture(scope="module")
def content_of(layers, tmp_path_factory):
    """`content_of(case)` gives the tagger as the content of a file; cases of one form share a saved model."""

    @functools.cache
    def saved(form, steps):
        return save_tagger(layers, tmp_path_factory.mktemp("saved"), form, steps)

    @functools.cache
    def content(case):
        form, steps, quantization = CASES[case]
        return converted(saved(form, steps), steps, quantization)

    return content


def features(steps):
    return RANDOM.normal(size=(1, steps, FEATURES)).astype("float32")


# Each form once and each quantization once is quick.
QUICK = ("any length", "any length, dynamic", "fixed", "unrolled, int8")


@pytest.mark.parametrize(
    "case", [case if case in QUICK else pytest.param(case, marks=pytest.mark.slow) for case in CASES]
)
def test_a_file_gives_the_answers_of_keras(case, layers, content_of):
    form, steps, quantization = CASES[case]
    content = content_of(case)
    run = Interpreter(model_content=content, num_threads=1).get_signature_runner()
    dense, crf = layers
    alike = count = 0
    for time in [steps] if steps else [1, 2, 7, 60]:
        for length in {time, (time + 1) // 2, 0}:
            inputs = features(time)
            answers = run(features=inputs, length=np.array([length], np.int32))
            logits, mask = dense(inputs), (np.arange(time) < length)[None]
            marginals, (tags, _) = crf.marginals(logits, mask).numpy(), crf.decode(logits, mask)
            tolerance = {"none": 2e-6, "float16": 1e-2, "dynamic": 5e-2, "int8": 0.15}[quantization]
            np.testing.assert_allclose(answers["marginals"], marginals, atol=tolerance)
            alike += np.sum(answers["tags"] == tags)
            count += time
            if quantization == "none":
                np.testing.assert_array_equal(answers["tags"], tags)
    assert alike >= 0.9 * count
    check_ops(content, unrolled=form == "unrolled", fixed=steps is not None)


def check_ops(content, unrolled, fixed):
    """Only built-in ops; the CRF in float, without a loop where unrolled, without unknown shapes where fixed."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
    names = {NAMES[code.builtinCode] for code in model.operatorCodes}
    assert "CUSTOM" not in names and not any(code.customCode for code in model.operatorCodes)
    assert ("WHILE" in names) != unrolled
    for graph in model.subgraphs:
        for operator in graph.operators:
            if NAMES[model.operatorCodes[operator.opcodeIndex].builtinCode] in (
                "ADD",
                "SUB",
                "EXP",
                "LOG",
                "REDUCE_MAX",
            ):
                types = {graph.tensors[index].type for index in operator.outputs}
                assert types <= {schema.TensorType.FLOAT32, schema.TensorType.INT32}
        if fixed:
            unknown = [t.name for t in graph.tensors if t.shapeSignature is not None and -1 in list(t.shapeSignature)]
            assert not unknown


def test_a_fixed_shape_runs_in_the_newer_runtime(layers, content_of, tmp_path):
    from ai_edge_litert.compiled_model import CompiledModel

    file = tmp_path / "compiled.tflite"
    file.write_bytes(content_of("fixed"))
    model = CompiledModel.from_file(str(file))
    inputs, length = features(STEPS), np.array([STEPS - 3], np.int32)
    fed = {name: model.create_input_buffer_by_name("serving_default", name) for name in ("features", "length")}
    outputs = {name: model.create_output_buffer_by_name("serving_default", name) for name in ("tags", "marginals")}
    fed["features"].write(inputs)
    fed["length"].write(length)
    model.run_by_name("serving_default", fed, outputs)
    dense, crf = layers
    expected, _ = crf.decode(dense(inputs), (np.arange(STEPS) < length)[None])
    np.testing.assert_array_equal(outputs["tags"].read(STEPS, np.int32), expected[0])
