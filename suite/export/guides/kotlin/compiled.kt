// build.gradle.kts: implementation("com.google.ai.edge.litert:litert:2.3.0")
// src/main/assets: FILES; android { androidResources { noCompress += "tflite" } }  // fill: FILES
import android.content.Context
import com.google.ai.edge.litert.Accelerator
import com.google.ai.edge.litert.CompiledModel
import com.google.ai.edge.litert.TensorBuffer

private const val FILE = "compiled.tflite" // fill
private val OUTPUT_TYPES = mapOf("signature" to mapOf("output" to "float32")) // fill
private val OUTPUT_SHAPES = mapOf("signature" to mapOf("output" to listOf(1, 2))) // fill

/** A tensor: a flat array, row by row, and its shape. */
class Values(val flat: Any, vararg val shape: Int)

/** The inputs of one call, and which part of the whole input they are. */
class Part(val inputs: Map<String, Values>, val start: Int, val length: Int)

/** The file, run by LiteRT's CompiledModel. */
class Model(context: Context) : AutoCloseable {
    private val model = CompiledModel.create(context.assets, FILE, CompiledModel.Options(Accelerator.CPU))
    private val inputBuffers = mutableMapOf<String, Map<String, TensorBuffer>>()
    private val outputBuffers = mutableMapOf<String, Map<String, TensorBuffer>>()
    // only: labels
    val labels: List<String> = context.assets.open("labels.txt").bufferedReader().readLines()
    // end

    /** One call of a signature; all shapes have the batch axis, 1, in front. */
    fun run(signature: String, inputs: Map<String, Values>): Map<String, Values> {
        val types = OUTPUT_TYPES.getValue(signature)
        val shapes = OUTPUT_SHAPES.getValue(signature)
        val fed = inputBuffers.getOrPut(signature) { inputs.mapValues { model.createInputBuffer(it.key, signature) } }
        val outputs = outputBuffers.getOrPut(signature) { types.mapValues { model.createOutputBuffer(it.key, signature) } }
        for ((name, values) in inputs) write(fed.getValue(name), values.flat)
        model.run(fed, outputs, signature)
        return outputs.mapValues { (name, buffer) ->
            val flat: Any = when (types.getValue(name)) {
                "float32" -> buffer.readFloat()
                "int32" -> buffer.readInt()
                "bool" -> buffer.readBoolean()
                else -> buffer.readInt8()
            }
            Values(flat, *shapes.getValue(name).toIntArray())
        }
    }

    private fun write(buffer: TensorBuffer, flat: Any) = when (flat) {
        is FloatArray -> buffer.writeFloat(flat)
        is IntArray -> buffer.writeInt(flat)
        is BooleanArray -> buffer.writeBoolean(flat)
        else -> buffer.writeInt8(flat as ByteArray)
    }

    override fun close() {
        (inputBuffers.values + outputBuffers.values).forEach { buffers -> buffers.values.forEach { it.close() } }
        model.close()
    }
}
