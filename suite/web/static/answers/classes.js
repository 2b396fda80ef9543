/* Answer kind `classes`: a probability for each label, as the likeliest one and bars. */

import { makeDetector } from "../audio/detector.js";
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
    join: (outputs) => {
      const scores = outputs.map((output) => output[answer.output]);
      return {
        probabilities: combine(scores, windows.map(({ weight }) => weight)),
        empty: given.empty,
        listened: given.times?.map((time, index) => ({ time, probabilities: scores[index] })),
        live: given.live,
      };
    },
    live: given.live,
  };
}

/**
 * Put the answer's parts into `place` and return a function that shows an answer.
 *
 * Every answer kind exports this function. `answer` is the entry of page.json; what it returns is called with
 *   probabilities  one per label
 *   empty          whether there is nothing to classify yet
 *   listened       where words are listened for, {time, probabilities} of each window
 *   live           whether the windows go on from those of the answer before
 * and the milliseconds that the model took; or with null, where there is nothing to show.
 */
export function mount(place, { labels, listening }) {
  const label = element("strong", { id: "label", dir: "auto" });
  const confidence = element("span", { id: "confidence" }), latency = element("span", { id: "latency" });
  const bars = element("ul", { id: "bars" });
  const spoken = element("p", { className: "unseen" });
  spoken.setAttribute("aria-live", "polite");
  const detections = element("ol", { id: "detections", hidden: true });
  detections.setAttribute("aria-label", "Heard");
  detections.setAttribute("aria-live", "polite");
  place.replaceChildren(
    element("p", { className: "headline" }, label, " ", confidence, " ", latency), detections, bars, spoken);

  let announcement, detect = null, heard = [];
  const listen = (listened, live) => {
    if (!detect || !live) [detect, heard] = [makeDetector(listening, labels), []];
    for (const { time, probabilities } of listened) heard.push(...detect(time, probabilities));
    place.dataset.detections = JSON.stringify(heard);
    detections.hidden = false;
    detections.replaceChildren(...heard.map(({ label, time, score }) => element("li", {
      textContent: `${time.toFixed(1)} s: ${label}, ${percent(score)}` })));
  };
  const clear = () => {
    clearTimeout(announcement);
    detect = null;
    delete place.dataset.detections;
    detections.hidden = true;
    delete place.dataset.probabilities;
    place.dataset.empty = true;
    label.textContent = NOTHING;
    for (const part of [confidence, latency, bars, spoken]) part.replaceChildren();
  };
  const show = ({ probabilities, empty, listened, live }, milliseconds) => {
    if (listened) listen(listened, live);
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
