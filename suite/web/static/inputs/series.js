/* Input kind `series`: a table of numbers over time, pasted or from a file, whose last rows are the model's. */

import { element, fileButton, takeDrops } from "../elements.js";
import { chooseColumns, readSeries } from "../series/table.js";

const SMALLEST = -2147483648, LARGEST = 2147483647;

/** Put the controls into `place`; `ask` takes what text.js tells, and `series`: times, values and columns of what is shown. */
export function mount(place, input, ask) {
  const field = element("textarea", {
    id: "text", rows: 6, spellcheck: false, autocomplete: "off", placeholder: "ds,y\n2024-01-01,12\n2024-01-02,15\n…",
  });
  field.setAttribute("aria-describedby", "used");
  const label = element("label", { htmlFor: field.id, textContent: "A table with a line of names: times and numbers" });
  const choice = element("select", { id: "series", hidden: true });
  choice.setAttribute("aria-label", "Series");
  const used = element("p", { id: "used", className: "used", textContent: "Or drop a .csv file here." });
  const notice = element("p", { id: "notice", className: "notice", hidden: true });
  used.setAttribute("role", "status");
  notice.setAttribute("role", "alert");
  place.replaceChildren(label, field,
    element("div", { className: "controls" }, fileButton("Choose a table", ".csv,.tsv,.txt,text/csv", open), choice), used, notice);
  takeDrops(place, open);
  let all = [];

  function refuse(words) {
    notice.textContent = words;
    notice.hidden = words === "";
    if (words !== "") ask(null);
  }

  function read() {
    refuse("");
    if (field.value.trim() === "") return ask(null);
    try {
      all = readSeries(field.value);
    } catch (error) {
      return refuse(error.message);
    }
    choice.hidden = all.length < 2;
    choice.replaceChildren(...all.map(({ name }, index) => element("option", { value: index, textContent: name })));
    show();
  }

  function show() {
    const series = all[Number(choice.value || 0)];
    const columns = chooseColumns(series.columns, input.channels);
    if (columns === null) {
      return refuse(`The model forecasts ${input.channels.length} columns: ${input.channels.join(", ")}. The table has ${series.columns.length}.`);
    }
    if (input.calendar && series.times === null) return refuse("The model needs the times of the rows, as 2024-01-31 13:00.");
    const values = series.values.map((row) => columns.map((column) => row[column]));
    used.textContent = `${values.length.toLocaleString("en")} rows; the model sees the last ${Math.min(values.length, input.rows)}`;
    const tensors = lastRows(values, series.times, input);
    ask({
      windows: () => [{ tensors, weight: 1, begin: 0 }],
      empty: false,
      series: { name: series.name, times: series.times, values, columns: columns.map((column) => series.columns[column]) },
    });
  }

  async function open(file) {
    field.value = await file.text();
    read();
  }
  field.addEventListener("input", read);
  choice.addEventListener("change", show);
}

/** Return the tensors of the last rows, NaN before the first, and the minutes from 1970 to the last. */
export function lastRows(values, times, input) {
  const tensor = new Float32Array(input.rows * input.columns).fill(NaN);
  const shown = values.slice(-input.rows);
  shown.forEach((row, index) => tensor.set(row, (input.rows - shown.length + index) * input.columns));
  if (!input.calendar) return { values: tensor };
  const minutes = Math.floor(localTime(times.at(-1), input.time_zone) / 60000);
  return { values: tensor, time: Int32Array.of(Math.min(Math.max(minutes, SMALLEST), LARGEST)) };
}

/** Return a time as the clock of a zone shows it, milliseconds; dates of days and longer steps are in no zone. */
function localTime(time, zone) {
  if (!zone || zone === "UTC" || time % 86400000 === 0) return time;
  const parts = new Intl.DateTimeFormat("en-US", { timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric",
    day: "numeric", hour: "numeric", minute: "numeric" }).formatToParts(new Date(time));
  const part = (type) => Number(parts.find((one) => one.type === type).value);
  return Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"));
}
