/* Runs the model away from the page, so that typing never waits for it.
 *
 * In:  {open: page}                     the content of page.json
 *      {run: tensor}                    a typed array, the input of one call
 * Out: {opened: true} | {answer, milliseconds} | {failed: words}
 *
 * A classic worker: LiteRT.js loads its WebAssembly script with importScripts, which module workers lack.
 */

// The script looks for its .wasm beside the worker unless told where it is, and reports everything as an error.
self.Module = {
  locateFile: (name) => `runtime/${name}`,
  printErr: (words) => (/^(INFO|WARNING|VERBOSE)/.test(words) ? console.debug(words) : console.error(words)),
};

const ARRAYS = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array };

let page, model, Tensor;

self.onmessage = async ({ data }) => {
  try {
    if (data.open) {
      await open(data.open);
      self.postMessage({ opened: true });
    } else {
      self.postMessage(await run(data.run));
    }
  } catch (error) {
    self.postMessage({ failed: error?.message || String(error?.type ?? error) });
  }
};

async function open(description) {
  page = description;
  const bytes = await fetchModel(page.model);
  const runtime = await import("./runtime/litert.js");
  await runtime.loadLiteRt("runtime/");
  model = await runtime.loadAndCompile(bytes, { accelerator: "wasm" });
  Tensor = runtime.Tensor;
  const size = page.input.shape.reduce((all, axis) => all * axis, 1);
  await run(new ARRAYS[page.input.dtype](size)); // the first call is slow; nobody should wait for it while typing
}

/** Return the model's bytes; the sum in the address keeps an older file out of the browser's cache. */
async function fetchModel({ file, bytes, sha256 }) {
  const response = await fetch(`${file}?${sha256.slice(0, 12)}`);
  if (!response.ok) throw new Error(`${file}: the server answered ${response.status} ${response.statusText}`);
  const content = new Uint8Array(await response.arrayBuffer());
  if (content.length !== bytes) throw new Error(`${file}: expected ${bytes} bytes, received ${content.length}`);
  return content;
}

async function run(tensor) {
  const started = performance.now();
  const input = new Tensor(tensor, page.input.shape);
  try {
    const outputs = await model.run(page.signature, { [page.input.name]: input });
    const answer = outputs[page.output].toTypedArray().slice();
    Object.values(outputs).forEach((output) => output.delete());
    return { answer, milliseconds: performance.now() - started };
  } finally {
    input.delete();
  }
}
