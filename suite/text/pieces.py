"""Text too long to be read at once, cut where a token ends; nothing is dropped, and each piece knows where it began.

`web/static/pieces.js` is the same rule.
"""

SEPARATOR = 31  # ends each token of a text that brings its own
SPACES = bytes(range(33)) + b"\x7f"  # never part of a longer UTF-8 character
SENTENCE_ENDS = tuple(mark.encode() for mark in (".", "!", "?", "…", "。", "！", "？", "।", "؟"))


def cut_text(text: bytes, size: int) -> list[tuple[int, bytes]]:
    """Return UTF-8 text as pieces of at most `size` bytes, each with the place of its first byte.

    A piece ends behind the last line break or sentence end (a mark with a space behind it) in its second half, else behind
    the last space; a text that brings its own tokens, only where one of them ends. A run without any is cut between
    two characters; bytes that are no UTF-8, anywhere.

    Args:
        text: UTF-8 bytes, or tokens each ended by U+001F.
        size: Bytes of a piece, at least 1.

    Returns:
        At least one piece; together they are the text.
    """
    if size < 1:
        raise ValueError(f"a piece has at least 1 byte. Received: {size}")
    pieces, begin = [], 0
    breaks = bytes([SEPARATOR]) if SEPARATOR in text else SPACES
    while len(text) - begin > size:
        end = begin + _end(text[begin : begin + size + 1], breaks)
        pieces.append((begin, text[begin:end]))
        begin = end
    return [*pieces, (begin, text[begin:])]


def _end(window: bytes, breaks: bytes) -> int:
    """Return where a piece ends in the bytes that it may take and one more."""
    size = len(window) - 1
    places = [place for place in range(size, 0, -1) if window[place - 1] in breaks]
    for place in places:
        if 2 * place > size and (window[place - 1] in b"\n\r" or window[: place - 1].endswith(SENTENCE_ENDS)):
            return place
    if places:
        return places[0]
    for place in range(size, max(size - 4, 0), -1):
        if window[place] & 0xC0 != 0x80:  # not in the middle of a character
            return place
    return size
