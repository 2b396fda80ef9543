"""The suite's exported file beside what Keras 3 exports from the same weights.

    python benchmarks/export.py saved_models/sentiment/mine [--rounds 200]

    suite       tflite/interpreter.tflite: raw text in
    stock       `model.export(format="litert")` of the network with Keras' own layers: token numbers in
    keras loop  Keras' own loop at a fixed batch of 1, the best that avoids Flex by hand: raw text in

At batch 1 on one thread, interleaved, on the texts kept with the model. Prints bytes, Flex ops, median milliseconds and
ratios. A file that needs Flex has no milliseconds where the interpreter at hand does not bring Flex along: TensorFlow's own
Python package (2.21) holds the list of ops that Flex allows, and of the delegate that runs them an empty stand-in only.
"""

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import tensorflow as tf

from suite.artifact import load_model, read_artifact, read_parity
from suite.export.convert import Conversion, convert
from suite.export.inspect import inspect_file
from suite.recurrent import to_keras
from suite.runtime.tflite_runtime import TfLitePredictor
from suite.text import make_tokenizer


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model_dir", type=Path)
    parser.add_argument("--rounds", type=int, default=200)
    arguments = parser.parse_args()

    artifact = read_artifact(arguments.model_dir)
    model = load_model(artifact)
    texts = read_parity(artifact)
    tokenizer = make_tokenizer(artifact.settings, artifact.assets)
    with tempfile.TemporaryDirectory() as folder:
        files = {
            "suite": arguments.model_dir / "tflite" / "interpreter.tflite",
            "stock": Path(folder) / "stock.tflite",
            "keras loop": Path(folder) / "loop.tflite",
        }
        to_keras(model).export(str(files["stock"]), format="litert", verbose=False)
        convert(Conversion(arguments.model_dir, ["classify"], "interpreter", "loop", "none", files["keras loop"]))
        report = {name: {"bytes": path.stat().st_size, "flex": inspect_file(path).flex} for name, path in files.items()}
        calls = {name: _text_call(files[name], texts) for name in ("suite", "keras loop")}
        calls["stock"] = _token_call(files["stock"], [tokenizer(text["text"][np.newaxis]) for text in texts])
        times = {name: [] for name, call in calls.items() if call is not None}
        for turn in range(arguments.rounds + len(texts)):
            for name, measured in times.items():
                started = time.perf_counter()
                calls[name](turn % len(texts))
                if turn >= len(texts):  # the first pass over the texts allocates
                    measured.append(time.perf_counter() - started)
    for name, measured in times.items():
        report[name]["milliseconds"] = round(1000 * statistics.median(measured), 4)
    for name in times.keys() - {"suite"}:
        report[f"{name} / suite"] = round(report[name]["milliseconds"] / report["suite"]["milliseconds"], 2)
    print(json.dumps(report, indent=2))


def _text_call(path, texts):
    predictor = TfLitePredictor(path)
    return lambda index: predictor.call(texts[index])


def _token_call(path, tokens):
    """Return a call of the stock file, or None where its Flex ops cannot run."""
    runner = tf.lite.Interpreter(str(path), num_threads=1).get_signature_runner()
    names = list(runner.get_input_details())
    fed = [
        {next(name for name in names if name.endswith(key)): value.numpy() for key, value in one.items()}
        for one in tokens
    ]
    try:
        runner(**fed[0])
    except RuntimeError:
        return None
    return lambda index: runner(**fed[index])


if __name__ == "__main__":
    main()
