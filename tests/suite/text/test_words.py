"""What a word is, by the Unicode standard's own examples and properties."""

import subprocess
import sys
import unicodedata

import pytest

from suite.text.words import clean, lower, spoken, words_of


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("हिन्दी", ["हिन्दी"]),
        ("gar\N{LATIN SMALL LETTER C}\N{COMBINING CEDILLA}on", ["garçon"]),
        ("İstanbul", ["i\N{COMBINING DOT ABOVE}stanbul"]),
        ("一只狗。", ["一", "只", "狗"]),
        ("犬がカメラを見る", ["犬", "が", "カメラ", "を", "見", "る"]),
        ("A dog's toy, on-the go .", ["a", "dog's", "toy", "on-the", "go"]),
        ("'yes' isn\N{RIGHT SINGLE QUOTATION MARK}t 3.14", ["yes", "isn't", "3", "14"]),
        ("naïve_x - - a--b", ["naïve", "x", "a", "b"]),
        ("", []),
        ("🙂 …", []),
    ],
)
def test_words_of_a_caption(caption, expected):
    assert words_of(caption) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("paral·lel, col•lecció i paraŀlel", "paral·lel col·lecció i paral·lel"),
        ("Donau\N{SOFT HYPHEN}dampfer", "donaudampfer"),
        ("\N{RIGHT-TO-LEFT MARK}שלום\N{WORD JOINER}", "שלום"),
        ("می\N{ZERO WIDTH NON-JOINER}خواهم", "می\N{ZERO WIDTH NON-JOINER}خواهم"),
        ("क्\N{ZERO WIDTH JOINER}ष", "क्\N{ZERO WIDTH JOINER}ष"),
        ("pa\N{ZERO WIDTH JOINER}per", "paper"),
        ('צה"ל', "צה״ל"),
        ("'yes', he said", "yes he said"),
        ("'yes it is', he said of the dogs' bone", "yes it is he said of the dogs' bone"),
        ("don't give 'em the dogs", "don't give 'em the dogs"),
        ("well-known 1,000", "well known 1 000"),
    ],
)
def test_a_transcript_keeps_its_words_whole(written, expected):
    assert spoken(written) == expected
    assert spoken(expected) == expected


def test_case_of_turkish_is_its_own():
    assert lower("ISPARTA İZMİR", "tr") == lower("ISPARTA I\N{COMBINING DOT ABOVE}ZMİR", "az-Latn") == "ısparta izmir"
    assert lower("IN", "en") == lower("IN") == "in"
    assert words_of("ISPARTA'DA", "tr_TR") == ["ısparta'da"]
    assert spoken("İyi", "tr") == "iyi"


def test_any_form_of_unicode_has_the_same_words():
    for text in ("Où êtes-vous, garçon ?", "Việt Nam đẹp", "한국어 사람", "Ελλάδα", "вой Йод", "कि़ताब"):
        forms = {form: unicodedata.normalize(form, text) for form in ("NFC", "NFD")}
        assert words_of(forms["NFC"]) == words_of(forms["NFD"])
        assert spoken(forms["NFD"]) == unicodedata.normalize("NFC", spoken(forms["NFC"]))
        assert clean(forms["NFD"]) == clean(text)


def test_words_need_no_tensorflow():
    code = "import sys, suite.text.words; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
