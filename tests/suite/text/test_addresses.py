import json
import random

import pytest

from suite.errors import UserError
from suite.text import BytesTokenizer, encode_texts
from suite.text.addresses import learn_addresses

TRAIN = ["a good film", "good films", "the film was a film", "rare"]


def test_frequent_words_and_ngrams_get_rows_and_the_rest_none():
    known = learn_addresses(TRAIN, 1000, ngrams=(3,), min_count=2)
    tokenizer = BytesTokenizer(ngrams=(3,), known=json.loads(json.dumps(known)))
    good, film, rare, unseen = encode_texts(tokenizer, ["good", "film", "rare", "unseen"])
    # In two texts each: a, good, film, and the n-grams goo ood fil ilm of whole words; "ilm" ends in film alone.
    assert tokenizer.rows == len(known) + 2
    assert 2 <= good["words"][0] != film["words"][0] >= 2
    assert len(good["ngrams"]) == 2 and min(good["ngrams"]) >= 2
    assert rare["words"].tolist() == unseen["words"].tolist() == [1]
    assert not len(rare["ngrams"]) and not len(unseen["ngrams"])


def test_most_frequent_first_whatever_the_order_and_within_the_rows():
    known = learn_addresses(TRAIN, 1000, ngrams=(3, 4), min_count=1)
    shuffled = list(TRAIN)
    random.Random(3).shuffle(shuffled)
    assert learn_addresses(shuffled, 1000, ngrams=(3, 4), min_count=1) == known
    assert learn_addresses(TRAIN, 6, ngrams=(3, 4), min_count=1) == known[:4]
    assert len(set(known)) == len(known)


def test_texts_without_words_are_refused():
    with pytest.raises(UserError, match="no text"):
        learn_addresses(["", " "], 100)
    with pytest.raises(UserError, match="rows"):
        BytesTokenizer(known=range(40_000))
