"""A PostgreSQL server of the tests' own, on this machine alone."""

import getpass
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
PROGRAM_NAMES = ("initdb", "postgres", "pg_ctl", "pg_isready")
# One database of tests: nothing of it must outlive a power cut.
SETTINGS = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200"


def postgres_program(name: str) -> str | None:
    """Return the path of one of PostgreSQL's programs; Debian keeps most of them off the path."""
    return shutil.which(name) or next((str(folder / name) for folder in reversed(PROGRAMS)), None)


def as_postgres(command: list[str]) -> list[str]:
    """Return a command as PostgreSQL allows it to run: as the user postgres where this is root."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else command


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[tuple[str, int]]:
    """A PostgreSQL server; gives the name of its superuser and its port on 127.0.0.1."""
    pytest.importorskip("psycopg2", reason="psycopg2 is not installed: pip install '.[postgres]'")
    initdb, program, control, is_ready = (postgres_program(name) for name in PROGRAM_NAMES)
    if sys.platform == "win32" or initdb is None or program is None or control is None or is_ready is None:
        pytest.skip("PostgreSQL is not installed: install the package postgresql")
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))  # pytest's own folders are closed to other users
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    name, data = getpass.getuser(), folder / "data"
    subprocess.run(
        as_postgres([initdb, "-D", str(data), "-U", name, "-A", "trust", "-E", "UTF8", "--no-sync"]),
        check=True,
        capture_output=True,
        cwd=folder,
    )
    options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={folder} {SETTINGS}"
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            as_postgres([program, "-D", str(data), *options.split()]), cwd=folder, stdout=log, stderr=log
        )
    deadline = time.monotonic() + 60
    while subprocess.run([is_ready, "-h", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL).returncode:
        assert server.poll() is None and time.monotonic() < deadline, (folder / "log").read_text(errors="replace")
        time.sleep(0.1)
    yield name, port
    # Not by a signal to the server alone: it would wait for whoever a test has left connected.
    stop = [control, "-D", str(data), "-m", "immediate", "stop"]
    subprocess.run(as_postgres(stop), check=False, capture_output=True, cwd=folder)
    server.wait(30)
    shutil.rmtree(folder)


@pytest.fixture
def postgres_uri(postgres_server: tuple[str, int]) -> str:
    """A fresh, empty database, as SQLAlchemy, MLflow and Optuna name one."""
    import psycopg2

    name, port = postgres_server
    database = f"test_{uuid4().hex[:12]}"
    connection = psycopg2.connect(host="127.0.0.1", port=port, user=name, dbname="postgres")
    connection.autocommit = True  # a database cannot be created within a transaction
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{database}"')
    connection.close()
    return f"postgresql+psycopg2://{name}@127.0.0.1:{port}/{database}"


@pytest.fixture(scope="session")
def ray_here() -> Iterator[Any]:
    """Ray on this machine, two cores of it, for all tests."""
    pytest.importorskip("ray", reason="Ray is not installed: pip install '.[cluster]'")
    from suite.cluster.connect import connect

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2]))
        ray = connect("local")
        yield ray
        ray.shutdown()
