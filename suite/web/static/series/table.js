/* A table of numbers over time as people paste it: which column has the times, which the numbers, and the steps behind the last one. */

const DELIMITERS = [",", ";", "\t"];
const ID = "unique_id";
const MISSING = new Set(["", "na", "nan", "null", "none", "-"]);
const SECONDS = { s: 1, min: 60, h: 3600, D: 86400, W: 7 * 86400, row: 1 };
const MONTHS = { MS: 1, ME: 1, QS: 3, QE: 3, YS: 12, YE: 12 };

/**
 * Return the series in a text: `[{name, columns, times, values}]`.
 *
 * `times` are milliseconds since 1970 (UTC where none is said), or null where no column has times; `values` are an array for
 * each row with a number for each of `columns`, NaN where one is missing. A table with a column `unique_id` holds a series
 * for each of its values, any other table one. Throws an Error in words for a person.
 */
export function readSeries(text) {
  const lines = text.replace(/^\ufeff/, "").split(/\r\n|\n|\r/).filter((line) => line.trim() !== "");
  if (lines.length < 2) throw new Error("Expected a line of names and lines of numbers.");
  const delimiter = DELIMITERS.reduce((best, one) => (count(lines[0], one) > count(lines[0], best) ? one : best));
  const rows = lines.map((line) => line.split(delimiter).map((cell) => cell.trim().replace(/^"(.*)"$/, "$1")));
  const decimal = delimiter === "," ? "." : rows.some((row, place) => place && row.some((cell) => /^-?\d+,\d+$/.test(cell))) ? "," : ".";
  const [head, ...body] = isHead(rows[0], decimal) ? rows : [rows[0].map((_, place) => `${place + 1}`), ...rows];
  const idColumn = head.indexOf(ID);
  const timeColumn = head.findIndex((_, place) => place !== idColumn && body.every((row) => isTime(row[place])));
  const numeric = head.map((_, place) => place).filter((place) => place !== idColumn && place !== timeColumn
    && body.some((row) => !Number.isNaN(toNumber(row[place], decimal)))
    && body.every((row) => isMissing(row[place]) || !Number.isNaN(toNumber(row[place], decimal))));
  if (!numeric.length) throw new Error("Expected a column of numbers.");
  const groups = new Map();
  for (const row of body) {
    const name = idColumn < 0 ? "" : row[idColumn];
    if (!groups.has(name)) groups.set(name, []);
    groups.get(name).push(row);
  }
  return [...groups].map(([name, own]) => {
    const parsed = own.map((row) => ({
      time: timeColumn < 0 ? null : toTime(row[timeColumn]),
      values: numeric.map((place) => toNumber(row[place], decimal)),
    }));
    if (timeColumn >= 0) parsed.sort((one, other) => one.time - other.time);
    return {
      name,
      columns: numeric.map((place) => head[place]),
      times: timeColumn < 0 ? null : parsed.map(({ time }) => time),
      values: parsed.map(({ values }) => values),
    };
  });
}

/** Return for each of the model's channels the place of its column: by name, else the first ones in order; null if too few. */
export function chooseColumns(columns, channels) {
  const named = channels.map((channel) => columns.indexOf(channel));
  if (named.every((place) => place >= 0)) return named;
  return columns.length < channels.length ? null : channels.map((_, place) => place);
}

/** Return the time `steps` steps of a frequency (`15min`, `h`, `D`, `MS`, ...) after one, milliseconds. */
export function stepAfter(time, frequency, steps) {
  const [, number, unit] = /^(\d*)(.+)$/.exec(frequency);
  const far = steps * (number === "" ? 1 : Number(number));
  if (unit in SECONDS) return time + far * SECONDS[unit] * 1000;
  const date = new Date(time);
  if (unit === "B") {
    for (let left = far; left > 0;) {
      date.setUTCDate(date.getUTCDate() + 1);
      if (date.getUTCDay() % 6 !== 0) left -= 1;
    }
    return date.getTime();
  }
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + far * MONTHS[unit]);
  const longest = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(unit.endsWith("E") ? longest : Math.min(day, longest));
  return date.getTime();
}

/** Return a time as people write it: without hours where a step is a day or longer. */
export function written(time, frequency) {
  const text = new Date(time).toISOString().slice(0, 16).replace("T", " ");
  return /(min|h|s)$/.test(frequency) ? text : text.slice(0, 10);
}

const count = (line, delimiter) => line.split(delimiter).length;
const isMissing = (cell) => MISSING.has((cell ?? "").toLowerCase());
const isHead = (row, decimal) => row.every((cell) => Number.isNaN(toNumber(cell, decimal)) || isMissing(cell)) && !row.every(isTime);

function toNumber(cell, decimal) {
  if (isMissing(cell)) return NaN;
  return Number(decimal === "," ? cell.replace(",", ".") : cell);
}

const isTime = (cell) => /^\d{4}-\d{2}(-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?)?$/.test(cell ?? "");

function toTime(cell) {
  const zoned = /(Z|[+-]\d{2}:?\d{2})$/.test(cell.slice(10));
  const whole = cell.length === 7 ? `${cell}-01` : cell.replace(" ", "T");
  return Date.parse(whole.length > 10 && !zoned ? `${whole}Z` : whole);
}
