"""A folder of answers in shards: what each holds, which are there already, and how one is written."""

import hashlib
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from suite.artifact import read_json, write_json
from suite.errors import UserError
from suite.inputs.kind import Input
from suite.runtime.answer_file import flat_row

PLAN = "plan.json"
MOST_ROWS = 1000  # of a shard: what is answered again where a machine stops
SHARDS_PER_ACTOR = 4  # at least, so that all have something to do until the end
ENDINGS = (".parquet", ".jsonl")


@dataclass(frozen=True)
class ShardPlan:
    """What a folder of answers is made of; the same for every process that goes on with it.

    Attributes:
        inputs: How many.
        rows: Of each shard, but the last.
        digest: Of the inputs in their order, of the model and of the options.
        ending: Of the shards' names, `.parquet` or `.jsonl`.
    """

    inputs: int
    rows: int
    digest: str
    ending: str

    @property
    def shards(self) -> int:
        """How many there are."""
        return -(-self.inputs // self.rows)

    def name(self, shard: int) -> str:
        """Return the file name of a shard; names sort as the inputs do."""
        return f"part-{shard:06d}{self.ending}"

    def slice(self, shard: int) -> slice:
        """Return the inputs of a shard."""
        return slice(shard * self.rows, min((shard + 1) * self.rows, self.inputs))


def open_shards(
    folder: Path, inputs: Sequence[Input], about: Mapping[str, Any], actors: int
) -> tuple[ShardPlan, list[int]]:
    """Begin a folder of answers, or find one to go on with.

    Args:
        folder: Its name may end in `.jsonl` or `.parquet`, and so do its shards; Parquet otherwise.
        inputs: All of them.
        about: What else the answers depend on: model, options; JSON-able.
        actors: How many answer at the same time.

    Returns:
        The plan, and the shards that are not there yet.

    Raises:
        UserError: if the folder holds something else, or answers to other inputs, or of another model.
    """
    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    for item in inputs:
        digest.update(json.dumps([item.name, str(item.raw), item.error]).encode())
    rows = max(1, min(MOST_ROWS, -(-len(inputs) // (SHARDS_PER_ACTOR * actors))))
    ending = folder.suffix.lower() if folder.suffix.lower() in ENDINGS else ENDINGS[0]
    plan = ShardPlan(len(inputs), rows, digest.hexdigest(), ending)
    if not folder.exists() and folder.parent.is_dir():
        folder.mkdir()
        write_json(folder / PLAN, asdict(plan))
    elif not (folder / PLAN).is_file():
        raise UserError(f"--output: expected a folder that is not there yet, or one of answers. Received: {folder}")
    begun = ShardPlan(**read_json(folder / PLAN))
    if begun.digest != plan.digest:
        raise UserError(
            f"--output: {folder} holds answers to other inputs, of another model or with other options; choose another name"
        )
    return begun, [shard for shard in range(begun.shards) if not (folder / begun.name(shard)).exists()]


def write_shard(folder: Path, plan: ShardPlan, shard: int, content: bytes) -> None:
    """Write a shard under a temporary name, and rename it when it is whole.

    Raises:
        UserError: if the disk does not take it.
    """
    path = folder / plan.name(shard)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    except OSError as error:
        raise UserError(f"--output: {path}: cannot be written: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def encode_rows(rows: Iterable[Mapping[str, Any]], ending: str) -> bytes:
    """Return the content of a shard: JSON lines, or a Parquet table whose columns `input` and `error` are always texts."""
    if ending == ".jsonl":
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode("utf-8", "replace")
    import pyarrow
    import pyarrow.parquet

    flat = [flat_row(row) for row in rows]
    columns = dict.fromkeys(["input", *(name for row in flat for name in row), "error"])
    texts = {"input", "error"}
    table = pyarrow.table(
        {
            name: pyarrow.array([row.get(name) for row in flat], pyarrow.string() if name in texts else None)
            for name in columns
        }
    )
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(table, buffer)
    return buffer.getvalue()


def count_errors(path: Path) -> int:
    """Return how many rows of a shard are errors."""
    if path.suffix == ".jsonl":
        with path.open(encoding="utf-8") as lines:
            return sum("error" in json.loads(line) for line in lines)
    import pyarrow.parquet

    errors = pyarrow.parquet.read_table(path, columns=["error"])["error"]
    return len(errors) - errors.null_count


def pack_inputs(inputs: Iterable[Input]) -> str:
    """Return inputs as a text that `unpack_inputs` reads, on another machine."""
    return json.dumps([[item.name, None if item.raw is None else str(item.raw), item.error] for item in inputs])


def unpack_inputs(packed: str) -> Iterator[Input]:
    """Yield what `pack_inputs` has packed; paths are texts."""
    return (Input(*values) for values in json.loads(packed))
