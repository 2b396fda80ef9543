const SIGNATURE = "signature"; // fill
const PICTURE = "input"; // fill from input

/** Bytes [height, width, 3], RGB, of a picture of any size. */
export function parts(picture, height, width) {
  return [{ inputs: { [PICTURE]: fit(picture, height, width) }, start: 0, length: 1 }];
}

/** await predict(await Model.open(), new Uint8Array(120 * 160 * 3), 120, 160) */  // fill: predict
export async function predict(model, picture, height, width) { // fill: predict
  const calls = parts(picture, height, width);
  return answer(model, calls, [await model.run(SIGNATURE, calls[0].inputs)]);
}
