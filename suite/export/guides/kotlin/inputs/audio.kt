private const val SIGNATURE = "signature" // fill
private const val SAMPLES = "input" // fill from input
private const val LENGTH = "input" // fill
private const val RATE = 16000 // fill
// only: fixed
private const val SIZE = 32000 // fill
// end
// only: windows
private const val STEP = 320 // fill
// end
// only: stream
private const val TAIL = 0 // fill
// end

// only: whole
/** The whole recording, one channel, RATE samples a second. */
private fun parts(samples: FloatArray): List<Part> { // fill: FloatArray
    val inputs = mapOf(SAMPLES to Values(samples, 1, samples.size), LENGTH to Values(intArrayOf(samples.size), 1))
    return listOf(Part(inputs, 0, samples.size))
}

// end
// only: windows
/** Windows of SIZE samples of a recording, one channel, RATE samples a second; a second of overlap. */
private fun parts(samples: FloatArray): List<Part> { // fill: FloatArray
    val half = minOf(RATE / 2, SIZE / 4) / STEP
    val advance = (SIZE / STEP - 2 * half) * STEP
    val count = maxOf((samples.size - SIZE + advance - 1) / advance, 0) + 1
    return List(count) { piece(samples, it * advance) }
}

// end
// only: stream
/**
 * Chunks of SIZE samples of a recording, one channel, RATE samples a second, and the silence behind it.
 *
 * From a microphone: `model.begin` once, `model.run` with each SIZE samples, at the end TAIL samples of silence.
 */
private fun parts(samples: FloatArray): List<Part> { // fill: FloatArray
    val all = samples.copyOf(samples.size + TAIL)
    return (all.indices step SIZE).map { piece(all, it) }
}

// end
// only: fixed
private fun piece(samples: FloatArray, start: Int): Part { // fill: FloatArray
    val length = minOf(SIZE, samples.size - start)
    val padded = samples.copyOfRange(start, start + length).copyOf(SIZE)
    return Part(mapOf(SAMPLES to Values(padded, 1, SIZE), LENGTH to Values(intArrayOf(length), 1)), start, length)
}

// end
/** predict(Model(context), FloatArray(RATE)) */  // fill: predict FloatArray
fun predict(model: Model, samples: FloatArray) = parts(samples).let { parts -> // fill: predict FloatArray
    // only: stream
    model.begin(SIGNATURE)
    // end
    answer(model, parts, parts.map { model.run(SIGNATURE, it.inputs) })
}
