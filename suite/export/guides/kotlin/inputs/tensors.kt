private const val SIGNATURE = "signature" // fill
// only: row
private const val ROW = "input" // fill from input
private const val SIZE = 256 // fill

/** Pieces of SIZE of a row of numbers, zeros behind the last one. */
private fun parts(row: IntArray): List<Part> = (0 until maxOf(row.size, 1) step SIZE).map { start -> // fill: IntArray
    val piece = row.copyOfRange(start, minOf(start + SIZE, row.size))
    Part(mapOf(ROW to Values(piece.copyOf(SIZE), 1, SIZE)), start, piece.size)
}

/** predict(Model(context), IntArray(10)) */  // fill: predict IntArray
fun predict(model: Model, row: IntArray) = parts(row).let { parts -> // fill: predict IntArray
    // only: stream
    model.begin(SIGNATURE)
    // end
    answer(model, parts, parts.map { model.run(SIGNATURE, it.inputs) })
}
// end
// only: arrays
/** One call: the arrays by name, as listed above, with the batch axis, 1, in front: `"length" to Values(intArrayOf(5), 1)`. */
fun predict(model: Model, vararg arrays: Pair<String, Values>) = Part(mapOf(*arrays), 0, 1).let { part -> // fill: predict
    // only: stream
    // The state stays from call to call: `model.begin` before each new input.
    if (model.fresh) model.begin(SIGNATURE)
    // end
    answer(model, listOf(part), listOf(model.run(SIGNATURE, part.inputs)))
}
// end
