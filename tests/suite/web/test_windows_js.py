"""The page's windows.js keeps the rule of suite.inputs.text_host, run by Node.js."""

import numpy as np

from suite.inputs.text_host import split_windows
from suite.inputs.windows import combine

SCRIPT = """
const { splitWindows, combine } = await import("./windows.js");
return data.map(({ data, size, numbers }) => {
  const windows = splitWindows(Uint8Array.from(data), size);
  const answers = windows.map((_, index) => [numbers[index % numbers.length], 1 - numbers[index % numbers.length]]);
  const answer = combine(answers, windows.map((window) => window.length));
  return { windows: windows.map((window) => Array.from(window)), answer };
});
"""


def test_python_and_javascript_cut_and_combine_alike(node):
    cases = list(_cases())
    for case, answer in zip(cases, node(SCRIPT, cases), strict=True):
        windows = split_windows(bytes(case["data"]), case["size"])
        assert [bytes(window) for window in answer["windows"]] == windows, case
        numbers = [case["numbers"][index % len(case["numbers"])] for index in range(len(windows))]
        expected = combine([np.array([number, 1 - number]) for number in numbers], windows)
        np.testing.assert_allclose(answer["answer"], expected, rtol=0, atol=1e-12)


def _cases():
    rng = np.random.default_rng(1)
    words = ["a", "über", "🎬", "语言", "جميل", " ", "\n", "\t ", "\x7f", "\0", "longer-than-a-window" * 3]
    for _ in range(400):
        data = "".join(rng.choice(words, rng.integers(0, 40))).encode()
        yield {"data": list(data), "size": int(rng.integers(1, 70)), "numbers": rng.random(5).tolist()}
    for _ in range(100):
        data = rng.integers(0, 256, rng.integers(0, 90))
        yield {"data": data.tolist(), "size": int(rng.integers(1, 30)), "numbers": rng.random(5).tolist()}
