import threading
import time

import pytest

from suite.ahead import ahead


def test_values_come_in_order_whichever_is_made_first():
    def make(number):
        time.sleep(0.02 if number % 3 == 0 else 0)
        return number * 10

    assert list(ahead(make, range(20), 4)) == [number * 10 for number in range(20)]
    assert list(ahead(make, [], 4)) == []


def test_no_more_items_are_taken_than_are_asked_for_and_ahead():
    taken = []

    def items():
        for number in range(100):
            taken.append(number)
            yield number

    values = ahead(str, items(), 3)
    assert [next(values), next(values)] == ["0", "1"]
    assert len(taken) == 5, "two that were asked for and three ahead"
    values.close()


def test_what_is_ready_needs_no_thread_and_keeps_its_place():
    made_in = []

    def make(number):
        made_in.append(threading.current_thread().name)
        return -number

    ready = {2: "two", 4: "four"}
    assert list(ahead(make, range(6), 2, ready.get)) == [0, -1, "two", -3, "four", -5]
    assert len(made_in) == 4 and all(name.startswith("decode") for name in made_in)


def test_a_fault_is_raised_where_its_item_is_asked_for():
    def make(number):
        if number == 1:
            raise OSError("no such number")
        return number

    values = ahead(make, range(5), 4)
    assert next(values) == 0
    with pytest.raises(OSError, match="no such number"):
        next(values)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("decode")]
