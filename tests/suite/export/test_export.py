"""A trained model through the deployments: no Flex, the same answers as Keras, the report that says so."""

import shutil
import subprocess

import numpy as np
import pytest

from suite.artifact import Trained, read_artifact, write_artifact
from suite.config import load_settings
from suite.registry import load_pipeline
from tests.conftest import LEARNED, SMALLEST

TEXTS = ["", "a", "the cast was not bad at all", "Größe, naïve 😀 日本語!", "dull " * 70, "x" * 200]


@pytest.fixture(scope="module")
def one_direction(train_tiny):
    """A GRU that reads in one direction, with attention, and cuts long texts."""
    return train_tiny("one", "cell=gru", "bidirectional=false", "pooling=attention", "max_tokens=50", "ngrams=[3]")


@pytest.fixture(scope="module")
def fused(train_tiny):
    """An LSTM that reads in both directions."""
    return train_tiny("fused", "cell=lstm", "bidirectional=true", "ngrams=[3]", "max_tokens=300")


@pytest.fixture(scope="module")
def both_ends(tmp_path_factory):
    """The folder of an untrained model that keeps both ends of long texts."""
    work, pipeline, assets = tmp_path_factory.mktemp("ends"), load_pipeline("sentiment"), LEARNED["sentiment"]
    settings = load_settings(pipeline.Settings, None, (*SMALLEST["sentiment"], "bidirectional=false", "keep=ends"))
    arrays, record = [pipeline.raw_arrays("a fine film", settings)], {"task": "sentiment", "data": {"path": "none"}}
    write_artifact(
        work / "model", Trained(pipeline.build(settings, assets), settings, assets, record, "", arrays), work
    )
    return work / "model"


@pytest.fixture(scope="module")
def wordpiece(train_tiny):
    """A GRU over learned word pieces."""
    pytest.importorskip("tensorflow_text")
    return train_tiny("wordpiece", "tokenizer=wordpiece", "vocabulary_size=200", "cell=gru", "bidirectional=false")


@pytest.fixture(scope="module")
def reports():
    """The files that each command of this module wrote, by its arguments."""
    return {}


@pytest.fixture
def exported(suite, reports):
    """`exported(model_dir, *arguments)` gives the report of an export by file, made once for the same arguments."""

    def run(model_dir, *arguments):
        if (model_dir, arguments) not in reports:
            done = suite("export", model_dir, *arguments, "--json")
            assert done.status == 0, done.err
            reports[model_dir, arguments] = {entry["file"]: entry for entry in done.json["files"]}
        return reports[model_dir, arguments]

    return run


def answers(model_dir, tflite=None):
    import suite

    model = suite.load(model_dir, tflite=tflite)
    return np.array([[*model.predict(text).scores.values()] for text in TEXTS])


def test_interpreter_is_fused_dynamic_and_forgets_between_calls(workdir, exported, fused, monkeypatch):
    monkeypatch.setattr("suite.export.convert.subprocess", subprocess)  # a child process converts, as for users
    entry = exported(fused.model_dir)["interpreter.tflite"]
    assert entry["flex"] == [] and entry["custom"] == []
    assert entry["ops"]["UNIDIRECTIONAL_SEQUENCE_LSTM"] == 2 and "WHILE" not in entry["ops"]
    assert entry["parity"]["max_difference"] <= 1e-4 and entry["parity"]["inputs"] == 60
    assert (
        entry["metrics"]["examples"] == 60
        and entry["metrics"]["tflite"]["accuracy"] == entry["metrics"]["keras"]["accuracy"]
    )
    assert any("reset" in note for note in entry["notes"])
    assert "UNIDIRECTIONAL_SEQUENCE_LSTM" in entry["unlisted_ops"]["XNNPACK"]
    assert any("op list" in note for note in entry["notes"])
    assert "| `tflite/interpreter.tflite` | " in (read_artifact(fused.model_dir).path / "README.md").read_text("utf-8")
    path = fused.model_dir / "tflite" / "interpreter.tflite"
    first, again = answers(fused.model_dir, path), answers(fused.model_dir, path)
    np.testing.assert_array_equal(first, again)
    np.testing.assert_allclose(first, answers(fused.model_dir), atol=1e-5)


@pytest.mark.parametrize("length", [1, 7, 300])
def test_lengths_in_one_interpreter(workdir, exported, fused, length):
    import suite as package

    exported(fused.model_dir)
    text = " ".join(["good", "not", "bad"][n % 3] for n in range(length))
    model = package.load(fused.model_dir, "tflite")
    scores = [model.predict(text).scores for _ in range(2)]
    assert scores[0] == scores[1] == pytest.approx(package.load(fused.model_dir).predict(text).scores, abs=1e-5)


def test_compiled_has_fixed_shapes_and_no_state(workdir, exported, fused):
    from ai_edge_litert.interpreter import Interpreter

    entry = exported(fused.model_dir, "--deployment", "compiled")["compiled.tflite"]
    assert entry["signatures"]["classify"]["inputs"]["text"]["shape"] == [1, 1024]
    assert entry["parity"]["max_difference"] <= 1e-4 and entry["flex"] == []
    assert not {"VAR_HANDLE", "READ_VARIABLE", "UNIDIRECTIONAL_SEQUENCE_LSTM"} & set(entry["ops"])
    interpreter = Interpreter(str(fused.model_dir / "tflite" / "compiled.tflite"))
    assert all(-1 not in tensor["shape_signature"] for tensor in interpreter.get_tensor_details())
    np.testing.assert_allclose(
        answers(fused.model_dir, fused.model_dir / "tflite" / "compiled.tflite"), answers(fused.model_dir), atol=1e-5
    )


def test_streaming_in_pieces_of_any_size_equals_offline(workdir, exported, one_direction):
    from suite.inputs.text_host import TextStream
    from suite.runtime.streaming import ChunkRunner

    entry = exported(one_direction.model_dir, "--deployment", "streaming")["streaming.tflite"]
    assert entry["flex"] == [] and {
        name for name in entry["signatures"]["classify"]["inputs"] if name.startswith("state_")
    }
    path = one_direction.model_dir / "tflite" / "streaming.tflite"
    np.testing.assert_allclose(answers(one_direction.model_dir, path), answers(one_direction.model_dir), atol=1e-5)
    stream = TextStream(ChunkRunner(path))
    text = ("the cast wasn't bad , but the plot was extremely dull ! " * 6).encode()
    whole = None
    for size in (1, 3, 64, 65, 1000):
        for start in range(0, len(text), size):
            stream.feed(text[start : start + size])
        answer = stream.finish()["probabilities"]
        whole = answer if whole is None else whole
        np.testing.assert_array_equal(answer, whole)


def test_quantised_files_keep_their_tolerances(workdir, exported, fused):
    exported(fused.model_dir, "--quantize", "float16")
    report = exported(fused.model_dir, "--quantize", "dynamic")
    assert {"interpreter-float16.tflite", "interpreter-dynamic.tflite"} <= set(report), (
        "each export is merged into the report"
    )
    for quantization, tolerance in (("float16", 1e-2), ("dynamic", 5e-2)):
        assert report[f"interpreter-{quantization}.tflite"]["parity"]["max_difference"] <= tolerance


def test_evaluate_on_the_file_is_evaluate_on_keras(suite, workdir, exported, fused, reviews):
    exported(fused.model_dir)
    keras, tflite = (
        suite("evaluate", fused.model_dir, "--data", reviews, "--runtime", runtime, "--json").json
        for runtime in ("keras", "tflite")
    )
    assert tflite["runtime"] == "tflite" and set(tflite) == set(keras)
    assert tflite["metrics"] == pytest.approx(keras["metrics"], abs=1e-5)


def test_no_limit_is_put_on_the_state_of_a_fused_lstm(workdir, exported, fused):
    """The converter writes a limit of 10, which training knows nothing of."""
    from suite.export.model_file import read_model

    path = fused.model_dir / "tflite" / "interpreter.tflite"
    exported(fused.model_dir)
    options = [operator.builtinOptions for graph in read_model(path).subgraphs for operator in graph.operators]
    assert [one.cellClip for one in options if hasattr(one, "cellClip")] == [0.0, 0.0]


def test_metadata_and_labels_travel_with_the_file(workdir, exported, fused):
    from suite.export.metadata import read_metadata

    exported(fused.model_dir)
    found = read_metadata(fused.model_dir / "tflite" / "interpreter.tflite")
    assert "labels.txt" in str(found["packed_files"]) and "front_end.json" in str(found["packed_files"])
    assert (fused.model_dir / "tflite" / "labels.txt").read_text() == "negative\npositive\n"
    assert (fused.model_dir / "tflite" / "GUIDE.md").is_file()


def test_the_report_is_logged_to_the_run(workdir, exported, fused):
    import mlflow

    exported(fused.model_dir, "--quantize", "float16")
    run = mlflow.MlflowClient().get_run(fused.run_id)
    assert (
        run.data.metrics["tflite_interpreter_float16_bytes"]
        == (fused.model_dir / "tflite" / "interpreter-float16.tflite").stat().st_size
    )
    assert run.data.metrics["tflite_interpreter_float16_latency_ms"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("deployment", ["interpreter", "compiled", "streaming"])
def test_wordpiece_models_take_piece_numbers(workdir, exported, wordpiece, deployment):
    from suite.export.metadata import read_metadata

    entry = exported(wordpiece.model_dir, "--deployment", deployment)[f"{deployment}.tflite"]
    assert entry["flex"] == entry["custom"] == [] and entry["parity"]["max_difference"] <= 1e-4
    assert entry["signatures"]["classify_tokens"]["inputs"]["tokens"]["dtype"] == "int32"
    path = wordpiece.model_dir / "tflite" / f"{deployment}.tflite"
    assert {"vocabulary.txt", "front_end.json", "labels.txt"} <= set(read_metadata(path)["packed_files"])
    np.testing.assert_allclose(answers(wordpiece.model_dir, path), answers(wordpiece.model_dir), atol=1e-5)


@pytest.mark.slow
def test_wordpiece_models_take_text_where_the_app_links_the_ops(workdir, exported, wordpiece):
    files = exported(wordpiece.model_dir)
    entry = files["interpreter-custom.tflite"]
    assert entry["custom"] == ["FastWordpieceTokenizeWithOffsets"] and entry["flex"] == []
    assert files["interpreter.tflite"]["custom"] == []
    assert entry["signatures"]["classify_text"]["inputs"]["text"] == {
        "dtype": "string",
        "shape": [1],
        "meaning": "the text, UTF-8, that the app has brought to Unicode form NFKC and then case folded",
    }
    assert entry["parity"]["max_difference"] <= 1e-4 and entry["parity"]["inputs"] == 60
    assert any("FastWordpieceTokenizeWithOffsets" in note for note in entry["notes"])
    path = wordpiece.model_dir / "tflite" / "interpreter-custom.tflite"
    np.testing.assert_allclose(answers(wordpiece.model_dir, path), answers(wordpiece.model_dir), atol=1e-5)
    guide = (wordpiece.model_dir / "tflite" / "GUIDE.md").read_text(encoding="utf-8")
    assert "InterpreterWithCustomOps(" in guide and "must link these custom ops: FastWordpiece" in guide


@pytest.mark.slow
@pytest.mark.whole
def test_growing_inputs_get_the_answers_of_a_fresh_interpreter(workdir, exported, wordpiece):
    """An interpreter whose input grows a little gave, about one time in twenty, the answer of stale memory."""
    from suite.runtime.tflite_runtime import TfLitePredictor

    path = wordpiece.model_dir / "tflite" / "interpreter.tflite"
    exported(wordpiece.model_dir)
    inputs = [{"tokens": np.arange(1, length + 1, dtype=np.int32)} for length in (17, 16, 18, 21)]
    expected = [TfLitePredictor(path).call(arrays)["attention"] for arrays in inputs]
    for _ in range(80):
        predictor = TfLitePredictor(path)
        for arrays, attention in zip(inputs, expected, strict=True):
            np.testing.assert_array_equal(predictor.call(arrays)["attention"], attention)


@pytest.mark.slow
def test_int8_streams_without_a_loop(workdir, exported, one_direction):
    report = exported(one_direction.model_dir, "--deployment", "streaming", "--quantize", "int8")
    entry = report["streaming-int8.tflite"]
    assert entry["flex"] == entry["custom"] == [] and "WHILE" not in entry["ops"]
    path = one_direction.model_dir / "tflite" / "streaming-int8.tflite"
    np.testing.assert_allclose(answers(one_direction.model_dir, path), answers(one_direction.model_dir), atol=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("cell", ["cifg_projected_norm", "indy_lstm", "rg_lru", "layer_norm_lstm"])
def test_every_cell_in_every_deployment(workdir, exported, train_tiny, cell):
    model_dir = train_tiny(
        cell, f"cell={cell}", "bidirectional=false", "units=40", "ngrams=[3]", "max_tokens=50"
    ).model_dir
    for quantization in ("none", "float16", "dynamic"):
        entries = exported(model_dir, "--deployment", "all", "--quantize", quantization)
        assert all(entry["flex"] == entry["custom"] == [] for entry in entries.values())
        interpreter = next(entry for entry in entries.values() if entry["deployment"] == "interpreter")
        assert ("UNIDIRECTIONAL_SEQUENCE_LSTM" in interpreter["ops"]) == (cell in ("cifg_projected_norm", "indy_lstm"))


MISUSE = [
    ("no such folder", ("nowhere",), ["nowhere", "no such model folder"]),
    ("not a model", (".",), ["not a whole model folder"]),
    ("half-written folder", ("HALF",), ["lacks model.keras"]),
    ("damaged folder", ("DAMAGED",), ["settings.yaml", "damaged"]),
    ("unknown deployment", ("MODEL", "--deployment", "edge"), ["--deployment", "interpreter", "'edge'"]),
    ("unknown quantisation", ("MODEL", "--quantize", "int4"), ["--quantize", "int8", "'int4'"]),
    ("streaming in both directions", ("MODEL", "--deployment", "streaming"), ["one direction", "bidirectional=false"]),
    ("streaming of both ends", ("ENDS", "--deployment", "streaming"), ["keep=head", "interpreter"]),
    ("int8 of a loop", ("GRU", "--quantize", "int8"), ["int8", "gru", "dynamic"]),
    (
        "int8 of fixed shapes",
        ("MODEL", "--deployment", "compiled", "--quantize", "int8"),
        ["int8", "--deployment interpreter"],
    ),
    ("int8 without data", ("BARE", "--quantize", "int8"), ["int8", "--data"]),
    ("nothing to check on", ("BARE",), ["--data"]),
    ("no such data", ("MODEL", "--data", "nothing.tsv"), ["nothing.tsv", "no such file"]),
    ("data of other labels", ("MODEL", "--data", "other.tsv"), ["other.tsv:2", "'pos'"]),
]


@pytest.mark.parametrize(("arguments", "expected"), [row[1:] for row in MISUSE], ids=[row[0] for row in MISUSE])
def test_misuse_is_refused(suite, workdir, fused, one_direction, both_ends, arguments, expected):
    (workdir / "other.tsv").write_text("text\tlabel\na good film\tpos\na bad film\tneg\n")
    folders = {"MODEL": fused.model_dir, "GRU": one_direction.model_dir, "ENDS": both_ends}
    for name in {"HALF", "DAMAGED", "BARE"} & set(arguments):
        folders[name] = shutil.copytree(
            fused.model_dir, workdir / name.lower(), ignore=shutil.ignore_patterns("tflite")
        )
    if "HALF" in folders:
        (folders["HALF"] / "model.keras").unlink()
    if "DAMAGED" in folders:
        (folders["DAMAGED"] / "settings.yaml").write_text("units: 9\n")
    if "BARE" in folders:
        _forget_inputs(folders["BARE"])
    done = suite("export", *(folders.get(word, word) for word in arguments))
    assert done.status == 2, done.err
    assert "Traceback" not in done.err and all(word in done.err for word in expected), done.err


def test_a_page_that_cannot_be_written_is_told_before_converting(suite, workdir, both_ends):
    (workdir / "full").mkdir()
    (workdir / "full" / "thesis.txt").write_text("mine")
    done = suite("export", both_ends, "--web", "full")
    assert done.status == 2 and "full holds other files" in done.err
    assert not (both_ends / "tflite").exists()


def test_no_chatter_on_stderr(workdir, exported, fused):
    import sys

    exported(fused.model_dir)
    command = [sys.executable, "-m", "suite", "predict", fused.model_dir, "--text", "fine", "--runtime", "tflite"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0 and "XNNPACK" not in done.stderr


def _forget_inputs(folder):
    """Make a model folder as a run on private data leaves it, its data elsewhere."""
    import json

    shutil.rmtree(folder / "assets" / "parity")
    record = json.loads((folder / "record.json").read_text())
    record["files"] = {name: digest for name, digest in record["files"].items() if "parity" not in name}
    record["data"]["path"] = "/nowhere"
    (folder / "record.json").write_text(json.dumps(record))


def test_a_file_that_was_not_exported_says_how_to(suite, workdir, trained):
    done = suite("predict", trained.model_dir, "text", "--runtime", "tflite")
    assert done.status == 2 and "suite export" in done.err


def test_a_crash_of_the_converter_is_an_error(monkeypatch, tmp_path, fused):
    import os
    import sys

    from suite.export.convert import Conversion, ConversionError, convert

    fake = tmp_path / "python"
    fake.write_text("#!/bin/sh\nkill -SEGV $$\n")
    os.chmod(fake, 0o755)
    monkeypatch.setattr(sys, "executable", str(fake))
    with pytest.raises(ConversionError, match=r"crashed \(SIGSEGV\)"):
        convert(Conversion(fused.model_dir, ["classify"], "interpreter", "fused", "none", tmp_path / "x.tflite"))
    assert not (tmp_path / "x.tflite").exists()
