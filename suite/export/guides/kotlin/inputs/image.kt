private const val SIGNATURE = "signature" // fill
private const val PICTURE = "input" // fill from input

// only: whole
/** Bytes [height, width, 3], RGB, of a picture of any size: the file scales it. */
private fun parts(picture: ByteArray, height: Int, width: Int) =
    listOf(Part(mapOf(PICTURE to Values(picture, 1, height, width, 3)), 0, 1))

// end
// only: fixed
/** Bytes [height, width, 3], RGB, of a picture of any size. */
private fun parts(picture: ByteArray, height: Int, width: Int) =
    listOf(Part(mapOf(PICTURE to Values(fit(picture, height, width), 1, HEIGHT, WIDTH, 3)), 0, 1))

// end
/** predict(Model(context), ByteArray(120 * 160 * 3), 120, 160) */  // fill: predict
fun predict(model: Model, picture: ByteArray, height: Int, width: Int) = // fill: predict
    parts(picture, height, width).let { parts -> answer(model, parts, parts.map { model.run(SIGNATURE, it.inputs) }) }
