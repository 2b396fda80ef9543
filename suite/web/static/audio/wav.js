/* Samples of a wav file as they stand in it; browsers' own decoders round them and resample them. */

const PCM = 1, FLOAT = 3, EXTENSIBLE = 0xfffe;

/**
 * Return `{rate, samples}` of a wav file (ArrayBuffer): Hz, and a Float32Array in [-1, 1], channels averaged.
 * Null for any other file, and for wav files that hold anything but whole numbers of 8 to 32 bits or floats.
 */
export function readWav(buffer) {
  const view = new DataView(buffer);
  if (tag(view, 0) !== "RIFF" || tag(view, 8) !== "WAVE") return null;
  let format = null;
  for (let at = 12; at + 8 <= view.byteLength;) {
    const name = tag(view, at), size = view.getUint32(at + 4, true), start = at + 8;
    if (name === "fmt " && start + 16 <= view.byteLength) format = readFormat(view, start, size);
    if (name === "data") {
      const bytes = Math.min(size, view.byteLength - start); // a file may be cut short
      return format && { rate: format.rate, samples: readSamples(view, start, bytes, format) };
    }
    at = start + size + (size % 2);
  }
  return null;
}

function readFormat(view, at, size) {
  let code = view.getUint16(at, true);
  if (code === EXTENSIBLE && size >= 26 && at + 26 <= view.byteLength) code = view.getUint16(at + 24, true);
  const channels = view.getUint16(at + 2, true), bits = view.getUint16(at + 14, true);
  const read = READERS[`${code} ${bits}`];
  return read && channels ? { rate: view.getUint32(at + 4, true), channels, bytes: bits / 8, read } : null;
}

function readSamples(view, start, size, { channels, bytes, read }) {
  const samples = new Float32Array(Math.floor(size / (channels * bytes)));
  for (let index = 0, at = start; index < samples.length; index++) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++, at += bytes) sum += read(view, at);
    samples[index] = sum / channels;
  }
  return samples;
}

// Format and bits -> the sample at a byte.
const READERS = {
  [`${PCM} 8`]: (view, at) => (view.getUint8(at) - 2 ** 7) / 2 ** 7,
  [`${PCM} 16`]: (view, at) => view.getInt16(at, true) / 2 ** 15,
  [`${PCM} 24`]: (view, at) => (view.getUint8(at) + view.getInt16(at + 1, true) * 2 ** 8) / 2 ** 23,
  [`${PCM} 32`]: (view, at) => view.getInt32(at, true) / 2 ** 31,
  [`${FLOAT} 32`]: (view, at) => view.getFloat32(at, true),
  [`${FLOAT} 64`]: (view, at) => view.getFloat64(at, true),
};

const tag = (view, at) =>
  at + 4 > view.byteLength ? "" : String.fromCharCode(...[0, 1, 2, 3].map((place) => view.getUint8(at + place)));
