import os
from collections import Counter

import numpy as np
import pytest

from suite.memory_cache import FileCache, MemoryCache


@pytest.fixture
def files(tmp_path):
    paths = [tmp_path / f"{number}.avi" for number in range(10)]
    for number, path in enumerate(paths):
        path.write_bytes(bytes([number]))
    return paths


@pytest.fixture
def loads():
    return Counter()


@pytest.fixture
def load(loads):
    def run(path):
        loads[path.name] += 1
        return np.full((1, 500, 1000, 1), path.read_bytes()[0], np.uint8)  # half a megabyte

    return run


def test_clips_come_in_the_order_asked_for_and_stay(files, load, loads):
    cache = FileCache(100, load)
    order = [3, 1, 1, 9, 0, 3]
    for _ in range(2):
        assert [clip[0, 0, 0, 0] for clip in cache.ahead((files[index] for index in order), 2)] == order
    assert max(loads.values()) <= 2 and cache.memory.used == 4 * 500_000  # twins under way together may load twice


def test_what_is_beyond_the_limit_is_decoded_again(files, load, loads):
    cache = FileCache(2, load)
    for _ in range(3):
        assert [clip[0, 0, 0, 0] for clip in cache.ahead(files, 1)] == list(range(10))
    assert cache.memory.used == 4 * 500_000
    assert sorted(loads.values()) == [1] * 4 + [3] * 6


def test_a_file_that_changed_is_read_again(files, load):
    cache = FileCache(10, load)
    cache.get(files[0])
    files[0].write_bytes(bytes([77]))
    os.utime(files[0], ns=(1, 1))
    assert cache.get(files[0])[0, 0, 0, 0] == 77


def test_a_kept_clip_cannot_be_written_to(files, load):
    with pytest.raises(ValueError, match="read-only"):
        FileCache(10, load).get(files[0])[:] = 0


def test_a_fault_reaches_the_one_who_asked(files):
    def fail(path):
        raise OSError(f"no {path.name}")

    with pytest.raises(OSError, match=r"no 0\.avi"):
        next(FileCache(10, fail).ahead(files))


def test_leaving_early_leaves_no_thread(files, load):
    import threading

    clips = FileCache(10, load).ahead(files, 4)
    next(clips)
    clips.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("decode")]


def test_what_came_first_stays_or_the_longest_unused_goes():
    arrays = [np.zeros(10, np.uint8) for _ in range(4)]
    staying, replacing = MemoryCache(30), MemoryCache(30, replace=True)
    for cache in (staying, replacing):
        for key, array in enumerate(arrays[:3]):
            cache.put(key, array)
        assert cache.get(0) is arrays[0]
        cache.put(3, arrays[3])
        cache.put(3, arrays[0])
        assert (len(cache), cache.used) == (3, 30)
    assert [staying.get(key) is not None for key in range(4)] == [True, True, True, False]
    assert [replacing.get(key) is not None for key in range(4)] == [True, False, True, True]
    assert replacing.get(3) is arrays[3], "what is there is not replaced"
