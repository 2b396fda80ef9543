/* Answer kind `text`: words that the model gives, such as a transcript. */

import { element, inMilliseconds } from "../elements.js";

/**
 * Put the answer's parts into `place` and return a function that shows an answer: `text`, and `seconds` that the input
 * lasts, where it does; and the milliseconds that the model took.
 */
export function mount(place, { before, none }) {
  const words = element("p", { id: "words", dir: "auto", textContent: before });
  words.setAttribute("aria-live", "polite");
  const speed = element("p", { id: "latency" });
  place.replaceChildren(words, speed);
  place.dataset.empty = true;

  return ({ text, seconds }, milliseconds) => {
    Object.assign(place.dataset, { text, empty: text === "" });
    words.textContent = text || none;
    speed.textContent = seconds === undefined ? `answered in ${inMilliseconds(milliseconds)}`
      : `${seconds.toFixed(1)} s of audio in ${inMilliseconds(milliseconds)}, `
        + `real-time factor ${(milliseconds / 1000 / seconds).toPrecision(2)}`;
  };
}
