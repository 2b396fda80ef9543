"""The page resizes frames, chooses them and cuts windows as Python does, run by Node.js."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from pipelines.video.config import Settings
from pipelines.video.export import signatures
from suite.vision.resize import resize_array
from suite.vision.sampling import at_even_rate, at_rate, sample_indices

RESIZE = """
const { resized } = await import("./video/resize.js");
return data.map(({ picture, shape, channels, height, width }) => {
  const pixels = Uint8ClampedArray.from(Buffer.from(picture, "hex"));
  const found = resized({ data: pixels, height: shape[0], width: shape[1] }, height, width, channels);
  return Buffer.from(found).toString("hex");
});
"""
TIMES = """
const { clipTimes } = await import("./video/clip.js");
return data.map(([count, rate, input]) => clipTimes(count / rate, 1 / rate, input));
"""
RATE = """
const { NewestFrames } = await import("./video/clip.js");
return data.map(([times, frame_rate]) => {
  const newest = new NewestFrames({ frame_rate });
  return times.map((time, number) => newest.repeats(time, number));
});
"""
STEP = """
const { NewestFrames } = await import("./video/clip.js");
return data.map((times) => {
  const newest = new NewestFrames({ frame_rate: null });
  times.forEach(([time, number]) => newest.repeats(time, number));
  return newest.frameSeconds();
});
"""
ASK = """
const { question } = await import("./answers/classes.js");
const { clipWindows, NewestFrames } = await import("./video/clip.js");
return data.map(({ count, input }) => {
  const newest = new NewestFrames(input);
  for (let frame = 1; frame <= count; frame++) newest.add(Uint8Array.of(frame));
  const asked = question({ windows: () => clipWindows(newest.frames, input), empty: false }, { output: "probabilities" });
  const calls = Array.from({ length: asked.count }, (_, index) => asked.tensors(index));
  const outputs = calls.map(({ frames }) => ({ probabilities: frames.slice(0, 2).map((value) => value % 7) }));
  const { probabilities } = asked.join(outputs);
  return { calls: calls.map(({ frames, length }) => [Array.from(frames), length[0]]), probabilities };
});
"""


def test_frames_are_resized_as_python_does(node):
    cases, expected = [], []
    rng = np.random.default_rng(0)
    sizes = [(48, 64), (64, 48), (32, 32), (20, 90), (301, 7), (120, 160), (240, 321), (5, 3)]
    for rows, columns in sizes:
        for channels, (height, width) in ((3, (32, 32)), (1, (24, 40))):
            smooth = cv2.resize(
                rng.integers(0, 256, (6, 6, 3), np.uint8), (columns, rows), interpolation=cv2.INTER_CUBIC
            )
            noisy = np.where(rng.random((rows, columns, 1)) < 0.2, rng.integers(0, 256, smooth.shape), smooth)
            picture = np.dstack([noisy, np.full((rows, columns), 255)]).astype(np.uint8)
            case = {"picture": picture.tobytes().hex(), "shape": [rows, columns], "channels": channels}
            cases.append(case | {"height": height, "width": width})
            colours = picture[:, :, :3]
            source = colours if channels == 3 else cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY)[:, :, np.newaxis]
            expected.append(resize_array(np.ascontiguousarray(source)[np.newaxis], height, width)[0])
    for case, answer, right in zip(cases, node(RESIZE, cases), expected, strict=True):
        found = np.frombuffer(bytes.fromhex(answer), np.uint8).reshape(right.shape).astype(int)
        differences = np.abs(found - right.astype(int))
        assert differences.max() <= 1, case["shape"]  # the last bit of a float decides a rounding
        assert np.mean(differences > 0) < 0.01, case["shape"]


def test_frames_of_a_whole_video_are_chosen_as_python_does(node):
    cases = [
        (count, rate, {"frames": most, "sampling": sampling, "frame_rate": frame_rate})
        for sampling in ("uniform", "stride", "random")
        for most in (1, 4, 7)
        for rate, frame_rate in ((25, None), (10, 10), (30, 10), (25, 12.5), (25, 10), (8, 24))
        for count in (2, 3, 7, 8, 31, 100)
    ]
    for (count, rate, input), times in zip(cases, node(TIMES, cases), strict=True):
        places = at_rate(np.arange(count) / rate, input["frame_rate"])
        expected = places[sample_indices(len(places), input["frames"], input["sampling"])]
        np.testing.assert_allclose(times, (expected + 0.5) / rate, rtol=1e-9, err_msg=str((count, rate, input)))


def test_the_time_of_a_frame_is_found_though_frames_are_missed(node):
    at_30 = np.round(np.arange(60) / 30, 3)  # containers round to milliseconds
    at_25 = np.arange(40) / 25
    numbered = [list(zip(times.tolist(), range(len(times)), strict=True)) for times in (at_30, at_25)]
    unseen = numbered[1][::2]
    left_out = list(zip(np.delete(at_25, [3, 4, 9, 20, 21]).tolist(), range(35), strict=True))
    found = node(STEP, [*numbered, unseen, left_out, [(0.0, 0)], []])
    np.testing.assert_allclose(found[:4], [1 / 30, 1 / 25, 1 / 25, 1 / 25], rtol=1e-2)
    assert found[4:] == [None, None]


def test_frames_count_as_often_as_python_takes_them(node):
    rng = np.random.default_rng(0)
    videos = [(np.arange(90) / 30).tolist(), np.cumsum(rng.uniform(0.01, 0.2, 60)).tolist()]
    cases = [(times, rate) for times in videos for rate in (None, 1, 7.5, 10, 30, 100)]
    for (times, rate), repeats in zip(cases, node(RATE, cases), strict=True):
        taken = np.repeat(np.arange(len(times)), repeats)  # a frame that plays counts for the slots up to its own time
        chosen = [index for _, index in at_even_rate(zip(times, range(len(times)), strict=True), rate)]
        assert len(taken) == len(chosen), rate
        assert set((taken - chosen).tolist()) <= {0, 1}, rate


@pytest.mark.parametrize("size", [4, 6])
def test_the_newest_frames_are_asked_as_the_pipeline_asks(node, size):
    settings = Settings(frames=6, compiled_frames=size, height=8, width=8, channels=1)
    signature = signatures({"labels": ["a", "b"]}, settings)[0]
    input = {"frames": signature.front_end["frames"], "size": size, "height": 1, "width": 1, "channels": 1}
    counts = list(range(1, 30))
    for count, asked in zip(counts, node(ASK, [{"count": count, "input": input} for count in counts]), strict=True):
        calls, probabilities = _python(np.arange(1, count + 1, dtype=np.uint8)[-6:], size, signature)
        assert asked["calls"] == calls
        np.testing.assert_allclose(asked["probabilities"], probabilities, rtol=1e-6)


def _python(frames, size, signature):
    """Return the calls of `Host.windows` and its answer, for a model that answers with the first two frames."""
    calls = []

    def call(arrays):
        calls.append([arrays["frames"].ravel().tolist(), int(arrays["length"])])
        return {"probabilities": (arrays["frames"].ravel()[:2] % 7).astype(np.float32)}

    predictor = SimpleNamespace(inputs={"frames": ((size, 1, 1, 1), np.uint8)}, call=call)
    arrays = {"frames": frames.reshape(-1, 1, 1, 1), "length": np.int32(len(frames))}
    return calls, signature.host.windows(predictor, arrays)["probabilities"]
