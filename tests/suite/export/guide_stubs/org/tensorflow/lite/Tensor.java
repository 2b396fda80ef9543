package org.tensorflow.lite;

import java.nio.ByteBuffer;

public interface Tensor {
    DataType dataType();

    int numElements();

    int numBytes();

    int[] shape();

    ByteBuffer asReadOnlyBuffer();
}
