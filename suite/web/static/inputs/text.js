/* Input kind `text`: a text field whose UTF-8 bytes, padded with zeros, are the model's uint8[1, N]. */

import { element } from "../elements.js";
import { splitWindows } from "../windows.js";

/**
 * Put the controls into `place` and call `ask` now and at every change.
 *
 * Every input kind exports this function. `input` is the entry of page.json; `ask` takes what was given, or null where
 * nothing is:
 *   windows()         what the model is called with, one after another: {tensors, weight, begin}; `weight` is a window's share
 *                     of an answer that is their mean, `begin` where it begins in the input's own units
 *   text, size, tensors(bytes)   of a text, for answers about places in it, which cut it themselves: the string, the bytes of
 *                     one call, and what the model is called with for as many bytes
 *   empty             whether there is nothing to answer yet
 *   live              whether the next one comes of itself, and nobody waits for this one
 *   times             seconds at the end of each window, where words are listened for in sound that does not end
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
    used.textContent = describe(bytes.length, size);
    const tensors = (part) => ({ [input.name]: padded(part, size) });
    ask({
      // A window is a view of the text's bytes.
      windows: () => windows.map((window) => ({
        tensors: tensors(window), weight: window.length, begin: window.byteOffset - bytes.byteOffset,
      })),
      text: field.value,
      size,
      tensors,
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

function describe(bytes, size) {
  const count = (number) => number.toLocaleString("en");
  return bytes <= size ? `${count(bytes)} of ${count(size)} bytes`
    : `${count(bytes)} bytes, in windows of up to ${count(size)} bytes`;
}
