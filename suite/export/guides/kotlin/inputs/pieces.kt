private const val SIGNATURE = "signature" // fill
private const val TEXT = "input" // fill from input
// only: stateless
private const val LONGEST = 256 // fill
// end
// only: fixed
private const val SIZE = 256 // fill
// end
private const val SEPARATOR: Byte = 31 // ends each token of a text that brings its own
private val SENTENCE_ENDS = listOf(".", "!", "?", "…", "。", "！", "？", "।", "؟").map { it.toByteArray() }

private fun isSpace(byte: Byte) = byte in 0..32 || byte == 127.toByte()

/** Pieces of at most `limit` bytes, from and behind which place: cut behind a sentence, else a space, else a character. */
private fun cut(data: ByteArray, from: Int, behind: Int, limit: Int): List<Pair<Int, Int>> {
    val own = (from until behind).any { data[it] == SEPARATOR }
    val pieces = mutableListOf<Pair<Int, Int>>()
    var start = from
    while (behind - start > limit) {
        val places = start + limit downTo start + 1
        val spaces = places.filter { if (own) data[it - 1] == SEPARATOR else isSpace(data[it - 1]) }
        val end = spaces.firstOrNull { 2 * (it - start) > limit && endsSentence(data, start, it - 1) }
            ?: spaces.firstOrNull()
            ?: places.take(4).firstOrNull { (data[it].toInt() and 0xC0) != 0x80 } ?: places.first
        pieces += Pair(start, end)
        start = end
    }
    return pieces + Pair(start, behind)
}

private fun endsSentence(data: ByteArray, start: Int, place: Int) =
    data[place] == 10.toByte() || data[place] == 13.toByte() || SENTENCE_ENDS.any { mark ->
        place - mark.size >= start && mark.indices.all { data[place - mark.size + it] == mark[it] }
    }

private fun piece(data: ByteArray, start: Int, end: Int): Part {
    // only: whole
    val size = maxOf(end - start, 1) // no axis may be empty
    // end
    // only: fixed
    val size = SIZE // zeros behind the text
    // end
    return Part(mapOf(TEXT to Values(data.copyOfRange(start, end).copyOf(size), 1, size)), start, end - start)
}

/** predict(Model(context), "An example.") */  // fill: predict
fun predict(model: Model, text: String): Answer { // fill: predict Answer
    val data = text.toByteArray()
    // only: stream
    model.begin(SIGNATURE)
    var waiting = cut(data, 0, data.size, SIZE)
    // end
    // only: stateless
    var waiting = cut(data, 0, data.size, LONGEST) // no longer than the texts that the model learned from
    // end
    // only: windows
    waiting = waiting.flatMap { (start, end) -> cut(data, start, end, SIZE) }
    // end
    val parts = mutableListOf<Part>()
    val outputs = mutableListOf<Map<String, Values>>()
    while (waiting.isNotEmpty()) {
        val (start, end) = waiting.first()
        waiting = waiting.drop(1)
        val part = piece(data, start, end)
        val output = model.run(SIGNATURE, part.inputs)
        // only: windows
        if (overfull(output) && end - start > 1) {
            waiting = cut(data, start, end, (end - start) / 2) + waiting
            continue
        }
        // end
        parts += part
        outputs += output
    }
    return answer(model, text, parts, outputs)
}
