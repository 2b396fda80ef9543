"""From audio files to classes by every runtime: train, export, predict."""

import numpy as np
import pytest
import soundfile
from rich.console import Console

from pipelines.sound.sample_data import RATE, make_tones

TINY_SOUND = (
    *(
        "n_mels=20",
        "units=12",
        "conv_channels=[6]",
        "cell=lstm",
        "pooling=max_mean",
        "causal=true",
        "bidirectional=false",
    ),
    *(
        "epochs=6",
        "batch_size=16",
        "learning_rate=0.02",
        "dropout=0.1",
        "patience=0",
        "embedding=8",
        "noise_snr_db=[10,40]",
    ),
)
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def tones(tmp_path_factory):
    """A folder per class of tones and noise."""
    folder, counts = tmp_path_factory.mktemp("tones"), {}
    for part, label, _, samples in make_tones():
        number = counts[part, label] = counts.get((part, label), 0) + 1
        path = folder / part / label / f"{number}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, samples, RATE)
    return folder


@pytest.fixture(scope="module")
def exported(train_on, tones, tracking_uri):
    """The RunResult of a causal model of tones, and the report of all its files."""
    from suite.runs import export

    trained = train_on("sound", tones, "tones", *TINY_SOUND)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", tracking_uri)
        pairs = [(deployment, "none") for deployment in ("interpreter", "compiled", "streaming")]
        pairs += [("interpreter", "int8"), ("streaming", "int8")]
        report, _ = export(trained.model_dir, pairs, tones, None, False, Console(quiet=True))
    return trained, {entry["file"].removesuffix(".tflite"): entry for entry in report["files"]}


def test_it_learns_what_it_can_tell_apart(exported):
    trained, _ = exported
    assert trained.metrics["test"]["accuracy"] > 0.9


def test_the_exported_files_answer_the_same(exported):
    _, entries = exported
    assert len(entries) == 5
    for name, entry in entries.items():
        assert entry["flex"] == [] and entry["custom"] == []
        assert name.endswith("int8") or entry["parity"]["max_difference"] < 1e-4
        metrics, loss = entry["metrics"], 0.015 if name.endswith("int8") else 0.005
        assert metrics["tflite"]["accuracy"] == pytest.approx(metrics["keras"]["accuracy"], abs=loss)
        # A file whose fused LSTM keeps a state holds one signature (`trace_signatures`).
        fused = name.startswith("interpreter")
        assert set(entry["signatures"]) == ({"classify"} if fused else {"classify", "embed"})


def test_long_recordings_are_answered_over_time_by_every_runtime(suite, workdir, exported, tones):
    trained, _ = exported
    labels = ("low", "rising", "_silence_", "high", "falling", "low")
    clips = [soundfile.read(tones / "test" / label / "1.wav", dtype="float32")[0] for label in labels]
    soundfile.write(workdir / "long.wav", np.concatenate(clips), RATE)
    files = {name: trained.model_dir / "tflite" / f"{name}.tflite" for name in ("interpreter", "compiled", "streaming")}
    by_keras = suite("predict", trained.model_dir, "long.wav", "--json").json
    assert by_keras["segments"][0]["start"] == 0 and by_keras["segments"][-1]["end"] == pytest.approx(6)
    at = {label: next(part for part in by_keras["segments"] if part["start"] <= second + 0.5 < part["end"])["label"]
          for second, label in enumerate(labels)}  # fmt: skip
    assert sum(label == heard for label, heard in at.items()) >= 4
    for file in files.values():
        outcome = suite("predict", trained.model_dir, "long.wav", "--tflite", file, "--json").json
        assert [part["label"] for part in outcome["segments"]] == [part["label"] for part in by_keras["segments"]]
        assert outcome["scores"] == pytest.approx(by_keras["scores"], abs=1e-3)


def test_commands_tune_a_word_and_keep_and_try_voices(suite, workdir, exported, tones):
    trained, _ = exported
    model_dir = trained.model_dir
    options = ("--data", tones, "--label", "rising", "--negatives", tones / "test" / "low", "--json")
    tuned = suite("sound", "tune", model_dir, *options).json
    assert tuned["label"] == "rising" and tuned["false_rejects"] <= 0.5 and tuned["negative_hours"] > 0
    assert tuned["frr_at_0.1_fah"] >= tuned["frr_at_1_fah"] and (model_dir / "tflite" / "false_rejects.png").is_file()
    clips = [
        soundfile.read(tones / "test" / label / "1.wav", dtype="float32")[0] for label in ("low", "rising", "_silence_")
    ]
    soundfile.write(workdir / "three.wav", np.concatenate([*clips, *clips]), RATE)
    heard = suite("predict", model_dir, "three.wav", "--stream", "--json")
    assert {at["label"] for at in heard.json["detections"]} == {"rising"} and "rising" in heard.err
    assert len(heard.json["detections"]) in (1, 2)
    unknown = suite("sound", "tune", model_dir, "--data", tones, "--label", "sideways")
    assert unknown.status == 2 and "--label: expected one of" in unknown.err

    low, high = (sorted((tones / "test" / label).glob("*.wav")) for label in ("low", "high"))
    assert (
        suite("sound", "enroll", model_dir, "low", *low[:3], "--voices", "voices.json", "--json").json["recordings"]
        == 3
    )
    answers = suite(
        "sound", "verify", model_dir, "low", low[4], high[4], "--voices", "voices.json", "--json"
    ).json_lines
    assert answers[0]["score"] > answers[1]["score"]
    known = suite("sound", "trials", model_dir, "--data", tones)
    assert known.status == 2 and "two voices that the model was not trained on" in known.err
