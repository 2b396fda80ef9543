/* Answer kind `tags`: the text with its spans marked, each with its label, and the intent where the model has any. */

import { element, inMilliseconds } from "../elements.js";
import { byteOffsets, cutText } from "../pieces.js";
import { combine } from "../windows.js";

const OUTSIDE = "O";
const NOTHING = "Nothing to tag yet";
const QUIET = 900; // milliseconds without a new answer before screen readers are told

/**
 * Return the question (see model.js) about what an input gave (see inputs/text.js): the text in pieces.
 *
 * A piece of more tokens than the model has places for is asked again in halves. `answer` has `labels` (the tags), `scheme`,
 * `intents`, and `longest`, the bytes of the longest text that the model learned from.
 */
export function question(given, answer) {
  const within = (begin, pieces) => pieces.map((part) => ({ begin: begin + part.begin, piece: part.piece, cut: false }));
  const bytes = new TextEncoder().encode(given.text);
  const calls = cutText(bytes, answer.longest)
    .flatMap(({ begin, piece }) => within(begin, cutText(piece, given.size)));
  return {
    get count() { return calls.length; },
    tensors: (index) => given.tensors(calls[index].piece),
    heard: (outputs, index) => {
      const call = calls[index];
      call.cut = outputs.count[0] > outputs.tags.length && call.piece.length > 1;
      if (call.cut) calls.splice(index + 1, 0, ...within(call.begin, cutText(call.piece, call.piece.length >> 1)));
    },
    join: (outputs) => {
      const read = calls.map((call, index) => ({ ...call, outputs: outputs[index] })).filter(({ cut }) => !cut);
      return { ...tagged(given.text, read, answer), text: given.text, empty: given.empty };
    },
    live: given.live,
  };
}

/**
 * Return `tokens` and `spans` of a text, and where there are any `intents`, the probability of each in their order.
 *
 * `start` and `end` count characters (code points), as in Python; `from` and `to` are places of the JavaScript string.
 */
function tagged(text, calls, { labels, scheme, intents }) {
  const { points, units } = byteOffsets(text);
  const place = (from, to) => ({
    text: text.slice(units[from], units[to]), start: points[from], end: points[to], from: units[from], to: units[to],
  });
  const tokens = calls.flatMap(({ begin, outputs }) => Array.from({ length: outputs.count[0] }, (_, token) => ({
    first: begin + outputs.starts[token], behind: begin + outputs.ends[token],
    tag: labels[outputs.tags[token]], probability: outputs.probabilities[token],
  })));
  const spans = tagSpans(tokens.map(({ tag }) => tag), scheme).map(([first, behind, label]) => ({
    ...place(tokens[first].first, tokens[behind - 1].behind), label,
    score: Math.min(...tokens.slice(first, behind).map(({ probability }) => probability)),
  }));
  const weights = calls.map(({ piece }) => piece.length || 1);
  return {
    tokens: tokens.map(({ first, behind, tag, probability }) => ({ ...place(first, behind), tag, probability })),
    spans,
    intents: intents.length ? combine(calls.map(({ outputs }) => outputs.intent), weights) : [],
  };
}

/**
 * Return the spans that tags mean: [first token, token behind the last one, label].
 *
 * suite/data/tag_schemes.py has the same rules: those of CoNLL's script, by which every tag but O belongs to a span; and of
 * plain labels (the scheme `none`) each is a span of its own.
 */
export function tagSpans(tags, scheme) {
  const spans = [];
  let before = OUTSIDE;
  tags.forEach((tag, token) => {
    if (tag !== OUTSIDE) {
      const label = scheme === "none" ? tag : tag.slice(2);
      const begins = scheme === "none" || "BS".includes(tag[0]) || label !== before.slice(2) || "ES".includes(before[0]);
      if (begins) spans.push([token, token + 1, label]);
      else spans.at(-1)[1] = token + 1;
    }
    before = tag;
  });
  return spans;
}

/**
 * Put the answer's parts into `place` and return a function that shows an answer, what `join` gives, and the milliseconds
 * that the model took; or null, where there is nothing to show.
 */
export function mount(place, { intents }) {
  const label = element("strong", { id: "label", dir: "auto" });
  const confidence = element("span", { id: "confidence" }), latency = element("span", { id: "latency" });
  const words = element("p", { id: "words", className: "tagged", dir: "auto" });
  const spoken = element("p", { className: "unseen" });
  spoken.setAttribute("aria-live", "polite");
  place.replaceChildren(element("p", { className: "headline" }, label, " ", confidence, " ", latency), words, spoken);

  let announcement;
  const clear = () => {
    clearTimeout(announcement);
    for (const name of ["tokens", "spans", "intent", "intentScores"]) delete place.dataset[name];
    place.dataset.empty = true;
    label.textContent = NOTHING;
    for (const part of [confidence, latency, words, spoken]) part.replaceChildren();
  };
  const show = ({ text, tokens, spans, intents: scores, empty }, milliseconds) => {
    // The exact numbers, for whoever reads the page by program.
    Object.assign(place.dataset, { tokens: JSON.stringify(tokens, inPoints), spans: JSON.stringify(spans, inPoints), empty });
    const best = scores.indexOf(Math.max(...scores));
    const count = `${spans.length} span${spans.length === 1 ? "" : "s"}`;
    if (intents.length) {
      const named = Object.fromEntries(intents.map((intent, index) => [intent, scores[index]]));
      Object.assign(place.dataset, { intent: intents[best], intentScores: JSON.stringify(named) });
    }
    const heading = intents.length ? intents[best] : count;
    label.textContent = empty ? NOTHING : heading;
    confidence.textContent = empty || !intents.length ? "" : percent(scores[best]);
    latency.textContent = `answered in ${inMilliseconds(milliseconds)}`;
    words.replaceChildren(...marked(text, spans));

    clearTimeout(announcement);
    const said = empty ? "" : [heading, ...spans.map((span) => `${span.text}: ${span.label}`)].join(", ");
    announcement = setTimeout(() => { spoken.textContent = said; }, QUIET);
  };
  return (answer, milliseconds) => (answer === null ? clear() : show(answer, milliseconds));
}

/** Leave the places of the JavaScript string out of JSON. */
const inPoints = (key, value) => (key === "from" || key === "to" ? undefined : value);

/** Return a text as nodes, its spans marked. */
function marked(text, spans) {
  const nodes = [];
  let place = 0;
  for (const { from, to, label, score, text: words } of spans) {
    const mark = element("mark", { title: `${label} ${percent(score)}` }, plain(words), element("sub", { textContent: label }));
    // The same hue for a label wherever it stands: its letters, added up.
    const letters = Array.from(label, (letter) => letter.codePointAt(0)).reduce((sum, code) => sum + code, 0);
    mark.style.setProperty("--hue", (letters * 47) % 360);
    nodes.push(plain(text.slice(place, from)), mark);
    place = to;
  }
  return [...nodes, plain(text.slice(place))];
}

/** Return text without what ends the tokens of one that brings its own. */
const plain = (text) => text.replaceAll("\x1f", " ");

const percent = (fraction) => `${(100 * fraction).toFixed(1)} %`;
