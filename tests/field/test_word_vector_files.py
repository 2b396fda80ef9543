"""Files of word vectors as GloVe, fastText and word2vec write them, and broken ones; the numbers are those written."""

import gzip

import numpy as np
import pytest

from suite.errors import UserError
from suite.text.word_vectors import describe, read_word_vectors

ROWS = {"the": [0.1, -0.2], "naïve": [1.5, 2.0], "猫": [-3.0, 4e-2], "don't": [0.0, 1.0]}


def lines(rows=ROWS, separator=" ", end=""):
    return [separator.join([word, *map(repr, numbers)]) + end for word, numbers in rows.items()]


WAYS = {
    "GloVe": ("\n".join(lines()) + "\n").encode(),
    "fastText": ("\n".join(["4 2", *lines(end=" ")]) + "\n").encode(),
    "word2vec of Windows": ("\ufeff" + "\r\n".join(["4 2", *lines()])).encode(),
    "tabs": "\n".join(lines(separator="\t")).encode(),
    "gzip": gzip.compress("\n".join(lines()).encode(), mtime=0),
    "words of several characters and of spaces": "\n".join(
        [". . . 5 6", *lines(), "at name@x.com 7 8", "\u00a0 1 2"]
    ).encode(),
    "broken UTF-8 beside": b"caf\xe9 1 2\n" + "\n".join(lines()).encode(),
    "blank lines": ("\n\n".join(lines()) + "\n\n").encode(),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_writing_gives_the_numbers(tmp_path, way):
    (tmp_path / "vectors").write_bytes(WAYS[way].replace(b"\n. . .", b"\n. . ."))
    if way == "words of several characters and of spaces":
        # The first line tells how many numbers there are, so a word of one piece stands first.
        (tmp_path / "vectors").write_bytes("\n".join(["x 0 0", *WAYS[way].decode().split("\n")]).encode())
    wanted = ["don't", "none", "猫", "the", "naïve"]
    found = read_word_vectors(tmp_path / "vectors", wanted)
    assert found.words == ["don't", "猫", "the", "naïve"]
    np.testing.assert_array_equal(found.vectors, np.float32([ROWS[word] for word in found.words]))
    assert "2 features for 4 of 5 words." in describe("vectors", found, wanted)


def test_a_word_that_stands_there_twice_has_its_first_vector_and_is_named(tmp_path):
    (tmp_path / "v.txt").write_text("the 1 2\na 3 4\nthe 5 6\nother 1 1\nother 1 1\n")
    found = read_word_vectors(tmp_path / "v.txt", ["a", "the"])
    np.testing.assert_array_equal(found.vectors, [[3, 4], [1, 2]])
    assert found.repeated == ["the"] and "1 stand there more than once, as 'the'" in describe(
        "v.txt", found, ["a", "the"]
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "v.txt: expected lines of a word and its numbers.*an empty file"),
        (b"\n \n", "an empty file"),
        (b"5 2\n", "a header alone"),
        (b"the 1 2\na 3\n", r"v.txt:2: expected a word and its numbers.*2 on every line. Received: 'a 3', 1 numbers"),
        (b"2 3\nthe 1 2\n", r"v.txt:2: .*3 on every line"),
        (b"the 1 2\na 3 x\n", "v.txt:2: .*Received: 'x'"),
        (b"the 1 nan\n", "v.txt:1: .*Received: 'nan'"),
        (b"the 1 inf\n", "v.txt:1: .*Received: 'inf'"),
        (b"the\na\n", "v.txt:1: .*some on every line"),
        (b"3 2\nthe 1 2\na 3 4\n", "expected 3 words, as its first line says. Received: 2"),
        (b"PK\x03\x04rest", "a zip archive; unpack it"),
        (gzip.compress(b"the 1 2\n" * 5000, mtime=0)[:40], "cannot be read to its end"),
    ],
)
def test_a_broken_file_is_named_with_its_line(tmp_path, content, message):
    (tmp_path / "v.txt").write_bytes(content)
    with pytest.raises(UserError, match=message):
        read_word_vectors(tmp_path / "v.txt", ["a", "the"])


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(UserError, match=tmp_path.name):
        read_word_vectors(tmp_path, ["a"])


def test_only_words_asked_for_are_kept(tmp_path):
    """A large file is read in little memory."""
    import tracemalloc

    generator = np.random.default_rng(0)
    numbers = [" ".join(f"{value:.5f}" for value in row) for row in generator.normal(size=(100, 50))]
    with (tmp_path / "large.vec").open("w") as file:
        file.write("20000 50\n")
        file.writelines(f"word{index} {numbers[index % 100]}\n" for index in range(20_000))
    tracemalloc.start()
    found = read_word_vectors(tmp_path / "large.vec", ["word7", "word19999"])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    np.testing.assert_allclose(found.vectors[0], np.float32(numbers[7].split()), rtol=1e-6)
    assert len(found.words) == 2 and peak < 1_000_000
