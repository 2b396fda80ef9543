"""TransformerEncoder: against its equations in NumPy, padded anywhere, causal, moved in time, and as files."""

import numpy as np
import pytest

from suite.export.offers import ModelFacts, refusal
from suite.recurrent import TransformerEncoder
from suite.recurrent.deployment import Deployment, deploying
from tests.suite.recurrent.files import answer, convert, noise, ops_of

BATCH, TIME, FEATURES, UNITS = 3, 9, 4, 70  # two heads, one feature wider in all than the block
LENGTHS = np.array([9, 2, 0])
MASK = np.arange(TIME) < LENGTHS[:, None]


def make(**options):
    """A built layer with random weights."""
    layer = TransformerEncoder(UNITS, **{"return_sequences": True, **options})
    layer.build((BATCH, None, FEATURES))
    random = np.random.default_rng(7)
    layer.set_weights([weight + random.normal(0, 0.1, weight.shape) for weight in layer.get_weights()])
    return layer


def by_hand(layer, sequence, causal=False):
    """The equations over one sequence `(time, features)`, in double precision, rotations as products of complex numbers."""
    weights = {w.path.split("/", 1)[-1]: np.float64(v) for w, v in zip(layer.weights, layer.get_weights(), strict=True)}

    def norm(x, name):
        x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-3)
        return x * weights[f"{name}/gamma"] + weights[f"{name}/beta"]

    def rotated(x):
        half = x.shape[-1] // 2
        angle = np.arange(len(x))[:, None] * 10_000.0 ** (-np.arange(half) / half)
        return (x[:, :half] + 1j * x[:, half:]) * np.exp(1j * angle)

    h = sequence @ weights["projection"]
    q, k, v = np.split(norm(h, "attention_norm") @ weights["kernel"], 3, axis=-1)
    heads, width = layer.heads, layer.head_width
    gathered = []
    for head in range(heads):
        of_head = slice(head * width, (head + 1) * width)
        scores = np.real(rotated(q[:, of_head]) @ rotated(k[:, of_head]).conj().T) / np.sqrt(width)
        if causal:
            scores[np.triu_indices(len(scores), 1)] = -np.inf
        exponentials = np.exp(scores - scores.max(-1, keepdims=True))
        gathered.append(exponentials / exponentials.sum(-1, keepdims=True) @ v[:, of_head])
    h = h + np.concatenate(gathered, -1) @ weights["output_kernel"]
    a = norm(h, "hidden_norm") @ weights["hidden_kernel"] + weights["hidden_bias"]
    gelu = 0.5 * a * (1 + np.tanh(np.sqrt(2 / np.pi) * (a + 0.044715 * a**3)))
    return norm(h + gelu @ weights["hidden_output_kernel"] + weights["hidden_output_bias"], "output_norm")


@pytest.mark.parametrize("causal", [False, True], ids=["whole", "causal"])
def test_equals_the_equations_and_padding_changes_nothing(causal):
    layer, inputs = make(causal=causal), noise(BATCH, TIME, FEATURES)
    outputs = layer(inputs, mask=MASK)
    end = TransformerEncoder.from_config({**layer.get_config(), "return_sequences": False})
    end.build(inputs.shape)
    end.set_weights(layer.get_weights())
    ends = end(inputs, mask=MASK)
    for row, length in enumerate(LENGTHS):
        assert not np.any(outputs[row, length:])
        if not length:
            assert not np.any(ends[row])
            continue
        expected = by_hand(layer, inputs[row, :length], causal)
        np.testing.assert_allclose(outputs[row, :length], expected, atol=2e-5)
        first = expected[-1] if causal else expected[0]
        np.testing.assert_allclose(ends[row], [*expected[-1, :35], *first[35:]], atol=2e-5)


def test_only_the_distance_between_steps_counts():
    layer, inputs = make(), noise(1, 5, FEATURES)
    moved = np.pad(inputs, [(0, 0), (40, 0), (0, 0)], constant_values=3)
    mask = np.arange(45)[None] >= 40
    np.testing.assert_allclose(layer(moved, mask=mask)[:, 40:], layer(inputs), atol=2e-5)
    assert np.abs(layer(inputs[:, ::-1])[:, ::-1] - layer(inputs)).max() > 0.01  # and in which order they come


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_half_precision_is_near(policy):
    layer, inputs = make(), noise(BATCH, TIME, FEATURES)
    half = make(dtype=policy)
    half.set_weights(layer.get_weights())
    np.testing.assert_allclose(half(inputs, mask=MASK), layer(inputs, mask=MASK), atol=0.1)


@pytest.mark.parametrize(
    ("steps", "quantization", "tolerance"),
    [(21, "none", 2e-5), (None, "none", 2e-5), (None, "float16", 1e-2), (None, "dynamic", 0.2)],
)
def test_a_file_has_no_loop_and_takes_any_length(steps, quantization, tolerance, tmp_path):
    layer = make(causal=steps is None)
    content = convert(layer, (steps, FEATURES), tmp_path, quantization=quantization, mask=steps is not None)
    assert "WHILE" not in ops_of(content) and not any(op.startswith("Flex") for op in ops_of(content))
    for length in (steps,) if steps else (5, 21):
        inputs = noise(1, length, FEATURES)
        padding = {"mask": np.arange(length)[None] < 15} if steps else {}
        outputs = answer(content, sequences=inputs, **padding)["outputs"]
        np.testing.assert_allclose(outputs, layer(inputs, **padding), atol=tolerance)


def test_does_not_stream():
    facts = ModelFacts(frozenset(), bidirectional=False, attends=True, chunks=True)
    assert "attention looks at every step" in refusal(facts, "streaming", "none")
    assert refusal(facts, "compiled", "int8") is None  # there is no loop that could not be calibrated
    with deploying(Deployment("loop", streaming=True)), pytest.raises(ValueError, match="Received: layer="):
        make()(noise(1, TIME, FEATURES))
