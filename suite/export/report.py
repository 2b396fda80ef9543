"""`tflite/report.json`: what each exported file holds, how close it is to the trained model, and how fast it runs.

    {"files": [{
        "file": "interpreter.tflite", "deployment": "interpreter", "quantization": "none",
        "signatures": {"classify": {
            "inputs":  {"text": {"dtype": "uint8", "shape": [1, null], "meaning": "UTF-8 bytes of the text"}},
            "outputs": {"probabilities": {"dtype": "float32", "shape": [1, 2], "meaning": "..."}}}},
        "labels": ["negative", "positive"],
        "ops": {"GATHER": 12, ...}, "flex": [], "custom": [],
        "unlisted_ops": {"XNNPACK": ["GATHER"], "Qualcomm": [], ...},
        "bytes": 123456, "sha256": "...",
        "parity": {"inputs": 64, "max_difference": 1.2e-7, "tolerance": 1e-4},
        "metrics": {"split": "test", "examples": 300, "tflite": {"accuracy": ...}, "keras": {"accuracy": ...}},
        "latency_ms": {"1": 0.4, "2": 0.3}, "peak_memory_bytes": 12345678,
        "micro": {"multiply_adds": 2100000, "state_bytes": 4096, "arena_bytes": 65536, "multiply_adds_per_second": 26000000},
        "notes": ["...what a caller must reset, limits of length..."]}]}

`parity`, `metrics` and `latency_ms` are those of the first signature; parity of the others is `other_parity`, by name.
Parity has `agreement`, the share of inputs answered alike, for each output of whole numbers. `latency_ms` is keyed by
the number of threads; where an input lasts some `seconds`, `real_time_factor` is latency over that. `metrics` is
missing where there was no data to measure on. `unlisted_ops` are the file's ops that a delegate's public op list
(`delegate_ops.yaml`) lacks; a delegate without any lists all of them. `micro` is what a call of
the first signature asks of a microcontroller (`suite.export.micro`), in files of fixed shapes without loops. `custom`
names the ops that an app must link: none but in `...-custom.tflite`.
"""

from pathlib import Path
from typing import Any

from suite.artifact import read_json, write_json

REPORT = "report.json"


def read_report(model_dir: str | Path) -> dict[str, Any]:
    """Return the report of a model folder; one without files before the first export."""
    path = Path(model_dir) / "tflite" / REPORT
    return read_json(path) if path.is_file() else {"files": []}


def merge_report(model_dir: str | Path, entries: list[dict[str, Any]]) -> dict[str, Any]:
    """Put entries into the report, each in place of an earlier one for the same file, and return the whole report."""
    new = {entry["file"]: entry for entry in entries}
    unchanged = [entry for entry in read_report(model_dir)["files"] if entry["file"] not in new]
    report = {"files": sorted([*unchanged, *new.values()], key=lambda entry: entry["file"])}
    write_json(Path(model_dir) / "tflite" / REPORT, report)
    return report
