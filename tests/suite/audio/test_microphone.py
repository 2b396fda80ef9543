import sys
from types import SimpleNamespace

import numpy as np
import pytest

from suite.audio.microphone import microphone_blocks
from suite.errors import UserError


class PortAudioError(Exception):
    pass


def test_blocks_come_from_the_default_microphone(monkeypatch):
    asked = {}

    class InputStream:
        def __init__(self, **options):
            asked.update(options)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            asked["closed"] = True

        def read(self, count):
            return np.full((count, 1), 2, "float32"), False

    module = SimpleNamespace(InputStream=InputStream, PortAudioError=PortAudioError)
    monkeypatch.setitem(sys.modules, "sounddevice", module)
    blocks = microphone_blocks(16000, 320)
    assert next(blocks).tolist() == [1] * 320
    blocks.close()
    assert asked == {"samplerate": 16000, "channels": 1, "dtype": "float32", "blocksize": 320, "closed": True}


def test_no_library_and_no_microphone(monkeypatch):
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(UserError, match=r"recurrent-suite\[microphone\]"):
        next(microphone_blocks(16000, 320))

    def refuse(**_):
        raise PortAudioError("Error querying device -1")

    module = SimpleNamespace(InputStream=refuse, PortAudioError=PortAudioError)
    monkeypatch.setitem(sys.modules, "sounddevice", module)
    with pytest.raises(UserError, match=r"16000 Hz.*querying device"):
        next(microphone_blocks(16000, 320))
