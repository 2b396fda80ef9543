import contextlib
import tempfile

import keras
import librosa
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from suite.answers.outputs import INNER
from suite.audio.features import (
    MFCC,
    Deltas,
    FeatureNormalization,
    LogMel,
    MelSpectrogram,
    feature_statistics,
    frame_count,
)
from suite.export.trace import trace_signature
from suite.recurrent.deployment import Deployment, deploying
from suite.signature import Output, RawInput, Signature

FRONT = {"sample_rate": 16000, "n_fft": 512, "hop_length": 160, "n_mels": 40, "win_length": 400}


RATES = (8000, 16000, 22050)
FRONT_ENDS = [
    (512, 128, 40, 13, None, 80.0, 0, 0.0, None),
    (512, 160, 80, 20, 400, 80.0, 22, 20.0, 3800.0),
    (400, 160, 64, 20, None, None, 0, 0.0, None),
    (442, 442, 23, 23, None, 20.0, 0, 0.0, None),
    (2048, 512, 128, 40, None, 80.0, 0, 0.0, None),
]


@pytest.mark.parametrize(
    ("sample_rate", "n_fft", "hop_length", "n_mels", "n_mfcc", "win_length", "top_db", "lifter", "fmin", "fmax"),
    [
        pytest.param(rate, *options, marks=() if rate == RATES[place % 3] else pytest.mark.slow)
        for place, options in enumerate(FRONT_ENDS)
        for rate in RATES
    ],
)
def test_mfcc_equals_librosa(
    speech, sample_rate, n_fft, hop_length, n_mels, n_mfcc, win_length, top_db, lifter, fmin, fmax
):
    samples = speech(1.3, sample_rate)
    framing = {"n_fft": n_fft, "hop_length": hop_length, "n_mels": n_mels, "win_length": win_length}
    power = librosa.feature.melspectrogram(y=samples, sr=sample_rate, fmin=fmin, fmax=fmax, **framing)
    decibels = librosa.power_to_db(power, top_db=top_db)
    expected = librosa.feature.mfcc(S=decibels, sr=sample_rate, n_mfcc=n_mfcc, lifter=lifter).T
    options = {"sample_rate": sample_rate, **framing, "fmin": fmin, "fmax": fmax}
    for dtype, tolerance in (("float64", 1e-9), ("float32", 1e-3 if lifter == 0 else 1e-2)):
        made = [
            MelSpectrogram(**options, dtype=dtype),
            LogMel(**options, top_db=top_db, dtype=dtype),
            MFCC(n_mfcc=n_mfcc, lifter=lifter, **options, top_db=top_db, dtype=dtype),
        ]
        for layer, value in zip(made, (power.T, decibels.T, expected), strict=True):
            np.testing.assert_allclose(layer(samples[np.newaxis].astype(dtype))[0], value, atol=tolerance, rtol=1e-4)


def test_mfcc_is_the_librosa_call_with_its_defaults(speech):
    samples = speech(1, 22050)
    expected = librosa.feature.mfcc(y=samples, sr=22050, n_mfcc=20).T
    layer = MFCC(sample_rate=22050, n_mfcc=20, n_fft=2048, hop_length=512, n_mels=128)
    np.testing.assert_allclose(layer(samples[np.newaxis])[0], expected, atol=1e-3)


def test_integers_are_samples_of_16_bits(speech):
    samples = np.round(speech(0.3) * 32768).astype("int16")[np.newaxis]
    layer = LogMel(**FRONT)
    np.testing.assert_allclose(layer(samples), layer(samples.astype("float32") / 32768), atol=1e-4)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("samples", [1, 159, 160, 161, 1600, 1700])
def test_frame_count_is_what_the_layer_gives(causal, samples):
    layer = LogMel(**FRONT, causal=causal, top_db=None)
    expected = -(-samples // 160) if causal else 1 + samples // 160
    assert layer(np.zeros((1, samples), "float32")).shape[1] == expected
    assert frame_count(samples, 160, causal) == expected
    assert frame_count(np.array([samples]), 160, causal).tolist() == [expected]
    assert frame_count(tf.constant([samples]), 160, causal).numpy().tolist() == [expected]


def test_a_causal_frame_ends_with_its_hop(speech):
    samples = speech(0.5)[np.newaxis].astype("float32")
    layer = MelSpectrogram(**FRONT, causal=True)
    features = layer(samples)
    changed = samples.copy()
    changed[:, 10 * 160 :] = 0
    assert np.array_equal(layer(changed)[:, :10], features[:, :10])
    assert not np.allclose(layer(changed)[:, 10], features[:, 10])


def chain(*, causal, kind):
    """Return a function of samples and length, and its layers: features with deltas, normalised."""
    front = LogMel(**FRONT, causal=True, top_db=None) if causal else MFCC(n_mfcc=13, **FRONT)
    deltas = [Deltas(order, width=5, causal=causal) for order in (1, 2)]
    normalization = FeatureNormalization(kind, prior_frames=20)

    def call(samples, length=None):
        frames = None if length is None else front.frame_count(length)
        features = front(samples, length)
        features = tf.concat([features, *(layer(features, frames) for layer in deltas)], axis=-1)
        return normalization(features, frames)

    call(np.zeros((1, 400), "float32"))
    if kind in ("global", "running"):
        size = normalization.mean.shape[0] // 3
        normalization.adapt(np.repeat([-40, 0, 0], size), np.repeat([20, 2, 1], size))
    return call, normalization


@pytest.mark.parametrize(
    ("causal", "kind"),
    [
        (False, "utterance"),
        (False, "global"),
        (False, "none"),
        (True, "running"),
        (True, "utterance"),
        (True, "global"),
    ],
)
def test_padding_changes_nothing(speech, causal, kind):
    call, _ = chain(causal=causal, kind=kind)
    lengths = np.array([8000, 1, 160, 4803, 3040], "int32")
    samples = np.full((5, 8700), np.nan, "float32")
    samples[1:3], samples[3:] = 1e3, -7
    clips = [speech(length / 16000, seed=seed).astype("float32") for seed, length in enumerate(lengths)]
    for row, clip in enumerate(clips):
        samples[row, : len(clip)] = clip
    together = call(samples, lengths).numpy()
    compiled = tf.function(call, jit_compile=True)(samples, lengths).numpy()
    for row, clip in enumerate(clips):
        alone = call(clip[np.newaxis])[0]
        frames = frame_count(len(clip), 160, causal)
        assert alone.shape[0] == frames
        np.testing.assert_allclose(together[row, :frames], alone, atol=1e-4 if kind == "none" else 1e-5)
        np.testing.assert_allclose(compiled[row, :frames], alone, atol=1e-3)
        assert not together[row, frames:].any()


@pytest.mark.parametrize("kind", ["running", "global", "none"])
@pytest.mark.parametrize("hops", [1, 4])
def test_chunks_equal_the_whole(speech, kind, hops):
    call, _ = chain(causal=True, kind=kind)
    chunk = hops * 160
    samples = speech(0.5)[: 40 * 160 + 77].astype("float32")
    whole = call(samples[np.newaxis])[0].numpy()
    states, found = None, []
    for start in range(0, len(samples), chunk):
        part = samples[start : start + chunk]
        padded = np.full((1, chunk), 9, "float32")
        padded[0, : len(part)] = part
        with deploying(Deployment("loop", fixed=True, streaming=True, states=states)) as traced:
            features = call(tf.constant(padded), tf.constant([len(part)], tf.int32))[0].numpy()
        states = traced.final
        found.append(features[: frame_count(len(part), 160, True)])
    np.testing.assert_allclose(np.concatenate(found), whole, atol=1e-3 if kind == "none" else 1e-4)


def test_what_looks_ahead_does_not_stream(speech):
    samples = tf.constant(speech(0.1)[np.newaxis].astype("float32"))
    for layer in (LogMel(**FRONT), Deltas(), FeatureNormalization("utterance")):
        inputs = samples if isinstance(layer, LogMel) else tf.zeros((1, 3, 4))
        layer.build(inputs.shape)
        with (
            deploying(Deployment("loop", fixed=True, streaming=True)),
            pytest.raises(ValueError, match=r"causal=False|at its end"),
        ):
            layer(inputs)


def to_tflite(call, samples, variables, optimizations):
    values = [(variable, variable.numpy()) for variable in variables]

    def traced(samples, length):
        constants = [(variable, tf.constant(value)) for variable, value in values]
        with keras.StatelessScope(constants), deploying(Deployment("loop", fixed=samples.shape[1] is not None)):
            return {"features": call(samples, length)}

    module = tf.Module()
    module.function = tf.function(traced, autograph=False).get_concrete_function(
        tf.TensorSpec((1, samples), tf.float32, "samples"), tf.TensorSpec((1,), tf.int32, "length")
    )
    return to_builtin_ops(module, optimizations)


def to_builtin_ops(module, optimizations=None):
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(module, folder, signatures=module.function)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        if optimizations is not None:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.target_spec.supported_types = optimizations
        return converter.convert()


@pytest.mark.parametrize(
    ("n_fft", "fixed", "causal", "optimizations", "tolerance"),
    [
        (512, None, False, None, 1e-4),
        (512, 9000, True, None, 1e-4),
        (400, None, True, None, 1e-4),
        # 16-bit weights: silence stays silence.
        (512, None, True, [tf.float16], 0.1),
        # Nothing of the front end is quantised.
        (400, 9000, False, [], 1e-4),
    ],
)
def test_the_phone_computes_the_same(speech, monkeypatch, n_fft, fixed, causal, optimizations, tolerance):
    monkeypatch.setitem(FRONT, "n_fft", n_fft)
    call, normalization = chain(causal=causal, kind="running" if causal else "utterance")
    content = to_tflite(call, fixed, normalization.variables, optimizations)
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
    assert all(code.customCode is None for code in model.operatorCodes)
    if fixed:
        assert len(content) < 70_000 + (8 * 400 * 201 if n_fft == 400 else 0)
    run = Interpreter(model_content=content, num_threads=1).get_signature_runner()
    samples = np.full((1, fixed or 8000), 0, "float32")
    samples[0, 1000:6000] = speech(5000 / 16000)
    for length in (8000, 5003):
        found = run(samples=samples, length=np.array([length], "int32"))["features"]
        np.testing.assert_allclose(found, call(samples, np.array([length], "int32")), atol=tolerance)


def test_a_streaming_file_equals_the_whole(speech):
    call, normalization = chain(causal=True, kind="running")
    chunk = 640
    inputs = {
        "samples": RawInput("float32", (None,), "samples", chunk=(chunk,)),
        "length": RawInput("int32", (), "samples that count"),
    }
    outputs = {"features": Output(INNER, "of one chunk")}
    signature = Signature(
        "features", inputs, outputs, lambda model: lambda samples, length: {"features": call(samples, length)}
    )
    holder = keras.Sequential([keras.Input((None, 120)), normalization])
    module = tf.Module()
    module.function, _ = trace_signature(holder, signature, [signature], "loop", "streaming")
    run = Interpreter(model_content=to_builtin_ops(module), num_threads=1).get_signature_runner()
    state = {
        name: np.zeros(detail["shape"], detail["dtype"])
        for name, detail in run.get_input_details().items()
        if name.startswith("state_")
    }
    samples = speech(0.5)[: 9 * chunk + 77].astype("float32")
    found = []
    for start in range(0, len(samples), chunk):
        part = samples[start : start + chunk]
        length = np.array([len(part)], "int32")
        outputs = run(samples=np.pad(part, (0, chunk - len(part)))[np.newaxis], length=length, **state)
        state = {name: outputs[name] for name in state}
        found.append(outputs["features"][0, : frame_count(len(part), 160, True)])
    np.testing.assert_allclose(np.concatenate(found), call(samples[np.newaxis])[0], atol=1e-4)


@pytest.mark.parametrize(("order", "width"), [(1, 9), (2, 9), (1, 3), (2, 5)])
def test_deltas_equal_librosa(order, width):
    features = np.random.default_rng(0).normal(size=(30, 4)).astype("float32")
    expected = librosa.feature.delta(features, order=order, width=width, mode="nearest", axis=0)
    np.testing.assert_allclose(Deltas(order, width)(features[np.newaxis])[0], expected, atol=1e-5)
    late = Deltas(order, width, causal=True)(features[np.newaxis])[0]
    half = width // 2
    np.testing.assert_allclose(late[width - 1 :], expected[half : len(features) - half], atol=1e-5)


def test_normalization_takes_the_mean_and_deviation_it_says():
    features = np.random.default_rng(0).normal(3, 5, (2, 40, 3)).astype("float32")
    by_utterance = FeatureNormalization("utterance")(features).numpy()
    np.testing.assert_allclose(by_utterance.mean(1), 0, atol=1e-5)
    np.testing.assert_allclose(by_utterance.std(1), 1, atol=1e-4)

    mean, std = feature_statistics(iter(features))
    np.testing.assert_allclose(mean, features.reshape(-1, 3).mean(0), atol=1e-5)
    np.testing.assert_allclose(std, features.reshape(-1, 3).std(0), atol=1e-5)
    by_global, by_running = FeatureNormalization("global"), FeatureNormalization("running", prior_frames=7)
    for layer in (by_global, by_running):
        layer.build(features.shape)
        layer.adapt(mean, std)
    np.testing.assert_allclose(by_global(features), (features - mean) / std, atol=1e-5)

    # Seven frames of the global mean and variance, and then those of the clip so far.
    found = by_running(features).numpy()
    for step in (0, 5, 39):
        so_far = features[0, : step + 1]
        count = 7 + len(so_far)
        running = (7 * mean + so_far.sum(0)) / count
        variance = (7 * (std**2 + mean**2) + (so_far**2).sum(0)) / count - running**2
        np.testing.assert_allclose(found[0, step], (features[0, step] - running) / np.sqrt(variance), atol=1e-3)
    assert np.array_equal(FeatureNormalization("none")(features), features)


def test_layers_are_saved_with_their_settings_and_compute_in_float32_under_mixed_precision(tmp_path, speech):
    samples = keras.Input((None,), dtype="float32")
    length = keras.Input((), dtype="int32")
    keras.config.set_dtype_policy("mixed_float16")
    with contextlib.ExitStack() as stack:
        stack.callback(keras.config.set_dtype_policy, "float32")
        front = MFCC(n_mfcc=13, **FRONT, lifter=22, amin=1e-8, top_db=60.0)
        features = front(samples, length)
        features = keras.layers.Concatenate(dtype="float32")([features, Deltas(2, 5)(features)])
        outputs = FeatureNormalization("running", 30)(features)
        model = keras.Model([samples, length], outputs)
    assert outputs.dtype == "float32"
    model.layers[-1].adapt(np.arange(26), np.ones(26))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    inputs = [speech(0.3)[np.newaxis].astype("float32"), np.array([4000], "int32")]
    assert np.array_equal(loaded(inputs), model(inputs))


@pytest.mark.parametrize(
    ("layer", "arguments"),
    [
        (MelSpectrogram, FRONT | {"n_fft": 401}),
        (MelSpectrogram, FRONT | {"hop_length": 513}),
        (MelSpectrogram, FRONT | {"win_length": 513}),
        (LogMel, FRONT | {"amin": 0}),
        (LogMel, FRONT | {"causal": True}),
        (MFCC, FRONT | {"n_mfcc": 41}),
        (Deltas, {"order": 3}),
        (Deltas, {"width": 4}),
        (FeatureNormalization, {"kind": "batch"}),
        (FeatureNormalization, {"prior_frames": 0}),
    ],
)
def test_arguments_that_cannot_be(layer, arguments):
    with pytest.raises(ValueError, match="Received"):
        layer(**arguments)
