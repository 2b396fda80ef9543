/* Frames of a video as the model takes them. */

import { element } from "../elements.js";
import { resized } from "./resize.js";

const picture = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });

/** Return the frame on show in a video element: Uint8Array (height, width, channels). */
export function frameOf(video, { height, width, channels }) {
  const { canvas } = picture, { videoHeight, videoWidth } = video;
  if (canvas.height !== videoHeight) canvas.height = videoHeight;
  if (canvas.width !== videoWidth) canvas.width = videoWidth;
  picture.drawImage(video, 0, 0);
  return resized(picture.getImageData(0, 0, videoWidth, videoHeight), height, width, channels);
}

/** Return a video element that has its first frame, to be asked for others. */
export async function opened(address) {
  const video = element("video", { muted: true, preload: "auto", src: address });
  await heard(video, "loadeddata");
  return video;
}

/**
 * Return the frames of an opened video on show at times in seconds, the middles of frames.
 *
 * `seconds` is how long a frame is shown; a frame that begins farther away is waited for once more.
 */
export async function framesAt(video, times, seconds, input) {
  const frames = [];
  for (const time of times) {
    const begin = await beginAt(video, time);
    if (begin !== null && Math.abs(time - begin - seconds / 2) > 0.75 * seconds) await presented(video);
    frames.push(frameOf(video, input));
  }
  return frames;
}

/**
 * Return how long an opened video shows a frame, seconds, all of them alike; null where it has one frame, or the browser
 * does not tell when the frame on show begins.
 *
 * The second frame is sought first; frames farther and farther away then make its time exact, for a file may round it to
 * milliseconds.
 */
export async function frameSeconds(video) {
  const first = await beginAt(video, SHORTEST / 2);
  if (first === null) return null;
  let second = first;
  for (let step = SHORTEST; second === first && step < 2 * video.duration; step *= 2) {
    second = await beginAt(video, first + step);
  }
  if (second === null || second === first) return null;
  for (let earlier = second; earlier > first; earlier = await beginAt(video, second - SHORTEST / 2)) second = earlier;
  let seconds = second - first;
  for (let count = 2; first + count * seconds < video.duration; count *= 2) {
    const begin = await beginAt(video, first + (count + 0.5) * seconds);
    if (begin > first) seconds = (begin - first) / Math.round((begin - first) / seconds);
  }
  return seconds;
}

const SHORTEST = 1 / 240; // seconds that a frame is shown, at least
const PATIENCE = 3000; // milliseconds

/**
 * Show the frame of a time; return when it begins, seconds, or null where the browser does not tell.
 *
 * The end of the search alone is not enough: the frame before may still be the one that a canvas is given. Where a video
 * already is, no frame comes on show again.
 */
async function beginAt(video, time) {
  if (Math.abs(time - video.currentTime) < SHORTEST / 10) return null;
  const found = heard(video, "seeked"), shown = presented(video);
  video.currentTime = time;
  await found;
  return shown;
}

/** Wait for a frame to come on show; return when it begins, seconds, or null where the browser does not tell. */
const presented = (video) => new Promise((resolve) => {
  video.requestVideoFrameCallback((now, { mediaTime }) => resolve(mediaTime));
  setTimeout(resolve, PATIENCE, null);
});

const heard = (video, event) => new Promise((resolve, reject) => {
  video.addEventListener(event, resolve, { once: true });
  video.addEventListener("error", () => reject(new Error("The video cannot be read to its end.")), { once: true });
});
