"""Text cut into pieces: nothing lost, nothing torn apart that could stay whole."""

import random

import pytest

from suite.text.pieces import cut_text


@pytest.mark.parametrize(
    ("text", "size", "pieces"),
    [
        ("short", 10, ["short"]),
        ("", 4, [""]),
        ("One two. Three four five", 16, ["One two. ", "Three four five"]),
        ("One two three four", 9, ["One two ", "three ", "four"]),
        ("abcdefgh", 3, ["abc", "def", "gh"]),
        ("ééé", 3, ["é", "é", "é"]),
        ("New York\x1fis\x1fbig\x1f", 12, ["New York\x1fis\x1f", "big\x1f"]),
    ],
)
def test_cut_where_a_token_ends(text, size, pieces):
    assert [piece.decode() for _, piece in cut_text(text.encode(), size)] == pieces


def test_pieces_are_the_text_and_know_where_they_begin():
    draw = random.Random(1)
    for _ in range(300):
        text = bytes(draw.choices(b"ab .\n\x1f\xc3\xa9\xff", k=draw.randint(0, 40)))
        size = draw.randint(1, 12)
        pieces = cut_text(text, size)
        assert b"".join(piece for _, piece in pieces) == text
        assert all(text[begin : begin + len(piece)] == piece and len(piece) <= size for begin, piece in pieces)
        assert all(piece for _, piece in pieces) or not text
