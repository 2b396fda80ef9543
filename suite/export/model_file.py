"""A `.tflite` as a container: the model's flatbuffer with its named buffers, and a zip of files behind it."""

import io
import os
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from suite.errors import UserError

IDENTIFIER = b"TFL3"
ALIGNMENT = 16  # bytes; `force_align` of a buffer's data in the model schema, which the generated packer leaves out


def read_model(path: str | Path) -> Any:
    """Return the model as a `ModelT` of the schema.

    Raises:
        UserError: if the file is no `.tflite`, or keeps weights outside of its flatbuffer.
    """
    from ai_edge_litert import schema_py_generated as schema

    try:
        model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(_read(path), 0))
    except (struct.error, IndexError, TypeError, ValueError) as error:
        raise UserError(f"{path}: a damaged .tflite file: {error}") from error
    if any(buffer.offset > 1 for buffer in model.buffers):
        raise UserError(
            f"{path}: keeps weights behind its flatbuffer, as models over 2 GB do; such a file takes no metadata"
        )
    return model


def read_entry(path: str | Path, name: str) -> bytes | None:
    """Return the content of a model's `Metadata` entry; None where it has none of that name.

    Raises:
        UserError: if the file is no `.tflite`.
    """
    from ai_edge_litert import schema_py_generated as schema

    try:
        model = schema.Model.GetRootAsModel(_read(path), 0)
        for entry in map(model.Metadata, range(model.MetadataLength())):
            if text(entry.Name()) == name:
                buffer = model.Buffers(entry.Buffer())
                return b"" if buffer.DataIsNone() else buffer.DataAsNumpy().tobytes()
    except (struct.error, IndexError, TypeError, ValueError) as error:
        raise UserError(f"{path}: a damaged .tflite file: {error}") from error
    return None


def packed_files(path: str | Path) -> dict[str, bytes]:
    """Return the files packed behind a model, name -> content; empty where there are none.

    Raises:
        UserError: if the file is no `.tflite`.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(_read(path))) as packed:
            return {name: packed.read(name) for name in packed.namelist()}
    except zipfile.BadZipFile:
        return {}


def write_model(path: str | Path, model: Any, entries: dict[str, bytes], files: dict[str, bytes]) -> None:
    """Write a model with `Metadata` entries, each in place of one of the same name, and a zip of files behind it.

    The same arguments give the same bytes.
    """
    import numpy as np
    from ai_edge_litert import schema_py_generated as schema

    for name, content in entries.items():
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(content, np.uint8)
        known = next((entry for entry in model.metadata or [] if text(entry.name) == name), None)
        if known is not None:
            model.buffers[known.buffer] = buffer
            continue
        model.buffers.append(buffer)
        entry = schema.MetadataT()
        entry.name, entry.buffer = name, len(model.buffers) - 1
        model.metadata = [*(model.metadata or []), entry]
    write_file(Path(path), _pack(model), files)


def write_file(path: Path, data: bytes, files: dict[str, bytes] | None = None) -> None:
    """Write data and a zip of files behind it under a temporary name, then rename it to `path`."""
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_bytes(data)
    if files:
        # Stored, not compressed: Android maps it. ZipInfo has a date of its own, so that bytes do not depend on the clock.
        with zipfile.ZipFile(temporary, "a", zipfile.ZIP_STORED) as packed:
            for name, content in files.items():
                packed.writestr(zipfile.ZipInfo(name), content)
    os.replace(temporary, path)


def text(value: bytes | str) -> str:
    """Return a name of the schema as a string: bytes where it was read, a string where it was set."""
    return value.decode("utf-8") if isinstance(value, bytes) else value


def _pack(model: Any) -> bytes:
    """Return a model's flatbuffer, the data of every buffer aligned as the schema asks for."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    def packer(buffer: Any) -> Callable[[Any], int]:
        def pack_buffer(builder: Any) -> int:
            if buffer.data is not None:
                builder.Prep(ALIGNMENT, len(buffer.data))
                data = builder.CreateNumpyVector(buffer.data)
            schema.BufferStart(builder)
            if buffer.data is not None:
                schema.BufferAddData(builder, data)
            return schema.BufferEnd(builder)

        return pack_buffer

    for buffer in model.buffers:
        buffer.Pack = packer(buffer)
    builder = flatbuffers.Builder(sum(len(buffer.data) for buffer in model.buffers if buffer.data is not None) + 4096)
    builder.Finish(model.Pack(builder), IDENTIFIER)
    return bytes(builder.Output())


def _read(path: str | Path) -> bytes:
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}; `suite export` writes .tflite files") from error
    if data[4:8] != IDENTIFIER:
        raise UserError(f"{path}: not a .tflite file")
    return data
