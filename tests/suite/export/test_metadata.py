"""Metadata inside a `.tflite`: readable, and the model computes as before."""

import io
import zipfile

import numpy as np
import pytest

from suite.errors import UserError
from suite.export.metadata import (
    About,
    AttachedFile,
    labels_file,
    parameters_file,
    read_metadata,
    vocabulary_file,
    write_labels,
    write_metadata,
)
from suite.export.model_file import packed_files

SIGNATURES = {
    "classify": {
        "inputs": {"text": {"dtype": "uint8", "shape": [1, None], "meaning": "UTF-8 bytes of the text"}},
        "outputs": {
            "probabilities": {"dtype": "float32", "shape": [1, 2], "meaning": "probability of each class"},
            "attention": {"dtype": "float32", "shape": [1, None], "meaning": "how much each byte counted"},
        },
    },
    "step": {
        "inputs": {
            "samples": {"dtype": "float32", "shape": [1, 8], "meaning": "sound at 16 kHz, -1 to 1"},
            "state": {"dtype": "float32", "shape": [1, 4], "meaning": "what the call before returned"},
        },
        "outputs": {
            "energy": {"dtype": "float32", "shape": [1, 1], "meaning": "mean square"},
            "state": {"dtype": "float32", "shape": [1, 4], "meaning": "for the next call"},
        },
    },
}
LABELS = ["negative", "positive · добре"]


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """Bytes of a converted model with two signatures."""
    import tensorflow as tf

    class Module(tf.Module):
        def __init__(self):
            self.weights = tf.Variable(np.random.default_rng(0).normal(0, 0.001, (1, 2)).astype("float32"))

        @tf.function(input_signature=[tf.TensorSpec((1, None), tf.uint8, "text")])
        def classify(self, text):
            values = tf.cast(text, tf.float32)
            return {
                "probabilities": tf.nn.softmax(tf.reduce_sum(values, axis=1, keepdims=True) @ self.weights),
                "attention": tf.nn.softmax(values),
            }

        @tf.function(
            input_signature=[tf.TensorSpec((1, 8), tf.float32, "samples"), tf.TensorSpec((1, 4), tf.float32, "state")]
        )
        def step(self, samples, state):
            return {"energy": tf.reduce_mean(samples**2, axis=1, keepdims=True), "state": state + 1}

    saved = tmp_path_factory.mktemp("saved")
    module = Module()
    tf.saved_model.save(module, saved, signatures={"classify": module.classify, "step": module.step})
    return tf.lite.TFLiteConverter.from_saved_model(str(saved), signature_keys=["classify", "step"]).convert()


@pytest.fixture
def path(tmp_path, original):
    file = tmp_path / "model.tflite"
    file.write_bytes(original)
    return file


def write(path, files=None, version="1.2"):
    known = [
        labels_file(LABELS, "probabilities"),
        vocabulary_file(["<pad>", "good", "bad"], "text"),
        parameters_file({"tokenizer": "bytes", "ngrams": [3, 4]}),
    ]
    about = About("reviews", "Tells good reviews from bad ones.", version, "A. Writer", "Apache-2.0")
    write_metadata(path, about, SIGNATURES, known if files is None else files)


def answers(content):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content)
    classify, step = interpreter.get_signature_runner("classify"), interpreter.get_signature_runner("step")
    text = np.frombuffer(b"a fine film", np.uint8)[np.newaxis]
    samples = np.linspace(-1, 1, 8, dtype=np.float32)[np.newaxis]
    return (
        interpreter.get_signature_list(),
        classify(text=text),
        step(samples=samples, state=np.zeros((1, 4), np.float32)),
    )


def test_reads_what_was_written(path):
    write(path)
    metadata = read_metadata(path)
    assert metadata["name"] == "reviews"
    assert metadata["description"] == "Tells good reviews from bad ones."
    assert (metadata["version"], metadata["author"], metadata["license"]) == ("1.2", "A. Writer", "Apache-2.0")
    assert metadata["min_parser_version"] == "1.0.1"
    assert metadata["packed_files"] == ["front_end.json", "labels.txt", "vocabulary.txt"]
    assert [file["name"] for file in metadata["associated_files"]] == ["front_end.json"]
    classify = metadata["subgraph_metadata"][0]
    assert classify["name"] == "classify"
    (text,) = classify["input_tensor_metadata"]
    assert (text["name"], text["description"]) == ("text", "UTF-8 bytes of the text")
    assert text["associated_files"][0]["type"] == "vocabulary"
    outputs = {tensor["name"]: tensor for tensor in classify["output_tensor_metadata"]}
    assert outputs["probabilities"]["associated_files"][0]["type"] == "axis_labels"
    assert outputs["attention"]["associated_files"] == []
    assert packed_files(path)["labels.txt"].decode("utf-8").splitlines() == LABELS


def test_tensors_stand_in_the_order_of_the_graph(path):
    from ai_edge_litert import schema_py_generated as schema

    write(path)
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(path.read_bytes(), 0))
    for graph, described in zip(model.subgraphs, read_metadata(path)["subgraph_metadata"], strict=False):
        definition = next(one for one in model.signatureDefs if one.signatureKey.decode() == described["name"])
        for order, pairs, side in (
            (graph.inputs, definition.inputs, "input"),
            (graph.outputs, definition.outputs, "output"),
        ):
            names = {pair.tensorIndex: pair.name.decode() for pair in pairs}
            assert [names[index] for index in order] == [
                tensor["name"] for tensor in described[f"{side}_tensor_metadata"]
            ]


def test_model_computes_as_before_and_keeps_its_signatures(path, original):
    write(path)
    before, after = answers(original), answers(path.read_bytes())
    assert (
        before[0]
        == after[0]
        == {
            "classify": {"inputs": ["text"], "outputs": ["attention", "probabilities"]},
            "step": {"inputs": ["samples", "state"], "outputs": ["energy", "state"]},
        }
    )
    for old, new in zip(before[1:], after[1:], strict=True):
        for name in old:
            np.testing.assert_array_equal(old[name], new[name])


def test_compiled_model_runs_the_file(path):
    from ai_edge_litert.compiled_model import CompiledModel

    write(path)
    model = CompiledModel.from_file(str(path))
    inputs = {name: model.create_input_buffer_by_name("step", name) for name in ("samples", "state")}
    outputs = {name: model.create_output_buffer_by_name("step", name) for name in ("energy", "state")}
    inputs["samples"].write(np.full((1, 8), 2, np.float32))
    inputs["state"].write(np.zeros((1, 4), np.float32))
    model.run_by_name("step", inputs, outputs)
    assert outputs["energy"].read(1, np.float32) == 4
    assert outputs["state"].read(4, np.float32).tolist() == [1, 1, 1, 1]


def test_layout_is_that_of_the_schema(path):
    """Metadata in a buffer named TFLITE_METADATA with identifier M001; buffers aligned to 16 bytes; a stored zip behind."""
    from ai_edge_litert import schema_py_generated as schema

    write(path)
    data = path.read_bytes()
    model = schema.Model.GetRootAsModel(data, 0)
    entries = {model.Metadata(index).Name(): model.Metadata(index).Buffer() for index in range(model.MetadataLength())}
    assert b"min_runtime_version" in entries
    buffer = model.Buffers(entries[b"TFLITE_METADATA"])
    assert buffer.DataAsNumpy().tobytes()[4:8] == b"M001"
    for index in range(model.BuffersLength()):
        tab = model.Buffers(index)._tab
        if offset := tab.Offset(4):
            assert tab.Vector(offset) % 16 == 0
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        for info in packed.infolist():
            assert info.compress_type == zipfile.ZIP_STORED
            assert data[info.header_offset : info.header_offset + 4] == b"PK\x03\x04"


def test_writing_again_replaces_and_is_repeatable(path):
    write(path)
    once = path.read_bytes()
    write(path)
    assert path.read_bytes() == once
    write(path, files=[], version="2")
    metadata = read_metadata(path)
    assert (metadata["version"], metadata["packed_files"], metadata["min_parser_version"]) == ("2", [], "1.0.0")
    assert list(path.parent.iterdir()) == [path]


def test_refuses_what_the_format_cannot_say(path):
    with pytest.raises(ValueError, match="no signature 'classfy'"):
        write_metadata(path, About("n", "d"), {"classfy": SIGNATURES["classify"]})
    with pytest.raises(ValueError, match="'scores', which no signature has"):
        write(path, files=[labels_file(LABELS, "scores")])
    with pytest.raises(ValueError, match="plain names"):
        write(path, files=[AttachedFile("a/b.txt", b"")])
    with pytest.raises(ValueError, match="unknown type 'labels'"):
        write(path, files=[AttachedFile("b.txt", b"", "labels")])


def test_names_the_file_that_cannot_be_read(path, original, tmp_path):
    with pytest.raises(UserError, match="has no TFLite metadata"):
        read_metadata(path)
    other = tmp_path / "notes.tflite"
    other.write_text("a few words, no model")
    with pytest.raises(UserError, match=r"notes\.tflite: not a \.tflite file"):
        read_metadata(other)
    with pytest.raises(UserError, match=r"absent\.tflite: cannot be read"):
        read_metadata(tmp_path / "absent.tflite")
    other.write_bytes(original[:200])
    with pytest.raises(UserError, match="damaged"):
        write(other)


def test_labels_are_one_line_each(tmp_path):
    model = tmp_path / "model.tflite"
    written = write_labels(model, ["so\nso", "bad\r\n", "u\u2028v", "tab\tand  spaces ", "ά"])
    assert written == tmp_path / "labels.txt"
    assert written.read_bytes().decode("utf-8").split("\n") == ["so so", "bad", "u v", "tab\tand  spaces ", "ά", ""]
    with pytest.raises(UserError, match="visible character"):
        write_labels(model, ["good", " \n"])
    with pytest.raises(UserError, match="both the line 'a b'"):
        write_labels(model, ["a b", "a\nb"])
