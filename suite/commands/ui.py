"""`suite ui`: the MLflow UI on the same store."""

import socket
import sys
from typing import Annotated

import typer

from suite.commands.output import words
from suite.commands.server import serve
from suite.errors import UserError

HOST = "127.0.0.1"


def ui(port: Annotated[int, typer.Option(help="port on 127.0.0.1", min=1, max=65535)] = 5000) -> None:
    """Serve the MLflow UI of the tracking store on this machine alone."""
    from suite.tracking.store import open_store, tracking_uri

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise UserError(f"--port {port} on {HOST} is taken ({error.strerror}); choose another") from error
    uri = tracking_uri()
    if uri.startswith(("http://", "https://")):
        words().print(f"the tracking store is a server already: open {uri}", highlight=False)
        return
    open_store()
    words().print(f"MLflow UI of {uri}: http://{HOST}:{port} (Ctrl-C ends it)", highlight=False)
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", uri, "--host", HOST, "--port", str(port)]
    # One person looks: each further worker of MLflow's four is another process that imports all of it.
    raise typer.Exit(serve([*command, "--workers", "1"]))
