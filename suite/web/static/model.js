/* The model as the page sees it: open it once, then ask; the newest question wins.
 *
 * A question is what an input kind asks:
 *   count           how many calls of the model it takes, at least 1
 *   tensors(index)  the inputs of one call: name -> typed array
 *   join(outputs)   the answer, from the outputs of all calls (name -> typed array): what an answer kind shows
 *   live            whether the next one comes of itself, and nobody waits for this one
 * or null, where there is nothing to ask and the answer shown is to go.
 */

/**
 * Start the worker and open the model.
 *
 * Resolves to `ask(question, {answered, progressed})`: runs the calls one by one, says `progressed(done, count)` after
 * each, and `answered(outputs, milliseconds)` at the end. A newer question takes the place of one that is not finished,
 * and of one that still waits. `failed(words)` hears what goes wrong later.
 */
export function openModel(page, failed) {
  const worker = new Worker("worker.js");
  let running = null, waiting = null;

  const runNext = () => worker.postMessage({ run: running.question.tensors(running.outputs.length) });
  const ask = (question, listener) => {
    const job = { question, listener, outputs: [], milliseconds: 0 };
    if (running) {
      waiting = job;
    } else {
      running = job;
      runNext();
    }
  };
  const take = ({ outputs, milliseconds }) => {
    const job = running;
    job.outputs.push(outputs);
    job.milliseconds += milliseconds;
    const { count } = job.question;
    const finished = job.outputs.length === count;
    if (waiting || finished) [running, waiting] = [waiting, null];
    if (running) runNext();
    if (running === job) job.listener.progressed(job.outputs.length, count);
    if (finished) job.listener.answered(job.outputs, job.milliseconds);
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
