"""The guide beside the exported files: its programs run as they stand, in every language that is at hand."""

import importlib
import importlib.util
import itertools
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from suite.export.guide import guide_lines, programs, write_guide
from suite.export.guide_calls import read_calls
from suite.export.guide_sources import LANGUAGES, source
from suite.inputs.text_host import TextStream, split_windows
from suite.inputs.windows import combine
from suite.runtime.streaming import ChunkRunner
from suite.runtime.tflite_runtime import TfLitePredictor
from suite.vision.resize import resize_with_numpy

spec = importlib.util.spec_from_file_location("guide_entries", f"{__file__.rpartition('/')[0]}/guide_entries.py")
guide_entries = importlib.util.module_from_spec(spec)
spec.loader.exec_module(guide_entries)
FRONT_END, entry, entries = guide_entries.FRONT_END, guide_entries.entry, guide_entries.entries
front_end = guide_entries.front_end
kinds, OF_TEXT = guide_entries.kinds, guide_entries.kinds("any_text_classes")

PYTHON, KOTLIN, SWIFT, JAVASCRIPT = LANGUAGES
LABELS = ["negative", "positive"]
# As reports of before have them: no kinds.
TEXT = {"dtype": "uint8", "shape": [1, None], "meaning": "UTF-8 bytes of the text; zeros after it are padding"}
PROBABILITIES = {
    "dtype": "float32",
    "shape": [1, 2],
    "meaning": "probability of each class, in the order of the labels",
}
ATTENTION = {"dtype": "float32", "shape": [1, None], "meaning": "how much each byte counted"}
STATE = {"dtype": "float32", "shape": [1, 1], "meaning": "sum of the bytes so far"}
CHUNK = TEXT | {"shape": [1, 8]}
TEXTS = ("", " ", "a b", "  much   longer\tthan eight \n", "добре кіно, добре", "x" * 40, "12345678 9", "a fine film")


def of_text(deployment, inputs, outputs, **changes):
    signatures = {"classify": {"inputs": inputs, "outputs": outputs}}
    return entry(deployment, inputs, outputs, signatures=signatures, labels=LABELS, **changes)


INTERPRETER = of_text(
    "interpreter",
    {"text": TEXT},
    {"probabilities": PROBABILITIES, "attention": ATTENTION},
    ops={"UNIDIRECTIONAL_SEQUENCE_LSTM": 1},
)
COMPILED = of_text("compiled", {"text": CHUNK}, {"probabilities": PROBABILITIES})
STREAMING = of_text(
    "streaming", {"text": CHUNK, "state_sum": STATE}, {"probabilities": PROBABILITIES, "state_sum": STATE}
)
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
        return {"color": tf.reduce_mean(tf.cast(picture, tf.float32), axis=(1, 2))}

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
        ("picture", "mean", mean, spec((1, 4, 4, 3), tf.uint8, "picture")),
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
def run(folder, tmp_path, monkeypatch):
    """Import the guide's Python for an entry, beside the exported files; returns the module of its first signature."""

    def execute(report_entry, parameters=None, kinds=OF_TEXT):
        monkeypatch.chdir(folder / "tflite")
        monkeypatch.syspath_prepend(tmp_path)
        files = programs(report_entry, PYTHON, parameters or {}, kinds)
        for name, lines in files.items():
            (tmp_path / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
        modules = [name.removesuffix(".py") for name in files]
        for name in modules:
            monkeypatch.delitem(sys.modules, name, raising=False)
        importlib.invalidate_caches()
        sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
        try:
            return [importlib.import_module(name) for name in modules][1]
        finally:
            sys.dont_write_bytecode = before
            for name in modules:
                sys.modules.pop(name, None)

    return execute


def scores_of(folder, text):
    arrays = {"text": np.frombuffer(text if isinstance(text, bytes) else text.encode(), np.uint8)}
    (answer,) = TfLitePredictor(folder / "tflite" / "interpreter.tflite")([arrays])
    return answer["probabilities"]


def test_python_for_the_interpreter_runs(folder, run):
    program = run(INTERPRETER)
    model = program.Model()
    for text in ("fine", "a much longer and better film, добре", "fine"):
        answer = program.classify(model, text)
        assert [*answer] == LABELS
        np.testing.assert_array_equal(np.float32([*answer.values()]), scores_of(folder, text))
    assert [*program.classify(model, "")] == LABELS


def test_the_python_of_a_guide_is_a_script(folder, tmp_path):
    for name, lines in programs(INTERPRETER, PYTHON, {}, OF_TEXT).items():
        (tmp_path / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, tmp_path / "classify.py"], cwd=folder / "tflite", capture_output=True, text=True
    )
    assert re.fullmatch(r"\{'negative': 0\.\d+, 'positive': 0\.\d+\}\n", done.stdout), done.stderr


def test_python_for_the_compiled_model_cuts_at_spaces(folder, run):
    program = run(COMPILED)
    model = program.Model()
    for text in TEXTS:
        windows = split_windows(text.encode(), 8)
        parts = list(program.parts(text))
        assert [part.inputs["text"].tobytes() for part in parts] == [window.ljust(8, b"\0") for window in windows]
        assert [part.length for part in parts] == [len(window) for window in windows]
        assert [text.encode()[part.start : part.start + part.length] for part in parts] == windows
        expected = combine([scores_of(folder, window.ljust(8, b"\0")) for window in windows], windows)
        np.testing.assert_allclose([*program.classify(model, text).values()], expected, rtol=1e-6)


def test_python_for_streaming_carries_the_state(folder, run):
    program = run(STREAMING)
    model = program.Model()
    for text in ("", " ", "a b", "  much   longer\tthan eight \n", "a fine film"):  # a chunk holds the longest word
        stream = TextStream(ChunkRunner(folder / "tflite" / "streaming.tflite"))
        stream.feed(text.encode())
        expected = stream.finish()["probabilities"]
        for _ in range(2):
            np.testing.assert_array_equal(np.float32([*program.classify(model, text).values()]), expected)


def of_sound(*more_inputs, labels=(), outputs=None):
    made = entry("streaming", {}, {}, labels=list(labels))
    inputs = {"samples": SOUND, "other": SOUND, "state_sum": STATE}
    made["signatures"] = {"loudness": {"inputs": inputs, "outputs": {"level": STATE, "state_sum": STATE}}}
    return made


def test_where_the_app_brings_the_arrays_the_state_stays_from_call_to_call():
    code = {
        language.name: "\n".join(itertools.chain(*programs(of_sound(), language, {}, OF_TEXT).values()))
        for language in LANGUAGES
    }
    for name, fresh in (("python", "if not model.state"), ("kotlin", "model.fresh"), ("swift", "model.fresh")):
        assert fresh in code[name] and "stays from call to call" in code[name]
    assert "if (!model.state)" in code["javascript"]


def test_python_for_pictures_and_rows_runs(run):
    picture = {"dtype": "uint8", "shape": [1, 4, 4, 3], "meaning": "RGB"}
    color = {"color": {"dtype": "float32", "shape": [1, 3], "meaning": "mean of each"}}
    for deployment in ("interpreter", "compiled"):
        made = entry(deployment, {}, {}, file="picture.tflite", labels=[])
        made["signatures"] = {"mean": {"inputs": {"picture": picture}, "outputs": color}}
        program = run(made, kinds=kinds("any_image_classes"))
        (answer,) = program.mean(program.Model(), np.full((9, 5, 3), 100, np.uint8))
        np.testing.assert_allclose(answer["color"], [[50.0] * 3])  # half of it is black: 5 of 9 fit in 2 of 4 columns
        made = entry(deployment, {}, {}, file="sound.tflite", labels=[])
        made["signatures"] = {"loudness": {"inputs": {"samples": SOUND}, "outputs": {"level": STATE | {"shape": [1]}}}}
        program = run(made)
        answers = program.loudness(program.Model(), np.arange(12, dtype=np.float32))
        assert [answer["level"].tolist() for answer in answers] == [[7.0], [11.0]]


def test_pictures_are_scaled_as_in_training(run):
    program = run(entries()["compiled_video_classes"], kinds=kinds("compiled_video_classes"))
    for height, width in ((6, 8), (31, 47), (3, 3), (40, 9), (8, 6)):
        picture = np.random.default_rng(height).integers(0, 256, (height, width, 3), np.uint8)
        np.testing.assert_array_equal(program.fit(picture), resize_with_numpy(picture[np.newaxis], 6, 8)[0])


def code_of(lines, name):
    return "\n".join(re.findall(rf"```{name}\n(.*?)```", "\n".join(lines), re.DOTALL))


def test_kotlin_and_swift_say_names_shapes_and_resets():
    lines = guide_lines(INTERPRETER, {}, OF_TEXT)
    kotlin, swift = code_of(lines, "kotlin"), code_of(lines, "swift")
    for expected in (
        'FILE = "interpreter.tflite"', 'TEXT = "text"', 'PROBABILITIES = "probabilities"', 'SIGNATURE = "classify"',
        "interpreter.resetVariableTensors()", "noCompress", "fun classify(model: Model, text: String)",
    ):  # fmt: skip
        assert expected in kotlin
    for expected in ('signature = "classify"', "runner.resizeInput(named: name", "a new Interpreter for every input"):
        assert expected in swift
    assert "reset it before the next input" in "\n".join(lines)
    assert "interpreter.reset_all_variables()" in code_of(lines, "python")
    assert "`--deployment compiled`" in "\n".join(lines) and not code_of(lines, "javascript")

    lines = guide_lines(COMPILED, {}, OF_TEXT)
    kotlin = code_of(lines, "kotlin")
    assert "CompiledModel.create" in kotlin and "SIZE = 8" in kotlin
    assert 'OUTPUT_SHAPES = mapOf("classify" to mapOf("probabilities" to listOf(1, 2)))' in kotlin
    assert "CompiledModel.from_file" in code_of(lines, "python") and "loadAndCompile" in code_of(lines, "javascript")
    assert "reset" not in "\n".join(lines)

    lines = guide_lines(STREAMING, {}, OF_TEXT)
    for name in ("python", "kotlin", "swift", "javascript"):
        assert "goes into the next call" in code_of(lines, name)
    assert "state, in and out, zeros at first" in "\n".join(lines)


def test_every_kind_has_a_source_in_every_language_and_no_mark_is_left():
    reads = {"tensors", *(kind.name for kind in guide_entries.READS.values())}
    answers = {"tensors", *(kind.name for kind in guide_entries.ANSWERS.values())}
    for language in LANGUAGES:
        for part in [*(f"inputs/{name}" for name in reads), *(f"answers/{name}" for name in answers), "pictures"]:
            assert source(language, part)
    for name, report_entry in entries().items():
        for language in LANGUAGES:
            for lines in programs(report_entry, language, front_end(name), kinds(name)).values():
                text = "\n".join(lines)
                assert not re.search(r"(#|//) (only|fill|end)\b", text), (name, language.name)
                assert "predict" not in text and "Answer" not in text


def test_python_of_every_kind_and_deployment_has_every_name_it_uses(tmp_path):
    ruff = shutil.which("ruff", path=Path(sys.executable).parent)
    if ruff is None:
        pytest.skip("ruff is not installed: pip install '.[dev]'")
    for name, report_entry in entries().items():
        (tmp_path / name).mkdir()
        for file, lines in programs(report_entry, PYTHON, front_end(name), kinds(name)).items():
            (tmp_path / name / file).write_text("\n".join(lines) + "\n", encoding="utf-8")
    command = [ruff, "check", "--isolated", "--select", "F,E9", "--ignore", "F401", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def grammar_faults(language, text):
    from tree_sitter import Language, Parser

    faults, nodes = [], [Parser(Language(language.language())).parse(text.encode()).root_node]
    while nodes:
        node = nodes.pop()
        faults += [text.splitlines()[node.start_point[0]]] if node.type == "ERROR" or node.is_missing else []
        nodes += node.children
    return faults


def test_swift_is_read_by_its_grammar():
    grammar = pytest.importorskip(
        "tree_sitter_swift", reason="the Swift grammar is not installed: pip install '.[dev]'"
    )
    assert grammar_faults(grammar, "let a = [1, 2")  # the grammar does notice
    dtypes = ["float32", "int16", "int32", "int64", "uint8", "bool"]
    shapes = [[1], [1, 4], [1, None], [1, None, 3], [1, None, None, 3]]
    reports = {name: (report_entry, kinds(name)) for name, report_entry in entries().items()}
    reports["old"] = INTERPRETER, OF_TEXT
    for dtype, shape in itertools.product(dtypes, shapes):
        one_tensor = {"dtype": dtype, "shape": shape, "meaning": "values"}
        arrays = entry("interpreter", {"some_values": one_tensor}, {"an_answer": one_tensor})
        reports[f"{dtype} {shape}"] = arrays, OF_TEXT
    for name, (report_entry, read) in reports.items():
        for file, lines in programs(report_entry, SWIFT, front_end(name), read).items():
            assert grammar_faults(grammar, "\n".join(lines)) == [], (name, file)


def test_what_a_language_cannot_run_is_said():
    strings = {"dtype": "string", "shape": [1], "meaning": "values"}
    lines = guide_lines(
        entry("interpreter", {"words": strings}, {"words": strings}, custom=["FastTokenize"]), {}, OF_TEXT
    )
    text = "\n".join(lines)
    assert "TensorFlowLiteSwift has no tensors of string" in text and not code_of(lines, "swift")
    assert "custom ops: FastTokenize" in code_of(lines, "kotlin")
    assert "InterpreterWithCustomOps(" in code_of(lines, "python")


def test_guide_has_a_section_for_each_file(folder):
    files = [INTERPRETER, COMPILED | {"notes": ["Longer input is cut into pieces of 8 bytes."]}]
    path = write_guide(folder, {"files": files}, OF_TEXT)
    text = path.read_text(encoding="utf-8")
    assert path == folder / "tflite" / "GUIDE.md"
    assert text.count("\n## ") == 2 and text.count("\n### ") == 8 and text.count("```") == 28
    assert "[compiled.tflite](#compiledtflite)" in text
    assert "- Longer input is cut into pieces of 8 bytes." in text
    assert "- in: `text` uint8[1, any]: UTF-8 bytes" in text


RUN = """
import { readFileSync } from "node:fs";
const { file, cases } = JSON.parse(readFileSync(0));
const arrays = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array };
const array = (value) => (value && value.dtype ? arrays[value.dtype].from(value.flat) : value);
const named = (values, change) => Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]));
const program = await import(file);
const answers = [];
for (const { labels, raw, outputs } of cases) {
  const calls = [], states = [];
  const model = { labels, begin: (signature) => states.push(signature), run: async (signature, inputs) =>
    named(outputs[calls.push(named(inputs, (values) => Array.from(values))) - 1], array) };
  const arguments_ = raw.map((value) => (Array.isArray(value) ? value.map(array) : array(value)));
  answers.push({ answer: await program.useIt(model, ...arguments_), calls, states });
}
console.log(JSON.stringify(answers));
"""


def as_json(value):
    if isinstance(value, np.ndarray):
        return {"dtype": value.dtype.name, "flat": value.ravel().tolist()}
    return [*map(as_json, value)] if isinstance(value, list) else value


RANDOM = np.random.default_rng(0)
CLIP = [RANDOM.integers(0, 256, (7, 5, 3), np.uint8) for _ in range(37)]
RAW = {
    "text": [(text,) for text in ("", "a few words, добре кіно and more", "y" * 40, "  both ends of it   ")],
    "float32": [(RANDOM.random(count, np.float32),) for count in (5, 16, 17, 90)],
    "video": [(CLIP[:count],) for count in (3, 16, 37)],
    "image": [(CLIP[0],), (RANDOM.integers(0, 256, (6, 8, 3), np.uint8),)],
    "row": [(np.arange(40, dtype=np.int32),), (np.arange(3, dtype=np.int32),)],
}


def random_outputs(report_entry, count):
    """Outputs as a file might give them, for `count` calls."""
    (call,) = read_calls(report_entry)
    answers = []
    for _ in range(count):
        answer = {}
        for tensor in call.outputs:
            shape = [1 if axis is None else axis for axis in tensor.shape]
            values = RANDOM.random(shape) if tensor.dtype == "float32" else RANDOM.integers(2, 5, shape)
            if tensor.kind == "text":
                values = np.frombuffer("é a".encode().ljust(shape[1], b"\0"), np.uint8).reshape(shape)
            answer[tensor.name] = values.astype(tensor.dtype)
        answers.append(answer)
    return answers


def close_bytes(received, expected):
    """Whether two lists of calls are equal, pixels but for the rounding of a half."""
    if len(received) != len(expected):
        return False
    pairs = [
        (one_call[name], right_call[name])
        for one_call, right_call in zip(received, expected, strict=True)
        for name in right_call
    ]
    return all(np.abs(np.subtract(left, right)).max(initial=0) <= (len(left) > 200) for left, right in pairs)


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, made in entries().items()
        if programs(made, JAVASCRIPT, FRONT_END, kinds(name)) and not name.endswith(("tensors", "tags", "words"))
    ],
)
def test_javascript_makes_the_same_calls_and_the_same_answer_as_python(name, run, tmp_path):
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js is not installed")
    report_entry = entries()[name]
    python = run(report_entry, FRONT_END, kinds(name))
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "run.js").write_text(RUN)
    for file, lines in programs(report_entry, JAVASCRIPT, FRONT_END, kinds(name)).items():
        (tmp_path / file).write_text("\n".join(lines) + "\n", encoding="utf-8")

    class Model:
        """Gives answers made before and notes what it is asked."""

        labels = guide_entries.LABELS

        def __init__(self, answers):
            self.answers, self.calls, self.states = answers, [], []

        def begin(self, signature):
            self.states.append(signature)

        def run(self, signature, inputs):
            self.calls.append({key: value.ravel().tolist() for key, value in inputs.items()})
            return self.answers[len(self.calls) - 1]

    cases, expected = [], []
    for (raw,) in RAW[name.split("_")[1]]:
        answers = random_outputs(report_entry, 40)
        model = Model(answers)
        expected.append((python.use_it(model, raw), model))
        shape = raw[0].shape if isinstance(raw, list) else getattr(raw, "shape", ())
        size = [*shape[:2]] if len(shape) == 3 else []
        outputs = [{key: as_json(value) for key, value in answer.items()} for answer in answers]
        cases.append({"labels": model.labels, "raw": [as_json(raw), *size], "outputs": outputs})
    request = json.dumps({"file": str(tmp_path / "useIt.js"), "cases": cases})
    done = subprocess.run([node, tmp_path / "run.js"], input=request, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for received, (answer, model) in zip(json.loads(done.stdout), expected, strict=True):
        assert close_bytes(received["calls"], model.calls)
        assert received["states"] == model.states == (["use_it"] if "streaming" in name else [])
        assert received["answer"] == (pytest.approx(answer, rel=1e-6) if isinstance(answer, dict) else answer)
