// only: stream
/** The outputs by name; the answer after the last piece is that of the whole input. */
private fun answer(model: Model, parts: List<Part>, outputs: List<Map<String, Values>>) = outputs.last()
// end
// only: stateless
/** The outputs by name, for each piece of the input. */
private fun answer(model: Model, parts: List<Part>, outputs: List<Map<String, Values>>) = outputs
// end
