"""The generated page in a real browser gives the answers that Python gives from the same file."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from suite.answers.classes import CLASSES
from suite.inputs.text import TEXT
from suite.inputs.text_host import split_windows
from suite.inputs.windows import combine
from suite.runtime.tflite_runtime import TfLitePredictor
from suite.web.page import write_page

pytestmark = pytest.mark.browser
SIZE = 256
LABELS = ["negative", "neutral", "positive"]
TEXTS = {
    "ASCII": "the story was not bad at all, but the music was extremely dull",
    "umlauts": "Ein schönes Märchen über größere Übel",
    "emoji": "🎬🍿 loved it 👩‍👩‍👧‍👦❤️",
    "Arabic": "هذا الفيلم جميل جدا",
    "several lines": "first line\n\tsecond line  \n",
    "one full window": "x" * SIZE,
    "one byte too long": "x" * (SIZE + 1),
    "many windows": "A long review of a long film: größer, 语言, 🎬. " * 60,
    "no spaces": "语" * 400,
    "blank and long": " \n" * SIZE,
    "empty": "",
}
DONE = "#result[aria-busy='false']"


@pytest.fixture(scope="module")
def exported(tmp_path_factory) -> tuple[Path, dict]:
    """A file like a `compiled` deployment, and its entry in the report."""
    path = tmp_path_factory.mktemp("export") / "compiled.tflite"
    path.write_bytes(_convert(tmp_path_factory.mktemp("saved")))
    text = {"dtype": "uint8", "shape": [1, SIZE], "meaning": "UTF-8 bytes of the text"}
    outputs = {
        "probabilities": {"dtype": "float32", "shape": [1, len(LABELS)], "meaning": "probability of each class"},
        "attention": {"dtype": "float32", "shape": [1, SIZE], "meaning": "how much each byte counted"},
    }
    entry = {
        "file": path.name,
        "deployment": "compiled",
        "signatures": {"classify": {"inputs": {"text": text}, "outputs": outputs}},
        "labels": LABELS,
    }
    return path, entry


@pytest.fixture(scope="module")
def folder(exported, tmp_path_factory, runtime):
    """A written page."""
    directory = tmp_path_factory.mktemp("web") / "page"
    write_page(*exported, directory, "Sentiment", (TEXT, CLASSES))
    return directory


@pytest.fixture(scope="module")
def python(exported):
    """`python(text)` gives the probabilities that LiteRT computes in Python."""
    predictor = TfLitePredictor(exported[0])

    def probabilities(text):
        windows = split_windows(text.encode(), SIZE)
        inputs = [{"text": np.frombuffer(window.ljust(SIZE, b"\0"), np.uint8)} for window in windows]
        return combine([answer["probabilities"] for answer in predictor(inputs)], windows)

    return probabilities


def _convert(folder) -> bytes:
    """Return a recurrent classifier of bytes whose answer depends on their order; zero bytes leave its state alone."""
    import tensorflow as tf

    rng = np.random.default_rng(0)
    table, recurrent, head = (
        rng.normal(0, scale, shape).astype(np.float32)
        for scale, shape in ((0.5, (256, 16)), (0.4, (16, 16)), (1.0, (16, len(LABELS))))
    )
    model = tf.Module()

    @tf.function(input_signature=[tf.TensorSpec((1, SIZE), tf.uint8, name="text")])
    def classify(text):
        codes = tf.cast(text, tf.int32)
        seen = tf.cast(codes > 0, tf.float32)[:, :, tf.newaxis]
        steps = tf.gather(table, codes)

        def step(time, state):
            new = tf.tanh(steps[:, time] + state @ recurrent)
            return time + 1, seen[:, time] * new + (1 - seen[:, time]) * state

        _, state = tf.while_loop(lambda time, state: time < SIZE, step, [0, tf.zeros((1, 16))])
        return {"probabilities": tf.nn.softmax(state @ head), "attention": tf.reduce_mean(steps * seen, axis=2)}

    model.classify = classify
    tf.saved_model.save(model, str(folder), signatures={"classify": classify})
    return tf.lite.TFLiteConverter.from_saved_model(str(folder)).convert()


@pytest.fixture
def visit(visit_page, folder):
    """`with visit() as page` opens the page, or the one of another folder."""
    return lambda folder=folder, before=lambda page: None: visit_page(folder, before)


def shown(page, text):
    """Type a text and return the probabilities that the page then shows."""
    page.fill("#text", text)
    page.wait_for_selector(DONE)
    return json.loads(page.get_attribute("#answer", "data-probabilities"))


def test_the_browser_answers_as_python_does(visit, python):
    with visit() as page:
        for name, text in TEXTS.items():
            expected = python(text)
            np.testing.assert_allclose(shown(page, text), expected, rtol=0, atol=1e-5, err_msg=name)
            assert page.get_attribute("#answer", "data-label") == LABELS[int(np.argmax(expected))] or not text.strip()
        assert page.faults == []


def test_nothing_is_asked_of_another_machine(visit):
    with visit() as page:
        shown(page, TEXTS["ASCII"])
        assert all(url.startswith(page.address) for url in page.requests), page.requests
        asked = {url.removeprefix(page.address).partition("?")[0] for url in page.requests}
        assert {"model.tflite", "runtime/litert_wasm_internal.wasm"} <= asked
        before = len(page.requests)
        shown(page, TEXTS["many windows"])
        assert len(page.requests) == before  # an answer needs no server


def test_each_keystroke_is_answered(visit, python):
    with visit() as page:
        page.wait_for_selector(DONE)
        page.locator("#text").press_sequentially("größer", delay=0)
        page.wait_for_selector(DONE)
        probabilities = json.loads(page.get_attribute("#answer", "data-probabilities"))
        np.testing.assert_allclose(probabilities, python("größer"), rtol=0, atol=1e-5)
        assert page.inner_text("#used") == f"8 of {SIZE} bytes"
        assert page.inner_text("#latency").endswith(" ms")


TYPE_TWO = """texts => {
    const field = document.getElementById("text"), answer = document.getElementById("answer");
    window.answers = [];
    new MutationObserver(() => window.answers.push(JSON.parse(answer.dataset.probabilities)))
        .observe(answer, { attributeFilter: ["data-probabilities"] });
    for (const text of texts) {
        field.value = text;
        field.dispatchEvent(new Event("input"));
    }
}"""


def test_a_newer_text_does_not_wait_for_a_long_one(visit, python):
    with visit() as page:
        page.wait_for_selector(DONE)
        page.evaluate(TYPE_TWO, [TEXTS["many windows"], TEXTS["ASCII"]])
        page.wait_for_selector(DONE)
        [only] = page.evaluate("window.answers")
        np.testing.assert_allclose(only, python(TEXTS["ASCII"]), rtol=0, atol=1e-5)


def test_the_page_states_label_bars_and_facts(visit, python):
    with visit() as page:
        shown(page, TEXTS["umlauts"])
        expected = python(TEXTS["umlauts"])
        assert page.title() == page.inner_text("h1") == "Sentiment"
        assert page.inner_text("#label") == LABELS[int(np.argmax(expected))]
        meters = page.get_by_role("meter").all()
        assert [meter.get_attribute("aria-label") for meter in meters] == LABELS
        values = [float(meter.get_attribute("aria-valuenow")) for meter in meters]
        np.testing.assert_allclose(values, 100 * expected, atol=0.051)
        facts = page.inner_text("#facts")
        assert "compiled.tflite" in facts and " kB" in facts and f"{SIZE} bytes" in facts
        shown(page, "")
        assert page.inner_text("#label") == "Nothing to classify yet"
        shown(page, TEXTS["many windows"])
        assert "windows of up to" in page.inner_text("#used")


def test_browsers_without_relaxed_simd_get_the_same_answers(visit, folder, python):
    def swap(page):
        compatible = folder / "runtime" / "litert_wasm_compat_internal.js"
        page.route("**/litert_wasm_internal.js", lambda route: route.fulfill(path=compatible))

    with visit(before=swap) as page:
        np.testing.assert_allclose(shown(page, TEXTS["emoji"]), python(TEXTS["emoji"]), rtol=0, atol=1e-5)
        assert any(url.endswith("litert_wasm_compat_internal.wasm") for url in page.requests)


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ("model.tflite", "model.tflite: the server answered 404"),
        ("page.json", "page.json: the server answered 404"),
        ("worker.js", "worker.js could not be started"),
        ("runtime/litert.js", "litert.js"),
        ("runtime/litert_wasm_internal.wasm", "WebAssembly"),
    ],
)
def test_a_damaged_folder_is_told(visit, folder, tmp_path, missing, words):
    damaged = shutil.copytree(folder, tmp_path / "page")
    (damaged / missing).unlink()
    with visit(damaged) as page:
        assert page.get_attribute("body", "data-state") == "error"
        assert "The model could not be loaded" in page.inner_text("#error")
        assert words in page.inner_text("#error")
        assert page.is_hidden("#input")


def test_a_model_cut_short_is_told(visit, folder, tmp_path):
    damaged = shutil.copytree(folder, tmp_path / "page")
    content = (damaged / "model.tflite").read_bytes()
    (damaged / "model.tflite").write_bytes(content[:100])
    with visit(damaged) as page:
        assert f"expected {len(content)} bytes, received 100" in page.inner_text("#error")


def test_a_browser_without_webassembly_is_told(visit):
    with visit(before=lambda page: page.add_init_script("delete window.WebAssembly")) as page:
        assert "This browser cannot run the model" in page.inner_text("#error")


def test_the_newer_runtime_in_python_agrees(exported, python):
    compiled_model = pytest.importorskip("ai_edge_litert.compiled_model", reason="ai-edge-litert is not installed")
    model = compiled_model.CompiledModel.from_file(str(exported[0]))
    text = model.create_input_buffer_by_name("classify", "text")
    outputs = {name: model.create_output_buffer_by_name("classify", name) for name in ("probabilities", "attention")}
    text.write(np.frombuffer(TEXTS["ASCII"].encode().ljust(SIZE, b"\0"), np.uint8))
    model.run_by_name("classify", {"text": text}, outputs)
    probabilities = outputs["probabilities"].read(len(LABELS), np.float32)
    np.testing.assert_allclose(probabilities, python(TEXTS["ASCII"]), rtol=0, atol=1e-5)
