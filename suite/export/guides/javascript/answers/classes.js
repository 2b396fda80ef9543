const PROBABILITIES = "output"; // fill from output

/** The probability of each label. */
export function answer(model, calls, outputs) {
  // only: stream
  const scores = [...outputs.at(-1)[PROBABILITIES]]; // the answer after the last chunk is that of the whole input
  // end
  // only: stateless
  // One answer for each piece; that of the whole input is their mean, weighted by the length of each.
  const lengths = calls.map(({ length }) => Math.max(length, 1));
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const scores = model.labels.map((_, place) =>
    outputs.reduce((sum, output, index) => sum + output[PROBABILITIES][place] * lengths[index], 0) / total);
  // end
  return Object.fromEntries(model.labels.map((label, place) => [label, scores[place]]));
}
