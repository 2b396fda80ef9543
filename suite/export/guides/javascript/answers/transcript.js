const TRANSCRIPT = "output"; // fill from output
// only: stitch
const LOG_PROBS = "output"; // fill
const COUNT = "output"; // fill
const SYMBOLS = ["", "a", "b"]; // fill

/** The text. Where two windows overlap, each gives half; repeats merged, blanks (symbol 0) dropped. */
export function answer(model, calls, outputs) {
  if (calls.length === 1) return decoded(outputs[0]);
  const best = [0];
  calls.forEach(({ start, length }, index) => {
    const before = calls[index - 1], after = calls[index + 1];
    const begin = before ? Math.floor((before.start + before.length - start) / 2 / STEP) : 0;
    const end = after ? Math.floor((after.start - start + length) / 2 / STEP) : outputs[index][COUNT][0];
    for (let step = begin; step < end; step++) {
      const row = outputs[index][LOG_PROBS].subarray(step * SYMBOLS.length, (step + 1) * SYMBOLS.length);
      best.push(row.indexOf(Math.max(...row)));
    }
  });
  return best.map((symbol, step) => (symbol === 0 || symbol === best[step - 1] ? "" : SYMBOLS[symbol])).join("");
}

// end
// only: apart
/** The text, piece by piece. */
export function answer(model, calls, outputs) {
  return outputs.map(decoded).join(" ");
}

// end
// only: together
/** The text; that of a chunk is what the chunk adds. */
export function answer(model, calls, outputs) {
  return outputs.map(decoded).join("");
}

// end
function decoded(output) {
  const bytes = output[TRANSCRIPT], end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}
