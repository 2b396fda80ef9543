/* The model as the page sees it: open it once, then ask; the newest question wins. */

/**
 * Start the worker and open the model.
 *
 * Resolves to `ask(question, answered)`: runs `question.tensors` one by one and calls
 * `answered({answers, milliseconds}, question)`. A newer question takes the place of one that is not finished, and of
 * one that still waits. `failed(words)` hears what goes wrong later.
 */
export function openModel(page, failed) {
  const worker = new Worker("worker.js");
  let running = null, waiting = null;

  const runNext = () => worker.postMessage({ run: running.question.tensors[running.answers.length] });
  const ask = (question, answered) => {
    const job = { question, answered, answers: [], milliseconds: 0 };
    if (running) {
      waiting = job;
    } else {
      running = job;
      runNext();
    }
  };
  const take = ({ answer, milliseconds }) => {
    const job = running;
    job.answers.push(answer);
    job.milliseconds += milliseconds;
    const finished = job.answers.length === job.question.tensors.length;
    if (waiting || finished) [running, waiting] = [waiting, null];
    if (running) runNext();
    if (finished) job.answered(job, job.question);
  };
  return new Promise((resolve, reject) => {
    let opened = false;
    const fail = (words) => (opened ? failed(words) : reject(new Error(words)));
    worker.onerror = (event) => fail(event.message || "worker.js could not be started");
    worker.onmessage = ({ data }) => {
      if (data.failed) {
        fail(data.failed);
      } else if (data.opened) {
        opened = true;
        resolve(ask);
      } else {
        take(data);
      }
    };
    worker.postMessage({ open: page });
  });
}
