const SIGNATURE = "signature"; // fill
const TEXT = "input"; // fill from input
const SIZE = 256; // fill

const isSpace = (byte) => byte <= 32 || byte === 127;

// only: windows
/** Windows of SIZE bytes, cut at spaces where possible, else between two characters; zeros behind each. */
export function parts(text) {
  const data = new TextEncoder().encode(text);
  if (data.length <= SIZE) return [piece(data, 0, data.length)];
  let start = 0, end = data.length;
  while (end > 0 && isSpace(data[end - 1])) end--;
  while (start < end && isSpace(data[start])) start++;
  const pieces = [];
  while (end - start > SIZE) {
    let cut = start + SIZE;
    while (cut > start && !isSpace(data[cut])) cut--;
    if (cut === start) {
      cut = start + SIZE;
      while (cut > Math.max(start + SIZE - 4, start) && (data[cut] & 0xc0) === 0x80) cut--;
      if (cut === Math.max(start + SIZE - 4, start)) cut = start + SIZE;
    }
    let last = cut;
    while (isSpace(data[last - 1])) last--;
    pieces.push(piece(data, start, last));
    start = cut;
    while (isSpace(data[start])) start++;
  }
  return [...pieces, piece(data, start, end)];
}

// end
// only: stream
/** Chunks of SIZE bytes that tear no word apart; zeros behind each. One longer than SIZE is cut as in training. */
export function parts(text) {
  const data = new TextEncoder().encode(text);
  const pieces = [];
  let start = 0;
  while (data.length - start > SIZE) {
    let cut = start + SIZE;
    while (cut > start && !isSpace(data[cut - 1])) cut--;
    if (cut === start) cut = start + (SIZE - (SIZE % 32) || SIZE);
    pieces.push(piece(data, start, cut));
    start = cut;
  }
  return [...pieces, piece(data, start, data.length)];
}

// end
function piece(data, start, end) {
  const padded = new Uint8Array(SIZE);
  padded.set(data.subarray(start, end));
  return { inputs: { [TEXT]: padded }, start, length: end - start };
}

/** await predict(await Model.open(), "An example.") */  // fill: predict
export async function predict(model, text) { // fill: predict
  const calls = parts(text), outputs = [];
  // only: stream
  model.begin(SIGNATURE);
  // end
  for (const { inputs } of calls) outputs.push(await model.run(SIGNATURE, inputs));
  return answer(model, calls, outputs);
}
