"""The suite's exported file beside what stock Keras exports from the same weights.

    python benchmarks/export.py saved_models/sentiment/mine [--rounds 200]

Stock is `model.export(format="litert")` of the network with Keras' own layers. It takes token numbers, so tokenizing is
left out of its time and its size; the suite's file takes the raw text. Both run at batch 1 on one thread, interleaved,
on the texts kept with the model. Prints bytes, whether Flex is needed, median milliseconds and the ratio.
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
    ours = arguments.model_dir / "tflite" / "interpreter.tflite"
    with tempfile.TemporaryDirectory() as folder:
        stock = Path(folder) / "stock.tflite"
        to_keras(model).export(str(stock), format="litert", verbose=False)
        report = {
            "suite": {"bytes": ours.stat().st_size, "flex": inspect_file(ours).flex},
            "stock": {"bytes": stock.stat().st_size, "flex": inspect_file(stock).flex},
        }
        # Flex comes with TensorFlow's own interpreter; LiteRT's has none.
        interpreter = tf.lite.Interpreter(str(stock), num_threads=1)
        runner = interpreter.get_signature_runner()
        names = list(runner.get_input_details())
        predictor = TfLitePredictor(ours)
        tokenizer = make_tokenizer(artifact.settings, artifact.assets)
        texts = read_parity(artifact)
        tokens = [_fed(tokenizer(text["text"][np.newaxis]), names) for text in texts]
        times = {"suite": [], "stock": []}
        difference = 0.0
        for turn in range(arguments.rounds + len(texts)):
            text, ids = texts[turn % len(texts)], tokens[turn % len(texts)]
            started = time.perf_counter()
            mine = predictor.call(text)["probabilities"]
            between = time.perf_counter()
            theirs = next(iter(runner(**ids).values()))
            ended = time.perf_counter()
            difference = max(difference, float(np.abs(mine - theirs).max()))
            if turn >= len(texts):  # the first pass over the texts allocates
                times["suite"].append(between - started)
                times["stock"].append(ended - between)
    for name, measured in times.items():
        report[name]["milliseconds"] = round(1000 * statistics.median(measured), 4)
    report["stock / suite"] = round(report["stock"]["milliseconds"] / report["suite"]["milliseconds"], 2)
    report["largest difference"] = difference
    print(json.dumps(report, indent=2))


def _fed(tokens, names):
    """Return the tokenizer's tensors under the names that the stock file gives its inputs."""
    return {next(name for name in names if name.endswith(key)): value.numpy() for key, value in tokens.items()}


if __name__ == "__main__":
    main()
