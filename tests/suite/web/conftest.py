"""The modules of the page, run by Node.js."""

import json
import shutil
import subprocess

import pytest

from suite.web.page import STATIC

START = """
import { readFileSync } from "node:fs";
const data = JSON.parse(readFileSync(0));
const answer = await (async () => { %s })();
console.log(JSON.stringify(answer));
"""


@pytest.fixture
def node(tmp_path):
    """`node(script, data)` runs a script that sees `data`, in the page's folder, and gives what it returns."""
    if shutil.which("node") is None:
        pytest.skip("Node.js is not installed")
    folder = shutil.copytree(STATIC, tmp_path / "static")
    (folder / "package.json").write_text('{"type": "module"}')

    def run(script, data):
        (folder / "test.js").write_text(START % script, encoding="utf-8")
        done = subprocess.run(
            ["node", "test.js"], cwd=folder, input=json.dumps(data), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run
