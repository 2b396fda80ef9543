/* From page.json to a page that answers. */

import { openModel } from "./model.js";
import { showBusy, showError, showFacts, showProgress, showState } from "./view.js";

const NO_WEBASSEMBLY = [
  "This browser cannot run the model",
  "The model needs WebAssembly, which is missing or turned off here.",
  "A current Chrome, Edge, Firefox or Safari has it; some hardened modes switch it off.",
];
const RELOAD = "Reload the page; if that does not help, its folder is damaged and has to be written again.";

async function start() {
  showState("loading");
  if (typeof WebAssembly !== "object") return showError(...NO_WEBASSEMBLY);
  try {
    const page = await description();
    showFacts(page.facts);
    const input = await import(`./inputs/${page.input.kind}.js`);
    const answer = await import(`./answers/${page.answer.kind}.js`);
    const ask = await openModel(page, stopped);
    showState("ready");
    const show = answer.mount(document.getElementById("answer"), page.answer);
    show(null);
    let newest = null;
    input.mount(document.getElementById("input"), page.input, (given) => {
      const question = given && answer.question(given, page.answer);
      newest = question;
      showBusy(question !== null && !question.live);
      if (question === null) return show(null);
      ask(question, {
        answered: (outputs, milliseconds) => {
          if (newest === null) return;
          show(question.join(outputs), milliseconds);
          showBusy(question !== newest && !newest.live);
        },
        progressed: showProgress,
      });
    });
  } catch (error) {
    showError("The model could not be loaded", error.message, RELOAD);
  }
}

async function description() {
  const response = await fetch("page.json", { cache: "no-cache" });
  if (!response.ok) throw new Error(`page.json: the server answered ${response.status} ${response.statusText}`);
  return response.json();
}

const stopped = (words) => showError("The model stopped", words, RELOAD);

start();
