/* Recordings of any length as windows that the model takes. */

/**
 * Return the windows of samples (Float32Array): {tensors, weight, begin}, `begin` in samples.
 *
 * `input` is the entry of page.json: `size` (samples of one call), `sample_rate` and `step_samples`. With an overlap each
 * inner edge has half of it to give up, in whole steps; the speech pipeline has the same rule in Python.
 */
export function recordingWindows(samples, input, overlapSeconds = 0) {
  const { size, step_samples: step } = input;
  const advance = Math.floor(size / step) - 2 * edgeSteps(input, overlapSeconds);
  const begins = [0];
  while (begins.at(-1) + size < samples.length) begins.push(begins.at(-1) + advance * step);
  return begins.map((begin) => {
    const padded = new Float32Array(size);
    const window = samples.subarray(begin, begin + size);
    padded.set(window);
    return { tensors: { samples: padded, length: Int32Array.of(window.length) }, weight: window.length, begin };
  });
}

/** Return how many steps each inner edge of windows gives up. */
export function edgeSteps({ size, sample_rate: rate, step_samples: step }, overlapSeconds) {
  return Math.floor(Math.min(Math.round((overlapSeconds * rate) / 2), Math.floor(size / 4)) / step);
}
