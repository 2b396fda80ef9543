"""A static folder that runs an exported file in the browser of whoever opens it.

    index.html page.css main.js ...     the page: plain modules, no build step
    page.json                           what the page knows of the model, taken from the export report
    model.tflite                        the exported file
    runtime/                            LiteRT.js with its WebAssembly files

Nothing in it names an outside address; any server of static files will do, such as `python -m http.server`.
"""

import hashlib
import html
import json
from pathlib import Path
from typing import Any

from suite.answers.kind import AnswerKind
from suite.artifact import write_json
from suite.errors import UserError
from suite.export.metadata import VOCABULARY
from suite.export.model_file import packed_files
from suite.inputs.kind import FileContents, InputKind
from suite.web.litert_js import VERSION, runtime_files

STATIC = Path(__file__).parent / "static"
DESCRIPTION = "page.json"
DTYPES = ("float32", "int32", "uint8")  # of the tensors that LiteRT.js can hand over


def check_page(directory: Path) -> None:
    """See whether a page could be written, before a long export: the folder is free and LiteRT.js at hand (fetched if need be).

    Raises:
        UserError: if the folder holds something else, or LiteRT.js cannot be had.
    """
    _refuse_other(Path(directory))
    runtime_files()


def write_page(
    tflite: Path, entry: dict[str, Any], directory: Path, title: str, kinds: tuple[InputKind, AnswerKind]
) -> None:
    """Write the folder; an earlier page in it is replaced.

    Args:
        tflite: The exported file, of fixed shapes: a `compiled` deployment.
        entry: The file's entry in the export report (`suite.export.report`).
        directory: The folder to write, created if need be.
        title: Heading of the page.
        kinds: What the model reads and answers.

    Raises:
        UserError: if the file cannot run in the page, the folder holds something else, or LiteRT.js cannot be had.
    """
    tflite, directory = Path(tflite), Path(directory)
    description = describe(tflite, entry, title, kinds)
    _refuse_other(directory)
    files = runtime_files()
    for source in sorted(path for path in STATIC.rglob("*") if path.is_file()):
        files[source.relative_to(STATIC).as_posix()] = source.read_bytes()
    files["index.html"] = files["index.html"].replace(b"{{title}}", html.escape(title).encode())
    files["model.tflite"] = tflite.read_bytes()
    try:
        for name, content in files.items():
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            (directory / name).write_bytes(content)
        write_json(directory / DESCRIPTION, description)
    except OSError as error:
        raise UserError(f"{directory}: the page cannot be written there: {error.strerror or error}") from error


def describe(tflite: Path, entry: dict[str, Any], title: str, kinds: tuple[InputKind, AnswerKind]) -> dict[str, Any]:
    """Return the content of page.json.

    Returns:
        `title`; `model` (`file`, `bytes`, `sha256`); `signatures`: name -> `inputs` (name -> `dtype`, `shape`) and the
        `outputs` that are read; `input` and `answer`, whose `kind` names a module of the page and which hold what that
        needs; `facts`, pairs of words to show.

    Raises:
        UserError: if the file is missing, is not the one of the entry, or takes or gives what its kinds' pages do not know.
    """
    if not tflite.is_file():
        raise UserError(f"{tflite}: no such file; `suite export --deployment compiled` writes it")
    content = tflite.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    if entry.get("sha256", sha256) != sha256:
        raise UserError(f"{tflite}: not the file that report.json describes; export the model again")
    reads, answers = kinds
    contents, (input_entry, fact) = _find(tflite, entry, reads)
    answer_entry, read_outputs = answers.page(contents)
    _check_dtypes(tflite, contents)
    return {
        "title": title,
        "model": {"file": "model.tflite", "bytes": len(content), "sha256": sha256},
        "signatures": {
            name: {
                "inputs": {
                    key: {"dtype": details["dtype"], "shape": details["shape"]}
                    for key, details in entry["signatures"][name]["inputs"].items()
                },
                "outputs": list(outputs),
            }
            for name, outputs in read_outputs.items()
        },
        "input": {"kind": reads.name, **input_entry},
        "answer": {"kind": answers.name, **answer_entry},
        "facts": [*_facts(entry, len(content)), ["Input", fact]],
    }


def _find(tflite: Path, entry: dict[str, Any], kind: InputKind) -> tuple[FileContents, tuple[dict[str, Any], str]]:
    """Return the first signature that the page of an input kind can feed, and what it needs to know of it."""
    packed = packed_files(tflite)
    front_end = json.loads(packed.get("front_end.json", b"{}"))
    words = packed.get(VOCABULARY, b"").decode("utf-8").splitlines()
    for name, signature in entry["signatures"].items():
        labels = list(entry.get("labels") or [])
        contents = FileContents(tflite, name, signature["inputs"], signature["outputs"], labels, front_end, words)
        known = kind.page(contents)
        if known is not None:
            return contents, known
    received = "; ".join(
        f"{name}({', '.join(_tensor(*item) for item in signature['inputs'].items())})"
        for name, signature in entry["signatures"].items()
    )
    raise UserError(
        f"{tflite}: a page needs a file of fixed shape, as the `compiled` deployment is, that takes {kind.name}. "
        f"Received: {received}"
    )


def _check_dtypes(tflite: Path, contents: FileContents) -> None:
    for output, details in contents.outputs.items():
        if details["dtype"] not in DTYPES:
            received = f"output {_tensor(output, details)}"
            raise UserError(f"{tflite}: LiteRT.js reads {', '.join(DTYPES)}. Received: {received}")


def _tensor(name: str, details: dict[str, Any]) -> str:
    """Return a tensor as words: `text: uint8[1, 256]`."""
    shape = ", ".join("any" if size is None else str(size) for size in details["shape"])
    return f"{name}: {details['dtype']}[{shape}]"


def _facts(entry: dict[str, Any], size: int) -> list[list[str]]:
    facts = [["Model", entry["file"]], ["Size", _bytes(size)], ["Runtime", f"LiteRT.js {VERSION}, on this device"]]
    metrics = entry.get("metrics") or {}
    for name, value in list((metrics.get("tflite") or {}).items())[:1]:
        examples = f"{metrics['examples']:,} {metrics['split']} examples"
        words = name.upper() if len(name) <= 3 else name.replace("_", " ").capitalize()
        facts.append([words, f"{value:.3f} on {examples}"])
    return facts


def _bytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB" if count >= 1e3 else f"{count} bytes"


def _refuse_other(directory: Path) -> None:
    """Raise UserError if the folder holds something that is not an earlier page."""
    if directory.exists() and not directory.is_dir():
        raise UserError(f"{directory}: expected a folder for the page. Received: a file")
    if directory.is_dir() and any(directory.iterdir()) and not (directory / DESCRIPTION).is_file():
        raise UserError(f"{directory} holds other files; choose an empty or new folder for the page")
