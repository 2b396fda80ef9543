"""What a finished run leaves beside its weights: its record, and digests of the inputs that it learned from."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from suite.artifact import package_versions, read_artifact
from suite.data.examples import Examples
from suite.data.trained_on import ASSET, input_digests
from suite.training.state import History
from suite.training.unfinished import Request


def run_record(request: Request, examples: Examples, history: History, **outcome: Any) -> dict[str, Any]:
    """Return the content of `record.json`, JSON-able.

    Args:
        request: What was asked for.
        examples: All of the data.
        history: Of the training.
        **outcome: What only the end of the run knows: `name`, `run_id`, `metrics`, `parameters`, `seconds`.
    """
    return outcome | {
        "task": request.task,
        "epochs": len(history.epochs),
        "best_epoch": None if history.best is None else history.best + 1,
        "finished": datetime.now(UTC).strftime("%Y-%m-%d"),
        "seed": request.settings.seed,
        "fold": request.fold,
        "settings": request.settings.model_dump(mode="json"),
        "versions": package_versions(),
        "data": {
            "path": str(Path(examples.path).absolute()),
            "format": examples.format,
            "fingerprint": examples.fingerprint,
            "parts": examples.parts_fingerprint,
            "order": examples.order_fingerprint,
            "sizes": examples.sizes,
            "notes": list(examples.notes),
        },
    }


def with_digests(request: Request, examples: Examples, assets: dict[str, Any]) -> dict[str, Any]:
    """Return the assets and digests of all inputs that the weights come from, unless the data is private."""
    if not request.settings.parity_samples:
        return assets
    digests = input_digests(examples.part("train"))
    if request.init:
        earlier = read_artifact(request.init, verify=False).assets.get(ASSET)
        digests = digests if earlier is None else np.union1d(digests, earlier)
    return assets | {ASSET: digests}
