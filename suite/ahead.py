"""Loading ahead: threads make what will be asked for next."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

MOST_THREADS = 8

Item = TypeVar("Item")
Value = TypeVar("Value")


def reading_threads() -> ThreadPoolExecutor:
    """Return as many threads as decode files side by side to advantage."""
    return ThreadPoolExecutor(min(os.cpu_count() or 1, MOST_THREADS), thread_name_prefix="decode")


def ahead(
    make: Callable[[Item], Value],
    items: Iterable[Item],
    count: int,
    ready: Callable[[Item], Value | None] = lambda item: None,
) -> Iterator[Value]:
    """Yield `make(item)` of each item in order, made in threads up to `count` items before it is asked for.

    A fault is raised where its item is asked for. Whoever stops early leaves no thread behind.

    Args:
        make: Called in threads.
        items: Taken one by one, as values are asked for.
        count: How many values are made or under way at most.
        ready: Gives a value that is there already, which needs no other thread; else None.
    """
    with reading_threads() as pool:

        def start(item: Item) -> "Value | Future[Value]":
            value = ready(item)
            return pool.submit(make, item) if value is None else value

        coming = iter(items)
        waiting = deque(start(item) for item in islice(coming, count))
        try:
            while waiting:
                value = waiting.popleft()
                waiting.extend(start(item) for item in islice(coming, 1))
                yield value.result() if isinstance(value, Future) else value
        finally:
            for value in waiting:
                if isinstance(value, Future):
                    value.cancel()
