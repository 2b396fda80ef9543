"""How far the reading of many files is, told to whoever shows it."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

Item = TypeVar("Item")
_listener: ContextVar[Callable[[int, int], None] | None] = ContextVar("listener", default=None)


@contextmanager
def listening(listener: Callable[[int, int], None]) -> Iterator[None]:
    """Call `listener(done, total)` after each item that `tracked` gives within this block."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def tracked(items: Iterable[Item], total: int) -> Iterator[Item]:
    """Yield the items, telling the listener, where there is one, how many of `total` are done."""
    listener = _listener.get()
    for count, item in enumerate(items, 1):
        if listener is not None:
            listener(count, total)
        yield item
