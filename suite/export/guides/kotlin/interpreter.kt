// build.gradle.kts: implementation("com.google.ai.edge.litert:litert:1.4.2")
// (litert 2.1 and newer have the Interpreter as well, for the CPU)
// src/main/assets: FILES; android { androidResources { noCompress += "tflite" } }  // fill: FILES
// only: custom
// The app must link these custom ops: OPS  // fill: OPS
// end
import android.content.Context
import java.io.FileInputStream
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.nio.channels.FileChannel
import org.tensorflow.lite.DataType
import org.tensorflow.lite.Interpreter
import org.tensorflow.lite.Tensor

private const val FILE = "interpreter.tflite" // fill

/** A tensor: a flat array, row by row, and its shape. */
class Values(val flat: Any, vararg val shape: Int)

/** The inputs of one call, and which part of the whole input they are. */
class Part(val inputs: Map<String, Values>, val start: Int, val length: Int)

/** The file, run by LiteRT's Interpreter. */
class Model(context: Context) : AutoCloseable {
    private val file = context.assets.openFd(FILE).use {
        FileInputStream(it.fileDescriptor).channel.map(FileChannel.MapMode.READ_ONLY, it.startOffset, it.declaredLength)
    }
    private var interpreter = open()
    // only: dynamic
    private var sizes = emptyMap<String, Int>()
    // end
    // only: stream
    private var state = emptyMap<String, ByteBuffer>()
    // end
    // only: labels
    val labels: List<String> = context.assets.open("labels.txt").bufferedReader().readLines()
    // end

    private fun open() = Interpreter(file, Interpreter.Options().setNumThreads(2))

    // only: stream
    /** Begins a new input: zeros in all states. */
    fun begin(signature: String) {
        state = interpreter.getSignatureInputs(signature).filter { it.startsWith("state_") }.associateWith {
            ByteBuffer.allocateDirect(interpreter.getInputTensorFromSignature(it, signature).numBytes())
                .order(ByteOrder.nativeOrder())
        }
    }

    /** Whether no input has begun yet. */
    val fresh get() = state.isEmpty()

    // end
    /** One call of a signature; all shapes have the batch axis, 1, in front. */
    fun run(signature: String, inputs: Map<String, Values>): Map<String, Values> {
        // only: dynamic
        val larger = inputs.mapValues { (name, values) -> maxOf(values.shape.fold(1, Int::times), sizes[name] ?: 0) }
        if (larger != sizes) { // XNNPACK may compute on stale memory once an input outgrows all before it
            interpreter.close()
            interpreter = open()
            sizes = larger
        }
        // end
        val fed: Map<String, Any> = inputs.mapValues { (_, values) -> nested(values.flat, values.shape.toList(), 0) }
        val names = interpreter.getSignatureOutputs(signature)
        val outputs: MutableMap<String, Any?> = names.associateWith { null }.toMutableMap() // null: read below
        // only: stream
        interpreter.runSignature(fed + state, outputs, signature)
        state = state.mapValues { (name, _) -> // goes into the next call
            val tensor = interpreter.getOutputTensorFromSignature(name, signature)
            ByteBuffer.allocateDirect(tensor.numBytes()).order(ByteOrder.nativeOrder())
                .also { it.put(tensor.asReadOnlyBuffer()).rewind() }
        }
        val answer = names.filter { it !in state }
            .associateWith { read(interpreter.getOutputTensorFromSignature(it, signature)) }
        // end
        // only: stateless
        interpreter.runSignature(fed, outputs, signature)
        val answer = names.associateWith { read(interpreter.getOutputTensorFromSignature(it, signature)) }
        // end
        // only: reset
        interpreter.resetVariableTensors() // the file keeps its state; the next input starts anew
        // end
        return answer
    }

    /** The nested arrays that tell the Interpreter the shape of an input; no axis may be empty. */
    private fun nested(flat: Any, shape: List<Int>, start: Int): Any {
        val size = shape.drop(1).fold(1, Int::times)
        if (shape.size == 1) {
            val row = java.lang.reflect.Array.newInstance(flat.javaClass.componentType!!, shape[0])
            System.arraycopy(flat, start, row, 0, shape[0])
            return row
        }
        val rows = List(shape[0]) { nested(flat, shape.drop(1), start + it * size) }
        return java.lang.reflect.Array.newInstance(rows[0].javaClass, rows.size).also {
            rows.forEachIndexed { index, row -> java.lang.reflect.Array.set(it, index, row) }
        }
    }

    private fun read(tensor: Tensor): Values {
        val size = tensor.numElements()
        val buffer = tensor.asReadOnlyBuffer()
        val flat: Any = when (tensor.dataType()) {
            DataType.FLOAT32 -> FloatArray(size).also { buffer.asFloatBuffer().get(it) }
            DataType.INT32 -> IntArray(size).also { buffer.asIntBuffer().get(it) }
            DataType.INT64 -> LongArray(size).also { buffer.asLongBuffer().get(it) }
            DataType.INT16 -> ShortArray(size).also { buffer.asShortBuffer().get(it) }
            else -> ByteArray(size).also { buffer.get(it) }
        }
        return Values(flat, *tensor.shape())
    }

    override fun close() = interpreter.close()
}
