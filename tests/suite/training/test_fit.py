"""The epoch loop on a model small enough to follow by hand."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from rich.console import Console

from suite.config import TrainingSettings
from suite.errors import UserError
from suite.pipeline import BatchSource, Phase
from suite.training.fit import FitPlan, fit
from suite.training.optimizer import make_optimizer
from suite.training.state import latest_state, load_variables, read_history, save_variables

QUIET = Console(quiet=True)


def line(settings, poison=None):
    """A linear model with dropout, and batches whose order depends on the epoch."""
    keras.utils.set_random_seed(settings.seed)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dropout(0.3, seed=1), keras.layers.Dense(1, name="out")])
    generator = np.random.default_rng(0)
    x = generator.normal(size=(24, 4)).astype("float32")
    y = x.sum(axis=1, keepdims=True)
    if poison is not None:
        y[poison] = np.nan

    def order(epoch):
        return np.random.default_rng([settings.seed, epoch]).permutation(24).reshape(4, 6)

    def dataset(epoch):
        rows = order(epoch)
        return tf.data.Dataset.from_tensor_slices((x[rows], y[rows]))

    source = BatchSource(4, dataset, lambda epoch, step: [f"row {row}" for row in order(epoch)[step]])
    return model, source


def phases(*epochs, ema_fraction=None):
    def compile(model, optimizer):
        model.compile(optimizer, loss="mse")

    return [Phase(f"phase {n}", n, 0.05, compile, ema_fraction=ema_fraction) for n in epochs]


def run(folder, settings, scores=None, stop_after=None, plan=None, poison=None):
    model, source = line(settings, poison)
    plan, seen = plan or phases(settings.epochs), []
    values = iter(scores or [])

    def on_epoch(epoch):
        seen.append(epoch)
        if stop_after is not None and len(seen) == stop_after:
            raise KeyboardInterrupt

    score = (lambda: {"accuracy": next(values)}) if scores else None
    try:
        planned = FitPlan(plan, [source] * len(plan), ("accuracy", "max"), score)
        history = fit(model, planned, settings, folder, on_epoch, QUIET)
    except KeyboardInterrupt:
        history = read_history(folder)
    return model, history


@pytest.mark.parametrize("stop_after", [3, *(pytest.param(count, marks=pytest.mark.slow) for count in (1, 5))])
def test_stopped_and_resumed_equals_uninterrupted(tmp_path, stop_after):
    settings = TrainingSettings(epochs=6, weight_decay=0.01, warmup_fraction=0.2)
    (tmp_path / "a").mkdir(), (tmp_path / "b").mkdir()
    whole, _ = run(tmp_path / "a", settings)
    run(tmp_path / "b", settings, stop_after=stop_after)
    resumed, history = run(tmp_path / "b", settings)
    assert [epoch.number for epoch in history.epochs] == list(range(6))
    for ours, theirs in zip(resumed.variables, whole.variables, strict=True):
        assert np.array_equal(ours.numpy(), theirs.numpy()), ours.path


def test_phases_resume_too_and_start_from_the_best(tmp_path):
    settings = TrainingSettings(epochs=5, patience=0)
    scores = [0.1, 0.9, 0.2, 0.3, 0.4]
    for name in "ab":
        (tmp_path / name).mkdir()
    whole, history = run(tmp_path / "a", settings, scores, plan=phases(3, 2))
    run(tmp_path / "b", settings, scores, stop_after=4, plan=phases(3, 2))
    resumed, _ = run(tmp_path / "b", settings, scores[4:], plan=phases(3, 2))
    assert history.best == 1 and [epoch.phase for epoch in history.epochs] == [0, 0, 0, 1, 1]
    for ours, theirs in zip(resumed.variables, whole.variables, strict=True):
        assert np.array_equal(ours.numpy(), theirs.numpy())


def test_stops_after_patience_and_keeps_the_best(tmp_path):
    settings = TrainingSettings(epochs=10, patience=2)
    model, history = run(tmp_path, settings, [0.5, 0.8, 0.7, 0.8, 0.9])
    assert len(history.epochs) == 4 and history.best == 1
    best = [variable.numpy() for variable in model.variables]
    load_variables(latest_state(tmp_path) / "best.npz", model.variables)
    assert all(np.array_equal(a, b.numpy()) for a, b in zip(best, model.variables, strict=True))


def test_without_dev_the_last_weights_stay(tmp_path):
    model, history = run(tmp_path, TrainingSettings(epochs=3))
    assert history.best is None and len(history.epochs) == 3
    optimizer = model.optimizer.variables
    kept = [variable.numpy() for variable in model.variables]
    load_variables(latest_state(tmp_path) / "variables.npz", model.variables + optimizer)
    assert all(np.array_equal(a, b.numpy()) for a, b in zip(kept, model.variables, strict=True))


def averages(settings, epochs):
    """Average weights after each epoch of four steps, from the newest weights of unaveraged training, step by step."""
    model, source = line(settings)
    optimizer = make_optimizer(settings, 0.05, 4 * epochs)
    model.compile(optimizer, loss="mse")
    average, found, momentum = None, [], 1 - 1 / (0.75 * 4 * epochs)
    for epoch in range(epochs):
        for x, y in source.dataset(epoch):
            model.train_on_batch(x, y)
            weights = model.get_layer("out").get_weights()
            if average is None:
                average = weights
            average = [momentum * old + (1 - momentum) * new for old, new in zip(average, weights, strict=True)]
        found.append(average)
    return found


def assert_weights(model, wanted):
    for found, expected in zip(model.get_layer("out").get_weights(), wanted, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("precision", ["float32", "mixed_float16"])
def test_average_weights_are_kept_and_training_goes_on_from_the_newest(tmp_path, precision):
    settings = TrainingSettings(epochs=3, weight_decay=0.01, precision=precision)
    wanted = averages(settings, 3)
    for scores, epoch in ([0.1, 0.2, 0.3], 2), ([0.1, 0.3, 0.2], 1), (None, 2):
        folder = tmp_path / f"{scores}"
        folder.mkdir()
        model, _ = run(folder, settings, scores, plan=phases(3, ema_fraction=0.75))
        assert_weights(model, wanted[epoch])


def test_what_is_scored_is_the_average(tmp_path):
    settings = TrainingSettings(epochs=3)
    wanted, seen = averages(settings, 3), []
    model, source = line(settings)

    def score():
        seen.append(model.get_layer("out").get_weights())
        return {"accuracy": 0.5}

    plan = FitPlan(phases(3, ema_fraction=0.75), [source], ("accuracy", "max"), score)
    fit(model, plan, settings, tmp_path, lambda epoch: None, QUIET)
    for found, expected in zip(seen, wanted, strict=True):
        np.testing.assert_allclose(found[0], expected[0], atol=1e-6)


def test_the_setting_averages_phases_that_say_nothing(tmp_path):
    settings = TrainingSettings(epochs=3, ema_fraction=0.75)
    for name, own in ("setting", None), ("phase", 0.0):
        (tmp_path / name).mkdir()
        model, _ = run(tmp_path / name, settings, plan=phases(3, ema_fraction=own))
        kept = model.get_layer("out").get_weights()[0]
        assert np.allclose(kept, averages(TrainingSettings(epochs=3), 3)[2][0], atol=1e-6) == (own is None)


def test_averages_go_on_where_a_run_was_stopped(tmp_path):
    settings, plan = TrainingSettings(epochs=3), phases(3, 2, ema_fraction=0.75)
    (tmp_path / "a").mkdir(), (tmp_path / "b").mkdir()
    whole, _ = run(tmp_path / "a", settings, plan=plan)
    for stop_after in (1, 3):
        run(tmp_path / "b", settings, plan=plan, stop_after=stop_after)
    resumed, _ = run(tmp_path / "b", settings, plan=plan)
    assert_weights(resumed, whole.get_layer("out").get_weights())


def test_nan_names_the_batch(tmp_path):
    order = np.random.default_rng([0, 0]).permutation(24).reshape(4, 6)
    batch = int(np.flatnonzero((order == 7).any(axis=1))[0])
    with pytest.raises(UserError, match=rf"loss became nan in epoch 1, batch {batch + 1} \(examples .*row 7\b"):
        run(tmp_path, TrainingSettings(epochs=2), poison=7)
    assert latest_state(tmp_path) is None


def test_learning_rate_rises_then_falls():
    settings = TrainingSettings(warmup_fraction=0.25)
    schedule = make_optimizer(settings, 0.1, 100)._learning_rate
    rates = [float(schedule(step)) for step in range(101)]
    assert rates[0] == 0 and rates[25] == pytest.approx(0.1) and rates[100] == pytest.approx(0, abs=1e-8)
    assert all(a <= b for a, b in itertools.pairwise(rates[:26]))
    assert all(a >= b for a, b in itertools.pairwise(rates[25:]))


def test_the_gradient_is_clipped_to_the_global_norm():
    optimizer = make_optimizer(TrainingSettings(clip_norm=0.5), 0.1, 10)
    assert optimizer.global_clipnorm == 0.5


def test_variables_of_another_model_are_refused(tmp_path):
    save_variables(tmp_path / "v.npz", [keras.Variable(np.zeros(3, "float32"))])
    with pytest.raises(UserError, match=r"expected shape \(4,\)"):
        load_variables(tmp_path / "v.npz", [keras.Variable(np.zeros(4, "float32"))])
    with pytest.raises(UserError, match="expected 2 variables"):
        load_variables(tmp_path / "v.npz", [keras.Variable(0.0), keras.Variable(0.0)])


@pytest.mark.parametrize("dev", [True, False])
def test_weights_lost_with_the_last_batch_of_an_epoch_are_named_and_never_saved(tmp_path, dev):
    class Diverging(keras.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step):
            return tf.where(tf.cast(step, tf.int32) == 7, float("inf"), 0.01)  # the last step of the second epoch

    def compile(model, optimizer):
        model.compile(keras.optimizers.SGD(Diverging()), loss="mse")

    plan = [Phase("phase", 3, 0.05, compile)]
    settings, scores = TrainingSettings(epochs=3), [0.1, 0.2, 0.3] if dev else None
    for _ in range(2):  # the second time from the state of the first epoch, as a resumed run
        with pytest.raises(UserError, match=r"out/kernel are no longer numbers in epoch 2, batch 4 \(examples row"):
            run(tmp_path, settings, scores, plan=plan)
        assert len(read_history(tmp_path).epochs) == 1
        assert all(np.isfinite(value).all() for value in np.load(latest_state(tmp_path) / "variables.npz").values())


def test_a_dev_metric_that_is_no_number_is_never_the_best(tmp_path):
    nan = float("nan")
    _, history = run(tmp_path, TrainingSettings(epochs=4, patience=0), [nan, 0.4, nan, 0.3])
    assert history.best == 1
    (tmp_path / "all").mkdir()
    assert run(tmp_path / "all", TrainingSettings(epochs=2, patience=0), [nan, nan])[1].best is None
