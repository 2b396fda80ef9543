"""Prefix beam search beside `tf.nn.ctc_beam_search_decoder` at the same width: utterances per second, and scores.

Usage: python benchmarks/beam_search.py [--width 100] [--batch 32] [--frames 400] [--symbols 32] [--rounds 3] [--json]

Three kinds of input: `noise`, normally drawn logits, on which every symbol stays possible; `speech`, logits as a trained
model gives them (a text of one symbol in six frames, mostly sure, blanks between); `unsure`, the same of a model
early in its training. One thread each, and ours again on all cores. A score is the exact log-probability of the best
text over all its alignments.
"""

import argparse
import json
import os
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

KINDS = {"noise": None, "speech": 6.0, "unsure": 2.5}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("width", 100), ("batch", 32), ("frames", 400), ("symbols", 32), ("rounds", 3)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = [measure(kind, options) for kind in KINDS]
    if options.json:
        print(json.dumps({"width": options.width, "rows": rows}))
        return
    for row in rows:
        print(
            f"{row['input']:8s} utterances per second: tensorflow {row['tensorflow']:.1f}, suite {row['suite']:.1f} "
            f"({row['ratio']:.1f} times), with a 4-gram of characters {row['suite_language_model']:.1f}, "
            f"on {os.cpu_count()} cores {row['suite_threads']:.1f}; mean score {row['score_tensorflow']:.3f} and "
            f"{row['score_suite']:.3f}, worse on {row['worse']} of {options.batch}"
        )


def measure(kind, options):
    """One row: utterances per second of each, and their scores."""
    import tensorflow as tf

    from suite.decoding.beam import prefix_beam_search
    from suite.decoding.ctc_kernel import log_likelihood
    from suite.decoding.ngram import train

    tf.config.threading.set_intra_op_parallelism_threads(1)
    log_probs = draw(kind, options)
    symbols = ["", *(chr(ord("a") + index) for index in range(options.symbols - 1))]
    rolled = tf.constant(np.roll(log_probs, -1, -1).transpose(1, 0, 2), tf.float32)
    lengths = np.full(options.batch, options.frames)
    generator = np.random.default_rng(1)
    model = train(["".join(generator.choice(symbols[1:], 60)) for _ in range(500)], 4, "character")

    def tensorflow():
        decoded, _ = tf.nn.ctc_beam_search_decoder(rolled, lengths, options.width, 1)
        return [row[row > 0] for row in tf.sparse.to_dense(decoded[0], -1).numpy() + 1]

    def suite(**arguments):
        return [prefix_beam_search(one, symbols, options.width, **arguments)[0].ids for one in log_probs]

    def threads():
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return list(pool.map(lambda one: prefix_beam_search(one, symbols, options.width)[0].ids, log_probs))

    runs = {
        "tensorflow": tensorflow,
        "suite": suite,
        "suite_language_model": lambda: suite(language_model=model),
        "suite_threads": threads,
    }
    found = {name: run() for name, run in runs.items()}
    seconds = {name: [] for name in runs}
    for _ in range(options.rounds):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    speed = {name: options.batch / statistics.median(times) for name, times in seconds.items()}
    scores = {
        name: np.array(
            [
                log_likelihood(one, np.exp(one), ids.astype(np.int32))
                for one, ids in zip(log_probs, found[name], strict=True)
            ]
        )
        for name in ("tensorflow", "suite")
    }
    return {
        "input": kind,
        **{name: round(value, 2) for name, value in speed.items()},
        "ratio": round(speed["suite"] / speed["tensorflow"], 2),
        **{f"score_{name}": float(values.mean()) for name, values in scores.items()},
        "worse": int(np.sum(scores["suite"] < scores["tensorflow"] - 1e-3)),
    }


def draw(kind, options):
    """float64 `(batch, frames, symbols)` log-probabilities."""
    generator = np.random.default_rng(0)
    logits = generator.normal(size=(options.batch, options.frames, options.symbols))
    if KINDS[kind] is not None:
        said = generator.integers(1, options.symbols, (options.batch, options.frames))
        said[:, np.arange(options.frames) % 6 != 0] = 0
        np.put_along_axis(logits, said[..., None], KINDS[kind] + np.abs(logits[..., :1]), -1)
    return logits - np.log(np.exp(logits).sum(-1, keepdims=True))


if __name__ == "__main__":
    main()
