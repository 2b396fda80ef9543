"""Language models, lexicons and hot words as other tools write them."""

import math
from pathlib import Path

import numpy as np
import pytest

from pipelines.speech.config import Settings
from pipelines.speech.decoder import make_decoder
from pipelines.speech.tune import _refuse_worse
from pipelines.speech.wordlists import covered_share, read_hot_words, read_language_model, read_lexicon
from suite.decoding.ngram import arpa_lines, train, write_arpa
from suite.errors import UserError

SYMBOLS = ["", " ", "'", *"abcdefghijklmnopqrstuvwxyz"]
SENTENCES = ["the dog sat", "a dog", "the cat isn't a dog"]
BEAM = Settings(decoder="beam", beam_width=16)


def heard(text, second="z"):
    """A step for each letter, nearly sure of it, and a blank after each."""
    rows = np.full((2 * len(text), len(SYMBOLS)), 1e-3)
    for step, letter in enumerate(text):
        rows[2 * step, SYMBOLS.index(letter)], rows[2 * step, SYMBOLS.index(second)] = 0.5, 0.3
        rows[2 * step + 1, 0] = 0.9
    return np.log(rows / rows.sum(-1, keepdims=True))


@pytest.fixture
def foreign(tmp_path):
    """Write the word model of SENTENCES as other tools do: capitals, a BOM, `<UNK>`, `-inf`."""
    write_arpa(train(SENTENCES, 2, "word"), tmp_path / "own.arpa")
    text = (tmp_path / "own.arpa").read_text().upper()
    for name in ("\\DATA\\", "NGRAM", "-GRAMS:", "\\END\\", "<S>", "</S>"):
        text = text.replace(name, name.lower())
    path = tmp_path / "foreign.arpa"
    path.write_text("\ufeff" + text.replace("-99\t<s>", "-inf\t<s>"), encoding="utf-8", newline="\r\n")
    assert "<UNK>" in text and "THE DOG" in text
    return path


def test_a_language_model_in_capitals_is_the_model_it_was_made_of(foreign):
    model, own = read_language_model(foreign, SYMBOLS, BEAM), train(SENTENCES, 2, "word")
    for sentence in [*SENTENCES, "dog the", "zebra", ""]:
        assert model.score(sentence) == pytest.approx(own.score(sentence), rel=1e-5)
    assert "UNK" not in "".join(model.vocabulary) and covered_share(model, ["the dog ran", "isn't"]) == 3 / 4


def test_a_lexicon_of_cmudict_is_its_words(tmp_path):
    path = tmp_path / "cmudict"
    path.write_text(
        ";;; # a remark\nDOG  D AO1 G\nDOG(2)  D AA1 G\nISN'T  IH1 Z AH0 N T\nread R EH1 D\ncat\tc a t |\nsat s a t |\n"
        "<SIL> SIL\nnew york\nÉTÉ  EY1\n[NOISE]\tSPN\nTHE THE\n",
        encoding="utf-8-sig",
        newline="\r\n",
    )
    words = {"dog", "isn't", "read", "cat", "sat", "new", "york", "été", "the"}
    assert set(read_lexicon(path, SYMBOLS, BEAM)) == words
    decoder = make_decoder({"symbols": SYMBOLS}, BEAM, lexicon=str(path))
    assert decoder.text(heard("the dog")) == "the dog"


@pytest.mark.parametrize("lines", ["собака\nкошка\n", "0\n1\n2\n", "犬\n猫\n"])
def test_a_lexicon_of_which_nothing_can_be_spelled_is_refused(tmp_path, lines):
    (tmp_path / "words.txt").write_text(lines, encoding="utf-8")
    with pytest.raises(UserError, match=r"words.txt: 0 of its \d words can be spelled"):
        read_lexicon(tmp_path / "words.txt", SYMBOLS, BEAM)


def test_a_lexicon_of_which_little_can_be_spelled_is_noted(tmp_path):
    (tmp_path / "words.txt").write_text("dog\nсобака\nкошка\n", encoding="utf-8")
    with pytest.warns(UserWarning, match="1 of its 3 words"):
        assert "dog" in read_lexicon(tmp_path / "words.txt", SYMBOLS, BEAM)


def test_a_language_model_of_which_nothing_can_be_spelled_is_refused(tmp_path):
    for level, what in (("word", "0 of its 2 words"), ("character", "0 of the model's 27 letters")):
        write_arpa(train(["собака кошка"], 2, level), tmp_path / f"{level}.arpa")
        with pytest.raises(UserError, match=f"{level}.arpa: {what}"):
            make_decoder({"symbols": SYMBOLS}, BEAM, language_model=str(tmp_path / f"{level}.arpa"))


def test_hot_words_are_written_as_transcripts_are():
    assert read_hot_words("Okafor, Reykjavik,", SYMBOLS, BEAM) == ["okafor", "reykjavik"]
    decoder = make_decoder({"symbols": SYMBOLS}, BEAM, hot_words="Okafor,Reykjavik")
    assert decoder.text(heard("okafor")) == "okafor"


@pytest.mark.parametrize(
    ("listed", "message"),
    [
        ("Genève,dog", "'Genève' cannot be spelled: the model has no symbol for 'è'"),
        ("New York", r"2 words \(new york\)"),
        ("dog,--", "'--', no word"),
    ],
)
def test_a_hot_word_that_cannot_be_said_is_named(listed, message):
    with pytest.raises(UserError, match=message):
        read_hot_words(listed, SYMBOLS, BEAM)


def test_verbatim_transcripts_have_verbatim_lists(tmp_path):
    verbatim = Settings(transcript="verbatim")
    (tmp_path / "words.txt").write_text("Dog\n", encoding="utf-8")
    assert read_lexicon(tmp_path / "words.txt", [*SYMBOLS, "D"], verbatim) == ("Dog",)
    with pytest.raises(UserError, match="'O'"):
        read_hot_words("Okafor", SYMBOLS, verbatim)


@pytest.mark.parametrize("option", ["lexicon", "language_model", "hot_words"])
def test_greedy_decoding_ignores_no_option(option):
    with pytest.raises(UserError, match="--beam-width: expected at least 2"):
        make_decoder({"symbols": SYMBOLS}, BEAM, beam_width=1, **{option: "x"})


def test_a_model_of_single_letters_keeps_its_level(tmp_path):
    """Spelled names: each word is a letter."""
    letters = [" ".join("abba"), " ".join("baa")]
    assets = {
        "symbols": SYMBOLS,
        "language_model": arpa_lines(train(letters, 2, "word")),
        "language_model_level": "word",
    }
    decoder = make_decoder(assets, BEAM)
    assert decoder.language_model.level == "word"
    assert decoder.language_model.score("a b") == pytest.approx(train(letters, 2, "word").score("a b"), rel=1e-5)
    del assets["language_model_level"]  # a folder of before
    assert make_decoder(assets, BEAM).language_model.level == "word"
    one_word = train(["abba", "baa"], 2, "character")
    write_arpa(one_word, tmp_path / "letters.arpa")
    model = read_language_model(tmp_path / "letters.arpa", ["", " ", "a", "b"], BEAM)
    assert model.level == "character" and model.score("ab") == pytest.approx(one_word.score("ab"), rel=1e-5)
    assert model.score("a b") == pytest.approx(one_word.score("a b"), rel=1e-5)


def test_a_language_model_that_makes_more_errors_is_no_replacement():
    assets, steps, texts = {"symbols": SYMBOLS}, [heard("the dog"), heard("a cat")], ["the dog", "a cat"]
    _refuse_worse(Path("other.arpa"), 0.0, steps, texts, assets, BEAM)
    with pytest.raises(
        UserError, match=r"other.arpa: word error rate 0.2500 with it and 0.0000 with what the model has"
    ):
        _refuse_worse(Path("other.arpa"), 0.25, steps, texts, assets, BEAM)


def test_texts_of_beam_search_have_one_space_between_words():
    steps = np.log(np.full((7, len(SYMBOLS)), 1e-4))
    for step, symbol in enumerate([1, 3, 1, 0, 1, 4, 1]):  # " a _ b ", with a blank between two spaces
        steps[step, symbol] = math.log(0.6)
        steps[step, 0] = math.log(0.3 if symbol else 0.6)
    decoder = make_decoder({"symbols": SYMBOLS}, BEAM, n_best=4)
    texts = [spelling.text for spelling in decoder(steps)]
    assert texts[0] == "a b" and len(set(texts)) == len(texts) == 4
    assert not any("  " in text or text != text.strip() for text in texts)
    assert make_decoder({"symbols": SYMBOLS}, Settings()).text(steps) == "a b"
