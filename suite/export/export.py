"""Export a saved model: convert, inspect, check against the trained model on real inputs, measure, report."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from suite.artifact import checksum
from suite.errors import UserError
from suite.export.check import Recorder, check_metrics, check_parity
from suite.export.convert import Conversion, ConversionError, convert
from suite.export.delegates import delegate_note, unlisted_ops
from suite.export.describe import attached_files, caller_notes, describe_signature, labels_of
from suite.export.inspect import inspect_file
from suite.export.measure import measure
from suite.export.metadata import About, write_labels, write_metadata
from suite.export.micro import micro_figures
from suite.export.offers import file_name, form_of, offers_custom_ops
from suite.export.report import merge_report
from suite.export.source import Source
from suite.runtime.deployed import DeployedPredictor, deployed_predictor, signatures_in
from suite.runtime.model_in_file import NAME, model_parameters
from suite.signature import Arrays, Signature

CALIBRATION_CHUNKS = 2000  # of a stream; inputs are of many chunks each


def export_files(source: Source, combinations: list[tuple[str, str]], say: Callable[[str], None]) -> dict[str, Any]:
    """Write the `.tflite` files of each (deployment, quantisation) and return the whole report of the model folder.

    Args:
        source: What files are made from and compared with.
        combinations: As `choose_offered` gives them.
        say: Told the name of each file that is begun.

    Raises:
        UserError: for a combination that nothing real can check.
        ConversionError: if the converter fails, a file needs other than built-in ops, or its answers are too far off;
            the other combinations are made all the same.
    """
    quantizations = {quantization for _, quantization in combinations}
    if "int8" in quantizations and not (source.samples.training or source.samples.parity):
        raise UserError("int8 needs real inputs to calibrate on; name some with --data PATH")
    if not source.samples.parity:
        raise UserError(f"{source.artifact.path}: no real inputs to check an export on; name some with --data PATH")
    folder = source.artifact.path / "tflite"
    folder.mkdir(exist_ok=True)
    report: dict[str, Any] = {}
    failed = []
    for deployment, quantization, signatures in _files(source, combinations):
        work = Path(tempfile.mkdtemp(prefix=".part-", dir=folder))
        try:
            path = work / file_name(deployment, quantization, bool(signatures[0].custom_ops))
            say(path.name)
            entry = _make(source, signatures, deployment, quantization, path, work)
            os.replace(path, folder / path.name)
        except ConversionError as error:
            failed.append(str(error))
            continue
        finally:
            shutil.rmtree(work, ignore_errors=True)
        report = merge_report(source.artifact.path, [entry])
    if failed:
        raise ConversionError("\n".join(failed))
    if labels := labels_of(source.signatures):
        write_labels(folder, labels)
    return report


def _files(source: Source, combinations: list[tuple[str, str]]) -> list[tuple[str, str, list[Signature]]]:
    """Return (deployment, quantisation, signatures) of each file to write."""
    files = []
    for deployment, quantization in combinations:
        signatures = signatures_in(source.signatures, deployment)
        if quantization == "int8":  # what cannot be fed cannot be calibrated
            signatures = [one for one in signatures if one.rules.comparable and not one.rules.no_int8]
        files.append((deployment, quantization, signatures))
        custom = signatures_in(source.signatures, deployment, custom=True)
        if custom and offers_custom_ops(deployment, quantization):
            files.append((deployment, quantization, custom))
    return files


def _make(
    source: Source, signatures: list[Signature], deployment: str, quantization: str, path: Path, work: Path
) -> dict[str, Any]:
    primary, calibration = signatures[0], None
    if quantization == "int8":
        inputs = source.calibration()
        fed = (
            _chunks(source, signatures, inputs, work)
            if deployment == "streaming"
            else _inputs(source, signatures, inputs)
        )
        calibration = _write_calibration(fed, work)

    names, form = [signature.name for signature in signatures], form_of(deployment, quantization)
    convert(Conversion(source.artifact.path, names, deployment, form, quantization, path, calibration))
    contents = inspect_file(path)
    signatures = [signature for signature in signatures if signature.name in contents.signatures]
    allowed = {op for signature in signatures for op in signature.custom_ops}
    foreign_ops = contents.flex + [op for op in contents.custom if op not in allowed]
    if foreign_ops:
        raise ConversionError(
            f"{path.name}: needs more than built-in ops: {', '.join(foreign_ops)}; nothing was written"
        )
    parity = check_parity(source, path, signatures, deployment, quantization)
    predictor = deployed_predictor(path, deployment, primary, signatures=signatures)
    metrics = check_metrics(source, predictor, primary, deployment, quantization, path.name)
    described = {signature.name: describe_signature(signature, path, deployment) for signature in signatures}
    model, unlisted = (
        model_parameters(source.artifact, deployment, bool(primary.custom_ops)),
        unlisted_ops(contents.ops),
    )
    about = About(
        f"{source.artifact.task} {source.artifact.path.name}",
        f"{source.artifact.task} model, {deployment} deployment, quantization {quantization}; takes the raw input and gives the answer",
        version="1",
    )
    write_metadata(path, about, described, attached_files(signatures, deployment, model))
    measured = _measured(source, primary, path, deployment)
    micro = micro_figures(path, primary.name, measured.get("seconds", 0) if deployment == "streaming" else 0)
    return {
        "file": path.name,
        "deployment": deployment,
        "quantization": quantization,
        "signatures": described,
        "labels": labels_of(signatures),
        "ops": contents.ops,
        "flex": contents.flex,
        "custom": contents.custom,
        "unlisted_ops": unlisted,
        "bytes": path.stat().st_size,
        "sha256": checksum(path),
        "parity": parity.pop(primary.name),
        **({"other_parity": parity} if parity else {}),
        **({"metrics": metrics} if metrics else {}),
        **measured,
        **({"micro": micro} if micro else {}),
        "notes": [*caller_notes(signatures, deployment, contents.ops), delegate_note(unlisted), _inside(model)],
    }


def _inside(model: dict[str, Any]) -> str:
    """Return what a person should know of `model.json`, which goes wherever the file goes."""
    return (
        f"Inside is {NAME}, by which `suite predict FILE INPUT` answers from the file alone: the task, its settings and, "
        f"learned from the training data, {', '.join(model['assets'])}."
    )


def _inputs(source: Source, signatures: list[Signature], inputs: Iterator[Arrays]) -> Iterator[tuple[str, Arrays]]:
    """Yield what each signature is fed for raw inputs."""
    for arrays in inputs:
        for signature in signatures:
            yield signature.name, signature.prepared([arrays], source.predictor)[0]


def _chunks(
    source: Source, signatures: list[Signature], inputs: Iterator[Arrays], work: Path
) -> Iterator[tuple[str, Arrays]]:
    """Yield the chunks of raw inputs with the states that a float file has when it gets to them.

    States of zeros would give a range to the first step alone.
    """
    path = work / "float.tflite"
    names = [signature.name for signature in signatures]
    convert(Conversion(source.artifact.path, names, "streaming", form_of("streaming", "none"), "none", path))
    runs = []
    for signature in signatures:
        recorder = Recorder(path, signature)
        runs.append((signature.name, recorder, DeployedPredictor(recorder, "streaming", signature)))
    count = 0
    for arrays in inputs:
        for name, recorder, run in runs:
            recorder.calls.clear()
            run([arrays])
            yield from ((name, fed) for fed, _ in recorder.calls)
            count += len(recorder.calls)
        if count >= CALIBRATION_CHUNKS:
            return


def _write_calibration(fed: Iterator[tuple[str, Arrays]], work: Path) -> Path:
    for index, (name, arrays) in enumerate(fed):
        path = work / "calibration" / name / f"{index:06d}.npz"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, **arrays)
    return work / "calibration"


def _measured(source: Source, signature: Signature, path: Path, deployment: str) -> dict[str, Any]:
    """Return latency and memory of one call, the first that the host makes for the input of median size."""
    inputs = sorted(source.samples.parity, key=lambda arrays: sum(np.size(array) for array in arrays.values()))
    recorder = Recorder(path, signature)
    (median,) = signature.prepared([inputs[len(inputs) // 2]], source.predictor)
    DeployedPredictor(recorder, deployment, signature).answer(median)
    arrays, _ = recorder.calls[0]
    cores = os.cpu_count() or 1
    figures = {str(threads): measure(path, signature, arrays, threads) for threads in dict.fromkeys((1, cores))}
    measured: dict[str, Any] = {
        "latency_ms": {threads: round(row["latency_ms"], 4) for threads, row in figures.items()}
    }
    seconds = signature.host.seconds(arrays) if signature.host.seconds else 0
    if seconds:
        factors = {threads: round(value / 1000 / seconds, 6) for threads, value in measured["latency_ms"].items()}
        measured |= {"seconds": round(seconds, 4), "real_time_factor": factors}
    return measured | {"peak_memory_bytes": figures["1"]["peak_memory_bytes"]}
