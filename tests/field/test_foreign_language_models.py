"""Language models and lexicons that other tools wrote: their case, marks and special tokens.

Right values: the model that the file was made of, and sums of probabilities written out.
"""

import gzip
import math
import unicodedata

import pytest

from pipelines.speech.config import Settings
from pipelines.speech.wordlists import read_language_model, read_lexicon
from suite.decoding.ngram import arpa_lines, parse_arpa, train, write_arpa
from suite.errors import UserError

LETTERS = ["", " ", "'", *"abcdefghijklmnopqrstuvwxyzéçğıöşü"]


def arpa(*sections):
    counts = [f"ngram {n}={len(section)}" for n, section in enumerate(sections, 1)]
    body = [line for n, section in enumerate(sections, 1) for line in (f"\\{n}-grams:", *section)]
    return ["\\data\\", *counts, *body, "\\end\\"]


def log10(value):
    return f"{math.log10(value):.9f}"


def test_the_same_word_in_two_cases_is_one_with_the_sum_of_both():
    """P(the) = P(the) + P(The); after either, what follows is weighted by how often each stands."""
    lines = arpa(
        [
            f"{log10(0.1)}\t</s>", "-99\t<s>\t0", f"{log10(0.2)}\tThe\t{log10(0.5)}", f"{log10(0.3)}\tthe\t{log10(0.25)}",
            f"{log10(0.4)}\tdog\t0",
        ],
        [f"{log10(0.6)}\tThe dog", f"{log10(0.2)}\tthe dog", f"{log10(0.7)}\t<s> The", f"{log10(0.1)}\t<s> the"],
    )  # fmt: skip
    model = parse_arpa(lines, "two cases", normalize=str.lower)
    assert model.vocabulary == ("<unk>", "<s>", "</s>", "the", "dog")
    the_dog = (0.2 * 0.6 + 0.3 * 0.2) / 0.5
    backoff = (0.2 * 0.5 + 0.3 * 0.25) / 0.5
    assert model.score("the dog") == pytest.approx(math.log(0.8 * the_dog * 0.1), rel=1e-6)
    assert model.score("the") == pytest.approx(math.log(0.8 * backoff * 0.1), rel=1e-6)
    assert model.score("dog the") == pytest.approx(math.log(0.4 * 0.5 * backoff * 0.1), rel=1e-6)


@pytest.mark.parametrize("form", ["NFD", "NFC"])
@pytest.mark.parametrize("case", [str.upper, str.title, str.lower])
@pytest.mark.parametrize("ending", [".arpa", ".arpa.gz"])
def test_a_french_model_of_any_form(tmp_path, form, case, ending):
    own = train(["été garçon", "l'été", "garçon garçon été"], 3, "word")
    text = "\n".join(arpa_lines(own))
    for word in own.vocabulary[3:]:
        text = text.replace(
            word, unicodedata.normalize(form, case(word)).replace("'", "\N{RIGHT SINGLE QUOTATION MARK}")
        )
    data = f"\ufeff{text}\n".encode()
    path = tmp_path / f"french{ending}"
    path.write_bytes(gzip.compress(data) if ending.endswith("gz") else data)
    model = read_language_model(path, LETTERS, Settings())
    for sentence in ("été garçon", "l'été été", "zut"):
        assert model.score(sentence) == pytest.approx(own.score(sentence), rel=1e-5)


def test_a_turkish_model_in_capitals(tmp_path):
    own = train(["ısı iyi", "iyi ışık"], 2, "word")
    write_arpa(own, tmp_path / "own.arpa")
    text = (tmp_path / "own.arpa").read_text(encoding="utf-8")
    for word, capitals in (("ısı", "ISI"), ("iyi", "İYİ"), ("ışık", "IŞIK")):
        text = text.replace(word, capitals)
    (tmp_path / "capitals.arpa").write_text(text, encoding="utf-8")
    model = read_language_model(tmp_path / "capitals.arpa", LETTERS, Settings(language="tr"))
    assert model.score("iyi ısı") == pytest.approx(own.score("iyi ısı"), rel=1e-5)


@pytest.mark.parametrize("special", ["<UNK>", "<unk>", "<Unk>"])
def test_the_unknown_word_in_any_case_is_unknown(special):
    lines = arpa(["-1\t<S>\t0", "-0.5\t</S>", f"-0.7\t{special}", "-inf\tnever", "-0.3\tyes\t-inf"], ["-0.2\t<S> yes"])
    model = parse_arpa(lines, "special")
    assert model.vocabulary == ("<unk>", "<s>", "</s>", "never", "yes")
    assert model.score("maybe") == pytest.approx((-0.7 - 0.5) * math.log(10))
    assert model.score("never") < -90 * math.log(10)


@pytest.mark.parametrize("words", [["0", "1", "2"], ["a", "b"], ["一", "二", "三"]])
def test_words_of_one_character_are_words(tmp_path, words):
    write_arpa(train([" ".join(words), words[0]], 2, "word"), tmp_path / "digits.arpa")
    model = read_language_model(tmp_path / "digits.arpa", ["", " ", *words], Settings())
    assert model.level == "word" and model.vocabulary[3:] == tuple(sorted(words))


def test_a_character_model_in_capitals(tmp_path):
    own = train(["the dog", "a dog"], 3, "character")
    path = tmp_path / "letters.arpa"
    write_arpa(own, path)
    lines = [
        line if line.startswith(("\\", "ngram")) else line.upper().replace("<SPACE>", "<space>")
        for line in path.read_text().splitlines()
    ]
    path.write_text("\n".join(lines))
    model = read_language_model(path, LETTERS, Settings())
    assert model.level == "character" and model.score("the dog") == pytest.approx(own.score("the dog"), rel=1e-5)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("ABOUT  AH0 B AW1 T\nABOUT(1)  AH0 B AW1 T\n", {"about"}),  # CMUdict
        ("about AH B AW T\nthe DH AH\n", {"about", "the"}),  # without stress
        ("<eps>\t<eps>\nabout\ta b o u t |\n", {"about"}),  # flashlight
        ("about\t0.98\tə b aw t\n", {"about"}),  # Montreal Forced Aligner
        ("turn on\nturn off\n", {"turn", "on", "off"}),  # commands
        ("turn it\nON IT\n", {"turn", "it", "on"}),
        ("don\N{RIGHT SINGLE QUOTATION MARK}t\nJOHN'S\nA.M.\n", {"don't", "john's", "a", "m"}),
        ("été\nE\N{COMBINING ACUTE ACCENT}TE\N{COMBINING ACUTE ACCENT}\n", {"été"}),
    ],
)
def test_lexicons_of_other_tools(tmp_path, lines, words):
    (tmp_path / "words.txt").write_text(lines, encoding="utf-8")
    assert set(read_lexicon(tmp_path / "words.txt", LETTERS, Settings())) == words


def test_a_lexicon_in_another_encoding_says_what_it_left_out(tmp_path):
    (tmp_path / "words.txt").write_bytes("dog\ncafé\n".encode("latin-1"))
    with pytest.warns(UserWarning, match="1 line is not UTF-8"):
        assert read_lexicon(tmp_path / "words.txt", LETTERS, Settings()) == ("dog",)
    (tmp_path / "empty.txt").write_text(";;; nothing\n")
    with pytest.raises(UserError, match="expected a word on each line"):
        read_lexicon(tmp_path / "empty.txt", LETTERS, Settings())
