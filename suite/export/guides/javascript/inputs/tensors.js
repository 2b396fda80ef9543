const SIGNATURE = "signature"; // fill
// only: row
const ROW = "input"; // fill from input
const SIZE = 256; // fill

/** Pieces of SIZE of a row of numbers (typed array), zeros behind the last one. */
export function parts(row) {
  return Array.from({ length: Math.max(Math.ceil(row.length / SIZE), 1) }, (_, index) => {
    const piece = row.subarray(index * SIZE, (index + 1) * SIZE), padded = new row.constructor(SIZE);
    padded.set(piece);
    return { inputs: { [ROW]: padded }, start: index * SIZE, length: piece.length };
  });
}

/** await predict(await Model.open(), numbers) */  // fill: predict
export async function predict(model, row) { // fill: predict
  const calls = parts(row), outputs = [];
  // only: stream
  model.begin(SIGNATURE);
  // end
  for (const { inputs } of calls) outputs.push(await model.run(SIGNATURE, inputs));
  return answer(model, calls, outputs);
}
// end
// only: arrays
/** One call: flat typed arrays by name, of the shapes listed above. */
export async function predict(model, inputs) { // fill: predict
  // only: stream
  // The state stays from call to call: `model.begin` before each new input.
  if (!model.state) model.begin(SIGNATURE);
  // end
  return answer(model, [{ inputs, start: 0, length: 1 }], [await model.run(SIGNATURE, inputs)]);
}
// end
