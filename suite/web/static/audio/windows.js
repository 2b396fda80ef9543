/* Recordings of any length as windows that the model takes. */

export const OVERLAP_SECONDS = 1; // of neighboring windows; suite/inputs/audio_host.py has the same

/**
 * Return the windows of samples (Float32Array): {tensors, weight, begin}, `begin` in samples.
 *
 * `input` is the entry of page.json: `size` (samples of one call), `sample_rate` and `step_samples`. Each inner edge
 * has half of the overlap to give up, in whole steps; suite/inputs/audio_host.py has the same rule.
 */
export function recordingWindows(samples, input) {
  const { size, step_samples: step } = input;
  const advance = Math.floor(size / step) - 2 * edgeSteps(input);
  const begins = [0];
  while (begins.at(-1) + size < samples.length) begins.push(begins.at(-1) + advance * step);
  return begins.map((begin) => oneWindow(samples, input, begin));
}

function oneWindow(samples, { size }, begin) {
  const padded = new Float32Array(size);
  const window = samples.subarray(begin, begin + size);
  padded.set(window);
  return { tensors: { samples: padded, length: Int32Array.of(window.length) }, weight: window.length, begin };
}

/** Return windows one every `hop` samples, as `recordingWindows`; the last one ends with the samples. */
export function slidingWindows(samples, input, hop) {
  const begins = [];
  for (let begin = 0; begin + input.size <= samples.length; begin += hop) begins.push(begin);
  const last = Math.max(0, samples.length - input.size);
  if (begins.at(-1) !== last) begins.push(last);
  return begins.map((begin) => oneWindow(samples, input, begin));
}

/** Return how many steps each inner edge of windows gives up. */
export function edgeSteps({ size, sample_rate: rate, step_samples: step }) {
  return Math.floor(Math.min(Math.round((OVERLAP_SECONDS * rate) / 2), Math.floor(size / 4)) / step);
}
