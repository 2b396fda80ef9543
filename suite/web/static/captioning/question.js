/* What is asked about a picture: its greedy caption, what the model sees, then one word after another. */

import { BeamSearch } from "./search.js";

/**
 * Return the question (see model.js) about a picture, Uint8Array (height, width, 3). `input` is that of page.json: the
 * search's rules, `words`, `beams` (rows of `decode_step`), `grid` (0 without attention). The answer has
 *   text       the caption
 *   score      of the search, and `greedy`, the greedy caption
 *   words      its words: `text`, and `attention`, how much each place of the grid counted, row by row; null without
 */
export function question(pixels, input) {
  const { words, max_words, grid } = input;
  const rules = { ...input, beam_width: Math.min(input.beam_width, input.beams) };
  let greedy, seen, search, states;
  const sentence = (tokens) => Array.from(tokens, (token) => words[token]).join(" ");

  /** Return the tensors of the next step; a beginning's state is that of the one it goes on from. */
  function step() {
    const size = states[0].length;
    const tokens = new Int32Array(input.beams), state = new Float32Array(input.beams * size);
    search.beams.forEach((beam, row) => {
      tokens[row] = beam.tokens.length ? beam.tokens.at(-1) : rules.start;
      state.set(states[beam.parent], row * size);
    });
    return { signature: "decode_step", tensors: { tokens, state, values: seen.values, keys: seen.keys } };
  }

  function take({ caption, encode, decode_step: found }) {
    if (caption) {
      const count = caption.count[0];
      const looked = rows(caption.attention, max_words).slice(0, count);
      greedy = { tokens: Array.from(caption.tokens.slice(0, count)), logProb: caption.log_prob[0], attention: looked };
    } else if (encode) {
      [seen, states] = [encode, [encode.state]];
      search = new BeamSearch(rules, greedy);
    } else {
      const [logProbs, after, looked] = [found.log_probs, found.state, found.attention].map((all) => rows(all, input.beams));
      states = after;
      search.take(search.beams.map((_, row) => ({ logProbs: logProbs[row], attention: looked[row] })));
    }
  }

  return {
    count: max_words + 3, // at most
    next: (last) => {
      if (last) take(last);
      if (!greedy) return { signature: "caption", tensors: { picture: pixels } };
      if (!search) return { signature: "encode", tensors: { picture: pixels } };
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
      pixels,
    }),
  };
}

/** Return an array cut into `count` equal parts. */
function rows(all, count) {
  const size = all.length / count;
  return Array.from({ length: count }, (_, row) => all.subarray(row * size, (row + 1) * size));
}
