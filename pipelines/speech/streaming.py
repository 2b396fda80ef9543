"""The host's part of streaming speech: samples of any number in, the text of each chunk out."""

from typing import TYPE_CHECKING

import numpy as np

from suite.signature import Arrays

if TYPE_CHECKING:
    from suite.runtime.streaming import ChunkRunner


class SampleStream:
    """Feeds audio in pieces of any size to a streaming model, in chunks of its fixed size.

    Args:
        runner: Of a file whose raw inputs are `samples`, `float32 (chunk,)`, and `length`.
        tail: Samples of silence that the model hears after the end of a recording.

    `feed` takes samples as they come and returns an answer for each chunk that was filled; `finish` runs what is left and
    the tail, padded, and begins a new recording. All answers joined are the model's answer to the whole recording.
    """

    def __init__(self, runner: "ChunkRunner", tail: int) -> None:
        self.runner, self.tail = runner, tail
        (self.size,) = runner.chunk_shape["samples"]
        self._waiting = np.zeros(0, np.float32)
        runner.reset()

    def feed(self, samples: np.ndarray) -> list[Arrays]:
        """Take more samples, float32 `(samples,)`; return the answers of the chunks that are full."""
        self._waiting = np.concatenate([self._waiting, samples])
        whole = len(self._waiting) // self.size * self.size
        answers = [self._run(self._waiting[start : start + self.size]) for start in range(0, whole, self.size)]
        self._waiting = self._waiting[whole:]
        return answers

    def finish(self) -> list[Arrays]:
        """Run what is left, the tail after it, and begin a new recording."""
        answers = self.feed(np.zeros(self.tail, np.float32))
        if len(self._waiting):
            answers.append(self._run(self._waiting))
        self._waiting = self._waiting[:0]
        self.runner.reset()
        return answers

    def _run(self, chunk: np.ndarray) -> Arrays:
        padded = np.pad(chunk, (0, self.size - len(chunk)))
        return self.runner.run({"samples": padded, "length": np.int32(len(chunk))})


def join_answers(answers: list[Arrays]) -> Arrays:
    """Return the answers of the chunks of one recording as one answer."""
    if not answers:
        return {
            "text": np.zeros(0, np.uint8),
            "text_length": np.int32(0),
            "log_probs": np.zeros((0, 1), np.float32),
            "frames": np.int32(0),
        }
    text = np.concatenate([answer["text"][: int(answer["text_length"])] for answer in answers])
    rows = np.concatenate([answer["log_probs"][: int(answer["frames"])] for answer in answers])
    return {"text": text, "text_length": np.int32(len(text)), "log_probs": rows, "frames": np.int32(len(rows))}
