const SENTENCE = "output"; // fill from output

/** The sentence; of an input in several pieces one for each, with a space between. */
export function answer(model, calls, outputs) {
  return outputs.map((output) => {
    const bytes = output[SENTENCE], end = bytes.indexOf(0);
    return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
  }).join(" ");
}
