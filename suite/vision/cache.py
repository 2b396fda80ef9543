"""Decoded clips in memory up to a limit, decoded by threads ahead of the one that trains."""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import numpy as np

MOST_THREADS = 8


class ClipCache:
    """Clips by path, kept until the limit is reached; those beyond it are decoded again whenever they are asked for.

    What came first stays: with every clip asked for once an epoch, replacing the oldest would keep none in time.

    Args:
        megabytes: Most memory for the clips kept.
        load: Returns the frames of a path, uint8 (time, height, width, channels).
    """

    def __init__(self, megabytes: int, load: Callable[[Path], np.ndarray]) -> None:
        self.limit = megabytes * 1_000_000
        self.used = 0
        self.load = load
        self._clips: dict[tuple, np.ndarray] = {}
        self._lock = threading.Lock()

    def get(self, path: Path) -> np.ndarray:
        """Return the frames of a path; not to be written to."""
        key = _key(path)
        clip = self._clips.get(key)
        if clip is not None:
            return clip
        clip = self.load(path)
        clip.flags.writeable = False
        with self._lock:
            if key not in self._clips and self.used + clip.nbytes <= self.limit:
                self._clips[key] = clip
                self.used += clip.nbytes
        return clip

    def ahead(self, paths: Iterable[Path], count: int = 64) -> Iterator[np.ndarray]:
        """Yield the frames of each path in order while threads decode the next `count` ones."""
        threads = min(os.cpu_count() or 1, MOST_THREADS)
        with ThreadPoolExecutor(threads, thread_name_prefix="decode") as pool:
            paths = iter(paths)
            waiting = deque(self._start(pool, path) for path in islice(paths, count))
            try:
                while waiting:
                    clip = waiting.popleft()
                    waiting.extend(self._start(pool, path) for path in islice(paths, 1))
                    yield clip.result() if isinstance(clip, Future) else clip
            finally:
                for clip in waiting:
                    if isinstance(clip, Future):
                        clip.cancel()

    def _start(self, pool: ThreadPoolExecutor, path: Path) -> np.ndarray | Future:
        """Return the clip that is kept, else a future of it: what is there needs no other thread."""
        clip = self._clips.get(_key(path))
        return pool.submit(self.get, path) if clip is None else clip


def _key(path: Path) -> tuple[str, int, int]:
    status = os.stat(path)
    return str(path), status.st_mtime_ns, status.st_size
