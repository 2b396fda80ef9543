"""The child process of a conversion: `python -m suite.export.worker REQUEST.json`.

The converter can crash the process it runs in; here that ends a child and becomes a message.
"""

import json
import sys
import tempfile
from pathlib import Path


def convert(model_dir: str, deployment: str, form: str, quantization: str, calibration: str | None, output: str) -> None:
    """Write the `.tflite` of one deployment and quantisation of a saved model.

    Args:
        model_dir: The saved model.
        deployment, form, quantization: What to make.
        calibration: For int8: a folder of `.npz` raw inputs.
        output: The file to write.
    """
    import tensorflow as tf

    from suite.artifact import load_model, read_artifact
    from suite.export.trace import trace_signature

    artifact = read_artifact(model_dir)
    model = load_model(artifact)
    (signature, *_) = artifact.pipeline.signatures(model, artifact.assets, artifact.settings)
    function, inputs = trace_signature(model, signature, form, deployment)
    module = tf.Module()
    module.function = function
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(module, folder, signatures={signature.name: function})
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=[signature.name])
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        if quantization != "none":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if quantization == "float16":
            converter.target_spec.supported_types = [tf.float16]
        if quantization == "int8":
            samples = read_samples(Path(calibration), inputs)
            converter.representative_dataset = lambda: ((signature.name, sample) for sample in samples)
        Path(output).write_bytes(converter.convert())


def read_samples(folder: Path, inputs: dict) -> list[dict]:
    """Return calibration inputs with a batch axis, cut or padded to the static shapes of `inputs`; states are zeros."""
    import numpy as np

    samples = []
    for file in sorted(folder.glob("*.npz")):
        with np.load(file, allow_pickle=False) as arrays:
            sample = {}
            for name, specification in inputs.items():
                shape = [1 if size is None else size for size in specification.shape]
                value = np.asarray(arrays[name])[np.newaxis] if name in arrays else np.zeros(shape)
                for axis, size in enumerate(specification.shape):
                    if size is not None and value.shape[axis] != size:
                        value = np.take(value, range(min(size, value.shape[axis])), axis)
                        value = np.pad(value, [(0, size - value.shape[axis] if at == axis else 0) for at in range(value.ndim)])
                sample[name] = value.astype(specification.dtype.as_numpy_dtype)
            samples.append(sample)
    return samples


if __name__ == "__main__":
    convert(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
