const SIGNATURE = "signature"; // fill
const SAMPLES = "input"; // fill from input
const LENGTH = "input"; // fill
const RATE = 16000; // fill
const SIZE = 32000; // fill
// only: windows
const STEP = 320; // fill
// end
// only: stream
const TAIL = 0; // fill
// end

// only: windows
/** Windows of SIZE samples of a recording, Float32Array, one channel, RATE samples a second; a second of overlap. */
export function parts(samples) {
  const half = Math.floor(Math.floor(Math.min(RATE / 2, SIZE / 4)) / STEP);
  const advance = (Math.floor(SIZE / STEP) - 2 * half) * STEP;
  const count = Math.max(Math.ceil((samples.length - SIZE) / advance), 0) + 1;
  return Array.from({ length: count }, (_, index) => piece(samples, index * advance));
}

// end
// only: stream
/**
 * Chunks of SIZE samples of a recording, Float32Array, one channel, RATE samples a second, and the silence behind it.
 *
 * From a microphone: `model.begin` once, `model.run` with each SIZE samples, at the end TAIL samples of silence.
 */
export function parts(samples) {
  const all = new Float32Array(samples.length + TAIL);
  all.set(samples);
  return Array.from({ length: Math.ceil(all.length / SIZE) }, (_, index) => piece(all, index * SIZE));
}

// end
function piece(samples, start) {
  const window = samples.subarray(start, start + SIZE), padded = new Float32Array(SIZE);
  padded.set(window);
  return { inputs: { [SAMPLES]: padded, [LENGTH]: Int32Array.of(window.length) }, start, length: window.length };
}

/** await predict(await Model.open(), new Float32Array(RATE)) */  // fill: predict
export async function predict(model, samples) { // fill: predict
  const calls = parts(samples), outputs = [];
  // only: stream
  model.begin(SIGNATURE);
  // end
  for (const { inputs } of calls) outputs.push(await model.run(SIGNATURE, inputs));
  return answer(model, calls, outputs);
}
