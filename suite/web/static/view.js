/* What the visitor sees: facts about the model, the answer as label and bars, and errors. */

const MOST_BARS = 8; // with more labels, the likeliest ones are shown, best first
const QUIET = 900; // milliseconds without a new answer before screen readers are told

const $ = (id) => document.getElementById(id);
const element = (name, className, text = "") =>
  Object.assign(document.createElement(name), { className, textContent: text });

/** Show pairs of words about the model. */
export function showFacts(facts) {
  $("facts").replaceChildren(...facts.map(([term, words]) => {
    const pair = element("div", "fact");
    pair.append(element("dt", "", term), element("dd", "", words));
    return pair;
  }));
}

/** Move the page to a state: "loading", "ready" or "error". */
export function showState(state) {
  document.body.dataset.state = state;
  $("loading").hidden = state !== "loading";
  $("error").hidden = state !== "error";
  $("input").hidden = $("result").hidden = state !== "ready";
}

/** Show what went wrong and what the visitor can do about it. */
export function showError(heading, words, advice) {
  $("error").replaceChildren(element("h2", "", heading), element("p", "", words), element("p", "advice", advice));
  showState("error");
}

/** Say whether the answer shown is older than the input. */
export function showBusy(busy) {
  $("result").setAttribute("aria-busy", busy);
}

let announcement;

/** Show probabilities, one per label; the exact numbers stand in data-probabilities for whoever reads the page. */
export function showAnswer(labels, probabilities, milliseconds, empty) {
  const best = probabilities.indexOf(Math.max(...probabilities));
  const result = $("result");
  result.dataset.probabilities = JSON.stringify(probabilities);
  result.dataset.label = labels[best];
  result.dataset.empty = empty;
  $("label").textContent = empty ? "Nothing to classify yet" : labels[best];
  $("confidence").textContent = empty ? "" : percent(probabilities[best]);
  $("latency").textContent = `answered in ${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`;
  showBars(labels, probabilities, best);

  clearTimeout(announcement);
  const words = empty ? "" : `${labels[best]}, ${percent(probabilities[best])}`;
  announcement = setTimeout(() => { $("spoken").textContent = words; }, QUIET);
}

function showBars(labels, probabilities, best) {
  let shown = labels.map((_, index) => index);
  if (shown.length > MOST_BARS) {
    shown = shown.sort((a, b) => probabilities[b] - probabilities[a]).slice(0, MOST_BARS);
  }
  const list = $("bars");
  while (list.children.length < shown.length) list.append(bar());
  shown.forEach((index, place) => {
    const item = list.children[place];
    const [name, meter, number] = item.children;
    item.classList.toggle("best", index === best);
    name.textContent = labels[index];
    number.textContent = percent(probabilities[index]);
    meter.setAttribute("aria-label", labels[index]);
    meter.setAttribute("aria-valuenow", (100 * probabilities[index]).toFixed(1));
    meter.firstChild.style.translate = `${100 * (probabilities[index] - 1)}%`;
  });
}

function bar() {
  const item = element("li", "bar");
  const meter = element("div", "meter");
  meter.setAttribute("role", "meter");
  meter.setAttribute("aria-valuemin", "0");
  meter.setAttribute("aria-valuemax", "100");
  meter.append(element("div", "fill"));
  item.append(element("span", "name"), meter, element("span", "number"));
  return item;
}

const percent = (fraction) => `${(100 * fraction).toFixed(1)} %`;
