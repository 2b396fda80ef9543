"""A store that goes away: what a run tells it waits in files, is sent once, and is waited for within bounds."""

import json
from typing import ClassVar

import pytest

from suite.artifact import read_json
from suite.tracking import outbox, patience
from suite.tracking.outbox import Entry, Outbox
from suite.tracking.patience import StoreAway, is_away, patiently

REFUSED = "API request to http://127.0.0.1:1/api failed with exception HTTPConnectionPool(...): Max retries exceeded (Connection refused)"


class Client:
    """MLflow's client of a store that is away while `errors` lasts."""

    errors: ClassVar[list[Exception]] = []
    batches: ClassVar[list[tuple]] = []
    artifacts: ClassVar[list[str]] = []
    data_sets: ClassVar[list[tuple]] = []
    images: ClassVar[list[tuple]] = []

    def log_batch(self, run_id, metrics, params=(), tags=(), synchronous=False):
        if self.errors:
            raise self.errors.pop(0)
        figures = {metric.key: (metric.value, metric.step, metric.timestamp) for metric in metrics}
        self.batches.append((run_id, figures, {tag.key: tag.value for tag in tags}))

    def log_artifacts(self, run_id, folder):
        self.artifacts.append(folder)

    def log_inputs(self, run_id, inputs):
        self.data_sets += [(row.dataset.name, row.tags[0].value) for row in inputs]

    def log_image(self, run_id, picture, key, step, timestamp):
        self.images.append((key, step, timestamp, picture.size))


@pytest.fixture
def client(monkeypatch):
    import mlflow

    Client.errors, Client.batches, Client.artifacts = [], [], []
    Client.data_sets, Client.images = [], []
    monkeypatch.setattr(mlflow, "MlflowClient", Client)
    return Client


@pytest.fixture
def clock(monkeypatch):
    """A clock that only `sleep` moves; returns the seconds slept."""
    slept = []
    monkeypatch.setattr(patience.time, "monotonic", lambda: float(sum(slept)))
    monkeypatch.setattr(patience.time, "sleep", slept.append)
    return slept


def epoch(number):
    return Entry({"val_loss": 1.0 / number}, number)


def test_epochs_of_an_absence_arrive_with_their_own_times_when_the_store_is_back(client, clock, tmp_path):
    said = []
    box = Outbox(tmp_path / "outbox", "r", said.append)
    box.add("epoch-0000", epoch(1))
    client.errors += [Exception(REFUSED)]
    box.add("epoch-0001", epoch(2))
    box.add("epoch-0002", epoch(3))  # not asked again so soon
    assert [next(iter(batch[1].values()))[1] for batch in client.batches] == [1] and not client.errors
    written = read_json(tmp_path / "outbox" / "epoch-0001" / "entry.json")["metrics"][0]["timestamp"]
    clock.append(outbox.TRY_AGAIN_SECONDS)
    box.add("epoch-0003", epoch(4))
    steps = [batch[1]["val_loss"][1] for batch in client.batches]
    assert steps == [1, 2, 3, 4] and client.batches[1][1]["val_loss"] == (0.5, 2, written)
    assert len(said) == 2 and "Connection refused" in said[0] and "has taken" in said[1]


def test_what_waits_outlives_the_process_and_is_sent_once(client, clock, tmp_path):
    client.errors += [Exception(REFUSED)]
    Outbox(tmp_path / "outbox", "r").add("epoch-0000", epoch(1))
    again = Outbox(tmp_path / "outbox", "r")
    assert "epoch-0000" in again and not client.batches
    again.finish()
    again.finish()
    assert len(client.batches) == 1 and "epoch-0000" in Outbox(tmp_path / "outbox", "r")
    again.forget()
    assert "epoch-0000" not in again


def test_files_lie_in_the_outbox_until_they_are_sent(client, clock, tmp_path):
    client.errors += [Exception(REFUSED)]
    box = Outbox(tmp_path / "outbox", "r")
    box.add("val", Entry(write=lambda folder: (folder / "picture.png").write_bytes(b"png")))
    assert (tmp_path / "outbox" / "val" / "files" / "picture.png").read_bytes() == b"png"
    box.finish()
    assert (
        client.artifacts == [str(tmp_path / "outbox" / "val" / "files")] and not (tmp_path / "outbox" / "val").exists()
    )


def test_data_sets_and_pictures_of_an_absence_arrive_with_their_steps_and_times(client, clock, tmp_path):
    from PIL import Image

    def write(folder):
        (folder / "val").mkdir()
        Image.new("RGB", (30, 20)).save(folder / "val" / "confusion.png")

    client.errors += [Exception(REFUSED)]
    box = Outbox(tmp_path / "outbox", "r")
    data_set = {"name": "reviews", "digest": "0", "source_type": "local", "source": "{}", "profile": "{}"}
    point = {"key": "system/load", "value": 0.5, "timestamp": 77, "step": 6}
    box.add("start", Entry(data_sets=[data_set | {"context": "train"}], points=[point]))
    box.add("picture", Entry(step=4, write=write, images=("val/confusion.png",)))
    written = read_json(tmp_path / "outbox" / "picture" / "entry.json")["images"][0]["timestamp"]
    assert not client.data_sets and not client.images
    box.finish()
    assert client.data_sets == [("reviews", "train")] and client.images == [("val_confusion", 4, written, (30, 20))]
    assert {"system/load": (0.5, 6, 77)} in [batch[1] for batch in client.batches]


def test_more_metrics_than_mlflow_takes_at_once_are_sent_in_turns(client, clock, tmp_path):
    points = [{"key": f"system/{number}", "value": 1.0, "timestamp": 1, "step": 1} for number in range(2000)]
    Outbox(tmp_path / "outbox", "r").add("machine", Entry(points=points))
    assert [len(batch[1]) for batch in client.batches] == [800, 800, 400]


def test_the_end_waits_for_the_store_within_bounds(client, clock, tmp_path):
    box = Outbox(tmp_path / "outbox", "r")
    client.errors += [Exception(REFUSED)] * 4
    box.add("end", Entry({"seconds": 1.0}))
    box.finish()
    assert len(client.batches) == 1 and clock == [1.0, 2.0, 4.0]
    client.errors += [Exception(REFUSED)] * 1000
    box.add("late", Entry({"seconds": 1.0}))
    clock.clear()
    with pytest.raises(StoreAway, match="the tracking store is away \\(Connection refused\\)"):
        box.finish()
    assert patience.WAITING_SECONDS - patience.LONGEST_PAUSE_SECONDS <= sum(clock) <= patience.WAITING_SECONDS
    assert "late" in Outbox(tmp_path / "outbox", "r")


def test_an_entry_that_is_refused_holds_up_no_other(client, clock, tmp_path):
    box = Outbox(tmp_path / "outbox", "r")
    client.errors += [Exception("INVALID_PARAMETER_VALUE: Changing param values is not allowed")]
    box.add("a", Entry({"x": 1.0}))
    client.errors += [Exception("INVALID_PARAMETER_VALUE: Changing param values is not allowed")]
    clock.append(outbox.TRY_AGAIN_SECONDS)
    box.add("b", Entry({"y": 1.0}))
    assert [list(batch[1]) for batch in client.batches] == [["y"]]
    with pytest.raises(Exception, match="Changing param values"):
        client.errors += [Exception("INVALID_PARAMETER_VALUE: Changing param values is not allowed")]
        box.finish()
    assert sum(clock) == outbox.TRY_AGAIN_SECONDS, "a refusal is not waited for"


def test_figures_that_are_no_numbers_survive_the_file(client, clock, tmp_path):
    client.errors += [Exception(REFUSED)]
    box = Outbox(tmp_path / "outbox", "r")
    box.add("epoch-0000", Entry({"val_loss": float("nan"), "val_wer": float("inf")}, 1))
    box.finish()
    figures = client.batches[0][1]
    assert figures["val_loss"][0] != figures["val_loss"][0] and figures["val_wer"][0] == float("inf")
    assert json.loads("[NaN]")[0] != 0


@pytest.mark.parametrize(
    ("message", "away"),
    [
        (REFUSED, True),
        ("(sqlite3.OperationalError) database is locked", True),
        ("API request to http://h/ failed with timeout exception", True),
        ("API request to http://h/ failed with exception ... too many 503 error responses", True),
        ("could not connect to server: Connection refused", True),
        ("(sqlite3.OperationalError) attempt to write a readonly database", False),
        ("(sqlite3.OperationalError) database or disk is full", False),
        ("RESOURCE_DOES_NOT_EXIST: Run with id=r not found", False),
        ("failed with exception SSLError: CERTIFICATE_VERIFY_FAILED, Max retries exceeded", False),
    ],
)
def test_what_is_waited_for(clock, message, away):
    calls = []

    def action():
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError(message)
        return "done"

    assert is_away(RuntimeError(message)) == away
    if away:
        assert patiently(action) == "done" and clock == [1.0]
    else:
        with pytest.raises(RuntimeError):
            patiently(action)
        assert clock == []
