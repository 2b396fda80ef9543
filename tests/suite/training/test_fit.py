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
from suite.training.fit import fit
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


def phases(*epochs):
    return [Phase(f"phase {n}", n, 0.05, lambda model, optimizer: model.compile(optimizer, loss="mse")) for n in epochs]


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
        history = fit(
            model,
            plan,
            [source] * len(plan),
            settings,
            ("accuracy", "max"),
            score,
            folder,
            on_epoch,
            QUIET,
        )
    except KeyboardInterrupt:
        history = read_history(folder)
    return model, history


@pytest.mark.parametrize("stop_after", [1, 3, 5])
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
