"""A run with word vectors from a file: trained, saved, exported, and without the file afterwards."""

import json

import numpy as np
import pytest
from rich.console import Console

import suite as suite_package
from suite.text.addresses import split_words


@pytest.fixture(scope="module")
def run(train_tiny, reviews, tmp_path_factory):
    """The RunResult of a model with fixed vectors of half of its words, and those vectors; their file is gone."""
    words = sorted(set(split_words((reviews / "train.tsv").read_text(encoding="utf-8"))))[::2]
    generator = np.random.default_rng(0)
    vectors = {word: generator.normal(0, 0.3, 8).astype(np.float32) for word in words}
    path = tmp_path_factory.mktemp("vectors") / "small.vec"
    lines = [f"{word} {' '.join(map(repr, map(float, row)))}" for word, row in vectors.items()]
    path.write_text("\n".join([f"{len(lines)} 8", *lines]), encoding="utf-8")
    result = train_tiny("vectors", f"word_vectors={path}", "learn_word_vectors=false", "min_count=1", "epochs=1")
    path.unlink()
    return result, vectors


def test_the_saved_model_holds_the_vectors(run):
    result, vectors = run
    loaded = suite_package.load(result.model_dir)
    words = json.loads((result.model_dir / "assets" / "vector_words.json").read_text(encoding="utf-8"))
    from suite.artifact import load_model

    table = np.array(load_model(loaded.artifact).get_layer("embedding").vectors)
    np.testing.assert_array_equal(table, [vectors[word] for word in words])
    assert sum(loaded.predict(" ".join(words[:5])).scores.values()) == pytest.approx(1, abs=1e-5)


def test_how_many_words_were_found_is_kept_and_logged(run, tracking_uri):
    import mlflow

    result, _ = run
    words = json.loads((result.model_dir / "assets" / "vector_words.json").read_text(encoding="utf-8"))
    (note,) = json.loads((result.model_dir / "assets" / "notes.json").read_text(encoding="utf-8"))
    assert note.startswith(f"small.vec: vectors of 8 features for {len(words)} of ")
    tags = mlflow.MlflowClient(tracking_uri).get_run(result.run_id).data.tags
    assert tags["mlflow.note.content"] == note
    assert note in (result.model_dir / "README.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_exported_files_answer_the_same_with_built_in_ops(run, reviews, tracking_uri):
    from suite.runs import export

    result, _ = run
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", tracking_uri)
        report, _ = export(
            result.model_dir, [("interpreter", "none"), ("compiled", "none")], reviews, None, True, Console(quiet=True)
        )
    assert {(entry["deployment"], entry["quantization"]) for entry in report["files"]} >= {
        ("interpreter", "none"),
        ("compiled", "none"),
    }
    for entry in report["files"]:
        assert entry["flex"] == [] and entry["custom"] == []
        assert entry["parity"]["max_difference"] < 1e-4
