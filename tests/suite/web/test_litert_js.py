import base64
import hashlib
import io
import os
import subprocess
import tarfile

import pytest

from suite.errors import UserError
from suite.web import litert_js
from suite.web.page import STATIC


@pytest.fixture
def npm(tmp_path, monkeypatch):
    """A cache folder of its own, and instead of npm a function that writes small packages; a list of its calls."""
    monkeypatch.setattr(litert_js, "cache_folder", lambda: tmp_path / "cache")
    contents = {"@litertjs/core": _package(core=True), "@litertjs/wasm-utils": _package(core=False)}
    sums = {name: base64.b64encode(hashlib.sha512(content).digest()).decode() for name, content in contents.items()}
    monkeypatch.setattr(litert_js, "PACKAGES", sums)
    monkeypatch.setattr(litert_js.shutil, "which", lambda name: f"/usr/bin/{name}")
    calls = []

    def run(command, cwd, **options):
        calls.append(command)
        for name, content in contents.items():
            if litert_js._spec(name) in command:
                with open(os.path.join(cwd, litert_js._file_name(name)), "wb") as file:
                    file.write(content)
        return subprocess.CompletedProcess(command, 0, b"", b"")

    monkeypatch.setattr(litert_js.subprocess, "run", run)
    return calls


def _package(core):
    files = {"dist/index.js": b'import { load } from "@litertjs/wasm-utils";\n//# sourceMappingURL=index.js.map\n'}
    if core:
        files |= {f"wasm/{build}{end}": b"\0" for build in litert_js.BUILDS for end in (".js", ".wasm")}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def test_packages_are_fetched_once_and_then_come_from_the_cache(npm):
    first = litert_js.runtime_files()
    assert litert_js.runtime_files() == first
    assert len(npm) == 1
    assert "runtime/litert_wasm_compat_internal.wasm" in first


def test_the_runtime_imports_only_what_lies_beside_it(npm):
    script = litert_js.runtime_files()["runtime/litert.js"]
    assert script == b'import { load } from "./wasm-utils.js";'


def test_a_damaged_cache_is_fetched_again(npm):
    whole = litert_js.runtime_files()
    [cached] = litert_js.cache_folder().glob("*core*")
    cached.write_bytes(cached.read_bytes()[:-1])
    assert litert_js.runtime_files() == whole
    assert npm[1][2:3] == ["@litertjs/core@" + litert_js.VERSION]


def test_a_package_with_another_check_sum_is_not_used(npm, monkeypatch):
    monkeypatch.setitem(litert_js.PACKAGES, "@litertjs/core", base64.b64encode(bytes(64)).decode())
    with pytest.raises(UserError, match="another check sum"):
        litert_js.runtime_files()
    assert not litert_js.cache_folder().exists()


def test_without_npm_the_message_says_what_to_do(npm, monkeypatch):
    monkeypatch.setattr(litert_js.shutil, "which", lambda name: None)
    with pytest.raises(UserError, match=r"install Node.js.*npm pack @litertjs/core@"):
        litert_js.runtime_files()


def test_the_reason_that_npm_gives_is_passed_on(npm, monkeypatch):
    words = b"npm error code ECONNREFUSED\nnpm error errno ECONNREFUSED\nnpm error connect refused.\n"
    failed = subprocess.CompletedProcess([], 1, b"", words)
    monkeypatch.setattr(litert_js.subprocess, "run", lambda command, **options: failed)
    with pytest.raises(UserError, match=r"could not fetch LiteRT.js \(connect refused\): check the network"):
        litert_js.runtime_files()


def test_an_npm_that_never_answers_is_given_up(npm, monkeypatch):
    def run(command, **options):
        raise subprocess.TimeoutExpired(command, options["timeout"])

    monkeypatch.setattr(litert_js.subprocess, "run", run)
    with pytest.raises(UserError, match="no answer in 300 seconds"):
        litert_js.runtime_files()


def test_the_licence_of_the_runtime_goes_with_it():
    assert "Apache License" in (STATIC / "runtime" / "LICENSE.txt").read_text(encoding="utf-8")
    assert "LiteRT.js" in (STATIC / "runtime" / "NOTICE.txt").read_text(encoding="utf-8")
