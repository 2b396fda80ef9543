/* Input kind `audio`: a sound file or the microphone, as the model's samples and length. */

import { record, whyNoMicrophone } from "../audio/microphone.js";
import { readAudio } from "../audio/read.js";
import { recordingWindows, slidingWindows } from "../audio/windows.js";
import { waveform } from "../audio/waveform.js";
import { button, element, fileButton, meter, setMeter, takeDrops } from "../elements.js";

const LONG_WINDOWS = 4; // a recording longer than so many windows is listened to; pipelines/sound/predict.py has the same

/** Put the controls into `place`; `ask` takes what text.js tells, at each recording. */
export function mount(place, input, ask) {
  const microphone = button("record", "Record", toggle);
  const listener = button("listen", "Listen", listen);
  const chooser = fileButton("Choose a file", "audio/*", open);
  const level = meter("Level of the microphone");
  const used = element("p", { id: "used", className: "used" });
  used.textContent = whyNoMicrophone() || "Or drop a file here.";
  const notice = element("p", { id: "notice", className: "notice", hidden: true });
  const picture = element("div", { className: "picture", hidden: true });
  used.setAttribute("role", "status");
  notice.setAttribute("role", "alert");
  microphone.disabled = listener.disabled = whyNoMicrophone() !== "";
  level.hidden = true;
  const buttons = input.listening ? [listener, microphone] : [microphone];
  place.replaceChildren(element("div", { className: "controls" }, ...buttons, chooser), level, picture, used, notice);
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
      ask(recording(samples));
    } catch (error) {
      if (!wanted()) return;
      used.textContent = "";
      notice.textContent = error.message;
      notice.hidden = false;
    }
  }

  function recording(samples) {
    const listened = input.listening && samples.length > LONG_WINDOWS * input.size;
    const windows = listened ? slidingWindows(samples, input, input.listening.hop_samples) : recordingWindows(samples, input);
    return {
      windows: () => windows,
      times: listened ? windows.map(({ begin, weight }) => (begin + weight) / input.sample_rate) : undefined,
      seconds: samples.length / input.sample_rate,
      empty: false,
    };
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
    await start("Recording", microphone, () => {}, Infinity);
  }

  /** Ask about the newest window of the microphone, one every hop, until the button is pressed again. */
  async function listen() {
    if (stop) {
      stop().catch(() => {}); // nothing is to be done with what was heard
      show(null);
      return;
    }
    const { hop_samples: hop } = input.listening;
    let next = input.size / input.sample_rate;
    await start("Listening", listener, async (seconds, last) => {
      if (seconds < next) return;
      next = seconds + hop / input.sample_rate;
      const samples = (await last(input.size)).subarray(0, input.size);
      ask({ windows: () => recordingWindows(samples, input), times: [seconds], live: true, empty: false });
    }, (2 * input.size) / input.sample_rate);
  }

  /** Open the microphone; `came(seconds, last)` hears of its sound, of which `keep` seconds stay in memory. */
  async function start(doing, pressed, came, keep) {
    if (starting) return; // disabled, the button would lose the keyboard's focus
    starting = true;
    await take(doing, "Waiting for the microphone …", async (wanted) => {
      const started = await record(input.sample_rate, (peak, seconds, last) => {
        if (stop !== started) return;
        setMeter(level, loudness(peak));
        used.textContent = `${doing}: ${seconds.toFixed(1)} s`;
        came(seconds, last);
      }, keep);
      if (wanted()) show(started, pressed);
      else started();
    });
    starting = false;
  }

  /** Show whether the microphone is open, and for which button: `stopper` ends it, null where it is not. */
  function show(stopper, pressed) {
    stop = stopper;
    for (const [button, words] of [[microphone, "Record"], [listener, "Listen"]]) {
      button.textContent = button === pressed ? "Stop" : words;
      button.classList.toggle("recording", button === pressed);
      button.disabled = stop !== null && button !== pressed;
    }
    level.hidden = !stop;
    picture.hidden = stop !== null || !picture.firstChild;
  }
}

/** Return a peak in [0, 1] as a fraction of a scale in decibels, 60 dB long. */
const loudness = (peak) => Math.min(Math.max(1 + Math.log10(Math.max(peak, 1e-9)) / 3, 0), 1);
