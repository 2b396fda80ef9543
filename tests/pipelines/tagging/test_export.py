"""Exported taggers give the tokens, spans and intents of Keras on texts of all kinds, and offsets in the text as it was given."""

import random
import re

import numpy as np
import pytest

from suite.answers.tag_pieces import answer_pieces, compiled_tokens
from suite.answers.tags import Tags, answer
from suite.artifact import Trained, read_artifact, write_artifact
from suite.config import load_settings
from suite.export.export import export_files
from suite.export.source import open_source
from suite.registry import load_pipeline
from suite.runtime.deployed import exported_predictor
from suite.runtime.keras_runtime import KerasPredictor
from suite.text.hashing import ADDRESSES
from suite.text.token_rule import SEPARATOR
from suite.text.token_tokenizer import join_tokens
from tests.conftest import LEARNED, SMALLEST
from tests.tags_by_rule import TEXTS

KNOWN = list(range(0, ADDRESSES, 9))  # so many that tokens differ
SIZE = 32  # bytes of the compiled file, and of a chunk
KINDS = {
    "crf": ("bidirectional=true", "decoder=crf"),
    "softmax": ("bidirectional=false", "decoder=softmax"),
}
DEPLOYMENTS = {"crf": ("interpreter", "compiled"), "softmax": ("streaming",)}
CASES = [(kind, deployment) for kind, deployments in DEPLOYMENTS.items() for deployment in deployments]
SLOW = [pytest.param(*case, marks=pytest.mark.slow) for case in CASES]
QUICK = [case if case[0] == "crf" else slow for case, slow in zip(CASES, SLOW, strict=True)]
WORDS = [
    "naïve",
    "e\u0301te\u0301",
    "שלום",
    "مرحبا",
    "👩‍👩‍👧",
    "😀",
    "日本",
    "a",
    "U.S.",
    "don't",
    "x-y",
    "!",
    "🇩🇪",
    "Zürich",
    "3,5",
]
GAPS = [" ", "  ", "\t", "\n", " \t "]
pipeline = load_pipeline("tagging")


class Exported:
    """A model with its own weights in Keras and in files."""

    def __init__(self, kind, folder, deployments, texts=("Anna flies to Rome", "a\x1fb c\x1f", "é")):
        import keras

        sizes = (f"compiled_bytes={SIZE}", f"chunk_bytes={SIZE}")
        self.settings = load_settings(pipeline.Settings, None, (*SMALLEST["tagging"], *KINDS[kind], *sizes))
        self.assets = LEARNED["tagging"] | {"words": KNOWN, "affixes": KNOWN}
        keras.utils.set_random_seed(3)
        model = pipeline.build(self.settings, self.assets)
        generator = np.random.default_rng(0)
        for weight in model.trainable_weights:  # tags that differ from token to token
            weight.assign(weight + 0.7 * generator.standard_normal(weight.shape))
        self.keras = KerasPredictor(model, pipeline.signatures(self.assets, self.settings))
        real = [pipeline.raw_arrays(text, self.settings) for text in texts]
        trained = Trained(model, self.settings, self.assets, {"task": "tagging"}, "", real)
        write_artifact(folder / "model", trained, folder)
        self.artifact = read_artifact(folder / "model")
        combinations = [(deployment, "none") for deployment in deployments]
        self.report = export_files(open_source(self.artifact, None), combinations, lambda step: None)

    def file(self, deployment):
        return exported_predictor(self.artifact, self.artifact.path / "tflite" / f"{deployment}.tflite")

    def predict(self, predictor, texts):
        return pipeline.predict(predictor, texts, self.assets, self.settings)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """`exported(kind)` gives the Exported of a kind, made once."""
    models = {}

    def get(kind):
        if kind not in models:
            models[kind] = Exported(kind, tmp_path_factory.mktemp(kind), DEPLOYMENTS[kind])
        return models[kind]

    return get


def assert_equal(received: Tags, expected: Tags) -> None:
    assert received.text == expected.text
    for mine, theirs in ((received.tokens, expected.tokens), (received.spans, expected.spans)):
        assert [(row.text, row.start, row.end) for row in mine] == [(row.text, row.start, row.end) for row in theirs]
    assert [token.tag for token in received.tokens] == [token.tag for token in expected.tokens]
    assert [span.label for span in received.spans] == [span.label for span in expected.spans]
    ours = [token.probability for token in received.tokens]
    np.testing.assert_allclose(ours, [token.probability for token in expected.tokens], atol=1e-4)
    scores = [*expected.intent_scores.values()]
    np.testing.assert_allclose([*received.intent_scores.values()], scores, atol=1e-4)


def has_long_token(text: str) -> bool:
    tokens = text.split(SEPARATOR) if SEPARATOR in text else text.split()
    return any(len(token.encode()) >= SIZE for token in tokens)


def in_windows(model: Exported, text: str) -> Tags:
    """Keras on the pieces that a file of fixed shape can take."""

    def call(piece):
        return model.keras([{"text": np.frombuffer(bytes(piece), np.uint8)}])[0]

    outputs = answer_pieces(call, text.encode(), SIZE, compiled_tokens(SIZE))
    return answer(outputs, text, model.assets, model.settings)


@pytest.mark.parametrize(("kind", "deployment"), QUICK)
def test_files_answer_as_keras_does(exported, kind, deployment):
    model = exported(kind)
    texts = [text for text in TEXTS if len(text.encode()) <= model.assets["longest"]]
    labels, spans = set(), 0
    for text, received, expected in zip(
        texts, model.predict(model.file(deployment), texts), model.predict(model.keras, texts), strict=True
    ):
        if deployment == "compiled":
            expected = in_windows(model, text)
        if deployment != "streaming" or not has_long_token(text):
            assert_equal(received, expected)
        labels |= {token.tag for token in received.tokens}
        spans += len(received.spans)
    assert len(labels) > 2 and spans > 30


@pytest.mark.parametrize(("kind", "deployment"), QUICK)
def test_a_text_longer_than_all_seen_loses_nothing_and_its_offsets_are_its_own(exported, kind, deployment):
    model, draw = exported(kind), random.Random(4)
    spaced = [gap.join(draw.choices(WORDS, k=150)) for gap in (*GAPS, ". ")]
    dense = "!?,;:" * 120
    own = join_tokens(draw.choices([*WORDS, "New York"], k=200))
    file = model.file(deployment)
    for received, expected in zip(
        model.predict(file, [*spaced, dense]), model.predict(model.keras, [*spaced, dense]), strict=True
    ):
        assert [token.text for token in received.tokens] == [token.text for token in expected.tokens]
        assert_offsets(received)
    [received] = model.predict(file, [own])
    assert [token.text for token in received.tokens] == own.split(SEPARATOR)[:-1]
    assert_offsets(received)


def test_the_report_says_how_the_answers_to_windows_become_one(exported):
    [note] = [note for row in exported("crf").report["files"] for note in row["notes"] if "windows" in note]
    assert note.endswith("cut longer ones into windows and put the answers behind each other, but average intent.")


@pytest.mark.slow
def test_windows_that_are_cut_again_are_no_difference(tmp_path):
    """All real texts are longer than the file takes, and of more tokens than it has places for."""
    [row] = Exported("crf", tmp_path, ["compiled"], [(mark + ",;") * 40 for mark in "!?:"]).report["files"]
    assert set(row["parity"]["agreement"].values()) == {1.0} and row["parity"]["max_difference"] < 1e-4


def assert_offsets(tagged: Tags) -> None:
    """Every character but space is of one token; every span is from the start of a token to the end of one."""
    text = tagged.text
    assert "".join(token.text for token in tagged.tokens).replace(" ", "") == re.sub(r"[\s\x1f]", "", text)
    assert all(text[row.start : row.end] == row.text for row in (*tagged.tokens, *tagged.spans))
    starts, ends = {token.start for token in tagged.tokens}, {token.end for token in tagged.tokens}
    assert all(span.start in starts and span.end in ends for span in tagged.spans)


@pytest.mark.parametrize(("kind", "deployment"), SLOW)
def test_spans_of_a_thousand_texts_are_exactly_the_words_tagged(exported, kind, deployment):
    model, draw = exported(kind), random.Random(5)
    texts = []
    for number in range(1000):
        words = draw.choices(WORDS, k=draw.randint(1, 9))
        gaps = draw.choices(GAPS, k=len(words))
        spaced = draw.choice(("", "\t")) + "".join(map("".join, zip(words, gaps, strict=True)))
        texts.append(join_tokens(words) if number % 3 == 0 else spaced)
    answers = model.predict(model.file(deployment), texts)
    for text, received in zip(texts, answers, strict=True):
        assert received.text == text
        assert_offsets(received)
        if SEPARATOR in text:
            assert [token.text for token in received.tokens] == text.split(SEPARATOR)[:-1]
    for text, received, expected in zip(texts, answers, model.predict(model.keras, texts), strict=True):
        if deployment != "compiled" or len(text.encode()) <= SIZE:
            assert_equal(received, expected)
    assert sum(len(received.spans) for received in answers) > 1000
