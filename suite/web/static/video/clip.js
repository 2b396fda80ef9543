/* Frames one after another as clips that the model takes.
 *
 * `input` is the entry of page.json: `size` (frames of one call), `height`, `width`, `channels`, and how training chose
 * frames: at most `frames` of a clip, `sampling`, and `frame_rate` a second or null for all.
 */

/** The newest frames of a video that plays. */
export class NewestFrames {
  constructor(input) {
    this.input = input;
    this.frames = [];
    this.seen = [];
    this.slot = null;
  }

  /**
   * Note that a frame is on show at a time in seconds, the `number`th that the browser has shown, of which some may have
   * passed unseen; return how often it counts at the frame rate: 0 where it is left out, more than once where the rate is
   * above the video's.
   */
  repeats(time, number) {
    this.seen.push([time, number]);
    const rate = this.input.frame_rate;
    if (rate === null) return 1;
    const slot = Math.floor((time - this.seen[0][0]) * rate + 1e-6), before = this.slot ?? slot - 1;
    this.slot = Math.max(slot, before);
    return this.slot - before;
  }

  /** Add a frame, Uint8Array (height, width, channels), so many times. */
  add(frame, repeats = 1) {
    const copies = Array.from({ length: Math.min(repeats, this.input.frames) }, () => frame);
    this.frames = [...this.frames, ...copies].slice(-this.input.frames);
  }

  /** Return how long the video shows a frame, seconds; null where that cannot be told yet. */
  frameSeconds() {
    const steps = this.seen.slice(1).map(([time, number], index) => {
      const [earlier, before] = this.seen[index];
      return (time - earlier) / (number - before);
    }).filter((step) => step > 0 && Number.isFinite(step));
    // A slow machine leaves frames out without counting them.
    const shortest = steps.reduce((least, step) => Math.min(least, step), Infinity);
    const single = steps.filter((step) => step < 1.5 * shortest);
    return single.length ? single.reduce((sum, step) => sum + step, 0) / single.length : null;
  }
}

/**
 * Return the times of the frames that stand for a whole video, chosen as in training: the middle of each frame's time.
 *
 * `duration` and `frameSeconds` are seconds: of the video, and of each frame.
 */
export function clipTimes(duration, frameSeconds, input) {
  const count = Math.max(Math.round(duration / frameSeconds), 1), rate = input.frame_rate;
  const place = rate === null ? (index) => index : (index) => Math.floor(index / rate / frameSeconds + 1e-6);
  const there = rate === null ? count : Math.floor((count - 1) * frameSeconds * rate + 1e-6) + 1;
  return chosen(there, input.frames, input.sampling).map((index) => (place(index) + 0.5) * frameSeconds);
}

/** Return at most `most` places of `count` frames: spread evenly, or neighbours from the middle. */
function chosen(count, most, sampling) {
  const places = Array.from({ length: Math.min(count, most) }, (_, place) => place);
  if (count <= most) return places;
  if (sampling === "uniform") return places.map((place) => Math.floor(((place + 0.5) * count) / most));
  return places.map((place) => Math.floor((count - most) / 2) + place);
}

/**
 * Return the windows (see inputs/text.js) of frames, Uint8Array (height, width, channels) each. More than the model takes
 * at once go in equal windows.
 */
export function clipWindows(frames, { size, height, width, channels }) {
  const count = Math.ceil(frames.length / size), shorter = Math.floor(frames.length / count);
  const longer = frames.length % count; // so many windows have one frame more
  const begin = (window) => window * shorter + Math.min(window, longer);
  return Array.from({ length: count }, (_, index) => {
    const window = frames.slice(begin(index), begin(index + 1));
    const tensor = new Uint8Array(size * height * width * channels);
    window.forEach((frame, place) => tensor.set(frame, place * frame.length));
    return { tensors: { frames: tensor, length: Int32Array.of(window.length) }, weight: window.length, begin: begin(index) };
  });
}
