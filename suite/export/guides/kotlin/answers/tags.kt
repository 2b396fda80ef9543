private val NAMES = listOf("O", "B-A") // fill

/** A stretch of the text, `text.substring(start, end)`; `score` is the probability of the least sure of its tokens. */
data class Span(val start: Int, val end: Int, val label: String, val score: Float)

/** The spans of a text, in order. */
data class Tagged(
    val spans: List<Span>,
    // only: intents
    val intents: Map<String, Float>, // the probability of each
    // end
)

private fun numbers(output: Map<String, Values>, name: String) = output.getValue(name).flat as IntArray

// only: windows
/** Whether a piece has more tokens than the file has places for. */
private fun overfull(output: Map<String, Values>) = numbers(output, "count")[0] > numbers(output, "tags").size

// end
/** Where each byte of a text in UTF-8 stands in the string. */
private fun places(text: String): List<Int> {
    val places = mutableListOf<Int>()
    var place = 0
    while (place < text.length) {
        val next = place + Character.charCount(text.codePointAt(place))
        repeat(text.substring(place, next).toByteArray().size) { places += place }
        place = next
    }
    return places + place
}

/** The file counts bytes; spans count places of the string. */
private fun answer(model: Model, text: String, parts: List<Part>, outputs: List<Map<String, Values>>): Tagged {
    val places = places(text)
    val spans = mutableListOf<Span>()
    // only: lettered
    var before = "O"
    // end
    for ((part, output) in parts.zip(outputs)) {
        val probabilities = output.getValue("probabilities").flat as FloatArray
        for (token in 0 until numbers(output, "count")[0]) {
            val start = places[part.start + numbers(output, "starts")[token]]
            val end = places[part.start + numbers(output, "ends")[token]]
            val tag = NAMES[numbers(output, "tags")[token]]
            // only: plain
            if (tag != "O") spans += Span(start, end, tag, probabilities[token])
            // end
            // only: lettered
            // B and S begin a span, behind E and S another one begins, and so it does wherever the label changes.
            if (tag != "O" && (tag[0] in "BS" || tag.drop(2) != before.drop(2) || before[0] in "ES")) {
                spans += Span(start, end, tag.drop(2), probabilities[token])
            } else if (tag != "O") {
                val score = minOf(spans.last().score, probabilities[token])
                spans[spans.lastIndex] = spans.last().copy(end = end, score = score)
            }
            before = tag
            // end
        }
    }
    // only: intents
    return Tagged(spans, intents(model, parts, outputs))
    // end
    // only: without_intents
    return Tagged(spans)
    // end
}

// only: intents
private fun intents(model: Model, parts: List<Part>, outputs: List<Map<String, Values>>): Map<String, Float> {
    val scores = outputs.map { it.getValue("intent").flat as FloatArray }
    // only: stream
    return model.labels.zip(scores.last().toList()).toMap() // the answer after the last chunk is that of the whole text
    // end
    // only: stateless
    val lengths = parts.map { maxOf(it.length, 1).toDouble() } // of pieces it is the mean, weighted by the length of each
    return model.labels.withIndex().associate { (place, label) ->
        label to (scores.indices.sumOf { scores[it][place] * lengths[it] } / lengths.sum()).toFloat()
    }
    // end
}

// end
