"""The guide beside the exported files: its Python runs as it stands, its Kotlin and Swift say the right names."""

import re

import numpy as np
import pytest

from suite.export.guide import guide_lines, write_guide
from suite.export.guide_kotlin import kotlin_lines
from suite.export.guide_python import python_lines
from suite.export.guide_swift import swift_lines
from suite.runtime.tflite_runtime import TfLitePredictor
from suite.runtime.windows import split_windows

LABELS = ["negative", "positive"]
TEXT = {"dtype": "uint8", "shape": [1, None], "meaning": "UTF-8 bytes of the text; zeros after it are padding"}
PROBABILITIES = {
    "dtype": "float32",
    "shape": [1, 2],
    "meaning": "probability of each class, in the order of the labels",
}
ATTENTION = {"dtype": "float32", "shape": [1, None], "meaning": "how much each byte counted"}
STATE = {"dtype": "float32", "shape": [1, 1], "meaning": "sum of the bytes so far"}
CHUNK = TEXT | {"shape": [1, 8]}


def entry(deployment, inputs, outputs, **changes):
    signatures = {"classify": {"inputs": inputs, "outputs": outputs}}
    made = {
        "file": f"{deployment}.tflite",
        "deployment": deployment,
        "signatures": signatures,
        "labels": LABELS,
        "bytes": 1688,
    }
    return made | {"ops": {}, "notes": []} | changes


INTERPRETER = entry(
    "interpreter",
    {"text": TEXT},
    {"probabilities": PROBABILITIES, "attention": ATTENTION},
    ops={"UNIDIRECTIONAL_SEQUENCE_LSTM": 1},
)
COMPILED = entry("compiled", {"text": CHUNK}, {"probabilities": PROBABILITIES})
STREAMING = entry(
    "streaming", {"text": CHUNK, "state_sum": STATE}, {"probabilities": PROBABILITIES, "state_sum": STATE}
)
PICTURE = {"dtype": "float32", "shape": [1, 4, 4, 3], "meaning": "RGB, 0 to 1"}
SOUND = {"dtype": "float32", "shape": [1, 8], "meaning": "samples at 16 kHz"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model folder with one small `.tflite` per deployment: softmax of 0.001 x (sum of bytes, length)."""
    import tensorflow as tf

    def scores(total, text):
        return tf.nn.softmax(0.001 * tf.concat([total, tf.cast(tf.shape(text)[1:2], tf.float32)[tf.newaxis]], axis=1))

    def classify(text):
        values = tf.cast(text, tf.float32)
        return {
            "probabilities": scores(tf.reduce_sum(values, axis=1, keepdims=True), text),
            "attention": tf.nn.softmax(values),
        }

    def stream(text, state_sum):
        total = state_sum + tf.reduce_sum(tf.cast(text, tf.float32), axis=1, keepdims=True)
        return {"probabilities": scores(total, text), "state_sum": total}

    def fixed(text):
        return {"probabilities": classify(text)["probabilities"]}

    def mean(picture):
        return {"color": tf.reduce_mean(picture, axis=(1, 2))}

    def loudness(samples):
        return {"level": tf.reduce_max(tf.abs(samples), axis=1)}

    model = tmp_path_factory.mktemp("guide") / "reviews"
    (model / "tflite").mkdir(parents=True)
    (model / "tflite" / "labels.txt").write_text("".join(f"{label}\n" for label in LABELS), encoding="utf-8")
    spec = tf.TensorSpec
    for name, key, function, *specs in (
        ("interpreter", "classify", classify, spec((1, None), tf.uint8, "text")),
        ("compiled", "classify", fixed, spec((1, 8), tf.uint8, "text")),
        ("streaming", "classify", stream, spec((1, 8), tf.uint8, "text"), spec((1, 1), tf.float32, "state_sum")),
        ("picture", "mean", mean, spec((1, 4, 4, 3), tf.float32, "picture")),
        ("sound", "loudness", loudness, spec((1, 8), tf.float32, "samples")),
    ):
        module = tf.Module()
        module.call = tf.function(function, input_signature=specs, autograph=False)
        saved = str(tmp_path_factory.mktemp("saved"))
        tf.saved_model.save(module, saved, signatures={key: module.call})
        converted = tf.lite.TFLiteConverter.from_saved_model(saved, signature_keys=[key]).convert()
        (model / "tflite" / f"{name}.tflite").write_bytes(converted)
    return model


@pytest.fixture
def run(folder, monkeypatch):
    """Run the guide's Python for an entry; returns the names it defined."""

    def execute(one):
        monkeypatch.chdir(folder / "tflite")
        names = {}
        exec("\n".join(python_lines(one)), names)
        return names

    return execute


def reference(folder, text):
    (answer,) = TfLitePredictor(folder / "tflite" / "interpreter.tflite")(
        [{"text": np.frombuffer(text.encode(), np.uint8)}]
    )
    return answer


def test_python_for_the_interpreter_runs(folder, run, capsys):
    classify = run(INTERPRETER)["classify"]
    assert re.search(r"\{'negative': 0\.\d+, 'positive': 0\.\d+\}", capsys.readouterr().out)
    for text in ("fine", "a much longer and better film, добре", "fine"):
        answer, expected = classify(text), reference(folder, text)
        np.testing.assert_array_equal(answer["probabilities"][0], expected["probabilities"])
        np.testing.assert_array_equal(answer["attention"][0], expected["attention"])
    assert classify("")["probabilities"].shape == (1, 2)


def test_python_for_the_compiled_model_cuts_at_spaces(folder, run):
    names = run(COMPILED)
    pieces = [piece.tobytes() for piece in names["pieces"]("a fine film, undoubtedly", 8)]
    assert pieces == [b"a fine\0\0", b"film,\0\0\0", b"undoubte", b"dly\0\0\0\0\0"]
    for text in ("", " ", "a b", "  much   longer\tthan eight \n", "добре кіно, добре", "x" * 40, "12345678 9"):
        assert list(names["split"](text, 8)) == split_windows(text.encode(), 8)
    answers = names["classify"]("a fine film")
    assert len(answers) == 2
    np.testing.assert_allclose(
        answers[0]["probabilities"][0], reference(folder, "a fine\0\0")["probabilities"], rtol=1e-6
    )
    assert len(names["classify"]("")) == 1


def test_python_for_streaming_carries_the_state(folder, run):
    classify = run(STREAMING)["classify"]
    text = "a fine film, undoubtedly"
    total = sum(sum(window) for window in split_windows(text.encode(), 8))
    expected = np.exp([0.001 * total, 0.008]) / np.exp([0.001 * total, 0.008]).sum()
    for _ in range(2):
        np.testing.assert_allclose(classify(text)["probabilities"][0], expected, rtol=1e-5)


def test_where_the_app_brings_the_chunks_the_state_stays_from_call_to_call():
    inputs = {"samples": SOUND, "length": {"dtype": "int32", "shape": [1], "meaning": "samples that count"}}
    one = entry("streaming", {}, {}, file="streaming.tflite", labels=[])
    outputs = {"level": STATE | {"shape": [1]}, "state_sum": STATE}
    one["signatures"] = {"loudness": {"inputs": inputs | {"state_sum": STATE}, "outputs": outputs}}
    code = "\n".join(python_lines(one))
    assert code.index("state = {") < code.index("def loudness(") < code.index("global state")
    for lines in (kotlin_lines(one), swift_lines(one)):
        code = "\n".join(lines)
        assert code.index("var state") < code.lower().index("loudness(")


def test_python_for_pictures_and_sound_runs(run):
    color = {"color": {"dtype": "float32", "shape": [1, 3], "meaning": "mean of each"}}
    for deployment in ("interpreter", "compiled"):
        one = entry(deployment, {}, {}, file="picture.tflite", labels=[])
        one["signatures"] = {"mean": {"inputs": {"picture": PICTURE}, "outputs": color}}
        answer = run(one)["mean"](np.full((1, 4, 4, 3), 0.5, np.float32))
        assert answer["color"].tolist() == [[0.5, 0.5, 0.5]]
        one = entry(deployment, {}, {}, file="sound.tflite", labels=[])
        one["signatures"] = {"loudness": {"inputs": {"samples": SOUND}, "outputs": {"level": STATE | {"shape": [1]}}}}
        answers = run(one)["loudness"](np.arange(12, dtype=np.float32))
        assert [answer["level"].tolist() for answer in answers] == [[7.0], [11.0]]


def test_kotlin_and_swift_say_names_shapes_and_resets():
    text = "\n".join(guide_lines(INTERPRETER))
    kotlin, swift = (re.search(rf"```{name}\n(.*?)```", text, re.DOTALL)[1] for name in ("kotlin", "swift"))
    for expected in (
        'Interpreter', '"text" to arrayOf(text.toByteArray()', '"probabilities" to Array(1) { FloatArray(2) }', '"attention" to null',
        'runSignature(inputs, outputs, "classify")', "interpreter.resetVariableTensors()", "noCompress",
    ):  # fmt: skip
        assert expected in kotlin
    for expected in (
        'signatureRunner(with: "classify")', 'resizeInput(named: "text", toShape: Tensor.Shape([1, textData.count]))',
        'runner.output(named: "attention")', "a new Interpreter for every input",
    ):  # fmt: skip
        assert expected in swift
    assert "reset it before the next input" in text

    text = "\n".join(guide_lines(COMPILED))
    for expected in (
        "CompiledModel.create",
        'createInputBuffer("text", "classify")',
        "writeInt8(piece)",
        "pieces(text, 8)",
        "readFloat()",
    ):
        assert expected in text
    assert "reset" not in text

    text = "\n".join(guide_lines(STREAMING))
    assert 'mapOf("state_sum" to Array(1) { FloatArray(1) })' in text and '["state_sum": Data(count: 4)]' in text
    assert "state, in and out, zeros at first" in text


@pytest.mark.parametrize("dtype", ["float32", "int16", "int32", "int64", "uint8", "bool", "string"])
@pytest.mark.parametrize("shape", [[1], [1, 4], [1, None], [1, None, 3], [1, None, None, 3]])
def test_brackets_close_for_every_dtype_and_shape(dtype, shape):
    tensor = {"dtype": dtype, "shape": shape, "meaning": "values"}
    text = "\n".join(
        guide_lines(entry("interpreter", {"some_values": tensor}, {"an_answer": tensor}, custom=["WhitespaceTokenize"]))
    )
    for opening, closing in ("()", "{}", "[]"):
        assert text.count(opening) == text.count(closing)
    assert "someValues" in text and "WhitespaceTokenize" in text


def test_guide_has_a_section_for_each_file(folder):
    path = write_guide(
        folder, {"files": [INTERPRETER, COMPILED | {"notes": ["Longer input is cut into pieces of 8 bytes."]}]}
    )
    text = path.read_text(encoding="utf-8")
    assert path == folder / "tflite" / "GUIDE.md"
    assert text.count("\n## ") == 2 and text.count("```") == 12
    assert "[compiled.tflite](#compiledtflite)" in text
    assert "- Longer input is cut into pieces of 8 bytes." in text
    assert "- in: `text` uint8[1, any]: UTF-8 bytes" in text
