"""A static folder that runs an exported file in the browser of whoever opens it.

    index.html page.css main.js ...     the page: plain modules, no build step
    page.json                           what the page knows of the model, taken from the export report
    model.tflite                        the exported file
    runtime/                            LiteRT.js with its WebAssembly files

Nothing in it names an outside address; any server of static files will do, such as `python -m http.server`.
"""

import hashlib
import html
from pathlib import Path
from typing import Any

from suite.artifact import write_json
from suite.errors import UserError
from suite.web.kinds import KINDS, tensor
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


def write_page(tflite: Path, entry: dict[str, Any], directory: Path, title: str) -> None:
    """Write the folder; an earlier page in it is replaced.

    Args:
        tflite: The exported file, of fixed shapes: a `compiled` deployment.
        entry: The file's entry in the export report (`suite.export.report`).
        directory: The folder to write, created if need be.
        title: Heading of the page.

    Raises:
        UserError: if the file cannot run in the page, the folder holds something else, or LiteRT.js cannot be had.
    """
    tflite, directory = Path(tflite), Path(directory)
    description = describe(tflite, entry, title)
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


def describe(tflite: Path, entry: dict[str, Any], title: str) -> dict[str, Any]:
    """Return the content of page.json.

    Returns:
        `title`; `model` (`file`, `bytes`, `sha256`); `signatures`: name -> `inputs` (name -> `dtype`, `shape`) and the
        `outputs` that are read; `input` and `answer`, whose `kind` names a module of the page and which hold what that
        needs; `facts`, pairs of words to show.

    Raises:
        UserError: if the file is missing, is not the one of the entry, or takes or gives what no page knows.
    """
    if not tflite.is_file():
        raise UserError(f"{tflite}: no such file; `suite export --deployment compiled` writes it")
    content = tflite.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    if entry.get("sha256", sha256) != sha256:
        raise UserError(f"{tflite}: not the file that report.json describes; export the model again")
    signature, kind = _find(tflite, entry)
    called = {signature["name"]: kind.outputs} | kind.others
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
            for name, outputs in called.items()
        },
        "input": kind.input,
        "answer": kind.answer,
        "facts": [*_facts(entry, len(content)), ["Input", kind.fact]],
    }


def _find(tflite, entry):
    """Return the first signature that a page can feed, with its name, and how."""
    for name, signature in entry["signatures"].items():
        for read in KINDS:
            kind = read(tflite, {"name": name, **signature}, list(entry.get("labels") or []))
            if kind is None:
                continue
            for output, details in signature["outputs"].items():
                if details["dtype"] not in DTYPES:
                    received = f"output {tensor(output, details)}"
                    raise UserError(f"{tflite}: LiteRT.js reads {', '.join(DTYPES)}. Received: {received}")
            return {"name": name, **signature}, kind
    received = "; ".join(
        f"{name}({', '.join(tensor(*item) for item in signature['inputs'].items())})"
        for name, signature in entry["signatures"].items()
    )
    raise UserError(
        f"{tflite}: a page needs a file of fixed shape, as the `compiled` deployment is, that takes text as bytes "
        f"(uint8[1, N]), sound (samples float32[1, N], length int32[1]), video (frames uint8[1, T, H, W, C], "
        f"length int32[1]) or a picture (picture uint8[1, H, W, 3]). Received: {received}"
    )


def _facts(entry, size):
    facts = [["Model", entry["file"]], ["Size", _bytes(size)], ["Runtime", f"LiteRT.js {VERSION}, on this device"]]
    metrics = entry.get("metrics") or {}
    for name, value in list((metrics.get("tflite") or {}).items())[:1]:
        examples = f"{metrics['examples']:,} {metrics['split']} examples"
        words = name.upper() if len(name) <= 3 else name.replace("_", " ").capitalize()
        facts.append([words, f"{value:.3f} on {examples}"])
    return facts


def _bytes(count):
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB" if count >= 1e3 else f"{count} bytes"


def _refuse_other(directory):
    """Raise UserError if the folder holds something that is not an earlier page."""
    if directory.exists() and not directory.is_dir():
        raise UserError(f"{directory}: expected a folder for the page. Received: a file")
    if directory.is_dir() and any(directory.iterdir()) and not (directory / DESCRIPTION).is_file():
        raise UserError(f"{directory} holds other files; choose an empty or new folder for the page")
