/* Text longer than the model's fixed input, cut at spaces into windows; suite/inputs/text_host.py is the same rule. */

const isSpace = (byte) => byte <= 32 || byte === 127;

/** Return UTF-8 bytes (Uint8Array) as an array of windows of at most `size` bytes; spaces around a cut are dropped. */
export function splitWindows(bytes, size) {
  if (bytes.length <= size) return [bytes];
  let rest = trimStart(trimEnd(bytes));
  const windows = [];
  while (rest.length > size) {
    const cut = findCut(rest, size);
    windows.push(trimEnd(rest.subarray(0, cut)));
    rest = trimStart(rest.subarray(cut));
  }
  return [...windows, rest];
}

/** Return the answers (arrays of one length) of the windows of one text as one: their mean, weighted by `weights`. */
export function combine(answers, weights) {
  if (answers.length === 1) return Array.from(answers[0]);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return Array.from(answers[0], (_, index) =>
    answers.reduce((sum, answer, window) => sum + (answer[index] * weights[window]) / total, 0));
}

function findCut(rest, size) {
  for (let cut = size; cut > 0; cut--) {
    if (isSpace(rest[cut])) return cut;
  }
  for (let cut = size; cut > Math.max(size - 4, 0); cut--) {
    if ((rest[cut] & 0xc0) !== 0x80) return cut; // not in the middle of a character
  }
  return size;
}

function trimStart(bytes) {
  let start = 0;
  while (start < bytes.length && isSpace(bytes[start])) start++;
  return bytes.subarray(start);
}

function trimEnd(bytes) {
  let end = bytes.length;
  while (end > 0 && isSpace(bytes[end - 1])) end--;
  return bytes.subarray(0, end);
}
