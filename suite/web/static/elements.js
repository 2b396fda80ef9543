/* The parts that pages are made of. */

/** Return a new element with properties (`className`, `id`, `textContent`, ...) and children. */
export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** Return a button that calls `clicked`. */
export function button(id, words, clicked) {
  const made = element("button", { id, type: "button", textContent: words });
  made.addEventListener("click", clicked);
  return made;
}

/** Return a file field that looks like a button, and calls `chosen` with the file. */
export function fileButton(words, accept, chosen) {
  const field = element("input", { id: "file", type: "file", accept, className: "unseen" });
  field.addEventListener("change", () => {
    if (field.files.length) chosen(field.files[0]);
    field.value = ""; // so that the same file can be chosen again
  });
  return element("span", { className: "file" }, field, element("label", { htmlFor: field.id, textContent: words }));
}

/** Let files be dropped on `place`; `dropped` is called with the first. */
export function takeDrops(place, dropped) {
  const mark = (on) => (event) => {
    event.preventDefault();
    place.classList.toggle("over", on);
  };
  place.addEventListener("dragover", mark(true));
  place.addEventListener("dragleave", mark(false));
  place.addEventListener("drop", (event) => {
    mark(false)(event);
    if (event.dataTransfer.files.length) dropped(event.dataTransfer.files[0]);
  });
}

/** Return a bar that tells screen readers its value; set it with `setMeter`. */
export function meter(label) {
  const made = element("div", { className: "meter" }, element("div", { className: "fill" }));
  made.setAttribute("role", "meter");
  made.setAttribute("aria-label", label);
  made.setAttribute("aria-valuemin", "0");
  made.setAttribute("aria-valuemax", "100");
  setMeter(made, 0);
  return made;
}

/** Set a bar to a fraction, 0 to 1. */
export function setMeter(meter, fraction) {
  meter.setAttribute("aria-valuenow", (100 * fraction).toFixed(1));
  meter.firstChild.style.translate = `${100 * (fraction - 1)}%`;
}

/** Return milliseconds as words. */
export const inMilliseconds = (value) => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
