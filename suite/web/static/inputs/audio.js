/* Input kind `audio`: a sound file or the microphone, as the model's samples and length. */

import { record, whyNoMicrophone } from "../audio/microphone.js";
import { readAudio } from "../audio/read.js";
import { recordingWindows } from "../audio/windows.js";
import { waveform } from "../audio/waveform.js";
import { button, element, fileButton, meter, setMeter, takeDrops } from "../elements.js";

/** Put the controls into `place`; `ask` takes what text.js tells, at each recording. */
export function mount(place, input, ask) {
  const microphone = button("record", "Record", toggle);
  const chooser = fileButton("Choose a file", "audio/*", open);
  const level = meter("Level of the microphone");
  const used = element("p", { id: "used", className: "used" });
  used.textContent = whyNoMicrophone() || "Or drop a file here.";
  const notice = element("p", { id: "notice", className: "notice", hidden: true });
  const picture = element("div", { className: "picture", hidden: true });
  used.setAttribute("role", "status");
  notice.setAttribute("role", "alert");
  microphone.disabled = whyNoMicrophone() !== "";
  level.hidden = true;
  place.replaceChildren(element("div", { className: "controls" }, microphone, chooser), level, picture, used, notice);
  takeDrops(place, open);

  let stop = null, starting = false, newest = 0;

  /** Ask about what `source(wanted)` resolves to, unless it is nothing or something newer has been asked for. */
  async function take(name, waiting, source) {
    const turn = ++newest, wanted = () => turn === newest;
    notice.hidden = true;
    used.textContent = waiting;
    ask(null);
    try {
      const samples = await source(wanted);
      if (!samples || !wanted()) return;
      used.textContent = `${name}: ${(samples.length / input.sample_rate).toFixed(1)} s`;
      picture.innerHTML = waveform(samples);
      picture.hidden = false;
      ask({
        windows: () => recordingWindows(samples, input),
        seconds: samples.length / input.sample_rate,
        empty: false,
      });
    } catch (error) {
      if (!wanted()) return;
      used.textContent = "";
      notice.textContent = error.message;
      notice.hidden = false;
    }
  }

  function open(file) {
    stop?.();
    show(null);
    return take(file.name, `Reading ${file.name} …`, () => readAudio(file, input.sample_rate));
  }

  async function toggle() {
    if (stop) {
      const stopped = stop;
      show(null);
      return take("Recording", "", stopped);
    }
    if (starting) return; // disabled, the button would lose the keyboard's focus
    starting = true;
    await take("Recording", "Waiting for the microphone …", async (wanted) => {
      const started = await record(input.sample_rate, (peak, seconds) => {
        if (stop !== started) return;
        setMeter(level, loudness(peak));
        used.textContent = `Recording: ${seconds.toFixed(1)} s`;
      });
      if (wanted()) show(started);
      else started();
    });
    starting = false;
  }

  /** Show whether the microphone is recording: `stopper` ends it, null where it is not. */
  function show(stopper) {
    stop = stopper;
    microphone.textContent = stop ? "Stop" : "Record";
    microphone.classList.toggle("recording", stop !== null);
    level.hidden = !stop;
    picture.hidden = stop !== null || !picture.firstChild;
  }
}

/** Return a peak in [0, 1] as a fraction of a scale in decibels, 60 dB long. */
const loudness = (peak) => Math.min(Math.max(1 + Math.log10(Math.max(peak, 1e-9)) / 3, 0), 1);
