/* What every page has around its input and its answer: facts about the model, states, progress and errors. */

import { element } from "./elements.js";

const $ = (id) => document.getElementById(id);

/** Show pairs of words about the model. */
export function showFacts(facts) {
  $("facts").replaceChildren(...facts.map(([term, words]) => element("div", { className: "fact" },
    element("dt", { textContent: term }), element("dd", { textContent: words }))));
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
  $("error").replaceChildren(element("h2", { textContent: heading }), element("p", { textContent: words }),
    element("p", { className: "advice", textContent: advice }));
  showState("error");
}

/** Say whether the answer shown is older than the input. */
export function showBusy(busy) {
  $("result").setAttribute("aria-busy", busy);
  $("progress").removeAttribute("value");
}

/** Say how many of the calls that an answer takes are done. */
export function showProgress(done, count) {
  $("progress").value = done / count;
}
