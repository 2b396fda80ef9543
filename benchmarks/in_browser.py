"""Time an exported file in LiteRT.js in Chromium; what it needs is what the browser tests need."""

import base64
import functools
import http.server
import os
import shutil
import tempfile
import threading
from pathlib import Path

import numpy as np

from suite.signature import Arrays
from suite.web.litert_js import runtime_files

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
PAGE = """<!doctype html><script>
self.Module = {locateFile: (name) => `runtime/${name}`};
async function measure(signature, tensors, rounds) {
  const runtime = await import("./runtime/litert.js");
  await runtime.loadLiteRt("runtime/");
  const bytes = new Uint8Array(await (await fetch("model.tflite")).arrayBuffer());
  const model = await runtime.loadAndCompile(bytes, {accelerator: "wasm"});
  const arrays = {float32: Float32Array, int32: Int32Array, uint8: Uint8Array}, inputs = {}, times = [];
  for (const [name, {type, shape, content}] of Object.entries(tensors)) {
    const raw = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    inputs[name] = new runtime.Tensor(new arrays[type](raw.buffer), shape);
  }
  for (let round = 0; round < rounds + 2; round++) {
    const begin = performance.now();
    const outputs = await model.run(signature, inputs);
    for (const tensor of Object.values(outputs)) { tensor.toTypedArray(); tensor.delete(); }
    times.push(performance.now() - begin);
  }
  return times.slice(2).sort((a, b) => a - b)[rounds >> 1];
}
</script>"""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *words: object) -> None:
        pass


def time_in_browser(path: Path, signature: str, arrays: Arrays, rounds: int) -> float:
    """Return the median milliseconds of a call, the reading of its outputs included.

    Args:
        path: A `compiled` file.
        signature: One of its signatures.
        arrays: Its inputs, without the batch axis.
        rounds: Calls, after two that do not count.
    """
    from playwright.sync_api import sync_playwright

    tensors = {}
    for name, array in arrays.items():
        batch = np.ascontiguousarray(np.asarray(array)[np.newaxis])
        content = base64.b64encode(batch.tobytes()).decode()
        tensors[name] = {"type": batch.dtype.name, "shape": list(batch.shape), "content": content}
    with tempfile.TemporaryDirectory() as folder:
        for name, content in (runtime_files() | {"index.html": PAGE.encode()}).items():
            target = Path(folder) / name
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(content)
        shutil.copy(path, Path(folder) / "model.tflite")
        handler = functools.partial(_Quiet, directory=folder)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            with sync_playwright() as playwright:
                chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
                browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
                page = browser.new_page()
                page.goto(f"http://127.0.0.1:{server.server_port}/")
                milliseconds = page.evaluate(
                    "([name, inputs, n]) => measure(name, inputs, n)", [signature, tensors, rounds]
                )
                browser.close()
        finally:
            server.shutdown()
            server.server_close()
    return milliseconds
