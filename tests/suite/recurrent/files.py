"""A layer alone as a `.tflite` file, and what the file answers."""

from collections import Counter

import keras
import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from suite.export.fused_lstm import write_fused_lstms
from suite.recurrent.deployment import Deployment, deploying


def convert(layer, shape, folder, form="loop", quantization="none", mask=False, streaming=False):
    """The content of a file that takes `sequences` `(1, *shape)`, with `mask` one of those steps, and streaming states."""
    specification = {"sequences": tf.TensorSpec((1, *shape), name="sequences")}
    if mask:
        specification["mask"] = tf.TensorSpec((1, shape[0]), tf.bool, name="mask")
    weights = [(variable, variable.numpy()) for variable in layer.variables]
    initial = Deployment(form, streaming=streaming)
    if streaming:
        with deploying(initial):
            layer(tf.zeros((1, *shape)))
        for name, zeros in initial.initial.items():
            specification[name] = tf.TensorSpec(zeros.shape, name=name)

    def call(**tensors):
        states = {name: tensors.pop(name) for name in initial.initial}
        constants = [(variable, tf.constant(value)) for variable, value in weights]
        deployment = Deployment(form, None not in shape, streaming, states if streaming else None)
        with keras.StatelessScope(state_mapping=constants), deploying(deployment):
            outputs = layer(tensors.pop("sequences"), **tensors)
        return {"outputs": tf.identity(outputs), **{name: tf.identity(end) for name, end in deployment.final.items()}}

    traceable = tf.function(call, autograph=False)
    module = tf.Module()
    module.call = traceable.get_concrete_function(**specification)
    tf.saved_model.save(module, str(folder), signatures=module.call)
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder))
    converter.allow_custom_ops = True
    if quantization != "none":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if quantization == "float16":
        converter.target_spec.supported_types = [tf.float16]
    path = folder / "file.tflite"
    path.write_bytes(converter.convert())
    write_fused_lstms(path, quantization)
    return path.read_bytes()


def ops_of(content):
    """How often each op is in a file, those that a delegate took over included, and those of loops."""
    return Counter(op["op_name"] for op in Interpreter(model_content=content)._get_ops_details())


def answer(content, **inputs):
    """The outputs of a file in a fresh interpreter, by name."""
    return Interpreter(model_content=content).get_signature_runner()(**inputs)


def noise(*shape, seed=0):
    """Standard normal numbers."""
    return np.random.default_rng(seed).normal(size=shape).astype("float32")
