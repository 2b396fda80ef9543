const SIGNATURE = "signature"; // fill
const FRAMES = "input"; // fill from input
const LENGTH = "input"; // fill
const CHANNELS = 3; // fill
const SIZE = 16; // fill

// only: windows
/** Frames in as few windows of up to SIZE as there can be, of equal length. */
export function parts(frames) {
  const count = Math.ceil(frames.length / SIZE), short = Math.floor(frames.length / count);
  const starts = Array.from({ length: count + 1 }, (_, index) => index * short + Math.min(index, frames.length % count));
  return starts.slice(1).map((end, index) => piece(frames.slice(starts[index], end), starts[index]));
}

// end
// only: stream
/**
 * Frames, SIZE at a time.
 *
 * From a camera: `model.begin` once, then `model.run` with each frame; the answer is for all frames so far.
 */
export function parts(frames) {
  const count = Math.ceil(frames.length / SIZE);
  return Array.from({ length: count }, (_, index) => piece(frames.slice(index * SIZE, (index + 1) * SIZE), index * SIZE));
}

// end
function piece(frames, start) {
  const flat = new Uint8Array(SIZE * HEIGHT * WIDTH * CHANNELS);
  frames.forEach((frame, index) => flat.set(frame, index * HEIGHT * WIDTH * CHANNELS));
  return { inputs: { [FRAMES]: flat, [LENGTH]: Int32Array.of(frames.length) }, start, length: frames.length };
}

/**
 * await predict(await Model.open(), pictures, 120, 160)  // fill: predict
 *
 * Pictures are bytes [height, width, CHANNELS] of one size, in the order of time.
 */
export async function predict(model, pictures, height, width) { // fill: predict
  const calls = parts(pictures.map((picture) => fit(picture, height, width))), outputs = [];
  // only: stream
  model.begin(SIGNATURE);
  // end
  for (const { inputs } of calls) outputs.push(await model.run(SIGNATURE, inputs));
  return answer(model, calls, outputs);
}
