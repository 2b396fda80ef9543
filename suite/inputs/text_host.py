"""How a host brings a text of any length to a file: in windows of a fixed shape, or in the chunks of a stream.

Text is cut at spaces; `web/static/windows.js` is the same rule.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from suite.inputs.windows import joined, padded
from suite.signature import Arrays, Host, Output, RawInput

if TYPE_CHECKING:
    from suite.text.wordpiece_tokenizer import WordpieceTokenizer

SPACES = bytes(range(33)) + b"\x7f"  # never part of a longer UTF-8 character


# Texts whose pieces go into a file, for an app to compare its own tokenizer with.
GOLDEN = (
    "",
    "a good film",
    "It WASN'T bad -- not at all!",
    "Straße ﬁn Å ½ ①",
    "日本語のレビュー",
    "كان الفيلم جيدا",
    "😀 great!!! http://x.yz",
    "tab\tand\nline",
)


def raw_arrays(raw_input: str, settings: Any) -> Arrays:
    """Return a text as its UTF-8 bytes, `text` uint8 `(bytes,)`."""
    return {"text": np.frombuffer(raw_input.encode("utf-8", "replace"), np.uint8)}


def byte_input(size: int, chunk: int = 0, text: str = "the text") -> dict[str, RawInput]:
    """Return the input `text` of a signature: UTF-8 bytes, `size` of them in a `compiled` file, `chunk` in a `streaming` one."""
    chunks = (chunk,) if chunk else ()
    meaning = f"UTF-8 bytes of {text}; zeros after it are padding"
    return {"text": RawInput("uint8", (None,), meaning, fixed=(size,), chunk=chunks, kind="text")}


def string_input() -> dict[str, RawInput]:
    """Return the input `text` of a signature that takes a string which the app has normalized."""
    meaning = "the text, UTF-8, that the app has brought to Unicode form NFKC and then case folded"
    return {"text": RawInput("string", (), meaning)}


def piece_input(vocabulary: Sequence[str], size: int, chunk: int) -> dict[str, RawInput]:
    """Return the input `tokens` of a signature: pieces of words, `size` in a `compiled` file, `chunk` in a `streaming` one."""
    meaning = "numbers of word pieces, lines of vocabulary.txt counted from 0; zeros after them are padding"
    return {"tokens": RawInput("int32", (None,), meaning, fixed=(size,), chunk=(chunk,), vocabulary=vocabulary)}


def string_host(tokenizer: "WordpieceTokenizer") -> Host:
    """Return the host's part of a signature with a `string_input`."""
    return Host(prepare=lambda arrays, predictor: {"text": np.array(tokenizer.normalized(arrays["text"].item()), "S")})


def piece_host(tokenizer: "WordpieceTokenizer") -> Host:
    """Return the host's part of a signature with a `piece_input`; the tokenizer keeps no more pieces than a file takes."""

    def prepare(arrays: Arrays, predictor: Any) -> Arrays:
        return {"tokens": tokenizer.pieces(arrays["text"].item())}

    def answer_windows(predictor: Any, arrays: Arrays) -> Arrays:
        ((size,), _) = predictor.inputs["tokens"]
        return predictor.call({"tokens": padded(arrays["tokens"], size)})

    def answer_stream(runner: Any, arrays: Arrays) -> Arrays:
        (size,) = runner.chunk_shape["tokens"]
        runner.reset()
        for start in range(0, len(arrays["tokens"]), size):
            answer = runner.run({"tokens": padded(arrays["tokens"][start : start + size], size)})
        return answer

    return Host(prepare=prepare, windows=answer_windows, stream=answer_stream)


def golden_pieces(tokenizer: "WordpieceTokenizer") -> list[dict[str, Any]]:
    """Return the pieces of some texts, JSON-able, by which an app sees whether its own tokenizer does the same."""
    return [{"text": text, "tokens": tokenizer.pieces(text.encode()).tolist()} for text in GOLDEN]


def split_windows(data: bytes, size: int) -> list[bytes]:
    """Return UTF-8 text as windows of at most `size` bytes.

    1. Text that fits is one window, unchanged.
    2. Otherwise spaces around the text go, and while the rest is too long it is cut at the last space that leaves at
       most `size` bytes before it. Spaces around a cut belong to neither side, so no window is blank.
    3. A run without spaces longer than `size` is cut between two characters; bytes that are no UTF-8, anywhere.

    Args:
        data: UTF-8 bytes.
        size: Bytes of a window, at least 1.

    Returns:
        At least one window; `b""` alone for a blank text.
    """
    if size < 1:
        raise ValueError(f"a window has at least 1 byte. Received: {size}")
    if len(data) <= size:
        return [data]
    remaining = data.strip(SPACES)
    windows = []
    while len(remaining) > size:
        cut = _cut(remaining, size)
        windows.append(remaining[:cut].rstrip(SPACES))
        remaining = remaining[cut:].lstrip(SPACES)
    return [*windows, remaining]


def text_host(outputs: dict[str, Output]) -> Host:
    """Return the host's part of a signature with the input `text` that answers a text as a whole.

    Args:
        outputs: Of the signature; those of windows are joined as `suite.inputs.windows.joined` says.
    """

    def answer_windows(predictor: Any, arrays: Arrays) -> Arrays:
        ((size,), _) = predictor.inputs["text"]
        windows = split_windows(arrays["text"].tobytes(), size)
        answers = [predictor.call({"text": np.frombuffer(window.ljust(size, b"\0"), np.uint8)}) for window in windows]
        return joined(answers, windows, outputs)

    def answer_stream(runner: Any, arrays: Arrays) -> Arrays:
        stream = TextStream(runner)
        stream.feed(arrays["text"].tobytes())
        return stream.finish()

    return Host(windows=answer_windows, stream=answer_stream)


class TextStream:
    """Feeds a text in pieces of any size to a streaming file, cut at spaces into its fixed chunks.

    Args:
        runner: A `ChunkRunner` of a file whose raw input is `text`, `uint8 (chunk,)`.

    `feed` takes bytes as they come and answers when it has run a chunk; `finish` runs what is left and gives the answer
    to the whole text, which is that of the model on the text at once.
    """

    def __init__(self, runner: Any) -> None:
        self.runner = runner
        (self.size,) = runner.chunk_shape["text"]
        self._waiting = b""
        runner.reset()

    def feed(self, piece: bytes) -> Arrays | None:
        """Take more of the text; return the answer so far, or None while no chunk is full."""
        self._waiting += piece
        answer = None
        while len(self._waiting) > self.size:
            cut = cut_at_space(self._waiting, self.size)
            answer = self._run(self._waiting[:cut])
            self._waiting = self._waiting[cut:]
        return answer

    def finish(self) -> Arrays:
        """Run what is left, return the answer to the whole text, and begin a new one."""
        answer = self._run(self._waiting)
        self._waiting = b""
        self.runner.reset()
        return answer

    def _run(self, chunk: bytes) -> Arrays:
        return self.runner.run({"text": np.frombuffer(chunk.ljust(self.size, b"\0"), np.uint8)})


def cut_at_space(data: bytes, size: int, token: int = 32) -> int:
    """Return how many bytes, at most `size`, to take so that no token is torn apart.

    Spaces (bytes up to 32, and 127) end tokens. A longer run without any is cut at a multiple of `token` bytes from its
    start, where the tokenizer cuts it too.
    """
    for index in range(size, 0, -1):
        if data[index - 1] <= 32 or data[index - 1] == 127:
            return index
    return size - size % token


def _cut(remaining: bytes, size: int) -> int:
    """Return where to cut text that is longer than `size`: the bytes of the window, 1 to `size`."""
    for cut in range(size, 0, -1):
        if remaining[cut] in SPACES:
            return cut
    for cut in range(size, max(size - 4, 0), -1):
        if remaining[cut] & 0xC0 != 0x80:  # not in the middle of a character
            return cut
    return size
