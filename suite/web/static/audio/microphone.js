/* Records the microphone. */

import { resample } from "./read.js";

/** Say why this page cannot record, or "" where it can. */
export function whyNoMicrophone() {
  if (!navigator.mediaDevices?.getUserMedia) {
    return "Recording works only on pages opened from localhost or over https; choose a file instead.";
  }
  return "";
}

/**
 * Start to record; `heard(level, seconds, last)` is called as sound comes, with its loudest sample in [0, 1]; `last(count)`
 * resolves to the last so many samples at `rate`.
 *
 * Resolves to `stop()`, which resolves to all samples (Float32Array) at `rate`, or with `keep` seconds to the last of them.
 * Fails with words for people.
 */
export async function record(rate, heard, keep = Infinity) {
  const stream = await openStream();
  let context;
  try {
    let source;
    [context, source] = openContext(stream, rate);
    await context.audioWorklet.addModule("audio/recorder.js");
    const recorder = new AudioWorkletNode(context, "recorder", { numberOfOutputs: 0 });
    const blocks = [];
    const from = context.sampleRate;
    let length = 0, kept = 0;
    const last = (count) => resample(joined(blocks, kept).subarray(-Math.ceil((count * from) / rate)), from, rate);
    recorder.port.onmessage = ({ data }) => {
      blocks.push(data);
      length += data.length;
      kept += data.length;
      while (kept - blocks[0].length >= keep * from) kept -= blocks.shift().length;
      heard(data.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0), length / from, last);
    };
    source.connect(recorder);
    await context.resume();
    return async () => {
      close(stream, context);
      if (!length) throw new Error("Nothing was recorded; the microphone gave no sound.");
      return resample(joined(blocks, kept), from, rate);
    };
  } catch (error) {
    close(stream, context);
    throw error;
  }
}

function joined(blocks, length) {
  const samples = new Float32Array(length);
  let at = 0;
  for (const block of blocks) {
    samples.set(block, at);
    at += block.length;
  }
  return samples;
}

async function openStream() {
  // As it was spoken: what browsers do to sound for calls is unlike what models were trained on.
  const plain = { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: plain });
  } catch (error) {
    throw new Error(REFUSED[error.name] ?? `The microphone cannot be used: ${error.message}`);
  }
}

const REFUSED = {
  NotAllowedError: "The browser was not allowed to use the microphone; allow it in this page's settings and try again.",
  NotFoundError: "No microphone was found; plug one in, or choose a file.",
  NotReadableError: "The microphone gives no sound; another program may be using it.",
};

function openContext(stream, rate) {
  const context = new AudioContext({ sampleRate: rate });
  try {
    return [context, context.createMediaStreamSource(stream)];
  } catch { // Firefox resamples no microphone
    context.close();
    const own = new AudioContext();
    return [own, own.createMediaStreamSource(stream)];
  }
}

function close(stream, context) {
  for (const track of stream.getTracks()) track.stop();
  context?.close();
}
