private const val PROBABILITIES = "output" // fill from output

/** The probability of each label. */
private fun answer(model: Model, parts: List<Part>, outputs: List<Map<String, Values>>): Map<String, Float> {
    val scores = outputs.map { it.getValue(PROBABILITIES).flat as FloatArray }
    // only: stream
    return model.labels.zip(scores.last().toList()).toMap() // the answer after the last chunk is that of the whole input
    // end
    // only: stateless
    // One answer for each piece; that of the whole input is their mean, weighted by the length of each.
    val lengths = parts.map { maxOf(it.length, 1).toDouble() }
    return model.labels.withIndex().associate { (place, label) ->
        label to (scores.indices.sumOf { scores[it][place] * lengths[it] } / lengths.sum()).toFloat()
    }
    // end
}
