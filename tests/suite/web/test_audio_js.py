"""The page reads wav files as soundfile does and stitches windows as the speech pipeline does, run by Node.js."""

import base64
import io
import struct
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from pipelines.sound.config import Settings as Sound
from pipelines.sound.export import signatures as sound_signatures
from pipelines.sound.listening import decide, listen, sliding_windows, window_samples
from pipelines.speech.config import Settings
from pipelines.speech.export import signatures
from suite.decoding.greedy import greedy

READ = """
const { readWav } = await import("./audio/wav.js");
return data.map((content) => {
  const wav = readWav(new Uint8Array(Buffer.from(content, "base64")).buffer);
  return wav && { rate: wav.rate, samples: Buffer.from(wav.samples.buffer).toString("base64") };
});
"""
TRANSCRIBE = """
const { question: transcription } = await import("./answers/transcript.js");
const { recordingWindows } = await import("./audio/windows.js");
return data.map(({ length, rows, input }) => {
  const recording = Float32Array.from({ length }, (_, index) => index + 1);
  const windows = () => recordingWindows(recording, input);
  const question = transcription({ windows, seconds: length / input.sample_rate }, input);
  const calls = Array.from({ length: question.count }, (_, index) => question.tensors(index));
  const { text, seconds } = question.join(calls.map(({ samples, length }) => {
    const begin = samples[0] ? (samples[0] - 1) / input.step_samples : 0;
    const frames = Math.ceil(length[0] / input.step_samples);
    return { log_probs: Float32Array.from(rows.slice(begin, begin + frames).flat()), frames: Int32Array.of(frames) };
  }));
  return { text, seconds, calls: calls.map(({ samples, length }) => [samples[0], samples.length, length[0]]) };
});
"""
LISTEN = """
const { makeDetector } = await import("./audio/detector.js");
const { slidingWindows } = await import("./audio/windows.js");
return data.map(({ length, input, labels, listening, probabilities }) => {
  const windows = slidingWindows(Float32Array.from({ length }, (_, index) => index), input, listening.hop_samples);
  const ends = windows.map(({ begin, weight }) => begin + weight);
  const hear = makeDetector(listening, labels);
  const detections = ends.flatMap((end, index) => hear(end / input.sample_rate, probabilities[index]));
  return { windows: windows.map(({ tensors, begin }) => [begin, tensors.length[0], tensors.samples[0]]), detections };
});
"""
SYMBOLS = ["", " ", "'", "a", "b", "ü"]


def wav(samples, subtype, rate=8000, kind="WAV"):
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, subtype=subtype, format=kind)
    return buffer.getvalue()


def read(node, files):
    answers = node(READ, [base64.b64encode(content).decode() for content in files])
    return [
        answer and (answer["rate"], np.frombuffer(base64.b64decode(answer["samples"]), np.float32))
        for answer in answers
    ]


@pytest.mark.parametrize("kind", ["WAV", "WAVEX"])
def test_wav_files_are_read_to_the_bit(node, kind):
    rng = np.random.default_rng(0)
    subtypes = ["PCM_16", "PCM_24", "PCM_32", "PCM_U8", "FLOAT", "DOUBLE"]
    files = [
        wav(rng.uniform(-1, 1, shape), subtype, rate, kind)
        for subtype in subtypes
        for shape, rate in (((501,), 8000), ((333, 2), 44100), ((70, 6), 96000))
    ]
    for content, (rate, samples) in zip(files, read(node, files), strict=True):
        expected, expected_rate = soundfile.read(io.BytesIO(content), dtype="float32", always_2d=True)
        assert rate == expected_rate
        if expected.shape[1] == 1:
            np.testing.assert_array_equal(samples, expected[:, 0])
        else:
            np.testing.assert_allclose(samples, expected.mean(axis=1), rtol=0, atol=1e-7)


def test_what_the_browser_has_to_decode_is_left_to_it(node):
    samples = np.zeros(100)
    files = [wav(samples, "ULAW"), wav(samples, "PCM_16", kind="FLAC"), b"", b"RIFF", b"RIFF\0\0\0\0WAVEfmt \x10"]
    assert read(node, files) == [None] * len(files)


def test_a_wav_cut_short_gives_what_is_there(node):
    whole = wav(np.linspace(-1, 1, 100), "PCM_16")
    extra = whole[:12] + b"LIST" + struct.pack("<I", 3) + b"abc\0" + whole[12:]
    for rate, samples in read(node, [whole[:-51], extra[:-51]]):
        assert rate == 8000
        np.testing.assert_array_equal(samples, soundfile.read(io.BytesIO(whole), dtype="float32")[0][:74])


def test_windows_are_cut_and_stitched_as_the_pipeline_does(node):
    cases = [case for seconds in (0.5, 2, 3) for case in _recordings(seconds)]
    sent = [{name: case[name] for name in ("length", "rows", "input")} for case in cases]
    for case, answer in zip(cases, node(TRANSCRIBE, sent), strict=True):
        text, calls = _python(**case)
        assert answer["calls"] == calls
        assert answer["text"] == text
        assert answer["seconds"] == case["length"] / 8000


def _recordings(compiled_seconds):
    settings = Settings(sample_rate=8000, hop_length=80, compiled_seconds=compiled_seconds)
    step, rng = settings.step_samples, np.random.default_rng(2)
    signature = signatures({"symbols": SYMBOLS}, settings)[0]
    (size,) = signature.inputs["samples"].shape_in("compiled")
    for length in (1, step, size - 1, size, size + 1, size + step, 2 * size, *rng.integers(1, 5 * size, 8)):
        rows = rng.normal(size=(-(-length // step), len(SYMBOLS))).astype(np.float32)
        rows = np.repeat(rows, 2, axis=0)[: len(rows)]  # symbols that go on over a border
        known = {name: signature.front_end[name] for name in ("sample_rate", "step_samples", "symbols")}
        yield {
            "length": int(length),
            "rows": rows.tolist(),
            "input": known | {"size": size},
            "signature": signature,
        }


def _python(length, rows, input, signature):
    """Return the text of `Host.windows` and the calls it makes, for a model that gives the rows of its samples."""
    step, calls = input["step_samples"], []

    def call(arrays):
        samples, count = arrays["samples"], int(arrays["length"])
        calls.append([float(samples[0]), len(samples), count])
        begin = int(samples[0] - 1) // step
        found = np.array(rows[begin : begin + -(-count // step)], np.float32)
        text = np.frombuffer(greedy(found).text(SYMBOLS).encode(), np.uint8)
        return {"log_probs": found, "frames": np.int32(len(found)), "text": text, "text_length": np.int32(len(text))}

    predictor = SimpleNamespace(inputs={"samples": ((input["size"],), np.float32)}, call=call)
    samples = np.arange(1, length + 1, dtype=np.float32)
    answer = signature.host.windows(predictor, {"samples": samples, "length": np.int32(length)})
    return bytes(answer["text"][: int(answer["text_length"])]).decode(), calls


def test_words_are_listened_for_as_python_does(node):
    settings = Sound(sample_rate=8000, hop_seconds=0.25, smoothing_seconds=0.5, refractory_seconds=1)
    assets = {"labels": ["_silence_", "stop", "yes"], "detector": {}}
    size, hop = window_samples(settings)
    front_end = sound_signatures(assets, settings)[0].front_end
    listening = front_end["listening"] | {"cutoffs": {"stop": 0.45, "yes": 0.5}}
    cases, expected = [], []
    for length in (900, size, size + 1, 20 * 8000 + 77):
        windows = list(sliding_windows([np.arange(length, dtype=np.float32)], size, hop))
        probabilities = (
            np.random.default_rng(length).dirichlet([0.4, 0.4, 0.4], len(windows)).repeat(3, 0)[: len(windows)]
        )
        answers = iter(probabilities)
        scored = listen(
            lambda inputs, answers=answers: [{"probabilities": next(answers)} for _ in inputs],
            [np.zeros(length, np.float32)],
            {"stop": 1, "yes": 2},
            settings,
        )
        expected.append((windows, list(decide(scored, listening["cutoffs"], 1))))
        known = {"size": size, "sample_rate": 8000}
        case = {"length": length, "input": known, "labels": assets["labels"], "listening": listening}
        cases.append(case | {"probabilities": probabilities.tolist()})
    for received, (windows, detections) in zip(node(LISTEN, cases), expected, strict=True):
        assert received["windows"] == [[start, len(window), start] for start, window in windows]
        assert [(at["label"], at["time"]) for at in received["detections"]] == [
            (at.label, at.time) for at in detections
        ]
        np.testing.assert_allclose([at["score"] for at in received["detections"]], [at.score for at in detections])
    assert len(expected[-1][1]) > 3
