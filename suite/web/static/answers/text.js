/* Answer kind `text`: words that the model gives, such as a transcript. */

import { element, inMilliseconds } from "../elements.js";

/**
 * Put the answer's parts into `place` and return a function that shows an answer: `text`, and `seconds` that the input
 * lasts, where it does; and the milliseconds that the model took; or null, where there is nothing to show.
 */
export function mount(place, { before, none }) {
  const words = element("p", { id: "words", dir: "auto" });
  words.setAttribute("aria-live", "polite");
  const speed = element("p", { id: "latency" });
  place.replaceChildren(words, speed);

  const clear = () => {
    delete place.dataset.text;
    place.dataset.empty = true;
    words.textContent = before;
    speed.textContent = "";
  };
  const show = ({ text, seconds }, milliseconds) => {
    Object.assign(place.dataset, { text, empty: text === "" });
    words.textContent = text || none;
    speed.textContent = seconds === undefined ? `answered in ${inMilliseconds(milliseconds)}`
      : `${seconds.toFixed(1)} s of audio in ${inMilliseconds(milliseconds)}, `
        + `real-time factor ${(milliseconds / 1000 / seconds).toPrecision(2)}`;
  };
  return (answer, milliseconds) => (answer === null ? clear() : show(answer, milliseconds));
}
