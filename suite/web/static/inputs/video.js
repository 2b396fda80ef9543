/* Input kind `video`: a video file or the camera. The newest frames are asked about while it plays, and at the end of a
 * file frames from all of it, chosen as in training. */

import { button, element, fileButton, takeDrops } from "../elements.js";
import { clipTimes, clipWindows, NewestFrames } from "../video/clip.js";
import { frameOf, framesAt, frameSeconds, opened } from "../video/read.js";

const NO_FRAMES = "This browser does not hand out the frames of a video; a current Chrome, Edge, Firefox or Safari does.";
const NO_CAMERA = "The camera works only on pages opened from localhost or over https; choose a file instead.";
const REFUSED = {
  NotAllowedError: "The browser was not allowed to use the camera; allow it in this page's settings and try again.",
  NotFoundError: "No camera was found; plug one in, or choose a file.",
  NotReadableError: "The camera gives no picture; another program may be using it.",
};

/** Put the controls into `place`; `ask` takes what text.js tells, at each frame. */
export function mount(place, input, ask) {
  if (!("requestVideoFrameCallback" in HTMLVideoElement.prototype)) {
    return place.replaceChildren(element("p", { className: "notice", textContent: NO_FRAMES }));
  }
  const able = Boolean(navigator.mediaDevices?.getUserMedia);
  const camera = button("camera", "Use the camera", toggle);
  const chooser = fileButton("Choose a file", "video/*", open);
  const video = element("video", { id: "video", muted: true, playsInline: true, hidden: true });
  const used = element("p", { id: "used", className: "used", textContent: able ? "Or drop a file here." : NO_CAMERA });
  const notice = element("p", { id: "notice", className: "notice", hidden: true });
  used.setAttribute("role", "status");
  notice.setAttribute("role", "alert");
  camera.disabled = !able;
  place.replaceChildren(element("div", { className: "controls" }, camera, chooser), video, used, notice);
  takeDrops(place, open);

  let newest = new NewestFrames(input), stream = null, name = "", starting = false;

  /** Look at the frame on show, then wait for the next. */
  function look(now, { mediaTime, presentedFrames }) {
    const repeats = newest.repeats(stream ? now / 1000 : mediaTime, presentedFrames);
    if (repeats && !video.ended) { // then the answer about all of it is on its way
      newest.add(frameOf(video, input), repeats);
      const { frames } = newest; // a new array at every frame
      ask({ windows: () => clipWindows(frames, input), empty: false, live: true });
    }
    video.requestVideoFrameCallback(look);
  }

  async function ended() {
    const seen = newest;
    const duration = Number.isFinite(video.duration) ? video.duration : video.currentTime;
    used.textContent = `${name}: looking at all of it …`;
    try {
      const file = await opened(video.src);
      const seconds = await frameSeconds(file) ?? seen.frameSeconds() ?? duration;
      const frames = await framesAt(file, clipTimes(duration, seconds, input), seconds, input);
      if (newest !== seen) return;
      ask({ windows: () => clipWindows(frames, input), empty: false });
      used.textContent = `${name}: the answer is about all of it, ${duration.toFixed(1)} s`;
    } catch (error) {
      if (newest === seen) fail(error.message);
    }
  }

  video.requestVideoFrameCallback(look);
  video.addEventListener("seeking", () => { newest = new NewestFrames(input); });
  video.addEventListener("loadeddata", () => {
    used.textContent = `${name}: ${video.videoWidth} × ${video.videoHeight} pixels`;
  });
  video.addEventListener("ended", ended);
  video.addEventListener("error", () => {
    if (video.getAttribute("src")) fail(`${name} is no video that this browser can play.`);
  });

  function open(file) {
    show(file.name, null);
    video.src = URL.createObjectURL(file);
    video.play().catch(() => {}); // the error event tells more
  }

  async function toggle() {
    if (stream) return show("", null);
    if (starting) return; // disabled, the button would lose the keyboard's focus
    starting = true;
    used.textContent = "Waiting for the camera …";
    try {
      const opened = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 640 } } });
      show("Camera", opened);
      video.srcObject = opened;
      await video.play();
    } catch (error) {
      fail(REFUSED[error.name] ?? `The camera cannot be used: ${error.message}`);
    }
    starting = false;
  }

  /** Go over to another source; `opened` is the stream of the camera, null where it is off. */
  function show(source, opened) {
    stream?.getTracks().forEach((track) => track.stop());
    if (video.src) URL.revokeObjectURL(video.src);
    video.removeAttribute("src");
    video.srcObject = null;
    [stream, name, newest] = [opened, source, new NewestFrames(input)];
    camera.textContent = stream ? "Stop the camera" : "Use the camera";
    camera.classList.toggle("recording", stream !== null);
    video.controls = !stream;
    video.hidden = !source;
    used.textContent = "";
    notice.hidden = true;
    ask(null);
  }

  function fail(words) {
    show("", null);
    notice.textContent = words;
    notice.hidden = false;
  }
}
