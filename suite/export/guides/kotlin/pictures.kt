import kotlin.math.abs
import kotlin.math.max
import kotlin.math.min
import kotlin.math.round

private const val HEIGHT = 96 // fill
private const val WIDTH = 96 // fill

/** Bytes [height, width, channels] scaled to fit HEIGHT and WIDTH, with black bars, as in training. */
private fun fit(picture: ByteArray, height: Int, width: Int): ByteArray {
    if (height == HEIGHT && width == WIDTH) return picture
    val channels = picture.size / (height * width)
    val scale = min(HEIGHT.toDouble() / height, WIDTH.toDouble() / width)
    val rows = weights(height, HEIGHT, max(round(height * scale).toInt(), 1))
    val columns = weights(width, WIDTH, max(round(width * scale).toInt(), 1))
    val fitted = ByteArray(HEIGHT * WIDTH * channels)
    val line = DoubleArray(width * channels)
    for (row in 0 until HEIGHT) {
        line.fill(0.0)
        for ((from, weight) in rows[row]) for (at in line.indices) {
            line[at] += weight * (picture[from * line.size + at].toInt() and 255)
        }
        for (column in 0 until WIDTH) for (channel in 0 until channels) {
            val value = columns[column].sumOf { (from, weight) -> weight * line[from * channels + channel] }
            fitted[(row * WIDTH + column) * channels + channel] = round(value.coerceIn(0.0, 255.0)).toInt().toByte()
        }
    }
    return fitted
}

/** For each of [size] places those of [count] that count and how much; the middle [inner] of them are the picture. */
private fun weights(count: Int, size: Int, inner: Int): List<List<Pair<Int, Double>>> {
    val scale = count.toDouble() / inner
    return List(size) { position ->
        val place = position - (size - inner) / 2
        val values = (0 until count).map { it to 1 - abs((place + 0.5) * scale - (it + 0.5)) / max(scale, 1.0) }
            .filter { (_, weight) -> weight > 0 && place in 0 until inner }
        val total = values.sumOf { it.second }
        values.map { (from, weight) -> from to weight / total }
    }
}
