/* Sound of any kind that the browser reads as samples of one channel at the model's rate. */

import { readWav } from "./wav.js";

/**
 * Return the samples (Float32Array in [-1, 1]) of an audio file. A wav file at the model's rate goes through as it is;
 * everything else the browser decodes and resamples.
 */
export async function readAudio(file, rate) {
  const buffer = await file.arrayBuffer();
  const wav = readWav(buffer);
  const samples = wav?.rate === rate ? wav.samples : await decoded(file.name, buffer, rate);
  if (!samples.length) throw new Error(`${file.name} holds no sound.`);
  if (!samples.every(Number.isFinite)) throw new Error(`${file.name} holds numbers that are no sound.`);
  return samples;
}

/** Return samples at another rate. */
export async function resample(samples, from, to) {
  if (from === to) return samples;
  const context = new OfflineAudioContext(1, Math.ceil((samples.length * to) / from), to);
  const source = context.createBufferSource();
  source.buffer = context.createBuffer(1, samples.length, from);
  source.buffer.copyToChannel(samples, 0);
  source.connect(context.destination);
  source.start();
  return (await context.startRendering()).getChannelData(0);
}

async function decoded(name, buffer, rate) {
  let sound;
  try {
    sound = await new OfflineAudioContext(1, 1, rate).decodeAudioData(buffer);
  } catch {
    throw new Error(`${name} is no sound that this browser can read.`);
  }
  const samples = new Float32Array(sound.length);
  for (let channel = 0; channel < sound.numberOfChannels; channel++) {
    sound.getChannelData(channel).forEach((value, index) => { samples[index] += value / sound.numberOfChannels; });
  }
  return samples;
}
