/* Runs the model away from the page, so that typing never waits for it.
 *
 * In:  {open: page}               the content of page.json
 *      {run: tensors, signature}   the inputs of one call: name -> typed array; the page's first signature unless named
 * Out: {opened: true} | {outputs, milliseconds} | {failed: words}, where outputs are name -> typed array
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
      self.postMessage(await run(data.run, data.signature));
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
  // The first call is slow; nobody should wait for it while typing.
  for (const [signature, { inputs }] of Object.entries(page.signatures)) {
    await run(Object.fromEntries(Object.entries(inputs).map(([name, { dtype, shape }]) =>
      [name, new ARRAYS[dtype](shape.reduce((all, axis) => all * axis, 1))])), signature);
  }
}

/** Return the model's bytes; the sum in the address keeps an older file out of the browser's cache. */
async function fetchModel({ file, bytes, sha256 }) {
  const response = await fetch(`${file}?${sha256.slice(0, 12)}`);
  if (!response.ok) throw new Error(`${file}: the server answered ${response.status} ${response.statusText}`);
  const content = new Uint8Array(await response.arrayBuffer());
  if (content.length !== bytes) throw new Error(`${file}: expected ${bytes} bytes, received ${content.length}`);
  return content;
}

async function run(tensors, signature = Object.keys(page.signatures)[0]) {
  const started = performance.now();
  const wanted = page.signatures[signature];
  const inputs = {};
  let found = {};
  try {
    for (const [name, { shape }] of Object.entries(wanted.inputs)) inputs[name] = new Tensor(tensors[name], shape);
    found = await model.run(signature, inputs);
    const outputs = Object.fromEntries(wanted.outputs.map((name) => [name, found[name].toTypedArray().slice()]));
    return { outputs, milliseconds: performance.now() - started };
  } finally {
    for (const tensor of [...Object.values(inputs), ...Object.values(found)]) tensor.delete();
  }
}
