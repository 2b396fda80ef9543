/* Answer kind `transcript`: the best symbol of every step of windows that overlap, each giving its middle. The same rule as
 * `transcribe` of the speech pipeline has in Python. */

import { edgeSteps } from "../audio/windows.js";
import { element, inMilliseconds } from "../elements.js";

const BLANK = 0;
const BEFORE = "The transcript appears here.";
const NONE = "No words were recognised.";

/** Return the question (see model.js) that transcribes what an input gave; `answer` has `symbols` and how windows are cut. */
export function question(given, answer) {
  const windows = given.windows();
  const half = edgeSteps(answer), last = windows.length - 1;
  const steps = Math.floor(answer.size / answer.step_samples) - half; // where a window's middle ends
  return {
    count: windows.length,
    tensors: (index) => windows[index].tensors,
    join: (outputs) => {
      const path = outputs.flatMap(({ log_probs, frames }, index) =>
        bestPath(log_probs, answer.symbols.length, index ? half : 0, index < last ? steps : frames[0]));
      return { text: greedy(path, answer.symbols), seconds: given.seconds };
    },
    live: given.live,
  };
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

/**
 * Put the answer's parts into `place` and return a function that shows an answer: `text`, and `seconds` that the input
 * lasts, where it does; and the milliseconds that the model took; or null, where there is nothing to show.
 */
export function mount(place) {
  const words = element("p", { id: "words", dir: "auto" });
  words.setAttribute("aria-live", "polite");
  const speed = element("p", { id: "latency" });
  place.replaceChildren(words, speed);

  const clear = () => {
    delete place.dataset.text;
    place.dataset.empty = true;
    words.textContent = BEFORE;
    speed.textContent = "";
  };
  const show = ({ text, seconds }, milliseconds) => {
    Object.assign(place.dataset, { text, empty: text === "" });
    words.textContent = text || NONE;
    speed.textContent = seconds === undefined ? `answered in ${inMilliseconds(milliseconds)}`
      : `${seconds.toFixed(1)} s of audio in ${inMilliseconds(milliseconds)}, `
        + `real-time factor ${(milliseconds / 1000 / seconds).toPrecision(2)}`;
  };
  return (answer, milliseconds) => (answer === null ? clear() : show(answer, milliseconds));
}
