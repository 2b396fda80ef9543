import json
import random
import sys

import numpy as np
import pytest

pytest.importorskip("tensorflow_text", reason="tensorflow-text is not installed")

from suite.config import TrainingSettings
from suite.errors import UserError
from suite.text import encode_texts, make_tokenizer, pad_encoded
from suite.text.vocabulary import learn_vocabulary
from suite.text.wordpiece_tokenizer import WordpieceTokenizer

TRAIN = ["The film was good", "the films were not good", "Goodness, what a film!", "naïve été"] * 3


class Settings(TrainingSettings):
    tokenizer: str = "wordpiece"
    max_tokens: int = 40
    keep: str = "head"


@pytest.fixture(scope="module")
def vocabulary():
    return learn_vocabulary(TRAIN, 200)


def pieces(tokenizer, text):
    return [tokenizer.vocabulary[i] for i in tokenizer(tokenizer.raw([text]))["words"].numpy()[0] if i]


def test_vocabulary_comes_from_the_given_texts_alone(vocabulary):
    letters = set("".join(TRAIN).lower())
    assert vocabulary[:2] == ["[PAD]", "[UNK]"]
    assert all(set(piece.removeprefix("##")) <= letters for piece in vocabulary[2:])
    assert {"film", "good", "the"} <= set(vocabulary) and "bad" not in vocabulary


def test_vocabulary_does_not_depend_on_the_order_and_keeps_its_size(vocabulary):
    shuffled = list(TRAIN)
    random.Random(1).shuffle(shuffled)
    assert learn_vocabulary(shuffled, 200) == vocabulary
    assert len(learn_vocabulary(TRAIN, 30)) <= 30
    with pytest.raises(UserError, match="no text"):
        learn_vocabulary(["", " "], 100)


def test_vocabulary_survives_json(vocabulary):
    again = make_tokenizer(Settings(), json.loads(json.dumps({"vocabulary": vocabulary}, ensure_ascii=False)))
    assert pieces(again, "The GOOD film") == ["the", "good", "film"]


def test_unicode_forms_and_case_are_folded(vocabulary):
    tokenizer = WordpieceTokenizer(vocabulary)
    for variant in ("NAÏVE \ufb01lm", "nai\u0308ve film", "Naïve ｆｉｌｍ"):
        assert pieces(tokenizer, variant) == pieces(tokenizer, "naïve film")


@pytest.mark.parametrize("keep", ["head", "ends"])
def test_spans_line_up_with_the_steps(vocabulary, keep, texts):
    tokenizer = WordpieceTokenizer(vocabulary, max_tokens=9, keep=keep)
    for text in texts:
        spans = tokenizer.spans(text)
        assert len(spans) == len(pieces(tokenizer, text)) <= 9
        assert all(0 <= start < end <= len(text) for start, end in spans)
    text = "NAI\u0308VE \ufb01lm"
    assert "".join(text[start:end] for start, end in tokenizer.spans(text)) == "NAI\u0308VE\ufb01lm"
    long = "the film was good and the film was not good"
    last = tokenizer.spans(long)[-1]
    assert last[1] == (len(long) if keep == "ends" else last[1]) and len(tokenizer.spans(long)) == 9


def test_a_batch_equals_single_texts_and_nothing_crashes(vocabulary, raw_texts):
    tokenizer = WordpieceTokenizer(vocabulary, max_tokens=30)
    together = tokenizer(tokenizer.raw(raw_texts))["words"].numpy()
    for row, text in zip(together, raw_texts, strict=True):
        alone = tokenizer(tokenizer.raw([text]))["words"].numpy()[0]
        assert np.array_equal(row[row != 0], alone[alone != 0])
    assert np.array_equal(pad_encoded(encode_texts(tokenizer, raw_texts))["words"], together)
    assert tokenizer(tokenizer.raw([""]))["words"].numpy().tolist() == [[0]]


def test_without_tensorflow_text_the_answer_is_clear(vocabulary, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_text", None)
    with pytest.raises(UserError, match="tensorflow-text"):
        WordpieceTokenizer(vocabulary)
    with pytest.raises(UserError, match="tensorflow-text"):
        learn_vocabulary(TRAIN, 100)


def test_a_missing_or_foreign_vocabulary_is_refused():
    with pytest.raises(UserError, match="vocabulary"):
        make_tokenizer(Settings(), {})
    with pytest.raises(UserError, match="Received"):
        WordpieceTokenizer(["a", "b"])
