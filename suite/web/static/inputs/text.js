/* Input kind `text`: a text field whose UTF-8 bytes, padded with zeros, are the model's uint8[1, N]. */

import { splitWindows } from "../windows.js";

/**
 * Put the controls into `place` and call `changed` now and at every change.
 *
 * Every input kind exports this function. `input` is the entry of page.json; `changed` takes
 *   tensors  typed arrays, each one call of the model
 *   weights  how much each call counts in the answer
 *   empty    whether there is nothing to classify yet
 */
export function mount(place, input, changed) {
  const size = input.shape[1];
  // Spelling and completion services of browsers send what is typed to their makers.
  const field = Object.assign(document.createElement("textarea"), {
    id: "text", rows: 4, dir: "auto", spellcheck: false, autocomplete: "off", placeholder: "Type or paste a text …",
  });
  field.setAttribute("aria-describedby", "used");
  const label = Object.assign(document.createElement("label"), { htmlFor: field.id, textContent: "Your text" });
  const used = Object.assign(document.createElement("p"), { id: "used", className: "used" });
  place.replaceChildren(label, field, used);

  const update = () => {
    const bytes = new TextEncoder().encode(field.value);
    const windows = splitWindows(bytes, size);
    used.textContent = describe(bytes.length, windows.length, size);
    changed({
      tensors: windows.map((window) => padded(window, size)),
      weights: windows.map((window) => window.length),
      empty: field.value.trim() === "",
    });
  };
  field.addEventListener("input", update);
  update();
  field.focus({ preventScroll: true });
}

function padded(bytes, size) {
  const tensor = new Uint8Array(size);
  tensor.set(bytes);
  return tensor;
}

function describe(bytes, windows, size) {
  const count = (number) => number.toLocaleString("en");
  if (windows === 1) return `${count(bytes)} of ${count(size)} bytes`;
  return `${count(bytes)} bytes in ${count(windows)} windows of up to ${count(size)} bytes, averaged by length`;
}
