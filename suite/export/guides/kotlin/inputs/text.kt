private const val SIGNATURE = "signature" // fill
private const val TEXT = "input" // fill from input
// only: fixed
private const val SIZE = 256 // fill

private fun isSpace(byte: Byte) = byte in 0..32 || byte == 127.toByte()
// end

// only: whole
/** The whole text as UTF-8; an empty one as a zero byte. */
private fun parts(text: String): List<Part> {
    val data = text.toByteArray().let { if (it.isEmpty()) ByteArray(1) else it }
    return listOf(Part(mapOf(TEXT to Values(data, 1, data.size)), 0, data.size))
}

// end
// only: windows
/** Windows of SIZE bytes, cut at spaces where possible, else between two characters; zeros behind each. */
private fun parts(text: String): List<Part> {
    val data = text.toByteArray()
    if (data.size <= SIZE) return listOf(piece(data, 0, data.size))
    val end = data.indexOfLast { !isSpace(it) } + 1
    var start = data.indexOfFirst { !isSpace(it) }.coerceAtLeast(0)
    val pieces = mutableListOf<Part>()
    while (end - start > SIZE) {
        val places = start + SIZE downTo start + 1
        val cut = places.firstOrNull { isSpace(data[it]) }
            ?: places.take(4).firstOrNull { (data[it].toInt() and 0xC0) != 0x80 } ?: places.first
        pieces += piece(data, start, (cut downTo start + 1).first { !isSpace(data[it - 1]) })
        start = (cut until end).first { !isSpace(data[it]) }
    }
    return pieces + piece(data, start, maxOf(start, end))
}

// end
// only: stream
/** Chunks of SIZE bytes that tear no word apart; zeros behind each. One longer than SIZE is cut as in training. */
private fun parts(text: String): List<Part> {
    val data = text.toByteArray()
    var start = 0
    val pieces = mutableListOf<Part>()
    while (data.size - start > SIZE) {
        val whole = if (SIZE < 32) SIZE else SIZE - SIZE % 32
        val cut = (start + SIZE downTo start + 1).firstOrNull { isSpace(data[it - 1]) } ?: (start + whole)
        pieces += piece(data, start, cut)
        start = cut
    }
    return pieces + piece(data, start, data.size)
}

// end
// only: fixed
private fun piece(data: ByteArray, start: Int, end: Int) =
    Part(mapOf(TEXT to Values(data.copyOfRange(start, end).copyOf(SIZE), 1, SIZE)), start, end - start)

// end
/** predict(Model(context), "An example.") */  // fill: predict
fun predict(model: Model, text: String) = parts(text).let { parts -> // fill: predict
    // only: stream
    model.begin(SIGNATURE)
    // end
    answer(model, parts, parts.map { model.run(SIGNATURE, it.inputs) })
}
