private const val SIGNATURE = "signature" // fill
private const val FRAMES = "input" // fill from input
private const val LENGTH = "input" // fill
private const val CHANNELS = 3 // fill
// only: fixed
private const val SIZE = 16 // fill
// end

// only: whole
/** All frames. */
private fun parts(frames: List<ByteArray>) = listOf(piece(frames, 0, frames.size, frames.size))

// end
// only: windows
/** Frames in as few windows of up to SIZE as there can be, of equal length. */
private fun parts(frames: List<ByteArray>): List<Part> {
    val count = (frames.size + SIZE - 1) / SIZE
    val longer = frames.size % count
    val starts = (0..count).map { it * (frames.size / count) + minOf(it, longer) }
    return starts.zipWithNext { start, end -> piece(frames, start, end, SIZE) }
}

// end
// only: stream
/**
 * Frames, SIZE at a time.
 *
 * From a camera: `model.begin` once, then `model.run` with each frame; the answer is for all frames so far.
 */
private fun parts(frames: List<ByteArray>) =
    (frames.indices step SIZE).map { piece(frames, it, minOf(it + SIZE, frames.size), SIZE) }

// end
private fun piece(frames: List<ByteArray>, start: Int, end: Int, size: Int): Part {
    val flat = ByteArray(size * HEIGHT * WIDTH * CHANNELS)
    for (index in start until end) frames[index].copyInto(flat, (index - start) * HEIGHT * WIDTH * CHANNELS)
    val values = Values(flat, 1, size, HEIGHT, WIDTH, CHANNELS)
    return Part(mapOf(FRAMES to values, LENGTH to Values(intArrayOf(end - start), 1)), start, end - start)
}

/**
 * predict(Model(context), List(8) { ByteArray(120 * 160 * CHANNELS) }, 120, 160)  // fill: predict
 *
 * Pictures are bytes [height, width, CHANNELS] of one size, in the order of time.
 */
fun predict(model: Model, pictures: List<ByteArray>, height: Int, width: Int) = // fill: predict
    parts(pictures.map { fit(it, height, width) }).let { parts ->
        // only: stream
        model.begin(SIGNATURE)
        // end
        answer(model, parts, parts.map { model.run(SIGNATURE, it.inputs) })
    }
