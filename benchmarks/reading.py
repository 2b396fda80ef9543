"""Files decoded in a second, as training and `suite data check` read them.

    python benchmarks/reading.py audio|video PATH... [--files 500] [--rounds 5] [--sample-rate 16000]

PATH is a file or a folder, whose files are taken in the order of their names. One thread, the best of several rounds, the
files in the page cache. To compare two versions of the code, run each with its own folder first on PYTHONPATH, in turn.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

from suite.errors import UserError


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=["audio", "video"])
    parser.add_argument("paths", type=Path, nargs="+")
    parser.add_argument("--files", type=int, default=500, help="of each PATH, at most")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sample-rate", type=int, default=16000, help="audio: Hz that it is resampled to")
    arguments = parser.parse_args()

    for path in arguments.paths:
        files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
        readers = {"audio": audio_reader(arguments.sample_rate), "video": read_video}
        seconds, count = measure(readers[arguments.kind], files, arguments.files, arguments.rounds)
        print(f"{path}: {count / seconds:,.0f} files per second ({count} files)")


def measure(read: Callable[[Path], object], files: list[Path], most: int, rounds: int) -> tuple[float, int]:
    """Return the seconds of the best round over at most `most` of the files, and how many they were."""
    readable = [file for file in files[:most] if _can_read(read, file)]
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        for file in readable:
            read(file)
        best = min(best, time.perf_counter() - start)
    return best, len(readable)


def _can_read(read: Callable[[Path], object], file: Path) -> bool:
    try:
        read(file)
    except UserError:
        return False
    return True


def audio_reader(sample_rate: int) -> Callable[[Path], object]:
    """Return a function that decodes one audio file at a sample rate in Hz."""
    from suite.audio.read import read_audio

    return lambda file: read_audio(file, sample_rate)


def read_video(file: Path) -> object:
    """Look whether a video is whole and count its frames, as `suite data check` does, then decode them all for training."""
    from suite.vision import read

    read._count.cache_clear()  # the answer for a file that stays as it is would be remembered
    return read.read_clip(file)


if __name__ == "__main__":
    main()
