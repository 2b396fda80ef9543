"""`suite ui`: the MLflow UI on the same store."""

import os
import socket
import sys
import tempfile
import urllib.request
from typing import Annotated

import typer

from suite.commands.output import show, terminal
from suite.commands.server import serve
from suite.errors import UserError
from suite.registry import PIPELINES, load_pipeline

HOST = "127.0.0.1"
LAST_LINES = 3  # of a server that does not start


def ui(
    task: Annotated[
        str | None, typer.Argument(help=f"whose runs to open, {', '.join(PIPELINES)}; by default those of the last run")
    ] = None,
    port: Annotated[int, typer.Option(help="port on 127.0.0.1", min=1, max=65535)] = 5000,
) -> None:
    """Serve the MLflow UI of the tracking store on this machine alone, and open it where there is a browser."""
    from suite.tracking.experiment import page_of
    from suite.tracking.store import open_store, tracking_uri

    if task is not None:
        load_pipeline(task)
    uri = tracking_uri()
    server = uri.rstrip("/") if uri.startswith(("http://", "https://")) else None
    if server is None:
        _refuse_taken(port)
    with terminal().status("opening the tracking store"):
        page = page_of(open_store(), task)
    if server is not None:
        _present(f"{server}/{page}", "")
        return
    # One person looks: each further worker of MLflow's four is another process that imports all of it.
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", uri, "--host", HOST, "--port", str(port)]
    raise typer.Exit(_serve([*command, "--workers", "1"], f"http://{HOST}:{port}", page))


def _serve(command: list[str], server: str, page: str) -> int:
    """Serve until interrupted; the server's own lines are shown with `--debug`, and where it does not start."""
    started = False
    with tempfile.TemporaryFile() as log, terminal().status("starting the MLflow UI") as status:

        def is_up() -> bool:
            nonlocal started
            started = _answers(f"{server}/health")
            if started:
                status.stop()
                _present(f"{server}/{page}", " (Ctrl-C ends it)")
            return started

        exit_status = serve(command, None if os.environ.get("SUITE_DEBUG") else log, is_up)
        log.seek(0)
        lines = log.read().decode(errors="replace").splitlines()[-LAST_LINES:]
    if not started:
        raise UserError(
            f"the MLflow UI did not start (exit status {exit_status}): {' '.join(lines) or 'it said nothing'}"
        )
    return exit_status


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise UserError(f"--port {port} on {HOST} is taken ({error.strerror}); choose another") from error


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5):
            return True
    except OSError:
        return False


def _present(address: str, hint: str) -> None:
    """Print the address, and open it where somebody sits at a screen."""
    show(f"MLflow UI: {address}{hint}")
    sys.stdout.flush()
    if _has_screen():
        import webbrowser

        webbrowser.open(address)


def _has_screen() -> bool:
    if not sys.stdout.isatty() or os.environ.get("CI"):
        return False
    return sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
