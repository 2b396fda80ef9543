"""Texts that a tokenizer must bear, ordinary, odd and broken."""

import pytest

ORDINARY = [
    "a stirring , funny and finally transporting film",
    "Don't you DARE call it 'bad' -- it's rock'n'roll!!! :)",
    "<br /><br />Two stars out of 10...",
    "naïve Zoë, voilà: déjà-vu; ¿qué tal?",
    "यह फिल्म बहुत अच्छी है",
    "هذا الفيلم رائع جداً",
    "この映画はとても良かったです",
]
ODD = [
    "",
    " ",
    "\t\r\n \x0b\x7f",
    "\0",
    "a\0b\0",
    "x",
    "'",
    "''a''",
    "\U0001f600\U0001f600\U0001f680 \u2764\ufe0f\u200d\U0001f525",
    "w" * 31 + " " + "w" * 32 + " " + "w" * 33 + " " + "w" * 200,
    "!" * 100,
    "é" * 50,
    "e\u0301te\u0301 e" + "\u0301" * 40,
    "\ufb01n \u00bd \u1e9e \u0130 \u212b",
    "\ud800 lone",
    "one two three four five six seven eight nine ten " * 30,
]
INVALID = [b"\xff\xfe", b"abc\xc3", b"\x80 \x80x\xf0\x9f", bytes(range(256)), bytes(range(255, -1, -1)) * 3]


@pytest.fixture
def texts():
    """Strings, ordinary and odd."""
    return [*ORDINARY, *ODD]


@pytest.fixture
def raw_texts():
    """The same as bytes, and bytes that are no UTF-8."""
    return [*(text.encode("utf-8", "surrogatepass") for text in (*ORDINARY, *ODD)), *INVALID]
