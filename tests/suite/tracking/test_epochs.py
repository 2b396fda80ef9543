"""What is logged after epochs besides their figures: pictures now and then, and the use of the machine."""

import pytest

from suite.pipeline import Evaluation
from suite.tracking import epochs, machine
from suite.tracking.epochs import EpochExtras
from suite.tracking.machine import Machine, watched_machine
from suite.training.state import Epoch


class Box:
    """An outbox that only remembers what was added, and what was drawn for it."""

    def __init__(self, folder):
        self.folder, self.entries, self.files = folder, {}, {}

    def add(self, name, entry):
        self.entries[name] = entry
        if entry.write is not None:
            target = self.folder / name
            target.mkdir()
            entry.write(target)
            self.files[name] = {path.relative_to(target).as_posix() for path in target.rglob("*.png")}


@pytest.fixture
def clock(monkeypatch):
    seconds = [0.0]
    monkeypatch.setattr(epochs.time, "monotonic", lambda: seconds[0])
    return seconds


def draw():
    import matplotlib.pyplot as plt

    return plt.figure(figsize=(1, 1))


def run(box, clock, samples, names, input_pictures=(), seconds=12.0, count=30):
    extras = EpochExtras(box, count, samples, None)
    for number in range(count):
        clock[0] += seconds
        evaluation = Evaluation({"loss": 1.0}, dict.fromkeys(names, draw), input_pictures=input_pictures)
        assert extras.scored(evaluation) == {"loss": 1.0}
        extras.log(Epoch(number, 0, {}, seconds))


def test_the_first_picture_of_every_tenth_of_the_epochs_is_logged_with_its_step(tmp_path, clock):
    box = Box(tmp_path)
    run(box, clock, True, ("confusion_matrix", "reliability"))
    assert [entry.step for entry in box.entries.values()] == list(range(1, 31, 3))
    assert {entry.images for entry in box.entries.values()} == {("val/confusion_matrix.png",)}
    assert box.files["picture-0003"] == {"val/confusion_matrix.png"}


def test_short_epochs_have_a_picture_every_ten_seconds_at_most(tmp_path, clock):
    box = Box(tmp_path)
    run(box, clock, True, ("confusion_matrix",), seconds=4.0, count=10)
    assert [entry.step for entry in box.entries.values()] == [3, 6, 9]


def test_a_picture_that_takes_long_waits_for_its_share_of_the_time(tmp_path, clock):
    box = Box(tmp_path)

    def slowly():
        clock[0] += 3.0
        return draw()

    extras = EpochExtras(box, 20, True, None)
    for number in range(20):
        clock[0] += 11.0
        extras.scored(Evaluation({}, {"confusion_matrix": slowly}))
        extras.log(Epoch(number, 0, {}, 11.0))
    assert [entry.step for entry in box.entries.values()] == [1, 11]


def test_the_last_epoch_has_the_picture_of_the_kept_weights_alone(tmp_path, clock):
    box = Box(tmp_path)
    run(box, clock, True, ("confusion_matrix",), count=3)
    assert [entry.step for entry in box.entries.values()] == [1, 2]


def test_private_inputs_are_in_no_picture(tmp_path, clock):
    box = Box(tmp_path)
    run(box, clock, False, ("captions", "lengths"), ("captions",), count=2)
    assert box.files == {"picture-0000": {"val/lengths.png"}}
    (tmp_path / "none").mkdir()
    box = Box(tmp_path / "none")
    run(box, clock, False, ("captions",), ("captions",), count=2)
    assert not box.entries


def test_a_run_of_a_minute_has_the_use_of_the_machine_from_its_beginning_and_a_shorter_one_none(clock):
    watched = Machine()
    watched.sample()
    clock[0] = machine.SHORT_RUN_SECONDS - 1
    assert watched.take() == []
    clock[0] += 2
    watched.sample()
    samples = watched.take()
    processor = [point for point in samples if point["key"] == "system/cpu_utilization_percentage"]
    assert [point["step"] for point in processor] == [1, 2] and all(0 <= point["value"] <= 100 for point in processor)
    assert watched.take() == []


def test_steps_go_on_where_a_resumed_run_was(clock):
    watched = Machine(begun=600.0)
    watched.sample()
    assert {point["step"] for point in watched.take()} == {61}


def test_the_thread_samples_and_ends_with_the_block(monkeypatch):
    import threading

    monkeypatch.setattr(machine, "SAMPLE_SECONDS", 0.01)
    monkeypatch.setattr(machine, "SHORT_RUN_SECONDS", 0.0)
    with watched_machine(0.0, True) as watched:
        while not watched.samples:
            threading.Event().wait(0.01)
    assert watched.take() and "machine" not in {thread.name for thread in threading.enumerate()}
    with watched_machine(0.0, False) as watched:
        assert watched is None
