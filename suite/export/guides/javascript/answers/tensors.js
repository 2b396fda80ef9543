// only: stream
/** The outputs by name; the answer after the last piece is that of the whole input. */
export function answer(model, calls, outputs) {
  return outputs.at(-1);
}
// end
// only: stateless
/** The outputs by name, for each piece of the input. */
export function answer(model, calls, outputs) {
  return outputs;
}
// end
