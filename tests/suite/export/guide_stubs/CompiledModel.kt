package com.google.ai.edge.litert

import android.content.res.AssetManager

enum class Accelerator { CPU }

abstract class JniHandle : AutoCloseable {
    override fun close() {}
}

class TensorBuffer : JniHandle() {
    fun writeInt(data: IntArray) {}
    fun writeFloat(data: FloatArray) {}
    fun writeInt8(data: ByteArray) {}
    fun writeBoolean(data: BooleanArray) {}
    fun readInt() = IntArray(0)
    fun readFloat() = FloatArray(0)
    fun readInt8() = ByteArray(0)
    fun readBoolean() = BooleanArray(0)
}

class CompiledModel private constructor() : JniHandle() {
    class Options(vararg val accelerators: Accelerator)

    fun createInputBuffer(inputName: String, signature: String? = null) = TensorBuffer()
    fun createOutputBuffer(outputName: String, signature: String? = null) = TensorBuffer()
    fun run(inputs: Map<String, TensorBuffer>, outputs: Map<String, TensorBuffer>, signature: String? = null) {}

    companion object {
        fun create(assetManager: AssetManager, assetName: String, options: Options) = CompiledModel()
    }
}
