package org.tensorflow.lite;

import java.nio.ByteBuffer;
import java.util.Map;

public final class Interpreter implements AutoCloseable {
    public static class Options {
        public Options setNumThreads(int numThreads) { return this; }
    }

    public Interpreter(ByteBuffer byteBuffer, Options options) {}

    public void runSignature(Map<String, Object> inputs, Map<String, Object> outputs, String signatureKey) {}

    public String[] getSignatureInputs(String signatureKey) { return null; }

    public String[] getSignatureOutputs(String signatureKey) { return null; }

    public Tensor getInputTensorFromSignature(String inputName, String signatureKey) { return null; }

    public Tensor getOutputTensorFromSignature(String outputName, String signatureKey) { return null; }

    public void resetVariableTensors() {}

    @Override
    public void close() {}
}
