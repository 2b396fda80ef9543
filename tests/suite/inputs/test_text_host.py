import numpy as np
import pytest

from suite.inputs.text_host import split_windows
from suite.inputs.windows import combine


@pytest.mark.parametrize(
    ("text", "size", "windows"),
    [
        ("", 4, [""]),
        ("  ", 4, ["  "]),
        ("abcd", 4, ["abcd"]),
        (" ab ", 4, [" ab "]),
        ("abcd ", 4, ["abcd"]),
        ("ab cd", 4, ["ab", "cd"]),
        ("abcd efgh", 4, ["abcd", "efgh"]),
        ("ab  \n\t cd", 4, ["ab", "cd"]),
        ("      ", 4, [""]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("ab cdefghij k", 4, ["ab", "cdef", "ghij", "k"]),
        ("äöü", 5, ["äö", "ü"]),
        ("a🎬b🎬", 6, ["a🎬b", "🎬"]),
    ],
)
def test_windows_end_at_spaces(text, size, windows):
    assert split_windows(text.encode(), size) == [window.encode() for window in windows]


def test_no_character_is_cut_in_two_where_a_window_can_hold_one():
    text = "жұлдыз🎬语" * 50
    for size in range(4, 40):
        for window in split_windows(text.encode(), size):
            assert window.decode("utf-8") in text


def test_bytes_that_are_no_utf8_still_get_windows():
    assert split_windows(b"\x80" * 9, 4) == [b"\x80" * 4, b"\x80" * 4, b"\x80"]
    assert split_windows("🎬".encode(), 3) == [b"\xf0\x9f\x8e", b"\xac"]


def test_no_word_is_lost_and_no_window_is_blank_or_too_long():
    rng = np.random.default_rng(0)
    for _ in range(300):
        data = bytes(rng.choice(np.frombuffer(b"ab  \n\xc3\xa4", np.uint8), rng.integers(0, 200)))
        size = int(rng.integers(1, 30))
        windows = split_windows(data, size)
        assert b"".join(b"".join(windows).split()) == b"".join(data.split())
        assert all(len(window) <= size for window in windows)
        assert len(windows) == 1 or all(window.strip() for window in windows)


def test_a_window_needs_room():
    with pytest.raises(ValueError, match="Received: 0"):
        split_windows(b"text", 0)


def test_answers_count_by_the_bytes_of_their_windows():
    answers = [np.array([1.0, 0.0], np.float32), np.array([0.0, 1.0], np.float32)]
    combined = combine(answers, [b"abc", b"d"])
    assert combined.tolist() == [0.75, 0.25]
    assert combined.dtype == np.float32
    assert combine(answers[:1], [b""]) is answers[0]
