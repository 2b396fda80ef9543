/* Input kind `text`: a text field whose UTF-8 bytes, padded with zeros, are the model's uint8[1, N]. */

import { element } from "../elements.js";
import { splitWindows } from "../windows.js";

/**
 * Put the controls into `place` and call `ask` now and at every change.
 *
 * Every input kind exports this function. `input` is the entry of page.json; `ask` takes what was given, or null where
 * nothing is:
 *   windows(overlap)  what the model is called with, one after another: {tensors, weight, begin}; `weight` is a window's share
 *                     of an answer that is their mean, `begin` where it begins in the input's own units. Windows share
 *                     `overlap` seconds where the input has any.
 *   empty             whether there is nothing to answer yet
 *   live              whether the next one comes of itself, and nobody waits for this one
 *   seconds, pixels   what answers show of an input: how long it lasts, and what the model sees of a picture
 */
export function mount(place, input, ask) {
  const { size } = input;
  // Spelling and completion services of browsers send what is typed to their makers.
  const field = element("textarea", {
    id: "text", rows: 4, dir: "auto", spellcheck: false, autocomplete: "off", placeholder: "Type or paste a text …",
  });
  field.setAttribute("aria-describedby", "used");
  const label = element("label", { htmlFor: field.id, textContent: "Your text" });
  const used = element("p", { id: "used", className: "used" });
  place.replaceChildren(label, field, used);

  const update = () => {
    const bytes = new TextEncoder().encode(field.value);
    const windows = splitWindows(bytes, size);
    used.textContent = describe(bytes.length, windows.length, size);
    const empty = field.value.trim() === "";
    ask({
      windows: () => windows.map((window) => ({
        tensors: { [input.name]: padded(window, size) }, weight: window.length, begin: 0,
      })),
      empty,
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
