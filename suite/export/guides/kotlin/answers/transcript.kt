private const val TRANSCRIPT = "output" // fill from output
// only: stitch
private const val LOG_PROBS = "output" // fill
private const val COUNT = "output" // fill
private val SYMBOLS = listOf("", "a", "b") // fill

/** The text. Where two windows overlap, each gives half; repeats merged, blanks (symbol 0) dropped. */
private fun answer(model: Model, parts: List<Part>, outputs: List<Map<String, Values>>): String {
    if (parts.size == 1) return decoded(outputs[0])
    val best = mutableListOf(0)
    for ((index, part) in parts.withIndex()) {
        val rows = outputs[index].getValue(LOG_PROBS).flat as FloatArray
        val begin = if (index == 0) 0 else (parts[index - 1].start + parts[index - 1].length - part.start) / 2 / STEP
        val end = if (index < parts.size - 1) (parts[index + 1].start - part.start + part.length) / 2 / STEP
        else (outputs[index].getValue(COUNT).flat as IntArray)[0]
        for (step in begin until end) {
            best += SYMBOLS.indices.maxByOrNull { rows[step * SYMBOLS.size + it] }!!
        }
    }
    return best.zipWithNext { before, symbol -> if (symbol == before || symbol == 0) "" else SYMBOLS[symbol] }.joinToString("")
}

// end
// only: apart
/** The text, piece by piece. */
private fun answer(model: Model, parts: List<Part>, outputs: List<Map<String, Values>>) =
    outputs.joinToString(" ") { decoded(it) }

// end
// only: together
/** The text; that of a chunk is what the chunk adds. */
private fun answer(model: Model, parts: List<Part>, outputs: List<Map<String, Values>>) =
    outputs.joinToString("") { decoded(it) }

// end
private fun decoded(output: Map<String, Values>) =
    (output.getValue(TRANSCRIPT).flat as ByteArray).let { bytes -> String(bytes.takeWhile { it != 0.toByte() }.toByteArray()) }
