const SIGNATURE = "signature"; // fill
const TEXT = "input"; // fill from input
// only: stateless
const LONGEST = 256; // fill
// end
const SIZE = 256; // fill
const SEPARATOR = 31; // ends each token of a text that brings its own
const SENTENCE_ENDS = [".", "!", "?", "…", "。", "！", "？", "।", "؟"].map((mark) => [...new TextEncoder().encode(mark)]);

const isSpace = (byte) => byte <= 32 || byte === 127;

/** Pieces [start, end] of at most `limit` bytes: cut behind a sentence, else a space, else a character. */
function cut(data, from, behind, limit) {
  const isBreak = data.subarray(from, behind).includes(SEPARATOR) ? (byte) => byte === SEPARATOR : isSpace;
  const pieces = [];
  let start = from;
  while (behind - start > limit) {
    const places = Array.from({ length: limit }, (_, back) => start + limit - back);
    const spaces = places.filter((place) => isBreak(data[place - 1]));
    const end = spaces.find((place) => 2 * (place - start) > limit && endsSentence(data, start, place - 1))
      ?? spaces[0] ?? places.slice(0, 4).find((place) => (data[place] & 0xc0) !== 0x80) ?? places[0];
    pieces.push([start, end]);
    start = end;
  }
  return [...pieces, [start, behind]];
}

function endsSentence(data, start, place) {
  return data[place] === 10 || data[place] === 13 || SENTENCE_ENDS.some((mark) =>
    place - mark.length >= start && mark.every((byte, index) => data[place - mark.length + index] === byte));
}

/** await predict(await Model.open(), "An example.") */  // fill: predict
export async function predict(model, text) { // fill: predict
  const data = new TextEncoder().encode(text);
  // only: stream
  model.begin(SIGNATURE);
  const waiting = cut(data, 0, data.length, SIZE);
  // end
  // only: stateless
  // No piece is longer than the texts that the model learned from.
  const waiting = cut(data, 0, data.length, LONGEST).flatMap(([start, end]) => cut(data, start, end, SIZE));
  // end
  const calls = [], outputs = [];
  while (waiting.length) {
    const [start, end] = waiting.shift();
    const padded = new Uint8Array(SIZE);
    padded.set(data.subarray(start, end));
    const output = await model.run(SIGNATURE, { [TEXT]: padded });
    // only: windows
    if (overfull(output) && end - start > 1) {
      waiting.unshift(...cut(data, start, end, Math.floor((end - start) / 2)));
      continue;
    }
    // end
    calls.push({ start, length: end - start });
    outputs.push(output);
  }
  return answer(model, text, calls, outputs);
}
