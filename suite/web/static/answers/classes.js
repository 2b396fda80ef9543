/* Answer kind `classes`: a probability for each label, as the likeliest one and bars. */

import { element, inMilliseconds, meter, setMeter } from "../elements.js";
import { combine } from "../windows.js";

const MOST_BARS = 8; // with more labels, the likeliest ones are shown, best first
const NOTHING = "Nothing to classify yet";
const QUIET = 900; // milliseconds without a new answer before screen readers are told

/**
 * Return the question (see model.js) about what an input gave (see inputs/text.js): the mean of its windows' answers.
 *
 * Every answer kind exports this function. `answer` is the entry of page.json.
 */
export function question(given, answer) {
  const windows = given.windows();
  return {
    count: windows.length,
    tensors: (index) => windows[index].tensors,
    join: (outputs) => ({
      probabilities: combine(outputs.map((output) => output[answer.output]), windows.map(({ weight }) => weight)),
      empty: given.empty,
    }),
    live: given.live,
  };
}

/**
 * Put the answer's parts into `place` and return a function that shows an answer.
 *
 * Every answer kind exports this function. `answer` is the entry of page.json; what it returns is called with
 *   probabilities  one per label
 *   empty          whether there is nothing to classify yet
 * and the milliseconds that the model took; or with null, where there is nothing to show.
 */
export function mount(place, { labels }) {
  const label = element("strong", { id: "label", dir: "auto" });
  const confidence = element("span", { id: "confidence" }), latency = element("span", { id: "latency" });
  const bars = element("ul", { id: "bars" });
  const spoken = element("p", { className: "unseen" });
  spoken.setAttribute("aria-live", "polite");
  place.replaceChildren(element("p", { className: "headline" }, label, " ", confidence, " ", latency), bars, spoken);

  let announcement;
  const clear = () => {
    clearTimeout(announcement);
    delete place.dataset.probabilities;
    place.dataset.empty = true;
    label.textContent = NOTHING;
    for (const part of [confidence, latency, bars, spoken]) part.replaceChildren();
  };
  const show = ({ probabilities, empty }, milliseconds) => {
    const best = probabilities.indexOf(Math.max(...probabilities));
    // The exact numbers, for whoever reads the page by program.
    Object.assign(place.dataset, { probabilities: JSON.stringify(probabilities), label: labels[best], empty });
    label.textContent = empty ? NOTHING : labels[best];
    confidence.textContent = empty ? "" : percent(probabilities[best]);
    latency.textContent = `answered in ${inMilliseconds(milliseconds)}`;
    showBars(bars, labels, probabilities, best);

    clearTimeout(announcement);
    const words = empty ? "" : `${labels[best]}, ${percent(probabilities[best])}`;
    announcement = setTimeout(() => { spoken.textContent = words; }, QUIET);
  };
  return (answer, milliseconds) => (answer === null ? clear() : show(answer, milliseconds));
}

function showBars(list, labels, probabilities, best) {
  let shown = labels.map((_, index) => index);
  if (shown.length > MOST_BARS) {
    shown = shown.sort((a, b) => probabilities[b] - probabilities[a]).slice(0, MOST_BARS);
  }
  while (list.children.length < shown.length) {
    list.append(element("li", { className: "bar" },
      element("span", { className: "name" }), meter(""), element("span", { className: "number" })));
  }
  shown.forEach((index, place) => {
    const item = list.children[place];
    const [name, level, number] = item.children;
    item.classList.toggle("best", index === best);
    name.textContent = labels[index];
    number.textContent = percent(probabilities[index]);
    level.setAttribute("aria-label", labels[index]);
    setMeter(level, probabilities[index]);
  });
}

const percent = (fraction) => `${(100 * fraction).toFixed(1)} %`;
