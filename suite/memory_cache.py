"""Arrays in memory up to a limit, shared by threads: decoded files, and whatever else costs time to compute again."""

import os
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from suite.ahead import ahead


class MemoryCache:
    """Keeps arrays under keys as long as there is room; threads may share it.

    Args:
        capacity: Bytes of arrays kept.
        replace: Whether the longest unused arrays make room for new ones. Where everything is asked for once an epoch that
            would throw out each array just before it is asked for: then what came first stays.
    """

    def __init__(self, capacity: float, replace: bool = False) -> None:
        self.capacity = capacity
        self.used = 0
        self._replace = replace
        self._arrays: OrderedDict[Hashable, np.ndarray] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._arrays)

    def get(self, key: Hashable) -> np.ndarray | None:
        """Return what is kept under a key, or None."""
        with self._lock:
            if self._replace and key in self._arrays:
                self._arrays.move_to_end(key)
            return self._arrays.get(key)

    def put(self, key: Hashable, array: np.ndarray) -> None:
        """Keep an array under a key, if there is none and there is or can be made room."""
        with self._lock:
            if key in self._arrays or not (self._replace or self.used + array.nbytes <= self.capacity):
                return
            self._arrays[key] = array
            self.used += array.nbytes
            while self.used > self.capacity:
                self.used -= self._arrays.popitem(last=False)[1].nbytes


class FileCache:
    """What files hold, by path, decoded once as long as there is room; files beyond the limit are decoded each time.

    Args:
        megabytes: The limit, in 10**6 bytes; 0 keeps nothing.
        load: Returns the array of a path.
    """

    def __init__(self, megabytes: float, load: Callable[[Any], np.ndarray]) -> None:
        self.memory = MemoryCache(megabytes * 1e6)
        self.load = load

    def get(self, path: Path | str) -> np.ndarray:
        """Return the array of a path; not to be written to. A file that has changed is loaded again."""
        key = _file_state(path)
        array = self.memory.get(key)
        if array is None:
            array = self.load(path)
            array.flags.writeable = False
            self.memory.put(key, array)
        return array

    def ahead(self, paths: Iterable[Path | str], count: int = 64) -> Iterator[np.ndarray]:
        """Yield the array of each path in order while threads load the next `count` ones."""
        return ahead(self.get, paths, count, ready=lambda path: self.memory.get(_file_state(path)))


def _file_state(path: Path | str) -> tuple[str, int, int]:
    try:
        status = os.stat(path)
    except OSError:
        return str(path), 0, 0  # loading says what is wrong
    return str(path), status.st_mtime_ns, status.st_size
