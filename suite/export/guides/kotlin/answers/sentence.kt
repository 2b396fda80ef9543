private const val SENTENCE = "output" // fill from output

/** The sentence; of an input in several pieces one for each, with a space between. */
private fun answer(model: Model, parts: List<Part>, outputs: List<Map<String, Values>>) = outputs.joinToString(" ") { output ->
    val bytes = output.getValue(SENTENCE).flat as ByteArray
    String(bytes.takeWhile { it != 0.toByte() }.toByteArray())
}
