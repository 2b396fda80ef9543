import pytest
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from pipelines.sentiment.config import Settings
from pipelines.sentiment.sample_data import (
    BLAME,
    FAINT,
    NEGATIONS,
    PRAISE,
    SIZES,
    STRONG,
    WRITERS,
    make_reviews,
    make_sample,
)
from suite.errors import UserError
from tests.reading import reader

read = reader("sentiment")


def judge(clause):
    """Return whether a clause praises, read word by word as a person would."""
    praises = any(word in PRAISE for word in clause.split())
    assert praises != any(word in BLAME for word in clause.split())
    negated = any(f" {pattern.split(' ')[0]} " in f" {clause} " for pattern in NEGATIONS)
    return praises != negated


def says(text):
    """Return the class of a review by the rules that the grammar promises, without using the grammar."""
    if ", but " in text:
        return judge(text.split(", but ")[1])
    if ", although " in text:
        return judge(text.split(", although ")[0])
    clauses = text.split(" and the ")
    if len(clauses) == 1:
        return judge(text)
    strong, faint = ([pattern.replace(" {}", "") for pattern in patterns] for patterns in (STRONG, FAINT))
    (loud,) = [clause for clause in clauses if any(word in clause for word in strong)]
    (soft,) = [clause for clause in clauses if any(word in clause for word in faint)]
    assert judge(loud) != judge(soft)
    return judge(loud)


def test_every_label_follows_from_the_words_in_their_order():
    for rows in make_reviews(0).values():
        assert [label for _, label in rows] == ["positive" if says(text) else "negative" for text, _ in rows]


def test_classes_are_even_and_no_text_occurs_twice():
    parts = make_reviews(0)
    assert {part: len(rows) for part, rows in parts.items()} == SIZES
    assert all(sum(label == "positive" for _, label in rows) * 2 == len(rows) for rows in parts.values())
    texts = [text for rows in parts.values() for text, _ in rows]
    assert len(set(texts)) == len(texts)
    assert max(len(text.split()) for text in texts) < 40


@pytest.mark.parametrize("vectorizer", [CountVectorizer, TfidfVectorizer])
def test_a_bag_of_words_hardly_beats_chance(vectorizer):
    parts = make_reviews(0)
    train, rest = parts["train"], parts["dev"] + parts["test"]
    words = vectorizer(token_pattern=r"\S+")
    model = LogisticRegression(max_iter=1000).fit(words.fit_transform([t for t, _ in train]), [y for _, y in train])
    assert model.score(words.transform([t for t, _ in rest]), [y for _, y in rest]) < 0.7


def test_the_seed_decides(tmp_path):
    assert make_reviews(3) == make_reviews(3) != make_reviews(4)
    one, other = make_sample(tmp_path / "one", 3), make_sample(tmp_path / "other", 3)
    for part in SIZES:
        assert (one / f"{part}.tsv").read_bytes() == (other / f"{part}.tsv").read_bytes()


def test_every_format_reads_back_as_the_same_examples(tmp_path):
    expected = {(text, label, part) for part, rows in make_reviews(0).items() for text, label in rows}
    fingerprints = set()
    for format in WRITERS:
        examples = read(make_sample(tmp_path / format, format=format), Settings())
        assert examples.format == format and examples.problems == () and examples.notes == ()
        assert {(example.input, example.target, example.part) for example in examples.items} == expected
        fingerprints.add(examples.fingerprint)
    assert len(fingerprints) == 1


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UserError, match=r"expected a new or empty folder. Received: one with files in it"):
        make_sample(tmp_path)
    with pytest.raises(UserError, match=r"mine\.txt: expected a new or empty folder. Received: a file"):
        make_sample(tmp_path / "mine.txt")
    with pytest.raises(
        UserError, match=r"--format: expected one of tsv, csv, jsonl, parquet, folders, lines. Received: 'xml'"
    ):
        make_sample(tmp_path / "new", format="xml")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
