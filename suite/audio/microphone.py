"""Samples from a microphone as they come."""

from collections.abc import Iterator

import numpy as np

from suite.errors import UserError


def microphone_blocks(sample_rate: int, block_samples: int) -> Iterator[np.ndarray]:
    """Yield blocks of float32 `(block_samples,)` in [-1, 1] from the default microphone, until the caller stops.

    The extra `microphone` brings sounddevice, which listens.

    Raises:
        UserError: where sounddevice or its PortAudio is missing, or no microphone can be opened.
    """
    try:
        import sounddevice
    except ImportError as error:
        raise UserError(
            "a microphone is read by sounddevice, which is not installed: pip install 'recurrent-suite[microphone]'"
        ) from error
    except OSError as error:
        raise UserError(
            f"a microphone is read by PortAudio, which is not installed (apt-get install libportaudio2): {error}"
        ) from error
    try:
        with sounddevice.InputStream(
            samplerate=sample_rate, channels=1, dtype="float32", blocksize=block_samples
        ) as stream:
            while True:
                block, _ = stream.read(block_samples)
                yield np.clip(block[:, 0], -1, 1)
    except sounddevice.PortAudioError as error:
        raise UserError(f"microphone: expected one that records at {sample_rate} Hz. Received: {error}") from error
