"""docs/adding-a-pipeline.md is followed: its files, its line of the registry and its commands, in a copy of the tree."""

import difflib
import filecmp
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs" / "adding-a-pipeline.md").read_text(encoding="utf-8")
# A file is a line with its path alone, and the fenced block under it.
FILES = dict(re.findall(r"^`(pipelines/\S+)`\n\n```\w+\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL))
(REGISTRY_LINE,) = re.findall(r"^## The registry\n.*?^```python\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)
COMMAND_NAME = re.compile(r"suite (data \w+|\w+)")
(COMMANDS,) = re.findall(r"^```sh\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)

# The commands one after another in one process, with --json where a command has it: starting TensorFlow takes seconds.
RUN = """
import contextlib, io, json, shlex, sys
from suite.cli import main
for command in sys.stdin.read().splitlines():
    sys.argv, out = shlex.split(command), io.StringIO()
    sys.argv += [] if sys.argv[1:3] == ["data", "make"] else ["--json"]
    try:
        with contextlib.redirect_stdout(out):
            main()
        status = 0
    except SystemExit as ended:
        status = ended.code or 0
    print(json.dumps({"command": command, "status": status, "out": out.getvalue()}), flush=True)
"""


@dataclass(frozen=True)
class Walk:
    """The tree with the new task in it, and the JSON that each command of the document printed."""

    tree: Path
    lines: dict[str, list[dict]]


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the two packages with the files and the registry line of the document."""
    tree = tmp_path_factory.mktemp("tree")
    for package in ("suite", "pipelines"):
        shutil.copytree(ROOT / package, tree / package)
    for name, content in FILES.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(content, encoding="utf-8")
    registry = tree / "suite" / "registry.py"
    table = registry.read_text(encoding="utf-8")
    registry.write_text(table.replace("PIPELINES = {\n", f"PIPELINES = {{\n{REGISTRY_LINE}", 1), encoding="utf-8")
    return tree


@pytest.fixture(scope="module")
def walk(tree, tracking_uri):
    environment = os.environ | {"PYTHONPATH": str(tree), "MLFLOW_TRACKING_URI": tracking_uri}
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        input=COMMANDS,
        capture_output=True,
        text=True,
        cwd=tree,
        env=environment,
        check=False,
    )
    results = [json.loads(line) for line in done.stdout.splitlines()]
    for result in results:
        assert result["status"] == 0, (result, done.stderr)
    assert [result["command"] for result in results] == COMMANDS.splitlines(), done.stderr
    named = {" ".join(COMMAND_NAME.match(result["command"]).groups("")).strip(): result for result in results}
    return Walk(
        tree,
        {
            name: [json.loads(line) for line in result["out"].splitlines()]
            for name, result in named.items()
            if name != "data make"
        },
    )


@pytest.mark.slow
@pytest.mark.whole
def test_a_new_task_changes_one_line_of_the_frame(walk):
    compared = [filecmp.dircmp(ROOT / "suite", walk.tree / "suite", ignore=["__pycache__"])]
    changed = []
    while compared:
        folder = compared.pop()
        assert not folder.right_only and not folder.left_only
        changed += [Path(folder.right) / name for name in folder.diff_files]
        compared += folder.subdirs.values()
    assert changed == [walk.tree / "suite" / "registry.py"]
    before, after = ((root / "suite" / "registry.py").read_text().splitlines() for root in (ROOT, walk.tree))
    changes = [line for line in difflib.ndiff(before, after) if line[0] in "+-"]
    assert changes == [f"+ {REGISTRY_LINE.rstrip()}"]


def test_the_sample_data_is_recognised_and_whole(walk):
    (checked,) = walk.lines["data check"]
    assert checked["format"] == "csv" and checked["named_parts"] == ["train", "dev", "test"]
    assert checked["sizes"] == {"train": 480, "dev": 60, "test": 60} and not checked["problems"]


def test_the_task_trains_and_is_scored_by_the_metrics_of_its_answer_kind(walk):
    (trained,), (evaluated,) = walk.lines["train"], walk.lines["evaluate"]
    assert trained["task"] == "langid" and evaluated["split"] == "test" and evaluated["examples"] == 60
    assert set(evaluated["metrics"]) == {"accuracy", "macro_f1", "loss", "calibration_error"}
    assert evaluated["metrics"]["accuracy"] > 0.9
    assert {f"test_{name}": value for name, value in evaluated["metrics"].items()}.items() <= trained["metrics"].items()


def test_the_exported_file_answers(walk):
    english, german = walk.lines["predict"]
    assert english["label"] == "english" and german["label"] == "german"
    assert sum(english["scores"].values()) == pytest.approx(1, abs=1e-5)
    report = json.loads((walk.tree / "saved_models/langid/first/tflite/report.json").read_text(encoding="utf-8"))
    (exported,) = report["files"]
    assert exported["file"] == "interpreter.tflite" and exported["flex"] == []
