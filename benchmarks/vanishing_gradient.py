"""How much of a gradient is left after a growing lag: the picture of the vanishing gradient.

Usage: python benchmarks/vanishing_gradient.py [--output FILE.png] [--steps N] [--json]

The copy task: a symbol is shown at the first step, blanks follow, and after `lag` steps the layer must name it. Drawn
is the norm of the gradient of the loss by the input at the first step over the norm of that by the last, as built and
after some training at that lag (Hochreiter 1991; Bengio et al. 1994; Pascanu et al. 2013).
"""

import argparse
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

LAGS = (5, 10, 20, 50, 100, 200)
SYMBOLS, UNITS, BATCH = 8, 32, 64


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", default="docs/recurrent/vanishing_gradient.png")
    parser.add_argument("--steps", type=int, default=100, help="training steps at each lag")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    import keras

    from suite.recurrent import GRU, LSTM, MinGRU, SimpleRNN

    keras.utils.set_random_seed(1)
    layers = {
        "SimpleRNN": lambda lag: SimpleRNN(UNITS),
        "SimpleRNN, Glorot": lambda lag: SimpleRNN(UNITS, recurrent_initializer="glorot_uniform"),
        "LSTM": lambda lag: LSTM(UNITS),
        "LSTM, bias log(lag)": lambda lag: LSTM(UNITS, unit_forget_bias=False, bias_initializer=_open_for(lag)),
        "GRU": lambda lag: GRU(UNITS),
        "MinGRU": lambda lag: MinGRU(UNITS),
    }
    rows = []
    for name, layer in layers.items():
        for lag in LAGS:
            rows.append({"layer": name, "lag": lag, **measure(layer(lag), lag, options.steps)})
            if not options.json:
                print(rows[-1], flush=True)
    draw(rows, list(layers), Path(options.output))
    print(json.dumps(rows) if options.json else f"picture in {options.output}")


def _open_for(lag):
    import numpy as np

    def bias(shape, dtype=None):
        gate = np.log(lag) * np.ones(shape[0] // 4)
        return np.concatenate([-gate, gate, 0 * gate, 0 * gate]).astype("float32")

    return bias


def measure(layer, lag, steps):
    """Gradient norms as built and after training, and the share of symbols then named rightly."""
    import keras
    import numpy as np
    import tensorflow as tf

    random = np.random.default_rng(1)
    model = keras.Sequential([keras.Input((lag + 1, SYMBOLS + 1)), layer, keras.layers.Dense(SYMBOLS)])
    optimizer = keras.optimizers.Adam(5e-3, clipnorm=1.0)
    loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    weights = model.trainable_variables

    @tf.function
    def gradients(inputs, symbols):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            logits = model(inputs, training=True)
            loss = loss_of(symbols, logits)
        found = tape.gradient(loss, [inputs, *[weight.value for weight in weights]])
        right = tf.reduce_mean(tf.cast(tf.argmax(logits, -1) == symbols, tf.float32))
        return found[0], found[1:], right

    def batch():
        symbols = random.integers(0, SYMBOLS, BATCH)
        inputs = np.zeros((BATCH, lag + 1, SYMBOLS + 1), "float32")
        inputs[:, 1:, SYMBOLS] = 1
        inputs[np.arange(BATCH), 0, symbols] = 1
        return tf.constant(inputs), tf.constant(symbols)

    def ratio():
        norms = np.linalg.norm(gradients(*batch())[0], axis=-1).mean(0)
        return float(norms[0] / norms[-1])

    built = ratio()
    for _ in range(steps):
        _, found, _ = gradients(*batch())
        optimizer.apply(found, weights)
    return {"as_built": built, "trained": ratio(), "accuracy": float(gradients(*batch())[2])}


def draw(rows, names, path):
    """Writes the picture."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 3, figsize=(13, 4))
    titles = {"as_built": "as built", "trained": "after training", "accuracy": "symbols named rightly"}
    for axis, (key, title) in zip(axes, titles.items(), strict=True):
        for name in names:
            points = [(row["lag"], row[key]) for row in rows if row["layer"] == name]
            axis.plot(*zip(*points, strict=True), marker="o", label=name)
        axis.set(title=title, xlabel="lag in steps", xscale="log")
        if key != "accuracy":
            axis.set(yscale="log", ylabel="gradient at the first step / at the last")
    axes[0].legend()
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
