"""What goes on the phone says what the trained model says, whole captions and word by word."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf

from pipelines.captioning.config import Settings
from pipelines.captioning.export import signatures
from pipelines.captioning.model import build
from suite.artifact import Trained, read_artifact, write_artifact
from suite.export.export import export_files
from suite.export.inspect import inspect_file
from suite.export.offers import model_facts, refusal
from suite.export.source import open_source
from suite.export.trace import trace_signature
from suite.runtime.deployed import deployed_predictor
from suite.runtime.keras_runtime import KerasPredictor
from suite.sequence.search import find_sequences, search_rules
from suite.sequence.vocabulary import END, RESERVED
from suite.vision.resize import resize_array

ASSETS = {"words": [*RESERVED, "a", "café", "dog", "in", "snow", "the", "two", "runs"]}
SMALL = {"height": 16, "width": 32, "grid": 2, "filters": (8, 8, 8), "units": 16, "embedding_size": 12,
         "attention_units": 8, "max_words": 6, "beam_width": 4, "compiled_beams": 3}  # fmt: skip
KINDS = {
    "lstm": ("interpreter", {"no_repeat_ngram": 2}),
    "gru": ("compiled", {"cell": "gru", "no_repeat_ngram": 1, "value_units": 5, "tied_embeddings": False}),
    "no attention": ("compiled", {"attention": "none"}),
}


@pytest.fixture(scope="module", params=KINDS)
def made(request):
    """A model of weights that make captions differ, its signatures, and pictures of its size."""
    deployment, changes = KINDS[request.param]
    settings = Settings(**SMALL | changes)
    keras.utils.set_random_seed(1)
    model = build(settings, ASSETS)
    random = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign(weight + 0.6 * random.standard_normal(weight.shape))
    bias = model.get_layer("words").bias
    bias.assign(bias - 2 * np.eye(len(ASSETS["words"]))[END])  # captions do not end at once
    held = signatures(ASSETS, settings)
    pictures = random.integers(0, 256, (5, settings.height, settings.width, 3), np.uint8)
    return SimpleNamespace(
        kind=request.param,
        model=model,
        settings=settings,
        signatures=held,
        pictures=pictures,
        deployment=deployment,
    )


@pytest.fixture(scope="module")
def by_command(made, tmp_path_factory):
    """A model folder that the command's way has exported for fixed shapes, and its report."""
    folder = tmp_path_factory.mktemp("command")
    inputs = [{"picture": picture} for picture in made.pictures]
    assets = {**ASSETS, "training_captions": []}
    trained = Trained(made.model, made.settings, assets, {"task": "captioning"}, "", inputs)
    write_artifact(folder / "model", trained, folder)
    source = open_source(read_artifact(folder / "model"), None)
    (entry,) = export_files(source, [("compiled", "none")], lambda step: None)["files"]
    return folder / "model", entry


@pytest.fixture(scope="module")
def exported(made, request, tmp_path_factory):
    """A file with all signatures; one kind's is made as the command makes it."""
    if made.kind == "gru":
        path = request.getfixturevalue("by_command")[0] / "tflite" / "compiled.tflite"
        return deployed_predictor(path, made.deployment, made.signatures[0], signatures=made.signatures)
    deployment, folder = made.deployment, tmp_path_factory.mktemp("export")
    form = "fused" if deployment == "interpreter" else "loop"
    module = tf.Module()
    module.functions = {
        one.name: trace_signature(made.model, one, made.signatures, form, deployment)[0] for one in made.signatures
    }
    tf.saved_model.save(module, folder / "saved", signatures=dict(module.functions))
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder / "saved"), signature_keys=list(module.functions))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    path = folder / f"{deployment}.tflite"
    path.write_bytes(converter.convert())
    return deployed_predictor(path, deployment, made.signatures[0], signatures=made.signatures)


def test_the_greedy_caption_is_the_searchs(made):
    predictor = KerasPredictor(made.model, made.signatures)
    _, plain = find_sequences(predictor, {"picture": made.pictures}, search_rules(made.settings))
    answers = predictor([{"picture": picture} for picture in made.pictures])
    assert len({one.tokens for one in plain}) > 1
    for answer, expected in zip(answers, plain, strict=True):
        assert tuple(answer["tokens"]) == expected.tokens
        assert bytes(answer["text"]).decode() == " ".join(ASSETS["words"][token] for token in expected.tokens)
        assert answer["log_prob"] == pytest.approx(expected.log_prob, abs=1e-4)
        assert answer["attention"].shape == (len(expected.tokens), 4 if made.settings.attention != "none" else 1)
        np.testing.assert_allclose(answer["attention"].sum(-1), 1, atol=1e-5)


def test_the_file_says_what_the_model_says(made, exported):
    predictor = KerasPredictor(made.model, made.signatures)
    inputs = [{"picture": picture} for picture in made.pictures]
    for ours, theirs in zip(exported(inputs), predictor(inputs), strict=True):
        assert ours.keys() == theirs.keys()
        for name, expected in theirs.items():
            np.testing.assert_allclose(ours[name], expected, atol=1e-4)
    contents = inspect_file(exported.predictor.path)
    assert contents.flex == contents.custom == []


def test_a_search_over_the_file_finds_what_it_finds_over_the_model(made, exported):
    predictor = KerasPredictor(made.model, made.signatures)
    expected, _ = find_sequences(predictor, {"picture": made.pictures}, search_rules(made.settings), n_best=3)
    found, _ = find_sequences(
        exported, {"picture": made.pictures}, search_rules(made.settings), n_best=3
    )  # more beams than `compiled` takes at once
    for ours, theirs in zip(found, expected, strict=True):
        assert [one.tokens for one in ours] == [one.tokens for one in theirs]
        np.testing.assert_allclose([one.score for one in ours], [one.score for one in theirs], atol=1e-4)


@pytest.mark.parametrize("made", ["lstm"], indirect=True)
def test_the_interpreter_file_takes_a_picture_of_any_size(made, exported):
    large = np.random.default_rng(3).integers(0, 256, (50, 31, 3), np.uint8)
    small = resize_array(large[np.newaxis], made.settings.height, made.settings.width)[0]
    [by_file], [by_hand] = exported([{"picture": large}]), exported([{"picture": small}])
    assert bytes(by_file["text"]) == bytes(by_hand["text"])
    np.testing.assert_allclose(by_file["log_prob"], by_hand["log_prob"], atol=1e-4)


def test_what_is_not_offered_is_told_with_its_reason(made):
    facts = model_facts(made.model, made.signatures[0])
    assert refusal(facts, "interpreter", "int8").startswith("a caption is made in a loop over its words")
    assert refusal(facts, "streaming", "none").startswith("a picture does not come in chunks")
    assert refusal(facts, "compiled", "dynamic") is None


@pytest.mark.parametrize("made", ["gru"], indirect=True)
def test_a_whole_model_folder_is_exported_for_fixed_shapes(by_command):
    """The way of the command: conversion in a process of its own, parity of all signatures, notes for callers."""
    _, entry = by_command
    assert list(entry["signatures"]) == ["caption", "encode", "decode_step"]
    assert set(entry["other_parity"]) == {"encode", "decode_step"}
    features = entry["signatures"]["encode"]["outputs"]["values"]["shape"][-1]
    assert entry["signatures"]["decode_step"]["inputs"]["values"]["shape"][-1] == features > 1
    assert not any("None" in note for note in entry["notes"])
