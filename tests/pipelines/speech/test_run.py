"""From audio files to transcripts by every runtime: train, export, predict, tune."""

import json

import numpy as np
import pytest
import soundfile
from rich.console import Console

from tests.pipelines.speech.conftest import RATE, WORDS, say

pytestmark = [pytest.mark.slow, pytest.mark.whole]


@pytest.fixture(scope="session")
def exported(trained_on_tones, tones, tracking_uri):
    """The model folder with float32 files of all three deployments, and the report."""
    from suite.runs import export

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", tracking_uri)
        report, _ = export(
            trained_on_tones.model_dir,
            [(deployment, "none") for deployment in ("interpreter", "compiled", "streaming")],
            tones,
            None,
            False,
            Console(quiet=True),
        )
    return trained_on_tones.model_dir, {entry["deployment"]: entry for entry in report["files"]}


@pytest.fixture
def recording(tmp_path):
    """Write a recording of some words; returns its path."""

    def write(*words, name="clip.wav", rate=RATE):
        soundfile.write(tmp_path / name, say(words, np.random.default_rng(3)), rate)
        return tmp_path / name

    return write


def test_it_learns_words_it_can_tell_apart(trained_on_tones):
    assert trained_on_tones.metrics["test"]["wer"] < 0.3
    assert trained_on_tones.metrics["test"]["cer"] < 0.1


def test_the_exported_files_say_the_same(exported):
    _, entries = exported
    for entry in entries.values():
        assert entry["flex"] == [] and entry["custom"] == []
        assert entry["parity"]["max_difference"] < 1e-4
    for deployment in ("interpreter", "streaming"):
        assert entries[deployment]["other_parity"]["transcribe_int16"]["max_difference"] < 1e-4
    assert list(entries["compiled"]["signatures"]) == ["transcribe"]
    for deployment in ("interpreter", "streaming"):
        metrics = entries[deployment]["metrics"]
        assert metrics["tflite"]["wer"] == pytest.approx(metrics["keras"]["wer"], abs=0.005)


def test_samples_of_16_bits_say_what_the_same_samples_say_as_floats(exported):
    from suite.runtime.tflite_runtime import TfLitePredictor

    path = exported[0] / "tflite" / "interpreter.tflite"
    whole = np.round(say(("low", "high"), np.random.default_rng(3)) * 32767).astype(np.int16)
    length = np.int32(len(whole))
    answers = [
        TfLitePredictor(path, signature=name).call({"samples": samples, "length": length})
        for name, samples in (("transcribe", whole / np.float32(32768)), ("transcribe_int16", whole))
    ]
    assert all(np.array_equal(answers[0][name], answers[1][name]) for name in answers[0])
    assert answers[0]["text_length"] > 0


@pytest.mark.parametrize("deployment", ["interpreter", "compiled", "streaming"])
def test_predict_says_the_same_with_every_runtime(suite, workdir, exported, recording, deployment):
    model_dir, _ = exported
    path = recording("low", "high", "mid")
    by_keras = suite("predict", model_dir, path, "--json").json
    by_file = suite(
        "predict", model_dir, path, "--tflite", model_dir / "tflite" / f"{deployment}.tflite", "--json"
    ).json
    assert by_keras["text"] == by_file["text"] != ""
    times = [(word["start"], word["end"]) for word in by_keras["words"]]
    assert all(start < end for start, end in times) and times == sorted(times)
    assert " ".join(word["text"] for word in by_keras["words"]) == by_keras["text"]
    assert 0 < by_keras["confidence"] <= 1


def test_streaming_shows_words_as_they_come_and_ends_with_the_offline_text(suite, workdir, exported, recording):
    model_dir, _ = exported
    path = recording("mid", "low", "high", "high")
    whole = suite("predict", model_dir, path, "--json").json
    streamed = suite(
        "predict", model_dir, path, "--stream", "--tflite", model_dir / "tflite" / "streaming.tflite", "--json"
    )
    assert streamed.json["text"] == whole["text"]
    assert whole["text"] in streamed.err
    for word, other in zip(whole["words"], streamed.json["words"], strict=True):
        assert word["start"] == pytest.approx(other["start"], abs=1e-6)


def test_streaming_needs_a_streaming_file(suite, workdir, exported, recording):
    model_dir, _ = exported
    outcome = suite("predict", model_dir, recording("low"), "--stream")
    assert outcome.status == 2 and "streaming.tflite" in outcome.err
    outcome = suite("predict", model_dir, "microphone")
    assert outcome.status == 2 and "--stream" in outcome.err


def test_a_long_recording_is_cut_at_pauses_and_its_times_go_on(suite, workdir, exported, recording):
    model_dir, _ = exported
    words = list(np.random.default_rng(5).choice(list(WORDS), 120))
    path = recording(*words, name="long.wav")
    seconds = soundfile.info(path).duration
    assert seconds > 50
    found = suite("predict", model_dir, path, "--json").json
    starts = [word["start"] for word in found["words"]]
    assert starts == sorted(starts) and seconds - 3 < found["words"][-1]["end"] <= seconds
    assert abs(len(found["words"]) - len(words)) <= 0.1 * len(words)


def test_beam_search_options(suite, workdir, exported, recording):
    model_dir, _ = exported
    path = recording("low", "high")
    best = suite("predict", model_dir, path, "--beam-width", 16, "--n-best", 3, "--json").json
    scores = [one["score"] for one in best["alternatives"]]
    assert len(scores) == 3 and scores == sorted(scores, reverse=True)
    assert best["alternatives"][0]["text"] == best["text"]
    (workdir / "words.txt").write_text("low\nhigh\n", encoding="utf-8")
    allowed = suite("predict", model_dir, path, "--lexicon", workdir / "words.txt", "--json").json
    assert set(allowed["text"].split()) <= {"low", "high"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--beam-width", "-3"), "positive"),
        (("--n-best", "0"), "positive"),
        (("--language-model", "missing.arpa"), "missing.arpa"),
        (("--lexicon", "missing.txt"), "missing.txt"),
        (("--hot-words", "x9"), "x9"),
    ],
)
def test_bad_options_are_named(suite, workdir, exported, recording, options, words):
    outcome = suite("predict", exported[0], recording("low"), *options)
    assert outcome.status == 2 and words in outcome.err and "Traceback" not in outcome.err


def test_an_input_that_is_no_audio_fails_alone(suite, workdir, exported, recording):
    (workdir / "text.wav").write_text("not audio", encoding="utf-8")
    outcome = suite("predict", exported[0], workdir / "text.wav", recording("low"), "--json")
    first, second = outcome.json_lines
    assert outcome.status == 2 and "text.wav" in first["error"] and "text" in second


def test_evaluate_gives_the_documented_figures(suite, workdir, exported, tones):
    found = suite("evaluate", exported[0], "--data", tones, "--json").json
    assert found["split"] == "test" and found["examples"] == 16
    metrics = found["metrics"]
    assert {"wer", "cer", "insertions", "deletions", "substitutions", "loss"} <= set(metrics)
    assert metrics["wer"] == pytest.approx(metrics["insertions"] + metrics["deletions"] + metrics["substitutions"])


def test_a_language_model_and_its_weights(suite, workdir, trained_on_tones, tones, tmp_path):
    """In a copy of the model folder: tuning changes it."""
    import shutil

    model_dir = tmp_path / "tuned"
    shutil.copytree(trained_on_tones.model_dir, model_dir)
    (workdir / "sentences.txt").write_text("low mid high\nHigh, mid!\nlow low\n" * 5, encoding="utf-8")
    assert suite("speech", "lm", workdir / "sentences.txt", "--order", 2, "--output", "own.arpa").status == 0
    assert (workdir / "own.arpa").read_text(encoding="utf-8").lstrip().startswith("\\data\\")
    assert suite("speech", "lm", workdir / "sentences.txt", "--output", "own.arpa").status == 2
    tuned = suite(
        "speech",
        "tune-decoder",
        model_dir,
        "--data",
        tones,
        "--language-model",
        "own.arpa",
        "--beam-width",
        8,
        "--json",
    ).json
    assert tuned["split"] == "dev" and tuned["wer"] <= tuned["greedy_wer"]
    metrics = suite("evaluate", model_dir, "--data", tones, "--split", "dev", "--json").json["metrics"]
    assert metrics["wer"] == pytest.approx(tuned["wer"]) and metrics["greedy_wer"] == pytest.approx(tuned["greedy_wer"])
    assert json.loads((model_dir / "assets" / "decoder.json").read_text())["beam_width"] == 8


def test_tuning_takes_a_model_in_capitals_and_refuses_one_of_other_words(
    suite, workdir, trained_on_tones, tones, tmp_path
):
    import shutil

    from suite.decoding.ngram import train, write_arpa

    model_dir = tmp_path / "tuned"
    shutil.copytree(trained_on_tones.model_dir, model_dir)
    options = ("speech", "tune-decoder", model_dir, "--data", tones, "--beam-width", 4, "--json", "--language-model")
    before = {path: path.read_bytes() for path in model_dir.rglob("*.json")}
    write_arpa(train(["hill doll", "gold"], 2, "word"), tmp_path / "other.arpa")
    refused = suite(*options, tmp_path / "other.arpa")
    assert refused.status == 2 and "0% of the words of the transcripts are in it" in refused.err
    assert {path: path.read_bytes() for path in model_dir.rglob("*.json")} == before
    write_arpa(train(["LOW MID HIGH", "HIGH LOW"], 2, "word"), tmp_path / "capitals.arpa")
    tuned = suite(*options, tmp_path / "capitals.arpa").json
    assert tuned["covered"] == 1.0 and tuned["wer"] <= tuned["greedy_wer"]
    assert "low" in (model_dir / "assets" / "language_model.json").read_text(encoding="utf-8")
    assert json.loads((model_dir / "assets" / "language_model_level.json").read_text(encoding="utf-8")) == "word"


def test_samples_in_memory_say_what_their_file_says_with_every_runtime(exported, recording):
    from suite import load

    model_dir, _ = exported
    path = recording("low", "high", "mid")
    samples, _ = soundfile.read(path, dtype="int16")
    for deployment in ("interpreter", "compiled", "streaming"):
        model = load(model_dir, tflite=model_dir / "tflite" / f"{deployment}.tflite")
        answer = model.predict(samples)
        assert answer == model.predict(path) and answer.text == "low high mid"
    assert model.predict(samples, stream=True).text == model.predict(path, stream=True).text == "low high mid"
