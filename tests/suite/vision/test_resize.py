import numpy as np
import pytest
import tensorflow as tf

from suite.vision.resize import resize_array, resize_frames, resize_with_numpy

SHAPES = [((2, 60, 80, 3), (30, 40)), ((1, 37, 91, 1), (20, 50)), ((2, 20, 30, 3), (64, 48)), ((1, 9, 300, 4), (9, 7))]
BOTH = pytest.mark.parametrize("resize", [resize_array, resize_with_numpy])


@pytest.fixture(scope="module")
def pictures():
    return lambda shape: np.random.default_rng(0).integers(0, 256, shape, np.uint8)


@BOTH
@pytest.mark.parametrize(("shape", "size"), SHAPES)
def test_stretching_equals_tensorflows_antialiased_resize(pictures, shape, size, resize):
    frames = pictures(shape)
    expected = tf.image.resize(frames, size, antialias=True).numpy()
    assert np.abs(resize(frames, *size, keep_aspect=False) - expected).max() < 0.501


@BOTH
@pytest.mark.parametrize(("shape", "size"), SHAPES)
def test_letterbox_is_the_whole_frame_in_the_middle_of_black(pictures, shape, size, resize):
    frames = np.maximum(pictures(shape), 1)
    (height, width), scale = size, min(size[0] / shape[1], size[1] / shape[2])
    rows, columns = max(round(shape[1] * scale), 1), max(round(shape[2] * scale), 1)
    top, left = (height - rows) // 2, (width - columns) // 2
    expected = np.zeros((shape[0], height, width, shape[3]))
    expected[:, top : top + rows, left : left + columns] = tf.image.resize(frames, (rows, columns), antialias=True)
    result = resize(frames, height, width)
    assert result.dtype == np.uint8
    assert np.abs(result - expected).max() < 0.501


def test_the_right_size_already_is_left_alone(pictures):
    frames = pictures((2, 16, 24, 3))
    assert resize_array(frames, 16, 24) is frames
    assert np.array_equal(resize_frames(frames, 16, 24), frames)


def test_a_phone_gets_the_same_bytes_from_built_in_ops(pictures):
    function = tf.function(lambda picture: resize_frames(picture, 32, 48), autograph=False)
    traced = function.get_concrete_function(tf.TensorSpec((1, None, None, 3), tf.uint8))
    model = tf.lite.TFLiteConverter.from_concrete_functions([traced]).convert()
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=model)
    place = interpreter.get_input_details()[0]["index"]
    for shape in ((1, 60, 80, 3), (1, 31, 17, 3)):
        picture = pictures(shape)
        interpreter.resize_tensor_input(place, shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(place, picture)
        interpreter.invoke()
        result = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
        difference = np.abs(result.astype(int) - resize_array(picture, 32, 48))
        assert difference.max() <= 1 and (difference > 0).mean() < 1e-3  # halves may round either way
