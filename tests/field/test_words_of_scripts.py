"""Words of the world's scripts: captions and transcripts as people's own programs write them.

Right values are the Unicode standard's: canonical equivalence, its property of marks (general category M), the sample
words of Standard Annex 29, and plain joining of the parts that the words were made of.
"""

import unicodedata

import pytest

from pipelines.speech.config import Settings
from pipelines.speech.transcripts import learn_symbols, normalise
from suite.text.words import words_of

# Words with combining marks of scripts that have no composed forms, and of some that have.
MARKED = [
    "தமிழ்",
    "বাংলা",
    "ગુજરાતી",
    "ਪੰਜਾਬੀ",
    "తెలుగు",
    "മലയാളം",
    "සිංහල",
    "မြန်မာ",
    "ትግርኛ",
    "عَرَبِيّ",
    "עִבְרִית",
    "Tiếng",
    "Žluťoučký",
    "ёлка",
]


@pytest.mark.parametrize("word", [word for word in MARKED if word != "မြန်မာ"])
def test_a_marked_word_is_one_word_of_a_caption(word):
    expected = unicodedata.normalize("NFC", word.lower())
    for form in ("NFC", "NFD", "NFKC"):
        assert words_of(f"x {unicodedata.normalize(form, word)}, y.") == ["x", expected, "y"]


@pytest.mark.parametrize("word", MARKED)
def test_a_transcript_loses_no_letter_and_no_mark(word):
    text = normalise(f"“{word}”!")
    assert text == unicodedata.normalize("NFC", word.lower()) and " " not in text


@pytest.mark.parametrize(
    "layout",
    [
        "SOFT HYPHEN",
        "ZERO WIDTH JOINER",
        "WORD JOINER",
        "LEFT-TO-RIGHT MARK",
        "VARIATION SELECTOR-16",
        "ZERO WIDTH NO-BREAK SPACE",
        "COMBINING GRAPHEME JOINER",
    ],
)
def test_what_only_lays_text_out_parts_no_word(layout):
    character = unicodedata.lookup(layout)
    assert words_of(f"foot{character}ball") == ["football"]
    assert normalise(f"foot{character}ball") == "football"


@pytest.mark.parametrize("text", ["两只狗在雪地里奔跑", "犬と猫", "สุนัขสีดำ", "ສວັດດີ"])
def test_scripts_without_spaces_have_a_word_for_each_cluster(text):
    found = words_of(text)
    assert "".join(found) == text
    # No word begins with a mark: it stays with its letter.
    assert len(found) > 1 and all(unicodedata.category(word[0])[0] == "L" for word in found)
    assert normalise(text) == text


def test_digits_of_any_script_are_words():
    for digits in ("१२३", "٣٤", "42", "４２"):
        assert words_of(f"{digits} balls") == [digits, "balls"]


@pytest.mark.parametrize("quoted", ["'{}'", "‘{}’", "`{}'", "''{}''", "‚{}‘", "“{}”", "«{}»", "„{}“", "「{}」", '"{}"'])
@pytest.mark.parametrize("inside", ["yes", "yes it is", "don't", "ja"])
def test_quotation_marks_are_no_letters(quoted, inside):
    assert normalise(f"she said {quoted.format(inside)} and left") == f"she said {inside} and left"
    assert "'" not in learn_symbols([normalise(quoted.format("yes"))], Settings())


def test_the_alphabet_of_turkish_has_two_letters_i():
    text = "Iğdır'da İNSAN"
    assert set("ıi") <= set(learn_symbols([normalise(text, language="tr")], Settings(language="tr")))
    assert normalise(text, language="tr") == "ığdır'da insan"
    assert normalise(text.lower().replace("i\N{COMBINING DOT ABOVE}", "i")) == "iğdır'da insan"


def test_a_language_that_is_none_is_refused():
    with pytest.raises(ValueError, match="language"):
        Settings(language="turkish language")
