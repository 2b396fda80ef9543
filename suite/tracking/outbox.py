"""What a run tells the store, kept in files of the run's own until the store has taken it.

A training never waits for the store and loses nothing by its absence: each entry is a folder that is sent when the
store answers, at the next epoch, at the end of the run, or when the run is resumed.

    outbox/epoch-0003/entry.json    metrics with their time and step, parameters, tags, the artifacts that are tables
    outbox/val/files/...            artifacts, as they will lie in the run
    outbox/sent                     the names of the entries that the store has, one a line
"""

import json
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from suite.artifact import read_json, write_json, write_whole
from suite.tracking.data_sets import to_input
from suite.tracking.patience import harmlessly, is_away, reason, uninterrupted

TRY_AGAIN_SECONDS = 15  # a store that is away is not asked more often than this while a training goes on
BATCH_METRICS = 800  # MLflow takes 1,000 metrics, parameters and tags at once
TABLES_TAG = "mlflow.loggedArtifacts"  # where MLflow's UI looks for tables


@dataclass(frozen=True)
class Entry:
    """One thing to tell the store.

    Attributes:
        metrics: Name -> value, all of one `step`.
        step: Number of the epoch they belong to, from 1; 0 where they belong to none.
        params, tags: Name -> text.
        write: Writes artifacts into a folder, as they are to lie in the run.
        tables: Paths of the artifacts that MLflow shows as tables.
        images: Paths of the PNG files among them that MLflow shows step by step, named as `val_confusion_matrix`.
        data_sets: As `suite.tracking.data_sets` describes them.
        points: Metrics with times and steps of their own, as `entry.json` has them.
    """

    metrics: dict[str, float] = field(default_factory=dict)
    step: int = 0
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    write: Callable[[Path], None] | None = None
    tables: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    data_sets: Sequence[dict[str, Any]] = ()
    points: Sequence[dict[str, Any]] = ()


class Outbox:
    """The entries of one run that the store has not taken yet.

    Args:
        folder: Where they lie; made here.
        run_id: The run in the store.
        say: Told when the store goes away and when it is back.
    """

    def __init__(self, folder: Path, run_id: str, say: Callable[[str], None] = lambda message: None) -> None:
        self.folder = folder
        self.run_id = run_id
        self.say = say
        self.away = False
        self.asked = float("-inf")
        folder.mkdir(exist_ok=True)

    def __contains__(self, name: str) -> bool:
        return (self.folder / name).is_dir() or name in self._sent()

    def forget(self) -> None:
        """Forget what was sent: the run that had it is gone from the store."""
        (self.folder / "sent").unlink(missing_ok=True)

    def add(self, name: str, entry: Entry) -> None:
        """Keep an entry (in place of an unsent one of that name) and send what waits, if the store answers."""

        def write(folder: Path) -> None:
            now = round(time.time() * 1000)
            metrics = [
                {"key": key, "value": float(value), "timestamp": now, "step": entry.step}
                for key, value in entry.metrics.items()
            ]
            if entry.write is not None:
                (folder / "files").mkdir()
                entry.write(folder / "files")
            values = {
                "metrics": [*metrics, *entry.points],
                "params": entry.params,
                "tags": entry.tags,
                "tables": entry.tables,
                "images": [{"path": path, "timestamp": now, "step": entry.step} for path in entry.images],
                "data_sets": list(entry.data_sets),
            }
            write_json(folder / "entry.json", values)

        shutil.rmtree(self.folder / name, ignore_errors=True)
        write_whole(self.folder / name, write)
        self.send()

    def send(self) -> None:
        """Send what waits; where the store does not take it, say so once and keep it."""
        if self.away and time.monotonic() - self.asked < TRY_AGAIN_SECONDS:
            return
        self.asked = time.monotonic()
        try:
            with uninterrupted():
                self._send_all()
        except Exception as error:  # databases, servers and artifact stores fail in many types; none may end a training
            if not self.away:
                self.say(
                    f"the tracking store does not take this run's figures ({reason(error)}); they are kept and sent later"
                )
            self.away = True
            return
        if self.away:
            self.say("the tracking store has taken the figures that were kept for it")
        self.away = False

    def finish(self) -> None:
        """Send all that waits, waiting for the store within bounds.

        Raises:
            StoreAway: if the store is away for longer, or refuses an entry.
        """
        harmlessly(self._send_all, self.say)

    def _send_all(self) -> None:
        refusal = None
        for folder in sorted(path for path in self.folder.iterdir() if path.is_dir() and not path.name.startswith(".")):
            try:
                self._send(folder)
            except Exception as error:
                if is_away(error):
                    raise
                refusal = refusal or error  # the others may be taken
        if refusal is not None:
            raise refusal

    def _send(self, folder: Path) -> None:
        from mlflow import MlflowClient

        client, values = MlflowClient(), read_json(folder / "entry.json")
        tags = values["tags"] | self._tables_tag(client, values["tables"])
        self._log_batches(client, values | {"tags": tags})
        if values.get("data_sets"):
            client.log_inputs(self.run_id, [to_input(data_set) for data_set in values["data_sets"]])
        if (folder / "files").is_dir():
            client.log_artifacts(self.run_id, str(folder / "files"))
        for image in values.get("images", ()):
            self._log_image(client, folder / "files" / image["path"], image)
        with (self.folder / "sent").open("a", encoding="utf-8") as file:
            file.write(folder.name + "\n")
        shutil.rmtree(folder)

    def _log_batches(self, client: Any, values: dict[str, Any]) -> None:
        from mlflow.entities import Metric, Param, RunTag

        metrics = [Metric(**metric) for metric in values["metrics"]]
        params = [Param(key, value) for key, value in values["params"].items()]
        tags = [RunTag(key, value) for key, value in values["tags"].items()]
        client.log_batch(self.run_id, metrics[:BATCH_METRICS], params, tags, synchronous=True)
        for start in range(BATCH_METRICS, len(metrics), BATCH_METRICS):
            client.log_batch(self.run_id, metrics[start : start + BATCH_METRICS], synchronous=True)

    def _log_image(self, client: Any, path: Path, image: dict[str, Any]) -> None:
        from PIL import Image

        with Image.open(path) as picture:
            key = image["path"].removesuffix(".png").replace("/", "_")  # a slash would put it above the metrics
            client.log_image(self.run_id, picture, key=key, step=image["step"], timestamp=image["timestamp"])

    def _tables_tag(self, client: Any, tables: list[str]) -> dict[str, str]:
        if not tables:
            return {}
        listed = json.loads(client.get_run(self.run_id).data.tags.get(TABLES_TAG, "[]"))
        new = [{"path": path, "type": "table"} for path in tables]
        return {TABLES_TAG: json.dumps(listed + [table for table in new if table not in listed])}

    def _sent(self) -> set[str]:
        path = self.folder / "sent"
        return set(path.read_text(encoding="utf-8").splitlines()) if path.is_file() else set()
