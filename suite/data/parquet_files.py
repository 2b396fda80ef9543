"""Columns and rows of a Parquet file as plain Python values, as far as they are texts, numbers, or lists of these."""

import json
from pathlib import Path
from typing import Any

from suite.data.text_files import read_bytes
from suite.errors import UserError


def read_parquet(path: Path) -> tuple[dict[str, list[Any]], dict[str, str], tuple[str, ...]]:
    """Return the values of the readable columns, the type of the others, and the names of all in order.

    Null is None. Dictionary-encoded (categorical) values are what they stand for; the numbers of a `ClassLabel` of
    Hugging Face's `datasets` are its names, -1 (no label) is None. Row groups follow one another.

    Raises:
        UserError: if the file is missing, no Parquet file, damaged or encrypted.
    """
    import pyarrow as pa
    from pyarrow import parquet

    path = Path(path)
    data = read_bytes(path)
    if not data:
        raise UserError(f"{path}: the file is empty")
    try:
        file = parquet.ParquetFile(pa.BufferReader(data))
        schema = file.schema_arrow
        readable = [index for index, field in enumerate(schema) if _is_readable(field.type)]
        table = file.read() if len(readable) == len(schema) else _read_columns(file, schema, readable)
        class_names = _class_names(schema.metadata)
        columns, refused = {}, {field.name: str(field.type) for field in schema if not _is_readable(field.type)}
        for index, field in enumerate(table.schema):
            values = _values(table.column(index))
            if values is None:
                refused[field.name] = "bytes that are no UTF-8 text"
            else:
                columns[field.name] = _name_classes(values, class_names.get(field.name))
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise UserError(f"{path}: expected a Parquet file: {reason}") from error
    return columns, refused, tuple(schema.names)


def _read_columns(file: Any, schema: Any, indices: list[int]) -> Any:
    return file.read(columns=[schema.field(index).name for index in indices]).select(
        [schema.field(index).name for index in indices]
    )


def _is_readable(kind: Any) -> bool:
    from pyarrow import types

    if types.is_dictionary(kind):
        return _is_readable(kind.value_type)
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return _is_readable(kind.value_type)
    texts = (types.is_string, types.is_large_string, types.is_string_view, types.is_binary, types.is_large_binary)
    numbers = (types.is_boolean, types.is_integer, types.is_floating, types.is_decimal, types.is_null)
    return any(is_kind(kind) for is_kind in (*texts, *numbers))


def _values(column: Any) -> list[Any] | None:
    import pyarrow as pa

    kind = column.type
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):  # some writers do not say that a column is text
        try:
            column = column.cast(pa.large_string())
        except pa.ArrowInvalid:
            return None
    if pa.types.is_float32(kind) or pa.types.is_float16(kind):  # 0.1 as it was written, not its digits as a double
        return [None if number is None else float(str(number)) for number in _narrow_floats(column)]
    return column.to_pylist()


def _narrow_floats(column: Any) -> list[Any]:
    return [
        None if missing else number
        for number, missing in zip(column.to_numpy(), column.is_null().to_pylist(), strict=True)
    ]


def _class_names(metadata: dict[bytes, bytes] | None) -> dict[str, list[str]]:
    """Return the names of the classes by column, as `datasets` writes them into the file's schema."""
    try:
        features = json.loads((metadata or {}).get(b"huggingface", b"{}"))["info"]["features"]
        return {
            column: feature["names"]
            for column, feature in features.items()
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel" and feature.get("names")
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def _name_classes(values: list[Any], names: list[str] | None) -> list[Any]:
    """Return class names for numbers; what is no number of a class becomes None, except texts."""
    if names is None:
        return values
    return [
        value if not isinstance(value, int) else names[value] if 0 <= value < len(names) else None for value in values
    ]
