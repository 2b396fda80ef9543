"""The tagger: it learns what a scheme allows, padding and pieces change nothing, and the file says what the model says."""

import json
import random

import keras
import numpy as np
import pytest
import tensorflow as tf

from pipelines.tagging.model import decode, tag_loss
from suite.answers.tag_pieces import answer_pieces
from suite.config import load_settings
from suite.data.reading import read_examples
from suite.data.tag_schemes import tag_spans
from suite.registry import load_pipeline
from suite.runtime.keras_runtime import KerasPredictor
from suite.text.token_rule import SEPARATOR

TEXTS = [
    "Please book a table for Anna Berger 👩‍🍳 at  Café Łódź\ttomorrow!",
    "שלום Anna, e\u0301te\u0301 à Zürich…",
    "ok",
    "日本へ飛行機で行く。",
    "New York\x1fis\x1fbig\x1f",
]


@pytest.fixture(scope="module", params=["crf", "softmax"])
def model(request, untrained):
    return untrained("tagging", f"decoder={request.param}")


def outputs(loaded, texts):
    pipeline, settings = loaded.artifact.pipeline, loaded.artifact.settings
    return loaded.predictor([pipeline.raw_arrays(text, settings) for text in texts])


def test_every_token_has_a_tag_and_its_place(model):
    for text in TEXTS:
        answer = model.predict(text)
        assert answer.text == text and answer.tokens
        assert all(text[token.start : token.end] == token.text for token in answer.tokens)
        assert all(text[span.start : span.end] == span.text for span in answer.spans)
        assert all(
            0 <= token.probability <= 1.0001 and token.tag in model.artifact.assets["labels"] for token in answer.tokens
        )
        assert answer.intent in ("ask", "order") and abs(sum(answer.intent_scores.values()) - 1) < 1e-4


def test_company_and_padding_change_no_answer(model):
    together = outputs(model, TEXTS)
    for text, answer in zip(TEXTS, together, strict=True):
        [alone] = outputs(model, [text])
        for name, values in alone.items():
            np.testing.assert_allclose(answer[name], values, atol=2e-6, err_msg=name)


def test_a_crf_gives_only_tags_that_its_scheme_allows(untrained):
    loaded = untrained("tagging")
    labels = loaded.artifact.assets["labels"]
    keras_model = loaded.predictor.model
    rng = np.random.default_rng(0)
    logits = tf.constant(rng.normal(0, 9, (40, 12, len(labels))), tf.float32)
    tags, probabilities = decode(keras_model, logits, tf.ones((40, 12), tf.bool))
    for row in tags.numpy():
        named = [labels[place] for place in row]
        assert tag_spans(named) == tag_spans(named, strict=True)
    assert ((probabilities.numpy() >= 0) & (probabilities.numpy() <= 1.0001)).all()


def test_the_loss_leaves_padding_out(model):
    keras_model = model.predictor.model
    loss, rng = tag_loss(keras_model), np.random.default_rng(1)
    labels = len(model.artifact.assets["labels"])
    logits, targets = rng.normal(size=(2, 5, labels)).astype("float32"), np.array([[0, 4, 0, -1, -1], [1, 2, 3, 0, 4]])
    short = loss(tf.constant(targets[:1, :3]), tf.constant(logits[:1, :3])).numpy()
    padded = loss(tf.constant(targets), tf.constant(logits)).numpy()
    np.testing.assert_allclose(padded[0] if padded.ndim == 1 else padded[0, :3], short[0], rtol=1e-5)


def test_a_long_text_is_read_in_pieces_whose_offsets_are_those_of_the_text(untrained):
    loaded = untrained("tagging")
    draw = random.Random(3)
    words = ["Anna", "née", "Zürich", "日本", "😀", "flies", "to", "-", "U.S.", "e\u0301", "שלום"]
    for separator in (" ", "  ", ". ", "\n"):
        text = separator.join(draw.choices(words, k=400))
        answer = loaded.predict(text)
        assert all(text[token.start : token.end] == token.text for token in answer.tokens)
        whole = outputs(loaded, [text])[0]
        assert len(answer.tokens) == int(whole["count"])
        assert [token.text.encode() for token in answer.tokens] == [
            text.encode()[start:end] for start, end in zip(whole["starts"], whole["ends"], strict=True)
        ][: len(answer.tokens)]
    own = "".join(word + SEPARATOR for word in draw.choices(words, k=300))
    assert [token.text for token in loaded.predict(own).tokens] == own.split(SEPARATOR)[:-1]


def test_pieces_with_too_many_tokens_are_cut_again():
    calls = []

    def call(piece):
        text = piece.tobytes()
        calls.append(len(text))
        starts = np.array([place for place, byte in enumerate(text) if byte != 32], np.int32)
        few = starts[:4]
        return {
            "starts": few,
            "ends": few + 1,
            "tags": few * 0,
            "probabilities": np.ones(len(few), np.float32),
            "count": np.int32(len(starts)),
        }

    text = b"a b c d e f g h i j"
    joined = answer_pieces(call, text, 16, 4)
    assert joined["starts"].tolist() == list(range(0, 19, 2)) and int(joined["count"]) == 10
    assert max(calls) <= 16


SENTENCES = [
    ("{} flies to Paris", "NAME"),
    ("call {} now", "NAME"),
    ("where is {} ?", "NAME"),
    ("we met {} and left", "NAME"),
]


@pytest.mark.slow
@pytest.mark.whole
def test_it_learns_names_by_their_shape(tmp_path):
    draw = random.Random(2)

    def sentence():
        name = "".join(draw.choices("abcdefgh", k=5)).capitalize()
        text = draw.choice(SENTENCES)[0].format(name)
        start = text.index(name)
        return {"text": text, "spans": [{"start": start, "end": start + len(name), "label": "NAME"}]}

    pipeline = load_pipeline("tagging")
    for part, count in (("train", 160), ("dev", 40)):
        (tmp_path / f"{part}.jsonl").write_text("\n".join(json.dumps(sentence()) for _ in range(count)) + "\n")
    assignments = ("embedding=8", "affix_embedding=4", "units=8", "batch_size=16", "embedding_dropout=0", "dropout=0")
    settings = load_settings(pipeline.Settings, None, assignments)
    examples = read_examples(pipeline, tmp_path, settings)
    assets = pipeline.prepare(examples.part("train"), settings)
    keras.utils.set_random_seed(0)
    trained = pipeline.build(settings, assets)
    phase = pipeline.phases(settings, assets)[0]
    phase.compile(trained, keras.optimizers.Adam(0.02))
    source = pipeline.batches(examples.part("train"), assets, settings, True)
    for epoch in range(6):
        trained.fit(source.dataset(epoch), steps_per_epoch=source.steps, verbose=0)
    predictor = KerasPredictor(trained, pipeline.signatures(assets, settings))
    evaluation = pipeline.evaluate(predictor, examples.part("dev"), assets, settings)
    assert evaluation.metrics["f1"] == evaluation.metrics["strict_f1"] > 0.95
