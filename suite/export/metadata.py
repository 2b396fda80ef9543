"""TFLite metadata: what an exported file says about itself, readable on the phone (Android's `MetadataExtractor`).

The model's flatbuffer gets a `Metadata` entry named TFLITE_METADATA whose buffer is a flatbuffer of its own
(`metadata_tables`); labels, vocabularies and parameters follow the model in the same file as an uncompressed zip.
Source: https://ai.google.dev/edge/litert/models/metadata.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suite.errors import UserError
from suite.export.metadata_tables import FILE_TYPES, pack, unpack
from suite.export.model_file import packed_files, read_entry, read_model, text, write_file, write_model

ENTRY = "TFLITE_METADATA"
LABELS, VOCABULARY = "labels.txt", "vocabulary.txt"
PARSER_VERSION = "1.0.0"
VOCABULARY_PARSER_VERSION = "1.0.1"  # the schema got VOCABULARY with it


@dataclass(frozen=True)
class About:
    """What a file says of its model as a whole: name, what it does, version, author, license; an empty one is left out."""

    name: str
    description: str
    version: str = ""
    author: str = ""
    license: str = ""


@dataclass(frozen=True)
class AttachedFile:
    """A file that travels inside the model.

    Attributes:
        name: Its name in the zip, without folders.
        content: Its bytes.
        type: One of FILE_TYPES.
        description: What it is.
        tensor: The input or output that it explains; None for the model as a whole.
    """

    name: str
    content: bytes
    type: str = "descriptions"
    description: str = ""
    tensor: str | None = None


def labels_file(labels: Sequence[str], tensor: str) -> AttachedFile:
    """Return `labels.txt`: line i names entry i of the last axis of the output `tensor`."""
    return AttachedFile(LABELS, _lines(LABELS, labels), "axis_labels", "the classes, one on a line", tensor)


def vocabulary_file(words: Sequence[str], tensor: str) -> AttachedFile:
    """Return `vocabulary.txt`: line i is the word whose number is i in `tensor`."""
    return AttachedFile(
        VOCABULARY, _lines(VOCABULARY, words), "vocabulary", "the words, one on a line, numbered from 0", tensor
    )


def parameters_file(parameters: dict[str, Any], tensor: str | None = None) -> AttachedFile:
    """Return `front_end.json`: how the graph treats the raw input (sample rate, bands, lengths of n-grams, ...)."""
    content = (json.dumps(parameters, indent=2, ensure_ascii=False) + "\n").encode("utf-8")
    return AttachedFile(
        "front_end.json", content, "descriptions", "parameters of the front end inside the model, JSON", tensor
    )


def _lines(name: str, texts: Sequence[str]) -> bytes:
    """Return one line per text, so that line number and class number agree for every reader.

    A line break inside a text becomes a space. Readers on phones skip blank lines, which would move all classes after it.

    Raises:
        UserError: if a line would be blank, or two the same.
    """
    found: dict[str, str] = {}
    for word in texts:
        parts = word.splitlines()
        line = word if parts == [word] else " ".join(parts).strip()
        if not line.strip():
            raise UserError(
                f"{name}: expected a visible character in each, for phones skip blank lines. Received: {word!r}"
            )
        if line in found:
            raise UserError(
                f"{name}: expected lines that differ. Received: {found[line]!r} and {word!r}, both the line {line!r}"
            )
        found[line] = word
    return "".join(f"{line}\n" for line in found).encode("utf-8")


def write_labels(path: str | Path, labels: Sequence[str]) -> Path:
    """Write `labels.txt` beside the file `path` (or into the folder `path`), UTF-8, and return where.

    Raises:
        UserError: if a label would be a blank line, or two the same line.
    """
    path = Path(path)
    target = (path if path.is_dir() else path.parent) / LABELS
    write_file(target, labels_file(labels, "").content)
    return target


def write_metadata(
    path: str | Path,
    about: About,
    signatures: dict[str, dict[str, dict[str, dict[str, Any]]]],
    files: Sequence[AttachedFile] = (),
) -> None:
    """Put metadata and attached files into a `.tflite`, in place of any it has.

    Weights, ops and signatures stay as they are; the same arguments give the same bytes.

    Args:
        path: The file.
        about: What it says of the model.
        signatures: As in the report: `{"classify": {"inputs": {"text": {"meaning": ...}}, "outputs": {...}}}`.
            The meaning, with its unit, becomes the tensor's description.
        files: What travels with the model; a file whose `tensor` several signatures have is recorded at each.

    Raises:
        UserError: if the file is no `.tflite`.
        ValueError: if a signature, tensor or file type is unknown, or two files share a name.
    """
    model = read_model(path)
    _check_files(files)
    kinds = {file.type for file in files}
    metadata = {
        "name": about.name,
        "description": about.description,
        "version": about.version,
        "subgraph_metadata": _subgraphs(model, signatures, files),
        "author": about.author,
        "license": about.license,
        "associated_files": [_record(file) for file in files if file.tensor is None],
        "min_parser_version": VOCABULARY_PARSER_VERSION if "vocabulary" in kinds else PARSER_VERSION,
    }
    write_model(path, model, {ENTRY: pack(metadata)}, {file.name: file.content for file in files})


def read_metadata(path: str | Path) -> dict[str, Any]:
    """Return what `write_metadata` (or another writer of the format) put into a file.

    Returns:
        JSON-able, named as in the schema: `name`, `description`, `version`, `author`, `license`, `min_parser_version`,
        `associated_files`, and `subgraph_metadata`: for each signature `name`, `input_tensor_metadata`,
        `output_tensor_metadata`, each with `name`, `description`, `associated_files` (`name`, `type` of FILE_TYPES, ...).
        `packed_files` lists what the zip holds.

    Raises:
        UserError: if the file is no `.tflite` or has no metadata.
    """
    content = read_entry(path, ENTRY)
    if content is None:
        raise UserError(f"{path}: has no TFLite metadata; `suite export` writes it")
    try:
        metadata = unpack(content)
    except ValueError as error:
        raise UserError(f"{path}: its TFLite metadata cannot be read: {error}") from error
    _name_types(metadata)
    return metadata | {"packed_files": sorted(packed_files(path))}


def _subgraphs(model: Any, signatures: dict[str, Any], files: Sequence[Any]) -> list[dict]:
    """Return one SubGraphMetadata for each graph up to the last that a signature names, tensors in the graph's own order."""
    by_graph = {definition.subgraphIndex: definition for definition in model.signatureDefs or []}
    unknown = set(signatures) - {text(definition.signatureKey) for definition in by_graph.values()}
    if unknown:
        raise ValueError(f"the file has no signature {sorted(unknown)[0]!r}")
    names = {
        tensor for signature in signatures.values() for side in ("inputs", "outputs") for tensor in signature[side]
    }
    for file in files:
        if file.tensor is not None and file.tensor not in names:
            raise ValueError(f"{file.name} explains {file.tensor!r}, which no signature has; known: {sorted(names)}")
    rows = []
    for index in range(max(by_graph, default=0) + 1):
        graph, definition = model.subgraphs[index], by_graph.get(index)
        key = text(definition.signatureKey) if definition else ""
        described = signatures.get(key, {"inputs": {}, "outputs": {}})
        rows.append(
            {
                "name": key,
                "input_tensor_metadata": _tensors(
                    graph.inputs, definition.inputs if definition else [], described["inputs"], files
                ),
                "output_tensor_metadata": _tensors(
                    graph.outputs, definition.outputs if definition else [], described["outputs"], files
                ),
            }
        )
    return rows


def _tensors(
    order: Sequence[int], definitions: Sequence[Any], described: dict[str, Any], files: Sequence[Any]
) -> list[dict]:
    """Return TensorMetadata for the tensors `order` of a graph; one tensor may serve several names of a signature."""
    unplaced = list(definitions)
    rows = []
    for tensor in order:
        definition = next((named for named in unplaced if named.tensorIndex == tensor), None)
        if definition is None:
            rows.append({})
            continue
        unplaced.remove(definition)
        name = text(definition.name)
        attached = [_record(file) for file in files if file.tensor == name]
        rows.append(
            {"name": name, "description": described.get(name, {}).get("meaning", ""), "associated_files": attached}
        )
    return rows


def _record(file: AttachedFile) -> dict:
    return {"name": file.name, "description": file.description, "type": FILE_TYPES.index(file.type)}


def _check_files(files: Sequence[Any]) -> None:
    names = [file.name for file in files]
    for file in files:
        if file.type not in FILE_TYPES:
            raise ValueError(f"{file.name}: unknown type {file.type!r}; expected one of {FILE_TYPES}")
        if not file.name or Path(file.name).name != file.name or names.count(file.name) > 1:
            raise ValueError(f"attached files need plain names that differ. Received: {names}")


def _name_types(table: dict) -> None:
    """Replace the number of every file's type by its name; a newer type is unknown."""
    for value in table.values():
        for row in value if isinstance(value, list) else []:
            if "type" in row:
                row["type"] = FILE_TYPES[row["type"]] if row["type"] < len(FILE_TYPES) else FILE_TYPES[0]
            _name_types(row)
