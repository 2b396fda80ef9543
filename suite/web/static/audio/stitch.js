/* Recordings of any length for a model of fixed size: windows that overlap, each giving its middle, then the best
 * symbol of every step. The same rule as `transcribe` of the speech pipeline has in Python. */

const OVERLAP_SECONDS = 1;
const BLANK = 0;

/**
 * Return the question (see model.js) that transcribes samples (Float32Array).
 *
 * `input` is the entry of page.json: `size` (samples of one call), `sample_rate`, `step_samples` and `symbols`.
 */
export function transcription(samples, input) {
  const { windows, half, advance } = cut(samples.length, input);
  const last = windows.length - 1;
  return {
    count: windows.length,
    tensors: (index) => {
      const padded = new Float32Array(input.size);
      const window = samples.subarray(windows[index], windows[index] + input.size);
      padded.set(window);
      return { samples: padded, length: Int32Array.of(window.length) };
    },
    join: (outputs) => {
      const path = outputs.flatMap(({ log_probs, frames }, index) =>
        bestPath(log_probs, input.symbols.length, index ? half : 0, index < last ? half + advance : frames[0]));
      return { text: greedy(path, input.symbols), seconds: samples.length / input.sample_rate };
    },
  };
}

/** Return where windows begin, and in steps what an inner edge gives up and how far one window is from the next. */
function cut(length, { size, sample_rate: rate, step_samples: step }) {
  const half = Math.floor(Math.min(Math.round((OVERLAP_SECONDS * rate) / 2), Math.floor(size / 4)) / step);
  const advance = Math.floor(size / step) - 2 * half;
  const windows = [0];
  while (windows.at(-1) + size < length) windows.push(windows.at(-1) + advance * step);
  return { windows, half, advance };
}

/** Return the best symbol of the steps `from` to `to` of a row-major array (steps, symbols). */
function bestPath(logProbs, symbols, from, to) {
  return Array.from({ length: Math.max(to - from, 0) }, (_, step) => {
    const row = logProbs.subarray((from + step) * symbols, (from + step + 1) * symbols);
    return row.indexOf(Math.max(...row));
  });
}

/** Return the text of a path: repeats merged, blanks dropped. */
function greedy(path, symbols) {
  return path.filter((symbol, step) => symbol !== BLANK && symbol !== path[step - 1])
    .map((symbol) => symbols[symbol]).join("");
}
