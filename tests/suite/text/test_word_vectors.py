"""Vectors of words from elsewhere: the rows of the embedding are those of the file."""

import gzip

import keras
import numpy as np
import pytest

from pipelines.sentiment.config import Settings
from pipelines.sentiment.data import batches, prepare
from pipelines.sentiment.model import build
from suite.config import load_settings
from suite.data.examples import Example
from suite.errors import UserError
from suite.text import BytesTokenizer, TextEmbedding
from suite.text.addresses import split_words, word_addresses
from suite.text.word_vectors import read_word_vectors

TEXTS = ["A wonderful film, isn't it?", "a Terrible film!", "it is fine; l'été à Nîmes 2 ..."]
VECTORS = {
    "film": [0.5, -1.0, 2.0],
    "wonderful": [1e-3, 3.0, 0.25],
    "terrible": [-1, -2, -3],
    ",": [9, 8, 7],
    "été": [4, 4, 4],
}


def write(path, vectors=VECTORS, header=False, separator=" "):
    lines = [separator.join([word, *map(str, numbers)]) for word, numbers in vectors.items()]
    text = "\n".join(([f"{len(vectors)} 3"] if header else []) + lines) + "\n"
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def examples():
    return [
        Example(str(index), text, label, "train") for index, (text, label) in enumerate(zip(TEXTS, "pnp", strict=True))
    ]


def test_words_are_the_tokens_of_the_graph():
    letters = "a'bC9 .,;!-\t\x7fé字'ß" * 3
    generator = np.random.default_rng(0)
    texts = [
        *TEXTS,
        "'a' 'b''c'd",
        "x" * 70,
        "é" * 20,
        "",
        *("".join(generator.choice(list(letters), 40)) for _ in range(30)),
    ]
    tokenizer = BytesTokenizer(rows=1 << 14, ngrams=())
    for text in texts:
        expected = [text[start:end] for start, end in tokenizer.spans(text)]
        folded = ["".join(c.lower() if c.isascii() else c for c in token) for token in expected]
        assert split_words(text) == [token for token in folded if len(token.encode()) <= 32]


def test_words_have_the_addresses_of_the_graph():
    words = sorted({word for text in TEXTS for word in split_words(text)})
    tokenizer = BytesTokenizer(ngrams=(), known=word_addresses(words))
    rows = {word: tokenizer(tokenizer.raw([word]))["words"].numpy()[0, 0] for word in words}
    assert rows == {word: 2 + index for index, word in enumerate(words)}


@pytest.mark.parametrize("learned", [True, False])
@pytest.mark.parametrize("tokenizer", ["bytes", "wordpiece"])
def test_rows_begin_with_the_vectors_of_the_file(tmp_path, tokenizer, learned):
    if tokenizer == "wordpiece":
        pytest.importorskip("tensorflow_text")
    settings = Settings(
        tokenizer=tokenizer, vocabulary_size=64, word_vectors=str(write(tmp_path / "v.vec", header=True)), embedding=3,
        learn_word_vectors=learned, units=4, min_count=1,
    )  # fmt: skip
    assets = prepare(examples(), settings)
    # "l'été" is one word of the texts, so that été has no row.
    assert set(assets["vector_words"]) <= set(VECTORS) - {"été"} and "film" in assets["vector_words"]
    assert tokenizer == "wordpiece" or len(assets["vector_words"]) == 4
    model = build(settings, assets)
    layer = model.get_layer("embedding")
    for place, word in enumerate(assets["vector_words"]):
        embedded = layer({"words": np.array([[2 + place]])})
        np.testing.assert_array_equal(np.array(embedded)[0, 0], np.float32(VECTORS[word]))
    rows = len(assets["vocabulary"]) + (2 if tokenizer == "bytes" else 0)
    assert layer.rows == rows and ("vectors" in [weight.name for weight in layer.non_trainable_weights]) is not learned
    others = np.array(layer({"words": np.arange(2 + len(assets["vector_words"]), rows)[np.newaxis]}))
    assert np.abs(others).max() <= 0.1 and len(np.unique(others)) > 3
    assert f"for {len(assets['vector_words'])} of " in assets["notes"][0]


def test_fixed_rows_stay_as_they_are_while_others_learn(tmp_path):
    settings = Settings(
        word_vectors=str(write(tmp_path / "v.txt")), embedding=3, learn_word_vectors=False, units=4, min_count=1
    )
    assets = prepare(examples(), settings)
    model = build(settings, assets)
    layer = model.get_layer("embedding")
    before = [np.array(weight) for weight in (layer.vectors, layer.table)]
    model.compile(keras.optimizers.AdamW(0.1, weight_decay=0.1), loss="sparse_categorical_crossentropy")
    model.fit(batches(examples(), assets, settings, True).dataset(0), epochs=2, verbose=0)
    np.testing.assert_array_equal(layer.vectors, before[0])
    assert not np.allclose(layer.table, before[1])


def test_a_fixed_row_is_what_a_plain_one_would_be():
    """The same table, once whole and once in two weights."""
    generator = np.random.default_rng(0)
    whole, split = TextEmbedding(20, 4), TextEmbedding(20, 4, fixed=5)
    batch = {
        "words": np.int32([[2, 3, 7, 0]]),
        "ngrams": np.int32([[6, 19, 4, 0]]),
        "ngram_tokens": np.int32([[0, 1, 1, 0]]),
    }
    whole(batch), split(batch)
    table = generator.normal(size=(20, 4)).astype(np.float32)
    whole.table.assign(table)
    split.table.assign(np.concatenate([table[:2], table[7:]]))
    split.assign_vectors(table[2:7])
    np.testing.assert_array_equal(whole(batch), split(batch))
    whole.assign_vectors(table[2:7] + 1)
    np.testing.assert_array_equal(np.array(whole.table)[2:7], table[2:7] + 1)
    assert keras.layers.deserialize(keras.layers.serialize(split)).fixed == 5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"embedding": 4}, r"v.txt: vectors of 3 numbers, but setting 'embedding' is 4; --set embedding=3"),
        ({"word_vectors": "missing.vec"}, r"missing.vec: no such file"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path, change, message):
    settings = Settings(**{"word_vectors": str(write(tmp_path / "v.txt")), "embedding": 3} | change)
    with pytest.raises(UserError, match=message):
        prepare(examples(), settings)


def test_a_file_of_other_words_is_refused(tmp_path):
    settings = Settings(word_vectors=str(write(tmp_path / "v.txt", {"xyz": [1, 2, 3]})), embedding=3)
    with pytest.raises(UserError, match=r"v.txt: none of the \d+ words of the training texts is in it"):
        prepare(examples(), settings)
    with pytest.raises(UserError, match="min_count: expected at least 1 with word_vectors"):
        load_settings(Settings, None, ["word_vectors=v.txt", "min_count=0"])


def test_a_changed_file_is_refused_where_a_model_is_built_again(tmp_path):
    settings = Settings(word_vectors=str(write(tmp_path / "v.txt")), embedding=3, min_count=1)
    assets = prepare(examples(), settings)
    write(tmp_path / "v.txt", {"film": [1, 2, 3]})
    with pytest.raises(UserError, match="the file has changed"):
        build(settings, assets)


def test_a_warm_start_keeps_vocabulary_and_vectors(tmp_path):
    settings = Settings(word_vectors=str(write(tmp_path / "v.txt")), embedding=3, min_count=1)
    assets = prepare(examples(), settings)
    again = prepare(examples()[:2], settings, assets)
    assert again["vocabulary"] == assets["vocabulary"] and again["vector_words"] == assets["vector_words"]


def test_case_and_form_are_second_to_the_very_word(tmp_path):
    path = write(
        tmp_path / "v.txt",
        {
            "FILM": [0, 0, 1],
            "film": [0, 0, 2],
            "Film": [0, 0, 3],
            "E\u0301te\u0301": [0, 1, 0],
            "IT": [1, 0, 0],
            "It": [2, 0, 0],
        },
    )
    found = read_word_vectors(path, ["film", "été", "it", "none"])
    assert found.words == ["film", "été", "it"] and found.repeated == []
    np.testing.assert_array_equal(found.vectors, [[0, 0, 2], [0, 1, 0], [1, 0, 0]])


def test_the_file_is_read_once_for_vocabulary_and_model(tmp_path, monkeypatch):
    from suite.text import vector_rows

    calls = []

    def spy(path, words):
        calls.append(path)
        return read_word_vectors(path, words)

    monkeypatch.setattr(vector_rows, "read_word_vectors", spy)
    path = write(tmp_path / "v.txt")
    settings = load_settings(Settings, None, [f"word_vectors={path}", "embedding=3", "min_count=1"])
    assets = prepare(examples(), settings)
    table = np.array(build(settings, assets).get_layer("embedding").table)
    assert calls == [path]
    expected = np.array([VECTORS[word] for word in assets["vector_words"]], np.float32)
    np.testing.assert_array_equal(table[2 : 2 + len(expected)], expected)
    np.testing.assert_array_equal(np.array(build(settings, assets).get_layer("embedding").table), table)
    assert calls == [path, path], "nothing is held for longer than one run's start"
