"""The tables of the TFLite metadata schema 1.1.0, and writing and reading them as nested dicts.

Source: `metadata_schema.fbs` in github.com/tensorflow/tflite-support (file identifier `M001`). Fields stand in the order
of the schema, which is their number in the flatbuffer; those that the suite does not use are there to be counted.
"""

from typing import Any

IDENTIFIER = b"M001"
TEXT, BYTE, UNUSED = "text", "byte", "unused"

# table -> field -> TEXT, BYTE, UNUSED, or [TABLE] for a vector of tables
TABLES: dict[str, dict[str, str | list[str]]] = {
    "ModelMetadata": {
        "name": TEXT,
        "description": TEXT,
        "version": TEXT,
        "subgraph_metadata": ["SubGraphMetadata"],
        "author": TEXT,
        "license": TEXT,
        "associated_files": ["AssociatedFile"],
        "min_parser_version": TEXT,
    },
    "SubGraphMetadata": {
        "name": TEXT,
        "description": TEXT,
        "input_tensor_metadata": ["TensorMetadata"],
        "output_tensor_metadata": ["TensorMetadata"],
        "associated_files": ["AssociatedFile"],
        "input_process_units": UNUSED,
        "output_process_units": UNUSED,
    },
    "TensorMetadata": {
        "name": TEXT,
        "description": TEXT,
        "dimension_names": UNUSED,
        "content": UNUSED,
        "process_units": UNUSED,
        "stats": UNUSED,
        "associated_files": ["AssociatedFile"],
    },
    "AssociatedFile": {"name": TEXT, "description": TEXT, "type": BYTE, "locale": TEXT},
}

# AssociatedFileType of the schema
FILE_TYPES = ("unknown", "descriptions", "axis_labels", "value_labels", "score_calibration", "vocabulary")


def pack(values: dict[str, Any]) -> bytes:
    """Return a ModelMetadata flatbuffer of nested dicts; what a dict lacks, or is empty, is left out."""
    import flatbuffers

    builder = flatbuffers.Builder(1024)
    builder.Finish(_pack_table(builder, "ModelMetadata", values), IDENTIFIER)
    return bytes(builder.Output())


def _pack_table(builder: Any, table: str, values: dict[str, Any]) -> int:
    offsets = {}
    for field, kind in TABLES[table].items():
        value = values.get(field)
        if kind == TEXT and value:
            offsets[field] = builder.CreateString(value)
        elif isinstance(kind, list) and value:
            rows = [_pack_table(builder, kind[0], row) for row in value]
            builder.StartVector(4, len(rows), 4)
            for row in reversed(rows):
                builder.PrependUOffsetTRelative(row)
            offsets[field] = builder.EndVector()
    builder.StartObject(len(TABLES[table]))
    for slot, (field, kind) in enumerate(TABLES[table].items()):
        if kind == BYTE:
            builder.PrependInt8Slot(slot, values.get(field, 0), 0)
        elif field in offsets:
            builder.PrependUOffsetTRelativeSlot(slot, offsets[field], 0)
    return builder.EndObject()


def unpack(data: bytes) -> dict[str, Any]:
    """Return a ModelMetadata flatbuffer as nested dicts; a text that is absent is `""`, a vector `[]`.

    Raises:
        ValueError: if the bytes are no such flatbuffer.
    """
    import struct

    from flatbuffers.table import Table

    if data[4:8] != IDENTIFIER:
        raise ValueError(f"expected the identifier {IDENTIFIER.decode()}. Received: {data[4:8]!r}")
    try:
        return _unpack_table(Table(bytearray(data), int.from_bytes(data[:4], "little")), "ModelMetadata")
    except (struct.error, IndexError, TypeError, UnicodeDecodeError) as error:
        raise ValueError(f"damaged metadata: {error}") from error


def _unpack_table(table: Any, name: str) -> dict[str, Any]:
    from flatbuffers.number_types import Int8Flags
    from flatbuffers.table import Table

    values = {}
    for slot, (field, kind) in enumerate(TABLES[name].items()):
        offset = table.Offset(4 + 2 * slot)
        if kind == TEXT:
            values[field] = table.String(offset + table.Pos).decode("utf-8") if offset else ""
        elif kind == BYTE:
            values[field] = table.Get(Int8Flags, offset + table.Pos) if offset else 0
        elif isinstance(kind, list):
            start = table.Vector(offset) if offset else 0
            length = table.VectorLen(offset) if offset else 0
            values[field] = [
                _unpack_table(Table(table.Bytes, table.Indirect(start + 4 * row)), kind[0]) for row in range(length)
            ]
    return values
