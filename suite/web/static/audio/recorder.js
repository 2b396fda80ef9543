/* Runs where the browser handles sound: sends on what the microphone gives, channels averaged. */

registerProcessor("recorder", class extends AudioWorkletProcessor {
  process([channels]) {
    if (channels.length) {
      this.port.postMessage(channels[0].map((_, index) =>
        channels.reduce((sum, channel) => sum + channel[index], 0) / channels.length));
    }
    return true;
  }
});
