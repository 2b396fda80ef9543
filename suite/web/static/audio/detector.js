/* Words heard in sound that does not end: smoothed probabilities against cutoffs, as pipelines/sound/listening.py decides. */

/**
 * Return `hear(time, probabilities)`, to be called for each window in turn: the seconds at its end, and a probability per
 * label. It gives the words heard there, {label, time, score} each, the score being a mean over the last windows.
 *
 * `listening` is that of page.json: `smoothed_windows`, `refractory_seconds` from one detection of a word to the next, and
 * `cutoffs`, word -> smoothed probability from which it counts as heard.
 */
export function makeDetector({ smoothed_windows, refractory_seconds, cutoffs }, labels) {
  const recent = [], nextTimes = {};
  return (time, probabilities) => {
    recent.push(probabilities);
    if (recent.length > smoothed_windows) recent.shift();
    return Object.entries(cutoffs).flatMap(([label, cutoff]) => {
      const place = labels.indexOf(label);
      const score = recent.reduce((sum, window) => sum + window[place], 0) / recent.length;
      if (score < cutoff || time < (nextTimes[label] ?? -Infinity)) return [];
      nextTimes[label] = time + refractory_seconds;
      return [{ label, time, score }];
    });
  };
}
