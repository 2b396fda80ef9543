"""The child process of a conversion: `python -m suite.export.worker REQUEST.json`.

The converter can crash the process it runs in; here that ends a child and becomes a message.
"""

import json
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from suite.export.convert import Conversion


def convert(conversion: Conversion) -> None:
    """Write the `.tflite` of a conversion, in this process."""
    import tensorflow as tf

    from suite.artifact import load_model, read_artifact
    from suite.export.fused_lstm import write_fused_lstms
    from suite.export.trace import trace_signatures

    artifact = read_artifact(conversion.model_dir, verify=False)  # the parent process has looked at the files
    model = load_model(artifact)
    known = {one.name: one for one in artifact.pipeline.signatures(artifact.assets, artifact.settings)}
    traced = trace_signatures(
        model, conversion.signatures, list(known.values()), conversion.form, conversion.deployment
    )
    module = tf.Module()
    module.functions = {name: function for name, (function, _) in traced.items()}
    # Ops that are built in once `write_fused_lstms` has been over the file.
    fused = conversion.form == "fused"
    placeholders = fused and any(hasattr(layer, "fused_tensors") for layer in model._flatten_layers())
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(module, folder, signatures=dict(module.functions))

        def converter():
            made = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=list(traced))
            made.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
            made.allow_custom_ops = placeholders or any(known[name].custom_ops for name in traced)
            return made

        quantization, calibration = conversion.quantization, conversion.calibration
        if quantization == "int8" and calibration is not None:

            def samples():
                for name, (_, inputs) in traced.items():
                    yield from ((name, sample) for sample in read_samples(Path(calibration) / name, inputs))

            carried = _attending_layers(model)
            if conversion.deployment != "interpreter":
                carried += _recurrent_layers(model)
            layers = [layer.name for layer in model._flatten_layers()]
            content = _int8(converter, samples, _float_layers(model), carried, layers)
        else:
            prepared = converter()
            if quantization != "none":
                prepared.optimizations = [tf.lite.Optimize.DEFAULT]
            if quantization == "float16":
                prepared.target_spec.supported_types = [tf.float16]
            content = prepared.convert()
        Path(conversion.output).write_bytes(content)
    if placeholders:
        write_fused_lstms(Path(conversion.output), quantization)
    remove_cell_clip(Path(conversion.output))


def remove_cell_clip(path: Path) -> None:
    """Let the cell states of fused LSTMs grow as in training: the converter writes a limit of 10 into the file."""
    from suite.export.model_file import read_model, write_model

    model = read_model(path)
    options = [operator.builtinOptions for graph in model.subgraphs for operator in graph.operators]
    clipped = [option for option in options if getattr(option, "cellClip", 0)]
    for option in clipped:
        option.cellClip = 0.0
    if clipped:
        write_model(path, model, {}, {})


def _float_layers(model: Any) -> list[str]:
    """Return the names of layers that say their values have no range that 8 bits could hold, and of layer normalisations:
    their variances and the inverse roots of these span orders of magnitude.
    """
    from keras.layers import LayerNormalization

    return [
        layer.name
        for layer in model._flatten_layers()
        if getattr(layer, "float_in_int8", False) or isinstance(layer, LayerNormalization)
    ]


def _recurrent_layers(model: Any) -> list[str]:
    """Return the names of the recurrent layers. One step after another, in a stream or a scan, their states would be rounded to
    8 bits as often: all but their matrix products keep its precision, as the cell state does in a fused LSTM (16 bits there).
    """
    from keras.layers import RNN

    from suite.recurrent.min_rnn import MinimalRNN

    return [layer.name for layer in model._flatten_layers() if isinstance(layer, (RNN, MinimalRNN))]


def _attending_layers(model: Any) -> list[str]:
    """Return the names of the layers with self-attention: their masked scores span what 8 bits do not, their products do not."""
    from suite.recurrent import TransformerEncoder

    return [layer.name for layer in model._flatten_layers() if isinstance(layer, TransformerEncoder)]


def belongs_to(node: str, layer: str, layers: list[str]) -> bool:
    """Return whether a tensor's name says that a layer made it.

    Names are scopes joined by `/`, several joined by `;` where the converter fused ops. A layer that is called again has
    the scope `NAME_1`, unless that is the name of another layer.
    """
    scopes = re.split("[/;]", node)
    return any(
        scope == layer or (scope not in layers and re.fullmatch(rf"{re.escape(layer)}_\d+", scope)) for scope in scopes
    )


def stays_float(node: str, float_layers: list[str], layers: list[str]) -> bool:
    """Return whether the tensor of that name keeps its precision where the model is quantised.

    So do those of `float_layers`, and those that no layer made: what a signature does with raw inputs and with answers.
    Names that begin with `tfl.` are of ops that the converter made of whole layers.
    """
    if any(belongs_to(node, layer, layers) for layer in float_layers):
        return True
    return not node.startswith("tfl.") and not any(belongs_to(node, layer, layers) for layer in layers)


def _int8(
    converter: Callable[[], Any], samples: Callable, float_layers: list[str], carried: list[str], layers: list[str]
) -> bytes:
    """Quantise weights and activations, calibrated on samples (signature, inputs); some nodes stay in float: those of
    `float_layers`, and those of the layers `carried` but for their matrix products.
    """
    import tensorflow as tf
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(converter().convert(), 0))
    products = schema.BuiltinOperator.FULLY_CONNECTED, schema.BuiltinOperator.BATCH_MATMUL
    denied = []
    for graph in model.subgraphs:
        for operator in graph.operators:
            product = model.operatorCodes[operator.opcodeIndex].builtinCode in products
            own = float_layers if product else float_layers + carried
            names = [graph.tensors[index].name.decode() for index in operator.outputs]
            denied += [name for name in names if stays_float(name, own, layers)]
    prepared = converter()
    prepared.optimizations = [tf.lite.Optimize.DEFAULT]
    prepared.representative_dataset = samples
    options = tf.lite.experimental.QuantizationDebugOptions(denylisted_nodes=denied)
    debugger = tf.lite.experimental.QuantizationDebugger(
        converter=prepared, debug_dataset=prepared.representative_dataset, debug_options=options
    )
    return debugger.get_nondebug_quantized_model()


def read_samples(folder: Path, inputs: dict) -> Iterator[dict]:
    """Yield calibration inputs with a batch axis, cut or padded to the static shapes of `inputs`; states are zeros."""
    import numpy as np

    for file in sorted(folder.glob("*.npz")):
        with np.load(file, allow_pickle=False) as arrays:
            sample = {}
            for name, specification in inputs.items():
                shape = [1 if size is None else size for size in specification.shape]
                value = np.asarray(arrays[name])[np.newaxis] if name in arrays else np.zeros(shape)
                for axis, size in enumerate(specification.shape):
                    if size is not None and value.shape[axis] != size:
                        value = np.take(value, range(min(size, value.shape[axis])), axis)
                        value = np.pad(
                            value, [(0, size - value.shape[axis] if at == axis else 0) for at in range(value.ndim)]
                        )
                sample[name] = value.astype(specification.dtype.as_numpy_dtype)
            yield sample


if __name__ == "__main__":
    convert(Conversion(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
