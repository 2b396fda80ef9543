"""LiteRT.js for the page: fetched once through npm, checked against pinned sums, kept in the user's cache folder."""

import base64
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from suite.errors import UserError

VERSION = "2.5.3"
PACKAGES = {  # name -> sha512 of its tarball, as npm states it
    "@litertjs/core": "PlGmbMOq9WitX7FO0jhbdJw9GthatsyuCQXjTt/wJZo0FLaw48q4tz8IwqgqCIkviYGr9OFDL1kCnN4nzWoyJQ==",
    "@litertjs/wasm-utils": "4fJiw6tBQnIs+0jH/OQ16nYOiSl8/+zZnn5h2ul8aTKHi05sVqZW580Tmk78pC2kT39A9OYBVdFawteZ/sI1kQ==",
}
# The plain build and the one for browsers without relaxed SIMD; the threaded one would need special response headers.
BUILDS = ("litert_wasm_internal", "litert_wasm_compat_internal")
BARE_IMPORT, OWN_IMPORT = b'"@litertjs/wasm-utils"', b'"./wasm-utils.js"'
SECONDS = 300  # for npm, before it counts as stuck


def runtime_files() -> dict[str, bytes]:
    """Return the files of the page's `runtime/` folder: path in the page -> content.

    Raises:
        UserError: if a package is not in the cache and npm is missing, cannot fetch it, or brings something else.
    """
    core, utils = (_members(_tarball(package)) for package in PACKAGES)
    # Browsers resolve no package names: the one import across packages becomes a relative one.
    files = {
        "runtime/litert.js": _without_map(core["dist/index.js"]).replace(BARE_IMPORT, OWN_IMPORT),
        "runtime/wasm-utils.js": _without_map(utils["dist/index.js"]),
    }
    for build in BUILDS:
        for name in (f"{build}.js", f"{build}.wasm"):
            files[f"runtime/{name}"] = core[f"wasm/{name}"]
    return files


def cache_folder() -> Path:
    """Return where the fetched packages are kept, in the user's cache folder."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "recurrent-suite"


def _tarball(package: str) -> bytes:
    """Return a package's tarball from the cache, or through npm and then into the cache."""
    name = f"{package.removeprefix('@').replace('/', '-')}-{VERSION}.tgz"
    cached = cache_folder() / name
    if cached.is_file():
        content = cached.read_bytes()
        if _is_whole(package, content):
            return content
    content = _npm_pack(package, name, cached)
    if not _is_whole(package, content):
        raise UserError(f"{package}@{VERSION}: npm brought a file with another check sum than the pinned one; not used")
    try:
        cached.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=cached.parent, delete=False) as file:
            file.write(content)
        os.replace(file.name, cached)
    except OSError:
        pass  # A cache that cannot be written costs time, nothing else.
    return content


def _is_whole(package, content):
    return hashlib.sha512(content).digest() == base64.b64decode(PACKAGES[package])


def _npm_pack(package, name, cached):
    """Return the tarball that `npm pack` fetches, whatever registry npm is set up for."""
    otherwise = f"or run `npm pack {package}@{VERSION}` on another machine and copy its {name} to {cached}"
    npm = shutil.which("npm")
    if npm is None:
        raise UserError(f"the page needs LiteRT.js, which npm fetches: install Node.js, which brings npm, {otherwise}")
    with tempfile.TemporaryDirectory() as folder:
        command = [npm, "pack", f"{package}@{VERSION}", "--ignore-scripts", "--fetch-retries=1", "--loglevel=error"]
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, timeout=SECONDS)
            reason = _reason(done.stderr.decode("utf-8", "replace")) if done.returncode else None
        except subprocess.TimeoutExpired:
            reason = f"no answer in {SECONDS} seconds"
        except OSError as error:
            reason = str(error)
        found = Path(folder) / name
        if reason is None and found.is_file():
            return found.read_bytes()
    raise UserError(
        f"npm could not fetch {package}@{VERSION} ({reason or 'no file came'}): "
        f"check the network connection, {otherwise}"
    )


def _reason(stderr):
    """Return the line of npm's complaint that says most."""
    lines = [line.strip().removeprefix("npm error ") for line in stderr.splitlines() if line.startswith("npm error ")]
    told = [line for line in lines if not line.startswith(("code ", "errno ", "syscall ", "A complete log"))]
    return (told or lines or ["it failed without a word"])[0]


def _members(tarball: bytes) -> dict[str, bytes]:
    """Return the files of a package, by their path inside it."""
    with tarfile.open(fileobj=io.BytesIO(tarball), mode="r:gz") as archive:
        files = (member for member in archive if member.isfile())
        return {member.name.partition("/")[2]: archive.extractfile(member).read() for member in files}


def _without_map(script: bytes) -> bytes:
    """Return a script without the comment that names its source map, which the page does not carry."""
    return b"\n".join(line for line in script.splitlines() if not line.startswith(b"//# sourceMappingURL="))
