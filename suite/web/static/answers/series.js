/* Answer kind `series`: the values to come with their quantiles, drawn behind the last rows, and as a table. */

import { element, inMilliseconds } from "../elements.js";
import { stepAfter, written } from "../series/table.js";

const WIDTH = 640, HEIGHT = 240, MARGIN = 34;
const HISTORY = 3; // horizons of history that are drawn

/** Return the question (see model.js): one call, and the series that it is about. */
export function question(given, answer) {
  const [{ tensors }] = given.windows();
  return {
    count: 1,
    tensors: () => tensors,
    join: ([outputs]) => forecast(outputs[answer.output], given.series, answer),
    live: false,
  };
}

/** Return what is to be shown: for each channel its last values, and of each step to come its time and quantiles. */
export function forecast(numbers, series, { channels, quantiles, frequency, horizon }) {
  const levels = Math.max(quantiles.length, 1), middle = Math.floor(levels / 2);
  const steps = [...Array(horizon).keys()];
  const last = series.times?.at(-1);
  const name = (time, row) => (time === undefined ? `${row}` : written(time, frequency));
  return {
    name: series.name,
    times: steps.map((step) => name(last === undefined ? undefined : stepAfter(last, frequency, step + 1), series.values.length + step)),
    channels: channels.map((channel, place) => {
      const at = (step, level) => numbers[(step * channels.length + place) * levels + level];
      return {
        channel: series.columns[place] ?? channel,
        history: series.values.slice(-HISTORY * horizon).map((row) => row[place]),
        median: steps.map((step) => at(step, middle)),
        low: quantiles.length ? steps.map((step) => at(step, 0)) : null,
        high: quantiles.length ? steps.map((step) => at(step, levels - 1)) : null,
      };
    }),
  };
}

/** Put the answer's parts into `place` and return a function that shows an answer. */
export function mount(place, { quantiles }) {
  const latency = element("p", { id: "latency" });
  const drawings = element("div", { id: "drawings" });
  const table = element("table", { id: "forecast" });
  const spoken = element("p", { className: "unseen" });
  spoken.setAttribute("aria-live", "polite");
  place.replaceChildren(latency, drawings, table, spoken);
  const share = quantiles.length ? Math.round(100 * (quantiles.at(-1) - quantiles[0])) : 0;

  return (answer, milliseconds) => {
    if (answer === null) {
      delete place.dataset.forecast;
      latency.textContent = "Nothing to forecast yet";
      for (const part of [drawings, table, spoken]) part.replaceChildren();
      return;
    }
    // The exact numbers, for whoever reads the page by program.
    place.dataset.forecast = JSON.stringify(answer);
    latency.textContent = `answered in ${inMilliseconds(milliseconds)}` + (share ? `; the band holds ${share} % of what is to come` : "");
    drawings.replaceChildren(...answer.channels.map((channel) => element("figure", {}, draw(channel),
      element("figcaption", { textContent: channel.channel }))));
    const head = ["time", ...answer.channels.map(({ channel }) => channel)];
    table.replaceChildren(row("th", head), ...answer.times.map((time, step) => row("td", [time, ...answer.channels.map(
      (channel) => short(channel.median[step]) + (channel.low ? ` (${short(channel.low[step])} to ${short(channel.high[step])})` : ""))])));
    spoken.textContent = `${answer.times.length} steps, from ${answer.times[0]} to ${answer.times.at(-1)}`;
  };
}

const row = (name, cells) => element("tr", {}, ...cells.map((cell) => element(name, { textContent: cell })));
const short = (value) => Number(value.toPrecision(5)).toString();

function draw({ channel, history, median, low, high }) {
  const every = [...history, ...median, ...(low ?? []), ...(high ?? [])].filter(Number.isFinite);
  const least = Math.min(...every), range = Math.max(...every) - least || 1, count = history.length + median.length;
  const x = (index) => MARGIN + ((WIDTH - 2 * MARGIN) * index) / Math.max(count - 1, 1);
  const y = (value) => HEIGHT - 20 - ((HEIGHT - 40) * (value - least)) / range;
  const point = (value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`;
  const ahead = (values) => values.map((value, step) => point(value, history.length + step));
  const picture = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${channel}: last values and forecast` });
  if (low) picture.append(shape("polygon", { points: [...ahead(high), ...ahead(low).reverse()].join(" "), fill: "var(--accent)", opacity: 0.2 }));
  let line = [];
  const lines = [];
  history.forEach((value, index) => (Number.isFinite(value) ? line.push(point(value, index)) : (lines.push(line), line = [])));
  for (const points of [...lines, line]) {
    if (points.length) picture.append(shape("polyline", { points: points.join(" "), fill: "none", stroke: "var(--soft)", "stroke-width": 1.5 }));
  }
  picture.append(shape("polyline", { points: ahead(median).join(" "), fill: "none", stroke: "var(--accent)", "stroke-width": 2 }));
  for (const value of [least, least + range]) {
    const words = shape("text", { x: 2, y: y(value) + 4, "font-size": 11, fill: "var(--soft)" });
    words.textContent = short(value);
    picture.append(words);
  }
  return picture;
}

/** Return an SVG element; its namespace is the parser's own word, so that the page holds no address. */
function shape(name, properties) {
  const template = document.createElement("template");
  template.innerHTML = "<svg></svg>";
  const made = document.createElementNS(template.content.firstChild.namespaceURI, name);
  for (const [key, value] of Object.entries(properties)) made.setAttribute(key, value);
  return made;
}
