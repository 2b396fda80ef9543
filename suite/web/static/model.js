/* The model as the page sees it: open it once, then ask; the newest question wins.
 *
 * A question is what an input kind asks:
 *   count           how many calls of the model it takes, at least 1 (with `next`: at most)
 *   tensors(index)  the inputs of one call: name -> typed array
 *   next(last)      in its place, where one call hangs on the one before: {signature, tensors} of the next call, or null
 *                   at the end; `last` is {signature: outputs} of the call before, undefined at first
 *   heard(outputs, index)   where there is one, is told what each call gave, as soon as it did; `count` may grow by it
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

  /** Put the next call of the running question on its way; false where there is none left. */
  const runNext = () => {
    const { question, outputs, call } = running;
    if (question.next) {
      running.call = question.next(call && { [call.signature]: outputs.at(-1) });
    } else {
      running.call = outputs.length < question.count ? { tensors: question.tensors(outputs.length) } : null;
    }
    if (running.call) worker.postMessage({ run: running.call.tensors, signature: running.call.signature });
    return running.call !== null;
  };
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
    job.question.heard?.(outputs, job.outputs.length);
    job.outputs.push(outputs);
    job.milliseconds += milliseconds;
    const finished = (!waiting || job.question.count === job.outputs.length) && !runNext();
    if (waiting || finished) [running, waiting] = [waiting, null];
    if (running && running !== job) runNext();
    if (running === job) job.listener.progressed(job.outputs.length, job.question.count);
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
