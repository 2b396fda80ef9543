"""`--init`: what belongs to a label, a symbol or a word goes to the one of the same name, in every task."""

from itertools import product

import keras
import numpy as np
import pytest

from suite.artifact import Artifact
from suite.errors import UserError
from suite.registry import load_pipeline
from suite.training.warm_start import copy_weights

SENTIMENT = {"embedding": 6, "units": 3, "hash_buckets": 64, "ngrams": []}
SPEECH = {
    "sample_rate": 8000,
    "n_fft": 256,
    "n_mels": 20,
    "n_mfcc": 13,
    "conv_channels": [2, 2],
    "units": 3,
    "layers": 1,
}
VIDEO = {"height": 8, "width": 8, "channels": 1, "filters": [2], "features": 3, "units": 3, "front": "cnn"}
CAPTIONING = {"height": 16, "width": 16, "backbone": "cnn", "filters": [2, 2], "grid": 2}
CAPTIONING |= {"units": 4, "attention_units": 3, "embedding_size": 5}
TAGGING = {"embedding": 6, "affix_embedding": 3, "units": 4, "min_count": 1}
SOUND = {"sample_rate": 8000, "n_fft": 256, "n_mels": 8, "conv_channels": [2], "units": 3, "normalization": "none"}
TAGGER = {"scheme": "bioes", "token_rule": {}, "longest": 256}
WORDS = ["<end>", "<start>", "<unknown>"]
# task, settings, what the model knew, what the new one knows
CASES = {
    "sentiment": (
        "sentiment",
        SENTIMENT,
        {"labels": ["a", "b", "c", "d", "e"], "vocabulary": [7, 3, 9]},
        {"labels": ["c", "f", "b", "e", "a"], "vocabulary": [9, 5, 7, 1]},
    ),
    "speech": ("speech", SPEECH, {"symbols": ["", " ", "a", "d", "n"]}, {"symbols": ["", " ", "d", "e", "n", "ö"]}),
    "video": (
        "video",
        VIDEO,
        {"labels": ["left", "right", "up", "down", "still"]},
        {"labels": ["up", "right", "left"]},
    ),
    "captioning": (
        "captioning",
        CAPTIONING,
        {"words": [*WORDS, "a", "dog", "runs"]},
        {"words": [*WORDS, "dog", "a", "cat", "runs", "sits"]},
    ),
    "tagging": (
        "tagging",
        TAGGING,
        TAGGER | {"labels": ["O", "S-A", "S-B"], "intents": ["x", "y"], "words": [5, 9, 7], "affixes": [1, 2, 3]},
        TAGGER | {"labels": ["O", "S-B", "S-C", "S-A"], "intents": ["y", "z"], "words": [9, 4], "affixes": [3, 8, 1]},
    ),
    "sound": ("sound", SOUND, {"labels": ["yes", "no", "up"]}, {"labels": ["up", "stop", "no"]}),
    "voices": ("sound", SOUND | {"embedding": 4}, {"labels": ["ann", "bob"]}, {"labels": ["bob", "cyd", "ann"]}),
    "untied": (
        "captioning",
        CAPTIONING | {"tied_embeddings": False},
        {"words": [*WORDS, "a", "dog"]},
        {"words": [*WORDS, "dog", "sleeps", "a"]},
    ),
}


def randomize(model, seed):
    generator = np.random.default_rng(seed)
    for variable in model.weights:
        variable.assign(generator.normal(size=variable.shape).astype(variable.dtype))


@pytest.fixture(scope="module")
def warm(tmp_path_factory):
    """Per case: the source's values, the new model's fresh ones and those after copying, by weight, and what was said."""
    results = {}

    def run(case):
        if case not in results:
            task, settings, known, new = CASES[case]
            pipeline = load_pipeline(task)
            settings = pipeline.Settings(**settings)
            folder = tmp_path_factory.mktemp(case)
            source = pipeline.build(settings, known)
            randomize(source, 1)
            source.save(folder / "model.keras")
            model = pipeline.build(settings, new)
            randomize(model, 2)
            fresh = [variable.numpy() for variable in model.weights]
            artifact = Artifact(folder, task, pipeline, settings, known, {})
            said = copy_weights(artifact, model, pipeline.named_weights(settings, new))
            named = pipeline.named_weights(settings, known), pipeline.named_weights(settings, new)
            results[case] = source, model, fresh, said, named
        return results[case]

    return run


@pytest.mark.parametrize("case", CASES)
def test_each_entry_goes_to_the_one_of_its_name(warm, case):
    source, model, fresh, (copied, names), (before, after) = warm(case)
    assert copied == len(model.weights)
    for old, new, start in zip(source.weights, model.weights, fresh, strict=True):
        key = next((key for key in after if new.path.endswith(key)), None)
        if key is None:
            assert np.array_equal(new.numpy(), old.numpy()), new.path
            continue
        (axes, entries), known = after[key], before[key][1]
        axes = (axes,) if isinstance(axes, int) else axes
        assert all(len(entries) == new.shape[axis] and len(known) == old.shape[axis] for axis in axes)
        for at in product(enumerate(entries), repeat=len(axes)):
            value, source_names = _entry(new.numpy(), axes, [place for place, _ in at]), [name for _, name in at]
            if set(source_names) <= set(known):
                from_source = _entry(old.numpy(), axes, [known.index(name) for name in source_names])
                assert np.array_equal(value, from_source), (key, source_names)
            else:
                assert np.array_equal(value, _entry(start, axes, [place for place, _ in at])), (key, source_names)
                unknown = [name for name in source_names if name not in known]
                assert all(any(text.startswith(new.path) and repr(name) in text for text in names) for name in unknown)


def _entry(weight, axes, places):
    """Return what of a weight stands at these places of these axes."""
    index = [slice(None)] * weight.ndim
    for axis, place in zip(axes, places, strict=True):
        index[axis] = place
    return weight[tuple(index)]


@pytest.mark.parametrize("case", CASES)
def test_no_weight_that_grows_with_labels_symbols_or_words_is_forgotten(warm, case):
    source, model, _, _, (_, after) = warm(case)
    keys = [key for key in after for variable in model.weights if variable.path.endswith(key)]
    assert sorted(keys) == sorted(after)
    grown = {new.path for old, new in zip(source.weights, model.weights, strict=True) if old.shape != new.shape}
    assert grown <= {variable.path for variable in model.weights if any(variable.path.endswith(key) for key in after)}


def test_classes_with_other_names_begin_fresh(tmp_path):
    pipeline = load_pipeline("sentiment")
    settings = pipeline.Settings(**SENTIMENT)
    source = pipeline.build(settings, {"labels": ["neg", "pos"], "vocabulary": [1, 2]})
    source.save(tmp_path / "model.keras")
    assets = {"labels": ["bad", "good"], "vocabulary": [1, 2]}
    model = pipeline.build(settings, assets)
    start = model.get_layer("probabilities").get_weights()
    artifact = Artifact(tmp_path, "sentiment", pipeline, settings, {"labels": ["neg", "pos"], "vocabulary": [1, 2]}, {})
    _, fresh = copy_weights(artifact, model, pipeline.named_weights(settings, assets))
    assert fresh == ["probabilities/kernel", "probabilities/bias"]
    for value, before in zip(model.get_layer("probabilities").get_weights(), start, strict=True):
        assert np.array_equal(value, before)


def test_labels_in_another_order_answer_as_before(tmp_path):
    pipeline = load_pipeline("video")
    settings, labels = pipeline.Settings(**VIDEO), ["left", "right", "up"]
    source = pipeline.build(settings, {"labels": labels})
    source.save(tmp_path / "model.keras")
    turned = ["up", "left", "right"]
    model = pipeline.build(settings, {"labels": turned})
    artifact = Artifact(tmp_path, "video", pipeline, settings, {"labels": labels}, {})
    assert copy_weights(artifact, model, pipeline.named_weights(settings, {"labels": turned}))[1] == []
    clip = {
        "frames": np.random.default_rng(0).integers(0, 255, (1, 5, 8, 8, 1), np.uint8),
        "length": np.array([5], "int32"),
    }
    before, after = source(clip)[0], model(clip)[0]
    for label in labels:
        assert np.isclose(before[labels.index(label)], after[turned.index(label)], atol=1e-6)


def test_nothing_that_fits_is_refused(tmp_path):
    pipeline = load_pipeline("sentiment")
    settings, assets = pipeline.Settings(**SENTIMENT), {"labels": ["a", "b"], "vocabulary": [1]}
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, name="else")]).save(tmp_path / "model.keras")
    artifact = Artifact(tmp_path, "sentiment", pipeline, settings, assets, {})
    with pytest.raises(UserError, match="none of its weights fits"):
        copy_weights(artifact, pipeline.build(settings, assets), pipeline.named_weights(settings, assets))
