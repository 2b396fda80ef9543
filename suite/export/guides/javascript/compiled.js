// npm install @litertjs/core@2.5.3; the server gives node_modules/@litertjs/core/wasm under /litert/,
// FILES beside the page.  // fill: FILES
import { loadAndCompile, loadLiteRt, Tensor } from "@litertjs/core";

const FILE = "compiled.tflite"; // fill
const SHAPES = { signature: { input: [1, 256], output: [1, 2] } }; // fill
// only: stream
const TYPES = { signature: { state_sum: "float32" } }; // fill
const ARRAYS = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array };
// end

/** The file, run by LiteRT.js. */
export class Model {
  /** Load LiteRT.js and the file; once for a page. */
  static async open() {
    const model = new Model();
    await loadLiteRt("/litert/");
    model.compiled = await loadAndCompile(FILE, { accelerator: "wasm" });
    // only: labels
    model.labels = (await (await fetch("labels.txt")).text()).split("\n").slice(0, -1);
    // end
    return model;
  }

  // only: stream
  /** Begin a new input: zeros in all states. */
  begin(signature) {
    const states = Object.entries(SHAPES[signature]).filter(([name]) => name.startsWith("state_"));
    this.state = Object.fromEntries(states.map(([name, shape]) =>
      [name, new ARRAYS[TYPES[signature][name]](shape.reduce((size, axis) => size * axis, 1))]));
  }

  // end
  /** One call of a signature: name -> flat typed array, row by row, in and out. */
  async run(signature, inputs) {
    // only: stream
    inputs = { ...inputs, ...this.state };
    // end
    const fed = Object.fromEntries(Object.entries(inputs).map(([name, values]) =>
      [name, new Tensor(values, SHAPES[signature][name])]));
    let results = {};
    try {
      results = await this.compiled.run(signature, fed);
      const outputs = Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, tensor.toTypedArray().slice()]));
      // only: stream
      for (const name of Object.keys(this.state)) {
        this.state[name] = outputs[name]; // goes into the next call
        delete outputs[name];
      }
      // end
      return outputs;
    } finally {
      for (const tensor of [...Object.values(fed), ...Object.values(results)]) tensor.delete();
    }
  }
}
