"""The guide's programs for tags give the spans that the suite gives, in the units of each language."""

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from suite.answers.tag_pieces import answer_pieces, join, shifted
from suite.answers.tags import Tags, answer
from suite.export.guide import programs
from suite.export.guide_sources import LANGUAGES
from suite.text.pieces import cut_text
from tests.tags_by_rule import JAVASCRIPT as RULE
from tests.tags_by_rule import TEXTS, tags_by_rule

spec = importlib.util.spec_from_file_location("guide_entries", Path(__file__).with_name("guide_entries.py"))
guide_entries = importlib.util.module_from_spec(spec)
spec.loader.exec_module(guide_entries)

PYTHON, _, _, JAVASCRIPT = LANGUAGES
SIZE, PLACES, LONGEST = 16, 4, 24  # of the entries
RUN = (
    RULE
    + """
import { readFileSync } from "node:fs";
const { file, labels, tags, texts, places } = JSON.parse(readFileSync(0));
const program = await import(file);
const answers = [];
for (const text of texts) {
  let begun = 0;
  const run = async (signature, { text: bytes }) => {
    const outputs = tagsByRule(bytes, places);
    return { ...outputs, tags: outputs.tags.map((tag) => tag % tags) };
  };
  answers.push({ ...(await program.useIt({ labels, begin: () => { begun += 1; }, run }, text)), begun });
}
console.log(JSON.stringify(answers));
"""
)
NAMES = [f"{deployment}_text_{answer}" for deployment in guide_entries.SIZES for answer in ("tags", "words")]


def places_of(name: str) -> int | None:
    """A stream has a place for each byte, a file of any length for each token."""
    return {"interpreter": None, "compiled": PLACES, "streaming": SIZE}[name.split("_")[0]]


def file_answer(name: str, piece: np.ndarray) -> dict[str, np.ndarray]:
    outputs = tags_by_rule(piece, places_of(name))
    return outputs | {"tags": outputs["tags"] % len(guide_entries.front_end(name)["vocabulary"])}


def expected_answer(name: str, text: str) -> Tags:
    """The answer that the suite makes of a file's outputs."""
    deployment, _, kind = name.split("_")
    cut = cut_text(text.encode(), SIZE if deployment == "streaming" else LONGEST)

    def call(piece: np.ndarray) -> dict[str, np.ndarray]:
        return file_answer(name, piece)

    if deployment == "compiled":
        answers = [answer_pieces(call, piece, SIZE, PLACES) for _, piece in cut]
    else:
        answers = [call(np.frombuffer(piece, np.uint8)) for _, piece in cut]
    sizes = [len(piece) for _, piece in cut]
    if deployment == "streaming":
        sizes = [0] * (len(sizes) - 1) + [1]
    outputs = join([shifted(output, begin) for output, (begin, _) in zip(answers, cut, strict=True)], sizes)
    known = guide_entries.front_end(name)
    intents = guide_entries.LABELS if kind == "tags" else []
    return answer(outputs, text, {"labels": known["vocabulary"], "scheme": known["scheme"], "intents": intents}, None)


def written(name: str, language, folder: Path) -> None:
    report_entry = guide_entries.entries()[name]
    parts = programs(report_entry, language, guide_entries.front_end(name), guide_entries.kinds(name))
    for file, lines in parts.items():
        (folder / file).write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_python_gives_the_spans_of_the_suite(name, tmp_path, monkeypatch):
    written(name, PYTHON, tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    for module in ("model", "use_it"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    program = importlib.import_module("use_it")
    for module in ("model", "use_it"):
        sys.modules.pop(module)

    class Model:
        labels, begun = guide_entries.LABELS, 0

        def begin(self, signature):
            self.begun += 1

        def run(self, signature, inputs):
            return {key: value[np.newaxis] for key, value in file_answer(name, inputs["text"][0]).items()}

    spans = 0
    for text in TEXTS:
        model, expected = Model(), expected_answer(name, text)
        received = program.use_it(model, text)
        assert [span[:3] for span in received.spans] == [
            (span.start, span.end, span.label) for span in expected.spans
        ], text
        assert [span.score for span in received.spans] == [span.score for span in expected.spans]
        assert getattr(received, "intents", None) == (expected.intent_scores and pytest.approx(expected.intent_scores))
        assert model.begun == name.startswith("streaming")
        spans += len(received.spans)
    assert spans > 100


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("interpreter")])
def test_javascript_gives_the_spans_of_the_suite_in_its_own_units(name, tmp_path):
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js is not installed")
    written(name, JAVASCRIPT, tmp_path)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "run.js").write_text(RUN, encoding="utf-8")
    tags = len(guide_entries.front_end(name)["vocabulary"])
    request = {"file": str(tmp_path / "useIt.js"), "labels": guide_entries.LABELS, "tags": tags, "texts": TEXTS}
    request["places"] = places_of(name)
    done = subprocess.run([node, tmp_path / "run.js"], input=json.dumps(request), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for text, received in zip(TEXTS, json.loads(done.stdout), strict=True):
        expected, wide = expected_answer(name, text), text.encode("utf-16-le")
        words = [wide[2 * span["start"] : 2 * span["end"]].decode("utf-16-le") for span in received["spans"]]
        assert words == [span.text for span in expected.spans], text
        assert [(span["label"], span["score"]) for span in received["spans"]] == [
            (span.label, pytest.approx(span.score)) for span in expected.spans
        ]
        assert received.get("intents") == (expected.intent_scores and pytest.approx(expected.intent_scores, abs=1e-6))
        assert received["begun"] == name.startswith("streaming")
