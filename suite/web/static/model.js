/* The model as the page sees it: open it once, then ask; the newest question wins. */

/**
 * Start the worker and open the model.
 *
 * Resolves to `ask(question, answered)`: runs `question.tensors` and calls `answered({answers, milliseconds}, question)`.
 * While one question runs, only the newest of those that follow is kept. `failed(words)` hears what goes wrong later.
 */
export function openModel(page, failed) {
  const worker = new Worker("worker.js");
  let running = null, waiting = null, runs = 0;

  const start = (job) => {
    running = job;
    worker.postMessage({ run: ++runs, tensors: job.question.tensors });
  };
  const ask = (question, answered) => {
    const job = { question, answered };
    if (running) waiting = job;
    else start(job);
  };
  return new Promise((resolve, reject) => {
    let opened = false;
    const fail = (words) => (opened ? failed(words) : reject(new Error(words)));
    worker.onerror = (event) => fail(event.message || "worker.js could not be started");
    worker.onmessage = ({ data }) => {
      if (data.failed) return fail(data.failed);
      if (data.opened) {
        opened = true;
        return resolve(ask);
      }
      const done = running;
      running = null;
      if (waiting) {
        start(waiting);
        waiting = null;
      }
      done.answered(data, done.question);
    };
    worker.postMessage({ open: page });
  });
}
