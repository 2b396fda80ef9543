"""Answers as a table: a csv, JSON lines or Parquet file that appears when it is whole."""

import csv
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from suite.errors import UserError

ENDINGS = (".csv", ".jsonl", ".parquet")


def check_answer_file(path: Path) -> None:
    """Raise UserError if answers cannot be written to a file of that name."""
    if path.suffix.lower() not in ENDINGS:
        raise UserError(f"--output: expected a file that ends in {', '.join(ENDINGS)}. Received: {path}")
    if path.exists():
        raise UserError(f"--output: {path} exists and is never overwritten; choose another name, or remove it")
    if not path.parent.is_dir():
        raise UserError(f"--output: {path.parent}: no such folder")


def write_answers(path: Path, rows: Iterable[dict[str, Any]]) -> int:
    """Write answers, one a row, under a temporary name, and rename it when all are there; return how many there are.

    A csv has a column for each field; fields within fields have dots in their names (`scores.positive`), lists are JSON. A
    row without an answer has its `error`.

    Raises:
        UserError: as `check_answer_file`, or if the disk does not take the file.
    """
    check_answer_file(path)
    write = {".csv": _write_csv, ".jsonl": _write_jsonl, ".parquet": _write_parquet}[path.suffix.lower()]
    count = 0

    def counted() -> Iterator[dict[str, Any]]:
        nonlocal count
        for row in rows:
            count += 1
            yield row

    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    try:
        write(Path(temporary), counted())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except OSError as error:
        raise UserError(f"--output: {path}: cannot be written: {error.strerror or error}") from error
    finally:
        Path(temporary).unlink(missing_ok=True)
    return count


def _write_jsonl(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _write_csv(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    # Which columns there are is known at the end: a row without an answer has others.
    flat = [flat_row(row) for row in rows]
    columns = list(dict.fromkeys(name for row in flat for name in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(flat)


def _write_parquet(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    import pyarrow
    import pyarrow.parquet

    flat = [flat_row(row) for row in rows]
    columns = dict.fromkeys(name for row in flat for name in row)
    # By the names of all rows: pyarrow takes those of the first alone.
    table = pyarrow.table({name: [row.get(name) for row in flat] for name in columns})
    pyarrow.parquet.write_table(table, path)


def flat_row(row: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return an answer as a row of a table: fields within fields by names with dots, lists as JSON."""
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, dict):
            flat |= flat_row(value, f"{prefix}{name}.")
        elif isinstance(value, list | tuple):
            flat[prefix + name] = json.dumps(value, ensure_ascii=False)
        else:
            flat[prefix + name] = value
    return flat
