/* The resize of frames, by the rule of suite/vision/resize.py: bilinear with antialiasing, black bars at two sides. */

/**
 * Return a picture of another size, as the model was trained on.
 *
 * `picture` has `data`, Uint8ClampedArray of RGBA (what a canvas gives), `height` and `width`. The answer is a
 * Uint8Array (height, width, channels): RGB for 3 channels, grey for 1. The whole picture is scaled to fit and stands in
 * the middle.
 */
export function resized(picture, height, width, channels) {
  const source = channels === 1 ? grey(picture) : colour(picture);
  if (picture.height === height && picture.width === width) return source;
  const scale = Math.fround(Math.min(Math.fround(height / picture.height), Math.fround(width / picture.width)));
  const rows = weights(picture.height, height, inner(picture.height, scale));
  const columns = weights(picture.width, width, inner(picture.width, scale));
  const lines = weighted(source, picture.height, picture.width * channels, rows);
  const result = new Uint8Array(height * width * channels);
  for (let row = 0; row < height; row++) {
    const line = lines.subarray(row * picture.width * channels, (row + 1) * picture.width * channels);
    const scaled = weighted(line, picture.width, channels, columns);
    scaled.forEach((value, index) => { result[row * width * channels + index] = halfToEven(clipped(value)); });
  }
  return result;
}

/** Return for each output position the first input position that counts and the weights from there on. */
function weights(count, size, inside) {
  const scale = count / inside, reach = Math.max(scale, 1), before = Math.floor((size - inside) / 2);
  return Array.from({ length: size }, (_, position) => {
    const place = position - before;
    if (place < 0 || place >= inside) return { first: 0, values: [] };
    const centre = (place + 0.5) * scale;
    const first = Math.max(Math.ceil(centre - reach - 0.5), 0);
    const last = Math.min(Math.floor(centre + reach - 0.5), count - 1);
    const values = Array.from({ length: last - first + 1 }, (_, index) =>
      Math.max(1 - Math.abs(centre - (first + index + 0.5)) / reach, 0));
    const sum = values.reduce((all, value) => all + value, 0);
    return { first, values: values.map((value) => value / sum) };
  });
}

/** Return weighted sums over the first axis of an array (count, width): a Float32Array (positions, width). */
function weighted(source, count, width, positions) {
  const result = new Float32Array(positions.length * width);
  positions.forEach(({ first, values }, position) => {
    const target = position * width;
    values.forEach((value, index) => {
      const start = (first + index) * width;
      for (let column = 0; column < width; column++) result[target + column] += value * source[start + column];
    });
  });
  return result;
}

function colour({ data }) {
  const result = new Uint8Array((data.length / 4) * 3);
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    result[to] = data[from];
    result[to + 1] = data[from + 1];
    result[to + 2] = data[from + 2];
  }
  return result;
}

/** Return the brightness of each pixel in whole numbers, as OpenCV computes it. */
function grey({ data }) {
  const result = new Uint8Array(data.length / 4);
  for (let from = 0, to = 0; from < data.length; from += 4, to++) {
    result[to] = (4899 * data[from] + 9617 * data[from + 1] + 1868 * data[from + 2] + 8192) >> 14;
  }
  return result;
}

const inner = (size, scale) => Math.max(halfToEven(Math.fround(size * scale)), 1);
const clipped = (value) => Math.min(Math.max(value, 0), 255);

/** Round as NumPy and TensorFlow do: halves to the even neighbour. */
function halfToEven(value) {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 ? rounded - 1 : rounded;
}
