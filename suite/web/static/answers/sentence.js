/* Answer kind `sentence`: words one after another, by a search, and for each of them where in a picture the model looked. */

import { element, inMilliseconds } from "../elements.js";
import { BeamSearch } from "../sequence/search.js";

const BEFORE = "The sentence appears here.";
const NONE = "The model has no words for this.";
const HINT = "Point at a word, or go there with Tab, to see where the model looked.";
const DIMMEST = 0.15; // of a place that did not count

/**
 * Return the question (see model.js) about what an input gave: its greedy sentence, what the model sees, then one word after
 * another. `answer` is that of page.json: the search's rules, `words`, `beams` (rows of `decode_step`), `grid` (0 without
 * attention) and `greedy`, the signature of the greedy sentence. What is shown has
 *   text       the sentence
 *   score      of the search, and `greedy`, the greedy sentence
 *   words      its words: `text`, and `attention`, how much each place of the grid counted, row by row; null without
 *   pixels     what the model sees of a picture
 */
export function question(given, answer) {
  const { words, max_words, grid, beams } = answer;
  const rules = { ...answer, beam_width: Math.min(answer.beam_width, beams) };
  const [{ tensors: encoderInput }] = given.windows();
  let greedy, seen, search, states;
  const sentence = (tokens) => Array.from(tokens, (token) => words[token]).join(" ");

  /** Return the tensors of the next step; a beginning's state is that of the one it goes on from. */
  function step() {
    const size = states[0].length;
    const tokens = new Int32Array(beams), state = new Float32Array(beams * size);
    search.beams.forEach((beam, row) => {
      tokens[row] = beam.tokens.length ? beam.tokens.at(-1) : rules.start;
      state.set(states[beam.parent], row * size);
    });
    return { signature: "decode_step", tensors: { tokens, state, values: seen.values, keys: seen.keys } };
  }

  function take({ [answer.greedy]: whole, encode, decode_step: found }) {
    if (whole) {
      const count = whole.count[0];
      const looked = rows(whole.attention, max_words).slice(0, count);
      greedy = { tokens: Array.from(whole.tokens.slice(0, count)), logProb: whole.log_prob[0], attention: looked };
    } else if (encode) {
      [seen, states] = [encode, [encode.state]];
      search = new BeamSearch(rules, greedy);
    } else {
      const [logProbs, after, looked] = [found.log_probs, found.state, found.attention].map((all) => rows(all, beams));
      states = after;
      search.take(search.beams.map((_, row) => ({ logProbs: logProbs[row], attention: looked[row] })));
    }
  }

  return {
    count: max_words + 3, // at most
    next: (last) => {
      if (last) take(last);
      if (!greedy) return { signature: answer.greedy, tensors: encoderInput };
      if (!search) return { signature: "encode", tensors: encoderInput };
      return search.open ? step() : null;
    },
    join: () => ({
      text: sentence(search.best.tokens),
      score: search.best.score,
      greedy: sentence(greedy.tokens),
      words: search.best.tokens.map((token, index) => ({
        text: words[token],
        attention: grid ? Array.from(search.best.attention[index]) : null,
      })),
      pixels: given.pixels,
    }),
    live: given.live,
  };
}

/** Return an array cut into `count` equal parts. */
function rows(all, count) {
  const size = all.length / count;
  return Array.from({ length: count }, (_, row) => all.subarray(row * size, (row + 1) * size));
}

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
