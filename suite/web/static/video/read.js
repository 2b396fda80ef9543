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

/** Return the frames on show at times in seconds of the video at an address. */
export async function framesAt(address, times, input) {
  const video = element("video", { muted: true, preload: "auto", src: address });
  await heard(video, "loadeddata");
  const frames = [];
  for (const time of times) {
    const there = heard(video, "seeked");
    video.currentTime = time;
    await there;
    frames.push(frameOf(video, input));
  }
  return frames;
}

const heard = (video, event) => new Promise((resolve, reject) => {
  video.addEventListener(event, resolve, { once: true });
  video.addEventListener("error", () => reject(new Error("The video cannot be read to its end.")), { once: true });
});
