import numpy as np
import pytest

from pipelines.sentiment.config import Settings
from suite.text import BytesTokenizer, encode_texts, encoding, make_tokenizer, pad_encoded


@pytest.mark.parametrize("ngrams", [(), (3, 5)])
def test_encoding_in_chunks_equals_the_graph_on_all(monkeypatch, ngrams, texts):
    monkeypatch.setattr(encoding, "CHUNK_BYTES", 300)
    tokenizer = BytesTokenizer(ngrams=ngrams, max_tokens=50)
    encoded = encode_texts(tokenizer, texts)
    direct = tokenizer(tokenizer.raw(texts))
    padded = pad_encoded(encoded, direct["words"].shape[1])
    assert np.array_equal(padded["words"], direct["words"])
    for row in range(len(texts)) if ngrams else ():
        for batch in (padded, {name: tensor.numpy() for name, tensor in direct.items()}):
            assert pairs(batch, row) == pairs(padded, row)
    assert all(values.dtype == np.uint16 for item in encoded for values in item.values())


def pairs(batch, row):
    kept = batch["ngrams"][row] != 0
    return sorted(zip(batch["ngram_tokens"][row][kept].tolist(), batch["ngrams"][row][kept].tolist(), strict=True))


def test_padding_cuts_longer_texts_with_their_ngrams():
    tokenizer = BytesTokenizer(ngrams=(3,))
    encoded = encode_texts(tokenizer, ["one two three four", "one"])
    batch = pad_encoded(encoded, 2)
    assert batch["words"].shape == (2, 2) and batch["words"].dtype == np.int32
    assert batch["ngram_tokens"].max() == 1
    alone = pad_encoded(encode_texts(tokenizer, ["one two"]), 2)
    assert pairs(batch, 0) == pairs(alone, 0)


def test_texts_without_tokens_have_one_step_of_padding():
    batch = pad_encoded(encode_texts(BytesTokenizer(), ["", " "]))
    assert batch["words"].tolist() == [[0], [0]]
    assert encode_texts(BytesTokenizer(), []) == []


def test_all_parts_of_a_data_set_go_through_one_graph(monkeypatch):
    traced, tokenize = [], BytesTokenizer.__call__
    monkeypatch.setattr(
        BytesTokenizer, "__call__", lambda self, text, time=None: traced.append(self) or tokenize(self, text, time)
    )
    settings = Settings(hash_buckets=77, ngrams=(4,))
    encoded = [encode_texts(make_tokenizer(settings), [text]) for text in ("one two", "three", "one two")]
    assert len(traced) == 1 and make_tokenizer(settings) is traced[0]
    np.testing.assert_array_equal(encoded[0][0]["words"], encoded[2][0]["words"])
    assert make_tokenizer(settings.model_copy(update={"max_tokens": 9})).max_tokens == 9
