"""A connection to Ray: a cluster of this machine alone, begun for one command, or one that is there already."""

import logging
import os
import re
import signal
from collections.abc import Sequence
from typing import Any

from suite.errors import UserError

OPTION, HERE = "--ray", "local"
ADDRESS = re.compile(r"auto|local|ray://\S+|[\w.-]+:\d+")


def with_address(arguments: Sequence[str]) -> list[str]:
    """Return a command's words with `local` behind each `--ray` that no address follows: `--ray` alone is allowed."""
    filled: list[str] = []
    for word, following in zip(arguments, [*arguments[1:], ""], strict=True):
        filled.append(word)
        if word == OPTION and not ADDRESS.fullmatch(following):
            filled.append(HERE)
    return filled


def connect(address: str) -> Any:
    """Return Ray, connected to a cluster.

    Args:
        address: `"local"` begins one on this machine, which ends with this process; `"auto"` takes the one that runs on
            this machine; `HOST:PORT` or `ray://HOST:PORT` is one elsewhere.

    Raises:
        UserError: if Ray is not installed or the cluster cannot be reached.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault(
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0"
    )  # leave CUDA_VISIBLE_DEVICES alone, without a warning
    try:
        import ray
    except ModuleNotFoundError as error:
        raise UserError(
            f"{OPTION} needs Ray, and {error.name} is not installed: pip install 'recurrent-suite[cluster]'"
        ) from error
    handler = signal.getsignal(signal.SIGTERM)
    options: dict[str, Any] = {"include_dashboard": False} if address == HERE else {"address": address}
    try:
        ray.init(**options, logging_level=logging.ERROR, ignore_reinit_error=True)
    except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise UserError(f"{OPTION} {address}: cannot connect to a Ray cluster: {reason}") from error
    signal.signal(signal.SIGTERM, handler)  # Ray would end this process without a word
    return ray


def hosts(ray: Any) -> set[str]:
    """Return the names of the machines of the cluster."""
    return {node["NodeManagerHostname"] for node in ray.nodes() if node["Alive"]}
