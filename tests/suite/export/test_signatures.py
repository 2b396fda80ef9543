"""Files with several signatures, several inputs, logarithms, whole numbers and padding: what speech and captioning need."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf

from suite.answers.outputs import COUNT, DECISION, INNER, LOG_PROBABILITY, PROBABILITY, QUANTITY, TEXT
from suite.artifact import Artifact
from suite.config import TrainingSettings
from suite.export import export, offers
from suite.export.offers import model_facts, refusal
from suite.export.parity import compare
from suite.export.source import Samples, Source
from suite.export.worker import belongs_to, stays_float
from suite.pipeline import Evaluation
from suite.recurrent import LSTM, deployment
from suite.runtime.deployed import deployed_predictor, has_custom_ops, signatures_in, split_name
from suite.runtime.keras_runtime import KerasPredictor
from suite.signature import ExportRules, Host, Output, RawInput, Signature

RATE, FRAME = 100, 4  # samples per second, samples per frame
WAVES = [np.linspace(-1, 1, count, dtype=np.float32) for count in (8, 13, 40, 23)]


def sound_signatures(model) -> list[Signature]:
    """A toy of speech: frames of 4 samples, two symbols, the running sum as state; and an encoder alone."""

    def encode(samples, length):
        valid = tf.range(tf.shape(samples)[1])[tf.newaxis] < length[:, tf.newaxis]
        samples = tf.where(valid, samples, 0.0)
        missing = -tf.shape(samples)[1] % FRAME
        frames = tf.reshape(tf.pad(samples, [[0, 0], [0, missing]]), (tf.shape(samples)[0], -1, FRAME))
        return model(frames), -(-length // FRAME)

    def transcribe(samples, length):
        logits, frames = encode(samples, length)
        traced = deployment.current()
        sums = tf.cumsum(logits, axis=1)
        if traced is not None and traced.streaming:
            sums += traced.carry("sum", tf.zeros((1, 1, 2)))
            traced.keep("sum", sums[:, -1:])
        valid = tf.range(tf.shape(sums)[1])[tf.newaxis] < frames[:, tf.newaxis]
        log_probs = tf.where(valid[..., tf.newaxis], tf.nn.log_softmax(sums), 0.0)
        text = tf.where(valid, 97 + tf.argmax(log_probs, axis=2, output_type=tf.int32), 0)
        return {"log_probs": log_probs, "frames": frames, "text": tf.cast(text, tf.uint8)}

    def features(samples, length):
        return {"features": encode(samples, length)[0]}

    def stream(runner, arrays):
        runner.reset()
        parts = []
        for start in range(0, int(arrays["length"]), 8):
            piece = arrays["samples"][start : start + 8]
            fed = {"samples": np.pad(piece, (0, 8 - len(piece))), "length": np.int32(len(piece))}
            parts.append(trim(runner.run(fed)))
        joined = {name: np.concatenate([part[name] for part in parts]) for name in ("log_probs", "text")}
        return joined | {"frames": np.int32(len(joined["text"]))}

    def windows(predictor, arrays):
        parts = []
        for start in range(0, int(arrays["length"]), 32):
            piece = arrays["samples"][start : start + 32]
            fed = {"samples": np.pad(piece, (0, 32 - len(piece))), "length": np.int32(len(piece))}
            parts.append(trim(predictor.call(fed)))
        joined = {name: np.concatenate([part[name] for part in parts]) for name in ("log_probs", "text")}
        return joined | {"frames": np.int32(len(joined["text"]))}

    def trim(answer):
        return answer | {name: answer[name][: answer["frames"]] for name in ("log_probs", "text")}

    inputs = {
        "samples": RawInput("float32", (None,), "samples at 100 Hz", fixed=(32,), chunk=(8,)),
        "length": RawInput("int32", (), "samples that count"),
    }
    outputs = {
        "log_probs": Output(LOG_PROBABILITY, "natural logarithm", length="frames"),
        "frames": Output(COUNT, "frames that count"),
        "text": Output(TEXT, "letters", length="frames"),
    }
    state = {"state": RawInput("float32", (2,), "made by the app")}
    return [
        Signature(
            "transcribe",
            inputs,
            outputs,
            lambda model: transcribe,
            Host(windows=windows, stream=stream, seconds=lambda arrays: float(arrays["length"]) / RATE),
        ),
        Signature(
            "encode",
            inputs | {"samples": RawInput("float32", (None,), "samples")},
            {"features": Output(QUANTITY, "of each frame")},
            lambda model: features,
        ),
        Signature(
            "step",
            state,
            {"next": Output(INNER, "the next state")},
            lambda model: lambda state: {"next": state + 1.0},
            rules=ExportRules(comparable=False),
        ),
    ]


@pytest.fixture(scope="module")
def sound():
    """The trained model, its signatures and raw inputs."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((None, FRAME)), keras.layers.Dense(2, name="dense")])
    raw = [{"samples": wave, "length": np.int32(len(wave))} for wave in WAVES]
    return model, sound_signatures(model), raw


def open_toy(model, signatures, raw, tmp_path, monkeypatch):
    """The export's source; conversion in this process, for no folder holds the toy."""
    from suite.export import worker

    def evaluate(predictor, examples, assets, settings):
        texts = [answer["text"].tobytes() for answer in predictor(raw)]
        truth = [answer["text"].tobytes() for answer in KerasPredictor(model, signatures)(raw)]
        return Evaluation({"wer": float(np.mean([a != b for a, b in zip(texts, truth, strict=True)]))})

    pipeline = SimpleNamespace(
        signatures=lambda *_: signatures,
        evaluate=evaluate,
        METRICS={"wer": ("min", "fraction")},
        host_assets=lambda assets, settings: {},
    )
    artifact = Artifact(tmp_path, "sound", pipeline, TrainingSettings(), {}, {})
    monkeypatch.setattr("suite.artifact.read_artifact", lambda *_, **__: artifact)
    monkeypatch.setattr("suite.artifact.load_model", lambda _: model)
    monkeypatch.setattr(export, "convert", worker.convert)
    facts = model_facts(model, signatures[0])
    return Source(artifact, model, facts, signatures, KerasPredictor(model, signatures), Samples(raw, [], raw, "test"))


@pytest.fixture(scope="module")
def exported(sound, tmp_path_factory):
    """The folder of the files of every deployment and of one in 8 bits, and their report."""
    pairs = [("interpreter", "none"), ("compiled", "none"), ("streaming", "none"), ("interpreter", "int8")]
    folder = tmp_path_factory.mktemp("sound")
    with pytest.MonkeyPatch.context() as patch:
        report = export.export_files(open_toy(*sound, folder, patch), pairs, lambda step: None)
    return folder / "tflite", report


def test_one_file_holds_all_signatures_that_a_deployment_allows(exported):
    _, report = exported
    held = {entry["file"]: list(entry["signatures"]) for entry in report["files"]}
    assert held == {
        "interpreter.tflite": ["transcribe", "encode", "step"],
        "compiled.tflite": ["transcribe", "step"],
        "streaming.tflite": ["transcribe"],
        "interpreter-int8.tflite": ["transcribe", "encode"],
    }
    by_file = {entry["file"]: entry for entry in report["files"]}
    for name in ("interpreter.tflite", "compiled.tflite", "streaming.tflite"):
        entry = by_file[name]
        assert entry["parity"]["max_difference"] <= 1e-5 and entry["parity"]["agreement"] == {"frames": 1, "text": 1}
        assert entry["flex"] == entry["custom"] == []
    assert by_file["streaming.tflite"]["metrics"]["tflite"] == {"wer": 0.0}
    assert list(by_file["interpreter.tflite"]["other_parity"]) == ["encode"]
    assert by_file["interpreter.tflite"]["parity"]["inputs"] == 4
    assert by_file["compiled.tflite"]["parity"]["inputs"] == 3, "one is longer than the fixed shape"
    assert by_file["streaming.tflite"]["signatures"]["transcribe"]["inputs"]["length"]["shape"] == [1]
    # The input of median size has 23 samples, of which a chunk takes 8.
    assert by_file["interpreter.tflite"]["seconds"] == 0.23 and by_file["streaming.tflite"]["seconds"] == 0.08
    factor = by_file["interpreter.tflite"]["real_time_factor"]["1"]
    assert factor == pytest.approx(by_file["interpreter.tflite"]["latency_ms"]["1"] / 230, abs=1e-6)


def test_a_fused_file_of_several_signatures_is_converted_once(tmp_path, monkeypatch):
    """It holds the first signature alone, whichever has the fused op: an app can reset the state of one signature alone."""
    keras.utils.set_random_seed(1)
    frames = keras.Input((None, FRAME))
    model = keras.Model(frames, LSTM(2, return_sequences=True, name="lstm")(frames))
    raw = [{"samples": wave, "length": np.int32(len(wave))} for wave in WAVES]
    source = open_toy(model, sound_signatures(model), raw, tmp_path, monkeypatch)
    conversions, asked = [], []
    convert, refuse = export.convert, offers.refusal
    monkeypatch.setattr(export, "convert", lambda *arguments: conversions.append(arguments) or convert(*arguments))
    monkeypatch.setattr(offers, "refusal", lambda *arguments: asked.append(arguments) or refuse(*arguments))
    combinations, left_out = offers.choose_offered(source.facts, [("interpreter", "none")], leave_out=False)
    (entry,) = export.export_files(source, combinations, lambda step: None)["files"]
    assert entry["ops"]["UNIDIRECTIONAL_SEQUENCE_LSTM"] == 1 and list(entry["signatures"]) == ["transcribe"]
    assert len(conversions) == len(asked) == 1 and not left_out


def test_answers_are_trimmed_in_every_runtime(sound, exported):
    folder, _ = exported
    model, signatures, raw = sound
    expected = [-(-len(wave) // FRAME) for wave in WAVES]
    predictors = [KerasPredictor(model, signatures)]
    for name in ("interpreter", "streaming"):
        path = folder / f"{name}.tflite"
        predictors.append(deployed_predictor(path, name, signatures[0]))
    for predictor in predictors:
        assert [len(answer["log_probs"]) for answer in predictor(raw)] == expected


def test_other_inputs_than_the_one_in_chunks_do_not_keep_a_model_from_streaming(sound):
    model, signatures, _ = sound
    assert refusal(model_facts(model, signatures[0]), "streaming", "none") is None
    assert "no input of this task comes in chunks" in refusal(model_facts(model, signatures[1]), "streaming", "none")


def test_prepared_inputs_go_into_keras_too(sound):

    model, signatures, raw = sound
    half = replace(
        signatures[0], host=Host(prepare=lambda arrays, predictor: arrays | {"length": arrays["length"] // 2})
    )
    assert [int(answer["frames"]) for answer in KerasPredictor(model, [half])(raw)] == [1, 2, 5, 3]


def test_logarithms_are_compared_as_probabilities():
    ours, theirs = [{"log_probs": np.log([0.5, 1e-9])}], [{"log_probs": np.log([0.5, 1e-6])}]
    assert compare(ours, theirs, {"log_probs": Output(PROBABILITY, "")}).largest > 6
    assert compare(ours, theirs, {"log_probs": Output(LOG_PROBABILITY, "")}).largest == pytest.approx(1e-6, rel=0.01)


def test_whole_numbers_agree_or_not():
    text = [{"text": np.array(list(word), np.uint8)} for word in (b"one", b"two", b"six")]
    other = [{"text": np.array(list(word), np.uint8)} for word in (b"one\0", b"too", b"six")]
    found = compare(text, other, {"text": Output(TEXT, "")})
    assert found.largest == 0 and found.agreement == {"text": pytest.approx(2 / 3)}


def test_where_words_differ_by_a_tie_what_follows_is_not_compared():
    ours = [{"words": np.array([1, 2]), "score": np.float32(0.5)}, {"words": np.array([3]), "score": np.float32(0.1)}]
    theirs = [{"words": np.array([1, 2]), "score": np.float32(0.4)}, {"words": np.array([4]), "score": np.float32(9)}]
    found = compare(ours, theirs, {"words": Output(DECISION, ""), "score": Output(PROBABILITY, "")})
    assert found.largest == pytest.approx(0.1) and found.agreement == {"words": 0.5}


@pytest.mark.parametrize(
    ("differ", "quantization", "passes"), [(1, "none", True), (2, "none", False), (2, "float16", True)]
)
def test_words_must_be_equal_on_nearly_all_inputs(sound, monkeypatch, differ, quantization, passes):

    from suite.export import check
    from suite.export.convert import ConversionError

    theirs = [{"words": np.array([index])} for index in range(20)]
    ours = [{"words": np.array([-1])} for _ in range(differ)] + theirs[differ:]
    monkeypatch.setattr(check, "_answers", lambda *arguments, **options: (ours, theirs))
    signature = replace(sound[1][0], outputs={"words": Output(DECISION, "")})
    if passes:
        found = check.check_parity(None, Path("a.tflite"), [signature], "interpreter", quantization)
        assert found[signature.name]["agreement"] == {"words": 1 - differ / 20}
    else:
        with pytest.raises(
            ConversionError, match=r"words of \w+ differ from the trained model's on 2 of 20 real inputs"
        ):
            check.check_parity(None, Path("a.tflite"), [signature], "interpreter", quantization)


def test_features_are_compared_beside_the_largest():
    ours, theirs = [{"seen": np.array([100.0, 1.0])}], [{"seen": np.array([100.0, 2.0])}]
    assert compare(ours, theirs, {"seen": Output(INNER, "")}).largest == pytest.approx(0.01)


@pytest.mark.parametrize(("quantization", "tolerance"), [("none", 1e-4), ("float16", None)])
def test_what_a_search_goes_on_with_is_judged_by_its_answers_in_lower_precision(
    sound, monkeypatch, quantization, tolerance
):

    from suite.export import check
    from suite.export.convert import ConversionError

    ours, theirs = [{"seen": np.array([100.0, 1.0])}], [{"seen": np.array([100.0, 21.0])}]
    monkeypatch.setattr(check, "_answers", lambda *arguments, **options: (ours, theirs))
    signature = replace(sound[1][0], outputs={"seen": Output(INNER, "places")})
    if tolerance is None:
        found = check.check_parity(None, Path("a.tflite"), [signature], "interpreter", quantization)
        assert found[signature.name]["max_difference"] == pytest.approx(0.2)
    else:
        with pytest.raises(ConversionError, match=r"differs from the trained model's by 0\.2"):
            check.check_parity(None, Path("a.tflite"), [signature], "interpreter", quantization)


def test_an_answer_that_is_no_number_is_infinitely_far():
    outputs = {"p": Output(PROBABILITY, "")}
    assert compare([{"p": np.array([np.nan])}], [{"p": np.array([0.5])}], outputs).largest == float("inf")


def test_a_quantity_is_judged_in_every_precision_beside_the_largest_of_its_numbers(sound, monkeypatch):

    from suite.export import check
    from suite.export.convert import ConversionError

    ours, theirs = [{"degrees": np.array([100.0, 19.0])}], [{"degrees": np.array([100.0, 21.0])}]
    monkeypatch.setattr(check, "_answers", lambda *arguments, **options: (ours, theirs))
    signature = replace(sound[1][0], outputs={"degrees": Output(QUANTITY, "temperature", unit="degrees")})
    with pytest.raises(ConversionError, match=r"by 0\.02 .* at most 0\.01"):
        check.check_parity(None, Path("a.tflite"), [signature], "interpreter", "float16")
    parity = check.check_parity(None, Path("a.tflite"), [signature], "interpreter", "dynamic")
    assert parity[signature.name]["max_difference"] == pytest.approx(0.02)


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ("sound_1/dense/MatMul", True),
        ("dense/Add;other/x", True),
        ("a;sound/dense_2/Add", True),
        ("sound/dense_1/MatMul", False),
        ("sound/dense_out/MatMul", False),
        ("sound/my_dense/MatMul", False),
    ],
)
def test_a_tensor_belongs_to_the_layer_of_its_scope(node, expected):
    assert belongs_to(node, "dense", ["dense", "dense_1", "dense_out", "my_dense"]) == expected


def test_names_of_files_tell_what_they_hold():
    assert split_name("interpreter-custom-float16.tflite") == ("interpreter", "float16")
    assert split_name("interpreter-custom.tflite") == ("interpreter", "none")
    assert has_custom_ops("interpreter-custom.tflite") and not has_custom_ops("interpreter-float16.tflite")


def test_signatures_with_custom_ops_are_apart(sound):

    _, signatures, _ = sound
    several = [replace(signatures[0], custom_ops=("Op",)), *signatures[1:]]
    assert [one.name for one in signatures_in(several, "interpreter")] == ["encode", "step"]
    assert [one.name for one in signatures_in(several, "interpreter", custom=True)] == ["transcribe"]


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ("speech_1/dense_1/MatMul", False),
        ("speech_1/features_1/Log", True),
        ("strided_slice_1", True),  # the raw input, cut to its length
        ("LogSoftmax", True),
        ("tfl.unidirectional_sequence_lstm1", False),
        ("tfl.quantize", False),
    ],
)
def test_what_no_layer_made_keeps_its_precision(node, expected):
    assert stays_float(node, ["features"], ["features", "dense"]) == expected
