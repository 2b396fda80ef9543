"""`suite doctor`: versions, devices, what is missing, and what to do about it."""

import os
import platform
import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from suite.commands.output import emit, show, terminal

DISTRIBUTION = "recurrent-suite"
LEAST_FREE_BYTES = 2_000_000_000


@dataclass(frozen=True)
class Finding:
    """One thing looked at: its name, what was found, whether it will do, and what to do if not."""

    name: str
    found: str
    ok: bool
    advice: str = ""


def doctor(json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False) -> None:
    """Say what this machine has, what is missing, and what to do about it."""
    from suite.quiet import import_tensorflow

    with terminal().status("looking"):
        findings = [_python(), *_packages()]
        if all(finding.ok for finding in findings if finding.name == "tensorflow"):
            import_tensorflow()
            findings.append(_devices())
        findings += [_memory(), _disk(), _store()]
    if json:
        emit({"ok": all(finding.ok for finding in findings), "findings": [vars(finding) for finding in findings]})
    else:
        table = Table()
        for column in ("", "what", "found", "what to do"):
            table.add_column(column, overflow="fold")
        for finding in findings:
            table.add_row("ok" if finding.ok else "!!", finding.name, finding.found, finding.advice)
        show(table)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


def _python() -> Finding:
    fits = (3, 11) <= sys.version_info[:2] <= (3, 13)
    version = f"{platform.python_version()} on {platform.platform()}"
    return Finding("python", version, fits, "" if fits else "use Python 3.11 to 3.13")


def _packages() -> list[Finding]:
    from packaging.requirements import Requirement

    findings = []
    try:
        declared = requires(DISTRIBUTION) or []
    except PackageNotFoundError:
        return [Finding("suite", "not installed", False, "pip install . (or make)")]
    for requirement in map(Requirement, declared):
        optional = requirement.marker is not None and "extra" in str(requirement.marker)
        if requirement.marker is not None and not optional and not requirement.marker.evaluate():
            findings.append(
                Finding(requirement.name, "no wheels for this platform", True, "tokenizer: bytes needs none")
            )
            continue
        if optional:
            continue
        try:
            number = version(requirement.name)
        except PackageNotFoundError:
            findings.append(
                Finding(requirement.name, "missing", False, f"pip install '{requirement.name}{requirement.specifier}'")
            )
            continue
        fits = requirement.specifier.contains(number, prereleases=True)
        advice = (
            ""
            if fits
            else f"tested with {requirement.specifier}; pip install '{requirement.name}{requirement.specifier}'"
        )
        findings.append(Finding(requirement.name, number, fits, advice))
    return findings


def _devices() -> Finding:
    import tensorflow as tf

    gpus = [device.name for device in tf.config.list_physical_devices("GPU")]
    return Finding("devices", f"{os.cpu_count()} CPU cores, " + (", ".join(gpus) or "no GPU (none is needed)"), True)


def _memory() -> Finding:
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return Finding("memory", "unknown", True)
    return Finding(
        "memory",
        f"{total / 1e9:.0f} GB",
        total > 3e9,
        "" if total > 3e9 else "training takes about 2 GB; close something",
    )


def _disk() -> Finding:
    free = shutil.disk_usage(Path.cwd()).free
    return Finding(
        "disk",
        f"{free / 1e9:.0f} GB free here",
        free > LEAST_FREE_BYTES,
        "" if free > LEAST_FREE_BYTES else "make room, or --output elsewhere",
    )


def _store() -> Finding:
    from suite.errors import UserError
    from suite.tracking.store import open_store, tracking_uri

    if tracking_uri().startswith("sqlite:///") and not Path(tracking_uri().removeprefix("sqlite:///")).exists():
        writable = os.access(Path(tracking_uri().removeprefix("sqlite:///")).parent, os.W_OK)
        return Finding(
            "tracking store",
            f"{tracking_uri()} (made by the first run)",
            writable,
            "" if writable else "the folder is not writable",
        )
    try:
        open_store()
    except UserError as error:
        return Finding("tracking store", tracking_uri(), False, str(error))
    return Finding("tracking store", tracking_uri(), True)
