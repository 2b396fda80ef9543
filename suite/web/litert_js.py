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
from collections.abc import Mapping
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
    core, utils = map(_members, _tarballs().values())
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


def _tarballs() -> dict[str, bytes]:
    """Return the packages' tarballs, from the cache or else through npm and then into the cache."""
    tarballs = {package: _read(cache_folder() / _file_name(package)) for package in PACKAGES}
    missing = [package for package, content in tarballs.items() if not _is_whole(package, content)]
    if missing:
        fetched = _npm_pack(missing)
        damaged = [package for package in missing if not _is_whole(package, fetched[package])]
        if damaged:
            raise UserError(f"npm brought {_spec(damaged[0])} with another check sum than the pinned one; not used")
        _keep(fetched)
        tarballs |= fetched
    return tarballs


def _npm_pack(packages: list[str]) -> dict[str, bytes]:
    """Return the tarballs that `npm pack` fetches from whatever registry npm is set up for."""
    everything = " ".join(map(_spec, PACKAGES))
    otherwise = f"or run `npm pack {everything}` on another machine and copy the .tgz files to {cache_folder()}"
    npm = shutil.which("npm")
    if npm is None:
        raise UserError(f"the page needs LiteRT.js, which npm fetches: install Node.js, which brings npm, {otherwise}")
    command = [npm, "pack", *map(_spec, packages), "--ignore-scripts", "--fetch-retries=1", "--loglevel=error"]
    with tempfile.TemporaryDirectory() as folder:
        try:
            completed = subprocess.run(command, cwd=folder, capture_output=True, timeout=SECONDS)
            reason = _reason(completed.stderr.decode("utf-8", "replace")) if completed.returncode else "no file came"
        except subprocess.TimeoutExpired:
            reason = f"no answer in {SECONDS} seconds"
        fetched = {package: _read(Path(folder) / _file_name(package)) for package in packages}
    if not all(fetched.values()):
        raise UserError(f"npm could not fetch LiteRT.js ({reason}): check the network connection, {otherwise}")
    return fetched


def _keep(tarballs: Mapping[str, bytes]) -> None:
    try:
        cache_folder().mkdir(parents=True, exist_ok=True)
        for package, content in tarballs.items():
            with tempfile.NamedTemporaryFile(dir=cache_folder(), delete=False) as file:
                file.write(content)
            os.replace(file.name, cache_folder() / _file_name(package))
    except OSError:
        pass  # A cache that cannot be written costs time, nothing else.


def _read(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def _file_name(package: str) -> str:
    return f"{package.removeprefix('@').replace('/', '-')}-{VERSION}.tgz"


def _spec(package: str) -> str:
    return f"{package}@{VERSION}"


def _is_whole(package: str, tarball: bytes) -> bool:
    return hashlib.sha512(tarball).digest() == base64.b64decode(PACKAGES[package])


def _reason(stderr: str) -> str:
    """Return the line of npm's complaint that says most."""
    lines = [line.strip().removeprefix("npm error ") for line in stderr.splitlines() if line.startswith("npm error ")]
    told = [line for line in lines if not line.startswith(("code ", "errno ", "syscall ", "A complete log"))]
    return (told or lines or ["it failed without a word"])[0].rstrip(".")


def _members(tarball: bytes) -> dict[str, bytes]:
    """Return the files of a package, by their path inside it."""
    with tarfile.open(fileobj=io.BytesIO(tarball), mode="r:gz") as archive:
        files = ((member, archive.extractfile(member)) for member in archive if member.isfile())
        return {member.name.partition("/")[2]: file.read() for member, file in files if file is not None}


def _without_map(script: bytes) -> bytes:
    """Return a script without the comment that names its source map, which the page does not carry."""
    return b"\n".join(line for line in script.splitlines() if not line.startswith(b"//# sourceMappingURL="))
