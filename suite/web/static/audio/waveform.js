/* A drawing of samples. */

const COLUMNS = 240;

/** Return markup of a picture of samples (Float32Array): the loudest sample of each stretch, up and down. */
export function waveform(samples) {
  const stretch = samples.length / COLUMNS;
  const heights = Array.from({ length: COLUMNS }, (_, column) => {
    const part = samples.subarray(Math.floor(column * stretch), Math.max(Math.floor((column + 1) * stretch), 1));
    return Math.max(part.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0), 0.01);
  });
  const loudest = Math.max(...heights, 0.05);
  const bars = heights.map((height, column) => {
    const reach = ((47 * height) / loudest).toFixed(1);
    return `M${column + 0.5} ${50 - reach}V${50 + Number(reach)}`;
  });
  return `<svg class="waveform" viewBox="0 0 ${COLUMNS} 100" preserveAspectRatio="none" aria-hidden="true">`
    + `<path d="${bars.join("")}"/></svg>`;
}
