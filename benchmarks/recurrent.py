"""Recurrent layers side by side: ours, Keras', Keras' under XLA, and PyTorch's where it is installed.

Usage: python benchmarks/recurrent.py [--rounds N] [--cells CELL...] [--determinism on|off|both] [--memory] [--json]

`suite benchmark recurrent` measures the same; this form needs neither the command line's packages nor a whole suite, so
it runs in an environment that has PyTorch beside TensorFlow. `--memory` measures the peak of a train step instead.
"""

import argparse
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ["PYTHONPATH"] = os.pathsep.join([sys.path[0], os.environ.get("PYTHONPATH", "")])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--cells", nargs="+", default=["lstm", "gru", "simple_rnn"])
    parser.add_argument("--determinism", choices=("on", "off", "both"), default="off")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    from suite.recurrent import benchmark

    if options.memory:
        for cell in options.cells:
            for shape in benchmark.SHAPES[:3]:
                megabytes = {name: benchmark.peak_memory(cell, shape, name) for name in ("suite", "keras", "keras_xla")}
                print(json.dumps({"cell": cell, "shape": shape, "megabytes": megabytes}), flush=True)
        return
    result = benchmark.report(
        deterministic=options.determinism,
        rounds=options.rounds,
        cells=options.cells,
        progress=None if options.json else lambda row: print(_line(row), flush=True),
    )
    if options.json:
        print(json.dumps(result))
        return
    for row in result.get("deterministic", {}).get("rows", ()):
        print(_line(row), "(op determinism on)")
    for row in result["summary"]:
        figures = f"median {row['median']:.2f}  least {row['least']:.2f}"
        print(f"{row['cell']:11s}{row['mode']:8s} against {row['against']:10s} {figures}")


def _line(row):
    shape = "x".join(map(str, row["shape"]))
    times = "  ".join(
        f"{name} {value:.1f}" + (f" ({row['ratios'][name]:.2f})" if name in row["ratios"] else "")
        for name, value in row["milliseconds"].items()
    )
    return f"{row['cell']:11s}{row['mode']:8s}{shape:16s}{times}  difference {row['difference']:.0e}"


if __name__ == "__main__":
    main()
