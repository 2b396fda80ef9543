const NAMES = ["O", "B-A"]; // fill

// only: windows
/** Whether a piece has more tokens than the file has places for. */
function overfull(output) {
  return output.count[0] > output.tags.length;
}

// end
/** Where each byte of a text in UTF-8 stands in the string. */
function placesOf(text) {
  const places = [];
  let place = 0;
  for (const character of text) {
    for (const _ of new TextEncoder().encode(character)) places.push(place);
    place += character.length;
  }
  return [...places, place];
}

/**
 * The spans of a text, in order: {start, end, label, score}, `text.slice(start, end)`; the score is the probability of the
 * least sure of its tokens.
 */
export function answer(model, text, calls, outputs) {
  const places = placesOf(text), spans = [];
  // only: lettered
  let before = "O";
  // end
  calls.forEach((part, index) => {
    const { starts, ends, tags, probabilities, count } = outputs[index];
    for (let token = 0; token < count[0]; token++) {
      const start = places[part.start + starts[token]], end = places[part.start + ends[token]];
      const tag = NAMES[tags[token]], score = probabilities[token];
      // only: plain
      if (tag !== "O") spans.push({ start, end, label: tag, score });
      // end
      // only: lettered
      const label = tag.slice(2);
      // B and S begin a span, behind E and S another one begins, and so it does wherever the label changes.
      if (tag !== "O" && ("BS".includes(tag[0]) || label !== before.slice(2) || "ES".includes(before[0]))) {
        spans.push({ start, end, label, score });
      } else if (tag !== "O") {
        const last = spans.at(-1);
        Object.assign(last, { end, score: Math.min(last.score, score) });
      }
      before = tag;
      // end
    }
  });
  // only: intents
  return { spans, intents: intents(model, calls, outputs) };
  // end
  // only: without_intents
  return { spans };
  // end
}

// only: intents
/** The probability of each intent. */
function intents(model, calls, outputs) {
  // only: stream
  const scores = [...outputs.at(-1).intent]; // the answer after the last chunk is that of the whole text
  // end
  // only: stateless
  // Of pieces it is the mean, weighted by the length of each.
  const lengths = calls.map(({ length }) => Math.max(length, 1));
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const scores = model.labels.map((_, place) =>
    outputs.reduce((sum, output, index) => sum + output.intent[place] * lengths[index], 0) / total);
  // end
  return Object.fromEntries(model.labels.map((label, place) => [label, scores[place]]));
}

// end
