"""The CRF against all paths counted one by one, a plain implementation with gradients by the tape, and Keras' saving."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from suite.recurrent import LSTM, compilation
from suite.sequence import crf_loops
from suite.sequence.crf import CRF, crf_log_likelihood, crf_marginals, viterbi
from suite.sequence.crf_path import BARRED

BATCH, TIME, TAGS = 4, 5, 3
LENGTHS = np.array([5, 1, 0, 3])
MASK = np.arange(TIME) < LENGTHS[:, None]
RANDOM = np.random.default_rng(0)
LOGITS = RANDOM.normal(size=(BATCH, TIME, TAGS))
TARGETS = np.where(MASK, RANDOM.integers(0, TAGS, (BATCH, TIME)), -1)
# From 2 to 0 and a start with 1 are barred, and 1 may not be the last.
TRANSITIONS, START, END = RANDOM.normal(size=(TAGS, TAGS)), RANDOM.normal(size=TAGS), RANDOM.normal(size=TAGS)
TRANSITIONS[2, 0] = START[1] = END[1] = BARRED
PARAMETERS = TRANSITIONS, START, END
# Ordinary scores, and some that probabilities have no range for.
SCALES = {"ordinary": 1.0, "huge": 900.0}
TOLERANCE = {"float64": 1e-11, "float32": 3e-6}


def all_paths(logits, parameters):
    """Every path over `(steps, tags)` and its score."""
    transitions, start, end = parameters
    steps, tags = logits.shape
    paths = np.array(list(itertools.product(range(tags), repeat=steps)))
    scores = start[paths[:, 0]] + end[paths[:, -1]] + logits[np.arange(steps), paths].sum(1)
    return paths, scores + transitions[paths[:, :-1], paths[:, 1:]].sum(1)


def plain_likelihood(logits, tags, mask, parameters):
    """The forward algorithm over logarithms, step after step."""
    transitions, start, end = parameters
    lengths, tags = tf.reduce_sum(tf.cast(mask, tf.int32), 1), np.maximum(tags, 0)
    last = tf.maximum(lengths - 1, 0)
    alpha = start + logits[:, 0]
    score = tf.gather(start, tags[:, 0]) + tf.gather(end, tf.gather(tags, last, batch_dims=1))
    score += tf.reduce_sum(tf.where(mask, tf.gather(logits, tags, batch_dims=2), 0), 1)
    for time in range(1, logits.shape[1]):
        after = tf.reduce_logsumexp(alpha[:, :, None] + transitions, 1) + logits[:, time]
        alpha = tf.where(mask[:, time, None], after, alpha)
        pair = tf.gather_nd(transitions, np.stack([tags[:, time - 1], tags[:, time]], 1))
        score += tf.where(mask[:, time], pair, 0)
    return tf.where(lengths > 0, score - tf.reduce_logsumexp(alpha + end, 1), 0)


def arguments(dtype, scale=1.0):
    return LOGITS.astype(dtype) * scale, [values.astype(dtype) for values in PARAMETERS]


@pytest.fixture(params=[True, False], ids=["compiled", "portable"])
def either_form(request):
    with compilation(request.param):
        yield


@pytest.mark.usefixtures("either_form")
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_all_is_what_counting_all_paths_gives(dtype, scale):
    logits, parameters = arguments(dtype, SCALES[scale])
    likelihood = crf_log_likelihood(logits, TARGETS, MASK, *parameters)
    marginals = crf_marginals(logits, MASK, *parameters)
    tags, best = viterbi(logits, MASK, *parameters)
    assert (likelihood.dtype, marginals.dtype, tags.dtype, best.dtype) == (dtype, dtype, "int32", dtype)
    likelihood, marginals, tags, best = (values.numpy() for values in (likelihood, marginals, tags, best))
    for row, length in enumerate(LENGTHS):
        assert not np.any(marginals[row, length:]) and not np.any(tags[row, length:]), "zeros in padding"
        if length == 0:
            assert likelihood[row] == 0 and best[row] == 0
            continue
        paths, scores = all_paths(logits[row, :length].astype("float64"), PARAMETERS)
        shares = np.exp(scores - scores.max())
        shares /= shares.sum()
        gold = scores[np.all(paths == TARGETS[row, :length], 1)][0]
        expected = gold - scores.max() - np.log(np.exp(scores - scores.max()).sum())
        accuracy = TOLERANCE[dtype] * max(1, np.abs(scores[scores > BARRED / 2]).max())
        assert likelihood[row] == pytest.approx(expected, abs=accuracy, rel=TOLERANCE[dtype])
        by_tag = [(shares[:, None] * (paths == tag)).sum(0) for tag in range(TAGS)]
        np.testing.assert_allclose(marginals[row, :length], np.stack(by_tag, 1), atol=accuracy)
        assert best[row] == pytest.approx(scores.max(), abs=accuracy)
        np.testing.assert_array_equal(tags[row, :length], paths[scores.argmax()])


@pytest.mark.usefixtures("either_form")
@pytest.mark.parametrize("scale", SCALES)
def test_gradients_are_those_of_the_plain_algorithm(scale):
    logits, parameters = arguments("float64", SCALES[scale])
    sources = [tf.constant(values) for values in (logits, *parameters)]
    weights = RANDOM.normal(size=BATCH)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(sources)
        ours = crf_log_likelihood(sources[0], TARGETS, MASK, *sources[1:]) * weights
        plain = plain_likelihood(sources[0], TARGETS, MASK, sources[1:]) * weights
    for mine, theirs in zip(tape.gradient(ours, sources), tape.gradient(plain, sources), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-10)


def test_gradients_are_those_of_finite_differences():
    logits, parameters = arguments("float64")
    # Where nothing is barred: differences of scores of 10,000 have fewer digits.
    sources = [tf.constant(np.maximum(values, -3)) for values in (logits, *parameters)]
    exact, numeric = tf.test.compute_gradient(lambda *a: crf_log_likelihood(a[0], TARGETS, MASK, *a[1:]), sources, 1e-4)
    for mine, theirs in zip(exact, numeric, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5)


def test_only_what_needs_logarithms_is_summed_over_them():
    for scale, expected in (("ordinary", True), ("huge", False)):
        logits, parameters = arguments("float32", SCALES[scale])
        run = crf_loops.sums(crf_loops.choose_form(tf.constant(logits), often=False))
        assert run(logits, MASK, tuple(parameters))[1].numpy() == expected


@pytest.mark.usefixtures("either_form")
def test_what_stands_in_padding_changes_nothing():
    logits, parameters = arguments("float32")
    longer = np.concatenate([np.where(MASK[..., None], logits, np.nan), np.full((BATCH, 7, TAGS), np.inf)], 1)
    targets, mask = np.pad(TARGETS, [(0, 0), (0, 7)], constant_values=99), np.pad(MASK, [(0, 0), (0, 7)])

    def everything(logits, targets, mask):
        logits = tf.constant(logits, tf.float32)
        with tf.GradientTape() as tape:
            sources = [tf.constant(values) for values in parameters]
            tape.watch([logits, *sources])
            likelihood = crf_log_likelihood(logits, targets, mask, *sources)
        gradients = tape.gradient(likelihood, [logits, *sources])
        results = crf_marginals(logits, mask, *sources), viterbi(logits, mask, *sources)[0], gradients[0]
        return [likelihood, *gradients[1:], *(value[:, :TIME] for value in results)], gradients[0][:, TIME:]

    (plain, _), (padded, behind) = everything(logits, TARGETS, MASK), everything(longer, targets, mask)
    for mine, theirs in zip(padded, plain, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-6)
    assert not np.any(behind)


# Ordinary shapes are compiled by other tests; here each is compiled twice.
@pytest.mark.parametrize(
    ("either_form", "batch", "time"),
    [
        pytest.param(compiled, batch, time, marks=pytest.mark.slow if compiled and batch == 3 else ())
        for compiled in (True, False)
        for batch, time in ((0, 4), (2, 1), (3, 6))
    ],
    indirect=["either_form"],
)
def test_small_shapes_known_and_unknown(either_form, batch, time):
    logits, parameters = RANDOM.normal(size=(batch, time, TAGS)), arguments("float64")[1]
    mask, targets = np.ones((batch, time), bool), np.zeros((batch, time), int)

    def run(logits, targets, mask):
        with tf.GradientTape() as tape:
            tape.watch(logits)
            likelihood = crf_log_likelihood(logits, targets, mask, *parameters)
        return likelihood, tape.gradient(likelihood, logits), viterbi(logits, mask, *parameters)[1]

    batch_of = [tf.constant(values) for values in (logits, targets, mask)]
    specification = [tf.TensorSpec((None, None, *values.shape[2:]), values.dtype) for values in batch_of]
    unknown = tf.function(run, input_signature=specification)
    expected = plain_likelihood(logits, targets, mask, parameters)
    for likelihood, gradient, score in (run(*batch_of), unknown(*batch_of)):
        np.testing.assert_allclose(likelihood, expected, atol=1e-10)
        assert gradient.shape == logits.shape and score.shape == (batch,)


def test_five_thousand_steps_stay_exact():
    logits, mask = RANDOM.normal(size=(2, 5000, TAGS)) * 5, np.ones((2, 5000), bool)
    targets, (transitions, start, end) = RANDOM.integers(0, TAGS, (2, 5000)), PARAMETERS
    alpha = start + logits[:, 0]
    for time in range(1, 5000):
        alpha = np.logaddexp.reduce(alpha[:, :, None] + transitions, 1) + logits[:, time]
    score = start[targets[:, 0]] + end[targets[:, -1]] + np.take_along_axis(logits, targets[..., None], 2).sum((1, 2))
    expected = score + transitions[targets[:, :-1], targets[:, 1:]].sum(1) - np.logaddexp.reduce(alpha + end, 1)
    single = [values.astype("float32") for values in (logits, *PARAMETERS)]
    likelihood = crf_log_likelihood(single[0], targets, mask, *single[1:])
    np.testing.assert_allclose(likelihood, expected, rtol=1e-4)
    marginals = crf_marginals(single[0], mask, *single[1:])
    np.testing.assert_allclose(tf.reduce_sum(marginals, -1), 1, atol=1e-5)
    tags, score = (values.numpy() for values in viterbi(single[0], mask, *single[1:]))
    double, _ = (values.numpy() for values in viterbi(logits, mask, *PARAMETERS))
    np.testing.assert_array_equal(tags, double)
    assert np.all(np.isfinite(score)) and np.all(TRANSITIONS[tags[:, :-1], tags[:, 1:]] > BARRED)


@pytest.mark.usefixtures("either_form")
def test_nothing_barred_is_decoded_whatever_the_logits_say():
    # Tags 0 and 1 lead nowhere but to one another; 2 may begin and end, 1 begin, 0 neither.
    allowed = np.array([[True, True, False], [True, True, False], [False, False, True]])
    starts, ends = np.array([False, True, True]), np.array([False, False, True])
    layer = CRF(starts, allowed, ends)
    logits = np.zeros((2, 6, 3), "float32")
    logits[0, :, 0], logits[1, :, 1] = 1e6, 3e4
    tags, score = layer.decode(layer(logits))
    np.testing.assert_array_equal(tags, np.full((2, 6), 2))
    np.testing.assert_array_equal(score, [0, 0])
    # Where every path is barred, all is finite nevertheless.
    nowhere = CRF([True] * 3, [[False] * 3] * 3, [True] * 3)
    nowhere(logits)
    assert np.all(np.isfinite(nowhere.decode(logits)[1])) and np.all(np.isfinite(nowhere.marginals(logits)))
    assert np.all(np.isfinite(nowhere.log_likelihood(logits, np.zeros((2, 6), int))))


def test_equal_paths_have_the_best_score():
    logits, parameters = np.zeros((1, 4, TAGS)), [np.zeros((TAGS, TAGS)), np.zeros(TAGS), np.zeros(TAGS)]
    logits[0, 1, 1:] = 2.0
    tags, score = viterbi(logits, np.ones((1, 4), bool), *parameters)
    assert score[0] == 2 and tags[0, 1] in (1, 2)


def test_compiled_around_and_twice_all_is_the_same():
    logits, parameters = arguments("float32")
    targets = tf.constant(TARGETS)

    def run(logits):
        sources = [logits, *map(tf.constant, parameters)]
        with tf.GradientTape() as tape:
            tape.watch(sources)
            likelihood = crf_log_likelihood(logits, targets, MASK, *sources[1:])
        marginals, path = crf_marginals(logits, MASK, *parameters), viterbi(logits, MASK, *parameters)
        return likelihood, *tape.gradient(likelihood, sources), marginals, *path

    logits = tf.constant(logits)
    first, again, compiled = run(logits), run(logits), tf.function(run, jit_compile=True)(logits)
    for plain, repeated, inside in zip(first, again, compiled, strict=True):
        np.testing.assert_array_equal(plain, repeated)
        np.testing.assert_allclose(plain, inside, atol=1e-5)


def test_what_is_not_there_is_refused():
    logits, parameters = arguments("float64")
    source = tf.constant(logits)
    with tf.GradientTape() as outer:
        outer.watch(source)
        with tf.GradientTape() as inner:
            inner.watch(source)
            likelihood = crf_log_likelihood(source, TARGETS, MASK, *parameters)
        gradient = inner.gradient(likelihood, source)
    with pytest.raises(LookupError, match="second derivative of `crf_log_likelihood`"):
        outer.gradient(gradient, source)
    with pytest.raises(tf.errors.InvalidArgumentError, match="padding at the end"):
        crf_marginals(logits, ~MASK, *parameters)
    with pytest.raises(ValueError, match=r"`allowed_transitions` must be 2 x 2 .* Received: \[2, 3\] and 2"):
        CRF([True] * 2, [[True] * 2, [True] * 3], [True] * 2)
    with pytest.raises(ValueError, match=r"must be of 2 tags. Received: shape=\(4, 5, 3\)"):
        CRF([True] * 2, [[True] * 2] * 2, [True] * 2)(logits)


ALLOWED = [True, False, True], [[True, True, True], [True, True, True], [False, True, True]], [True, False, True]


@pytest.fixture(scope="module")
def tagger():
    """A trained model, its CRF, and the likelihood of its data before training."""
    keras.utils.set_random_seed(1)
    inputs = keras.Input((None, 4))
    hidden = LSTM(6, return_sequences=True)(keras.layers.Masking()(inputs))
    model = keras.Model(inputs, CRF(*ALLOWED, name="crf")(keras.layers.Dense(TAGS)(hidden)))
    crf = model.get_layer("crf")

    def loss(targets, logits):
        return -crf.log_likelihood(logits, targets, targets >= 0)

    features = np.where(MASK[..., None], RANDOM.normal(size=(BATCH, TIME, 4)), 0).astype("float32")
    targets = np.where(MASK, 2, -1)
    model.compile(keras.optimizers.Adam(0.05), loss)
    history = model.fit(features, targets, epochs=12, verbose=0).history["loss"]
    return model, features, history


def test_a_model_learns_its_scores_and_barred_ones_stay(tagger):
    model, features, history = tagger
    assert history[-1] < history[0] / 2
    crf = model.get_layer("crf")
    by_name = zip(
        crf.scores(), (crf.transitions, crf.start, crf.end), (ALLOWED[1], ALLOWED[0], ALLOWED[2]), strict=True
    )
    for scores, weight, allowed in by_name:
        np.testing.assert_array_equal(scores.numpy()[~np.array(allowed)], BARRED)
        assert not np.any(weight.numpy()[~np.array(allowed)]), "no gradient reaches them"
    assert np.any(crf.transitions.numpy())
    logits = model(features)
    assert getattr(logits, "_keras_mask", None) is None
    np.testing.assert_array_equal(crf.decode(logits, MASK)[0], np.where(MASK, 2, 0))
    # Keras weights losses by a mask that comes with the logits; this loss is one number a row.
    expected = -tf.reduce_mean(crf.log_likelihood(logits, np.where(MASK, 2, -1), MASK))
    assert model.evaluate(features, np.where(MASK, 2, -1), verbose=0) == pytest.approx(float(expected), rel=1e-5)


def test_a_saved_model_has_the_same_scores(tagger, tmp_path):
    model, features, _ = tagger
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", compile=False)
    crf, loaded = model.get_layer("crf"), again.get_layer("crf")
    assert loaded.get_config() == crf.get_config()
    for mine, theirs in zip(loaded.scores(), crf.scores(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    np.testing.assert_array_equal(loaded.marginals(again(features), MASK), crf.marginals(model(features), MASK))


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float16", "float64"])
def test_any_policy_is_computed_in_single_precision_at_least(policy):
    layer = CRF(*ALLOWED, dtype=policy)
    half = tf.constant(LOGITS, "float16" if "16" in policy else "float64")
    logits = layer(half)
    working = "float64" if policy == "float64" else "float32"
    results = (
        logits,
        layer.log_likelihood(half, TARGETS, MASK),
        layer.marginals(half, MASK),
        layer.decode(half, MASK)[1],
    )
    assert {value.dtype.name for value in results} == {working}
    single = [values.numpy() for values in layer.scores()]
    expected = crf_log_likelihood(tf.cast(half, working), TARGETS, MASK, *single)
    np.testing.assert_allclose(results[1], expected, rtol=1e-6)
