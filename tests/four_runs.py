"""Four processes open the store of MLFLOW_TRACKING_URI at the same moment, and each logs a run with an epoch and its data."""

import os
import sys
import tempfile
import traceback
from pathlib import Path

import mlflow
import mlflow.store.tracking.sqlalchemy_store  # noqa: F401, loaded once for all four

from suite.data.examples import Example, Examples
from suite.tracking.data_sets import part_data_sets
from suite.tracking.outbox import Entry, Outbox
from suite.tracking.store import tracked_run

ITEMS = tuple(
    Example(f"all.tsv:{row}", f"text {row}", "good", part) for row, part in enumerate(("train", "dev", "dev"))
)
EXAMPLES = Examples(ITEMS, Path("all.tsv"), "tsv", "named so")


def log(number: int, folder: Path) -> None:
    """Log a run as a training does."""
    with tracked_run("sentiment", f"run-{number}") as run:
        outbox = Outbox(folder / str(number), run.info.run_id, lambda message: print(message, file=sys.stderr))
        outbox.add("start", Entry(params={"number": str(number)}, data_sets=part_data_sets(EXAMPLES)))
        outbox.add("epoch-0000", Entry({"val_loss": float(number)}, 1))
        outbox.finish()


def main() -> int:
    """Return how many of the four failed."""
    children = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(4):
            child = os.fork()
            if child == 0:
                try:
                    log(number, Path(folder))
                except BaseException:
                    traceback.print_exc()
                    os._exit(1)
                os._exit(0)
            children.append(child)
        return sum(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0 for child in children)


if __name__ == "__main__":
    sys.exit(main())
