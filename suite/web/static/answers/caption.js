/* Answer kind `caption`: a sentence about a picture, and for each of its words where the model looked. */

import { element, inMilliseconds } from "../elements.js";

const BEFORE = "The caption appears here.";
const NONE = "The model has no words for this picture.";
const HINT = "Point at a word, or go there with Tab, to see where the model looked.";
const DIMMEST = 0.15; // of a place that did not count

/**
 * Put the answer's parts into `place` and return a function that shows an answer: `text`, `words` (each `text` and
 * `attention`) and `pixels`, what the model saw, RGB; and the milliseconds that the model took; or null, where there is
 * nothing to show. `answer` has `height`, `width` and `grid`.
 */
export function mount(place, { height, width, grid }) {
  const sentence = element("p", { id: "words", dir: "auto" });
  const speed = element("p", { id: "latency" });
  const hint = element("p", { className: "used", textContent: HINT });
  const looked = element("canvas", { id: "looked", className: "picture", width, height, hidden: true });
  sentence.setAttribute("aria-live", "polite");
  looked.setAttribute("role", "img");
  place.replaceChildren(sentence, speed, hint, looked);
  const pen = looked.getContext("2d");

  const clear = () => {
    for (const name of ["text", "score", "greedy"]) delete place.dataset[name];
    place.dataset.empty = true;
    sentence.textContent = BEFORE;
    speed.textContent = "";
    hint.hidden = looked.hidden = true;
  };
  const show = ({ text, score, greedy, words, pixels }, milliseconds) => {
    Object.assign(place.dataset, { text, score, greedy, empty: text === "" });
    speed.textContent = `answered in ${inMilliseconds(milliseconds)}`;
    hint.hidden = !grid || !words.length;
    looked.hidden = true;
    sentence.replaceChildren(...(text ? words.flatMap((word) => [part(word, pixels), " "]) : [NONE]));
  };
  const part = (word, pixels) => {
    if (!word.attention) return element("span", { textContent: word.text });
    const made = element("span", { className: "word", textContent: word.text, tabIndex: 0 });
    const draw = () => {
      pen.putImageData(dimmed(pixels, word.attention, height, width, grid), 0, 0);
      looked.setAttribute("aria-label", `Where the model looked for “${word.text}”`);
      looked.hidden = false;
    };
    for (const event of ["pointerenter", "focus"]) made.addEventListener(event, draw);
    return made;
  };
  return (answer, milliseconds) => (answer === null ? clear() : show(answer, milliseconds));
}

/** Return a picture as dark in each place as it counted little. */
function dimmed(pixels, attention, height, width, grid) {
  const most = Math.max(...attention), image = new ImageData(width, height);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const cell = Math.floor((row * grid) / height) * grid + Math.floor((column * grid) / width);
      const light = DIMMEST + (1 - DIMMEST) * (attention[cell] / most), at = row * width + column;
      for (let channel = 0; channel < 3; channel++) image.data[4 * at + channel] = pixels[3 * at + channel] * light;
      image.data[4 * at + 3] = 255;
    }
  }
  return image;
}
