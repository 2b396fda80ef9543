/* Beam search for a sentence, by the rule of suite/sequence/beam_search.py, for one input. */

/**
 * One search.
 *
 * `rules` has `start`, `end`, `forbidden`, `max_words`, `beam_width`, `length_penalty`, `no_repeat_ngram`; `greedy` is the
 * greedy sentence, which joins the candidates: {tokens, logProb, attention}. Ask as long as `open`:
 *   beams          what to feed: an array of {tokens, parent}; the last word of each beginning, and whose state, of the
 *                  beams before, is its own
 *   take(answers)  for each of them {logProbs, attention}: of the next word, and where the model looked for it
 * Then `best` is the sentence: {tokens, logProb, score, attention}, with an array of each word's attention.
 */
export class BeamSearch {
  constructor(rules, greedy) {
    this.rules = rules;
    this.best = { ...greedy, score: this.#score(greedy.logProb, greedy.tokens.length) };
    this.greedyTokens = greedy.tokens.join();
    this.highest = -Infinity; // of the endings found
    this.length = 0;
    this.beams = [{ tokens: [], parent: 0, logProb: 0, attention: [] }];
    this.open = true;
  }

  take(answers) {
    const { rules, length } = this;
    this.beams.forEach((beam, index) => this.#end(beam, answers[index].logProbs[rules.end]));
    if (length === rules.max_words) {
      this.open = false;
      return;
    }
    this.beams = this.#longer(answers);
    this.length += 1;
    // An end never adds probability: none of them scores above this.
    const most = this.beams.length ? this.beams[0].logProb / (rules.max_words + 1) ** rules.length_penalty : -Infinity;
    this.open = most > this.highest;
  }

  /** Let a beginning end here. */
  #end({ tokens, logProb, attention }, added) {
    const score = this.#score(logProb + added, tokens.length);
    this.highest = Math.max(this.highest, score);
    if (score > this.best.score && tokens.join() !== this.greedyTokens) {
      this.best = { tokens, logProb: logProb + added, score, attention };
    }
  }

  /** Return the most probable beginnings one word longer, best first; of equal ones, in order of parent and word. */
  #longer(answers) {
    const { end, forbidden, beam_width: width } = this.rules;
    const kept = [];
    this.beams.forEach((beam, parent) => {
      const banned = new Set([end, ...forbidden, ...repeating(beam.tokens, this.rules.no_repeat_ngram)]);
      answers[parent].logProbs.forEach((added, word) => {
        const logProb = beam.logProb + added;
        if (logProb === -Infinity || (kept.length === width && logProb <= kept[width - 1].logProb) || banned.has(word)) return;
        const place = kept.findIndex((other) => logProb > other.logProb);
        kept.splice(place < 0 ? kept.length : place, 0, { logProb, parent, word });
        if (kept.length > width) kept.pop();
      });
    });
    return kept.map(({ logProb, parent, word }) => ({
      logProb,
      parent,
      tokens: [...this.beams[parent].tokens, word],
      attention: [...this.beams[parent].attention, answers[parent].attention],
    }));
  }

  #score(logProb, words) {
    return logProb / (words + 1) ** this.rules.length_penalty;
  }
}

/** Return the words that would make a sequence of `ngram` words come again. */
function repeating(tokens, ngram) {
  if (!ngram) return [];
  const begun = tokens.slice(Math.max(0, tokens.length - ngram + 1));
  const places = tokens.map((_, place) => place).filter((place) => place + ngram <= tokens.length
    && begun.every((token, offset) => tokens[place + offset] === token));
  return places.map((place) => tokens[place + ngram - 1]);
}
