const HEIGHT = 96; // fill
const WIDTH = 96; // fill

/** Bytes [height, width, channels] scaled to fit HEIGHT and WIDTH, with black bars, as in training. */
export function fit(picture, height, width) {
  if (height === HEIGHT && width === WIDTH) return picture;
  const channels = picture.length / (height * width);
  const scale = Math.min(HEIGHT / height, WIDTH / width);
  const rows = weights(height, HEIGHT, Math.max(rint(height * scale), 1));
  const columns = weights(width, WIDTH, Math.max(rint(width * scale), 1));
  const fitted = new Uint8Array(HEIGHT * WIDTH * channels);
  rows.forEach((row, top) => {
    const line = new Float64Array(width * channels);
    for (const [from, weight] of row) {
      for (let at = 0; at < line.length; at++) line[at] += weight * picture[from * line.length + at];
    }
    columns.forEach((column, left) => {
      for (let channel = 0; channel < channels; channel++) {
        const value = column.reduce((sum, [from, weight]) => sum + weight * line[from * channels + channel], 0);
        fitted[(top * WIDTH + left) * channels + channel] = rint(Math.min(Math.max(value, 0), 255));
      }
    });
  });
  return fitted;
}

/** For each of `size` places those of `count` that count and how much; the middle `inner` of them are the picture. */
function weights(count, size, inner) {
  const scale = count / inner;
  return Array.from({ length: size }, (_, position) => {
    const place = position - Math.floor((size - inner) / 2);
    if (place < 0 || place >= inner) return [];
    const values = Array.from({ length: count }, (_, from) =>
      [from, 1 - Math.abs((place + 0.5) * scale - (from + 0.5)) / Math.max(scale, 1)]).filter(([, weight]) => weight > 0);
    const total = values.reduce((sum, [, weight]) => sum + weight, 0);
    return values.map(([from, weight]) => [from, weight / total]);
  });
}

/** The nearest whole number, halves to the even neighbor. */
function rint(value) {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 ? rounded - 1 : rounded;
}
