"""The guide's programs against really exported files of every kind, and all its Kotlin through a compiler."""

import importlib
import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from suite.artifact import read_artifact
from suite.export.guide import programs, read_front_end
from suite.export.guide_sources import LANGUAGES
from suite.registry import load_pipeline
from suite.runtime.deployed import deployed_predictor
from suite.sequence.vocabulary import END
from suite.text.hashing import ADDRESSES
from tests.conftest import LEARNED

pytestmark = pytest.mark.slow
spec = importlib.util.spec_from_file_location("guide_entries", Path(__file__).with_name("guide_entries.py"))
guide_entries = importlib.util.module_from_spec(spec)
spec.loader.exec_module(guide_entries)

PYTHON, KOTLIN, *_ = LANGUAGES
RANDOM = np.random.default_rng(0)
TEXTS = ["", "a good film", "the cast was not bad at all, " * 9, "Größe, naïve 😀 日本語!", "x" * 200]
SOUNDS = [RANDOM.normal(0, 0.1, count).astype(np.float32) for count in (4000, 9000, 30000)]
CLIPS = [RANDOM.integers(0, 256, (count, 16, 24, 3), np.uint8) for count in (1, 4, 11)]
SYMBOLS = ["", " ", *"abcdefgh", "é"]
DEPLOYMENTS = ("interpreter", "compiled", "streaming")


def sentiment():
    from pipelines.sentiment.config import Settings

    settings = Settings(
        embedding=8, units=8, hash_buckets=512, ngrams=(), cell="lstm", bidirectional=False, compiled_bytes=64, chunk_bytes=64
    )  # fmt: skip
    return settings, {"labels": ["bad", "good"]}, [{"text": np.frombuffer(text.encode(), np.uint8)} for text in TEXTS]


def speech():
    from pipelines.speech.config import Settings

    settings = Settings(
        sample_rate=8000, n_fft=256, hop_length=80, n_mels=20, n_mfcc=10, units=16, layers=1, conv_channels=(4, 4), causal=True,
        bidirectional=False, normalization="running", compiled_seconds=1.0, chunk_milliseconds=200,
    )  # fmt: skip
    assets = {"symbols": SYMBOLS, "feature_mean": [0.0] * settings.n_mfcc, "feature_std": [10.0] * settings.n_mfcc}
    return settings, assets, [{"samples": sound, "length": np.int32(len(sound))} for sound in SOUNDS]


def video():
    from pipelines.video.config import Settings

    settings = Settings(height=16, width=24, frames=8, compiled_frames=4, filters=(4, 4), features=8, units=8, normalise="frame",
                        bidirectional=False)  # fmt: skip
    return settings, {"labels": ["left", "right"]}, [{"frames": clip, "length": np.int32(len(clip))} for clip in CLIPS]


def captioning():
    from pipelines.captioning.config import Settings
    from suite.sequence.vocabulary import RESERVED

    settings = Settings(
        height=16, width=24, grid=1, filters=(4, 4, 4), units=8, embedding_size=6, attention_units=4, max_words=5
    )
    words = [*RESERVED, "a", "café", "dog"]
    return settings, {"words": words, "training_captions": []}, [{"picture": clip[0]} for clip in CLIPS]


def tagging():
    from pipelines.tagging.config import Settings

    settings = Settings(
        embedding=6, affix_embedding=3, units=6, bidirectional=False, decoder="softmax", compiled_bytes=64, chunk_bytes=64
    )  # fmt: skip
    known = list(range(0, ADDRESSES, 9))  # so many that tokens differ
    assets = LEARNED["tagging"] | {"words": known, "affixes": known, "longest": 1000}
    return settings, assets, [{"text": np.frombuffer(text.encode(), np.uint8)} for text in TEXTS]


def sound():
    from pipelines.sound.config import Settings

    settings = Settings(
        sample_rate=8000, n_fft=256, hop_length=80, n_mels=20, units=8, conv_channels=(4,), causal=True, bidirectional=False,
        window_seconds=1.0, chunk_milliseconds=200,
    )  # fmt: skip
    assets = {"labels": ["yes", "no", "stop"], "feature_mean": [-15.0] * 20, "feature_std": [9.0] * 20}
    return settings, assets, [{"samples": clip, "length": np.int32(len(clip))} for clip in SOUNDS]


TASKS = {
    "sentiment": sentiment,
    "speech": speech,
    "video": video,
    "captioning": captioning,
    "tagging": tagging,
    "sound": sound,
}


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """`exported(task)` gives the folder of an untrained model with all its files, their report entries and raw arrays."""
    from suite.artifact import Trained, read_artifact, write_artifact
    from suite.export.export import export_files
    from suite.export.offers import refusal
    from suite.export.source import open_source

    def export(task):
        settings, assets, inputs = TASKS[task]()
        keras.utils.set_random_seed(1)
        model = load_pipeline(task).build(settings, assets)
        random = np.random.default_rng(0)  # of its own, so that no task's weights hang on which others ran before
        for weight in model.trainable_weights[-4:]:  # answers that differ from input to input
            weight.assign(weight + random.standard_normal(weight.shape))
        if task == "captioning":
            for weight in model.trainable_weights:
                weight.assign(weight + 0.5 * random.standard_normal(weight.shape))
            bias = model.get_layer("words").bias
            bias.assign(bias - 4 * np.eye(len(assets["words"]))[END])  # captions do not end at once
        work = tmp_path_factory.mktemp(task)
        write_artifact(work / "model", Trained(model, settings, assets, {"task": task}, "", inputs), work)
        source = open_source(read_artifact(work / "model"), None)
        offered = [(name, "none") for name in DEPLOYMENTS if not refusal(source.facts, name, "none")]
        report = export_files(source, offered, lambda step: None)
        return work / "model" / "tflite", report["files"], source.signatures, inputs

    return export


def program_of(folder, report_entry, kinds, monkeypatch):
    """Write the guide's Python of a file beside it and import the module of its first signature."""
    files = programs(report_entry, PYTHON, read_front_end(folder / report_entry["file"]), kinds)
    for name, lines in files.items():
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    importlib.invalidate_caches()
    names = [name.removesuffix(".py") for name in files]
    for name in names:
        monkeypatch.delitem(sys.modules, name, raising=False)
    program = [importlib.import_module(name) for name in names][1]
    for name in names:
        sys.modules.pop(name, None)
    return program, getattr(program, names[1])


@pytest.mark.parametrize("task", TASKS)
def test_python_of_the_guide_gives_the_predictors_answers(task, exported, monkeypatch):
    folder, report_entries, signatures, inputs = exported(task)
    expected_files = {f"{name}.tflite" for name in DEPLOYMENTS} - (
        {"streaming.tflite"} if task == "captioning" else set()
    )
    assert {report_entry["file"] for report_entry in report_entries} == expected_files
    answers = set()
    pipeline = load_pipeline(task)
    kinds = (pipeline.INPUT, pipeline.ANSWER)
    for report_entry in report_entries:
        path = folder / report_entry["file"]
        predictor = deployed_predictor(path, report_entry["deployment"], signatures[0], signatures=signatures)
        program, answer = program_of(folder, report_entry, kinds, monkeypatch)
        model = program.Model()
        for arrays in inputs:
            (outputs,) = predictor([arrays])
            raw = next(iter(arrays.values()))
            raw = raw.tobytes().decode() if task in ("sentiment", "tagging") else list(raw) if task == "video" else raw
            received = answer(model, raw)
            if task == "tagging":
                expected = pipeline.ANSWER.answer(outputs, raw, read_artifact(folder.parent).assets, None)
                scores = pytest.approx([span.score for span in expected.spans], rel=1e-5)
                assert [span[:3] for span in received.spans] == [
                    (span.start, span.end, span.label) for span in expected.spans
                ]
                assert [span.score for span in received.spans] == scores
                assert received.intents == pytest.approx(expected.intent_scores, rel=1e-4)
                answers |= {span.label for span in received.spans} | {len(received.spans)}
            elif isinstance(received, str):
                assert received == outputs["text"].tobytes().split(b"\0")[0].decode(), (path.name, received)
                answers.add(received)
            else:
                assert [*received] == list(signatures[0].outputs["probabilities"].labels)
                np.testing.assert_allclose([*received.values()], outputs["probabilities"], rtol=1e-5)
                answers.add(round(next(iter(received.values())), 3))
    assert len(answers) > 1


def kotlin_compiler():
    """Return the command of a Kotlin compiler, without sources; None where there is none."""
    if command := shutil.which("kotlinc"):
        return [command]
    package = importlib.util.find_spec("run_kotlin_kernel")
    if package is None or shutil.which("java") is None:
        return None
    jars = Path(package.submodule_search_locations[0]) / "jars"
    (library,) = jars.glob("kotlin-stdlib-*.jar")
    options = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]  # a compiler that runs once
    main = ["org.jetbrains.kotlin.cli.jvm.K2JVMCompiler", "-no-stdlib", "-no-reflect", "-classpath", str(library)]
    return ["java", *options, "-cp", f"{jars}/*", *main]


def test_kotlin_of_every_kind_and_deployment_compiles(tmp_path):
    compiler = kotlin_compiler()
    if compiler is None:
        pytest.skip("no Kotlin compiler: install Java and `pip install '.[guides]'`, or kotlinc")
    for name, report_entry in guide_entries.entries().items():
        (tmp_path / "sources" / name).mkdir(parents=True)
        for file, lines in programs(
            report_entry, KOTLIN, guide_entries.front_end(name), guide_entries.kinds(name)
        ).items():
            text = "\n".join([f"package {name}", *lines])
            (tmp_path / "sources" / name / file).write_text(text + "\n", encoding="utf-8")
    stubs = Path(__file__).with_name("guide_stubs")
    command = [*compiler, "-nowarn", "-d", tmp_path / "classes", stubs, tmp_path / "sources"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_swift_compiles_where_there_is_a_compiler():
    if shutil.which("swiftc") is None:
        pytest.skip("no swiftc; the Swift is read by its grammar in test_guide.py")
    parse = [shutil.which("swiftc"), "-parse", "-"]
    for name, report_entry in guide_entries.entries().items():
        for lines in programs(
            report_entry, LANGUAGES[2], guide_entries.front_end(name), guide_entries.kinds(name)
        ).values():
            done = subprocess.run(parse, input="\n".join(lines), capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
