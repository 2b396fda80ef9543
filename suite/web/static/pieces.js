/* Text too long to be read at once, cut where a token ends; nothing is dropped. suite/text/pieces.py is the same rule. */

const SEPARATOR = 31; // ends each token of a text that brings its own
const isSpace = (byte) => byte <= 32 || byte === 127;
const SENTENCE_ENDS = [".", "!", "?", "…", "。", "！", "？", "।", "؟"].map((mark) => new TextEncoder().encode(mark));

/**
 * Return UTF-8 bytes (Uint8Array) as pieces {begin, piece} of at most `size` bytes; `begin` is the place of the first.
 *
 * A piece ends behind the last line break or sentence end (a mark with a space behind it) in its second half, else behind
 * the last space; a text that brings its own tokens, only where one of them ends. A run without any is cut between two
 * characters; bytes that are no UTF-8, anywhere.
 */
export function cutText(bytes, size) {
  const breaks = bytes.includes(SEPARATOR) ? (byte) => byte === SEPARATOR : isSpace;
  const pieces = [];
  let begin = 0;
  while (bytes.length - begin > size) {
    const end = begin + findEnd(bytes.subarray(begin, begin + size + 1), breaks);
    pieces.push({ begin, piece: bytes.subarray(begin, end) });
    begin = end;
  }
  return [...pieces, { begin, piece: bytes.subarray(begin) }];
}

/**
 * Return where each byte of a text's UTF-8 stands in the text: {points, units}, Int32Array (bytes + 1), in characters (code
 * points, as Python counts) and in places of the string.
 */
export function byteOffsets(text) {
  const bytes = new TextEncoder().encode(text).length;
  const points = new Int32Array(bytes + 1), units = new Int32Array(bytes + 1);
  let byte = 0, point = 0, unit = 0;
  for (const character of text) {
    const code = character.codePointAt(0), end = byte + 1 + (code > 0x7f) + (code > 0x7ff) + (code > 0xffff);
    points.fill(point, byte, end);
    units.fill(unit, byte, end);
    [byte, point, unit] = [end, point + 1, unit + character.length];
  }
  points[bytes] = point;
  units[bytes] = unit;
  return { points, units };
}

/** Return where a piece ends in the bytes that it may take and one more. */
function findEnd(window, breaks) {
  const size = window.length - 1;
  let last = 0;
  for (let place = size; place > 0; place--) {
    if (!breaks(window[place - 1])) continue;
    last ||= place;
    if (2 * place > size && endsSentence(window, place - 1)) return place;
  }
  if (last) return last;
  for (let place = size; place > Math.max(size - 4, 0); place--) {
    if ((window[place] & 0xc0) !== 0x80) return place; // not in the middle of a character
  }
  return size;
}

/** Return whether the space at a place is a line break, or stands behind the end of a sentence. */
function endsSentence(window, place) {
  if (window[place] === 10 || window[place] === 13) return true;
  return SENTENCE_ENDS.some((mark) =>
    mark.length <= place && mark.every((byte, index) => window[place - mark.length + index] === byte));
}
