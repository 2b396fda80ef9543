"""Every registered pipeline does what suite/pipeline.py says: sample data -> one step -> signatures -> figures -> answers."""

import dataclasses
import inspect
import json
import math
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from suite.config import declared_space, load_settings
from suite.data.examples import PARTS
from suite.data.reading import read_examples
from suite.errors import UserError
from suite.pipeline import draw
from suite.registry import PIPELINES, load_pipeline
from suite.runtime.loaded import plain
from tests.conftest import SMALLEST

TRAINED_ON, SCORED = 10, 6
STEP = ("batch_size=4", "learning_rate=0.01", "warmup_fraction=0")


# What decodes and augments most is left to the long tests.
QUICK = ("sentiment", "video", "tagging", "forecasting")


@pytest.fixture(
    scope="module",
    params=[task if task in QUICK else pytest.param(task, marks=pytest.mark.slow) for task in PIPELINES],
)
def task(request, tmp_path_factory):
    """The pipeline, its sample data read with the smallest settings, and what is learned from the training part."""
    pipeline = load_pipeline(request.param)
    path = pipeline.make_sample(tmp_path_factory.mktemp(request.param) / "sample")
    recipe = Path(pipeline.package.__path__[0]) / "recipes" / "sample.yaml"
    config = None if request.param in SMALLEST else recipe
    settings = load_settings(pipeline.Settings, config, (*SMALLEST.get(request.param, ()), *STEP))
    examples = read_examples(pipeline, path, settings)
    assets = pipeline.prepare(examples.part("train"), settings)
    return SimpleNamespace(name=request.param, pipeline=pipeline, settings=settings, examples=examples, assets=assets)


@pytest.fixture(scope="module")
def stepped(task):
    """The task, the model of one training step with the weights from before it, and a predictor of its first signature."""
    import keras

    from suite.runtime.keras_runtime import KerasPredictor
    from suite.training.optimizer import make_optimizer

    keras.utils.set_random_seed(0)
    model = task.pipeline.build(task.settings, task.assets)
    before = {variable.path: variable.numpy() for variable in model.trainable_variables}
    phase = task.pipeline.phases(task.settings, task.assets)[0]
    phase.compile(model, make_optimizer(task.settings, phase.learning_rate, 10))
    examples = draw(task.examples.part("train"), TRAINED_ON)
    source = (
        phase.batches(model, examples, task.assets, task.settings)
        if phase.batches
        else task.pipeline.batches(examples, task.assets, task.settings, True)
    )
    loss = model.fit(source.dataset(0).take(1), verbose=0).history["loss"][0]
    predictor = KerasPredictor(model, task.pipeline.signatures(task.assets, task.settings))
    return SimpleNamespace(**vars(task), model=model, before=before, loss=loss, predictor=predictor)


def test_settings_kinds_and_metrics_load_without_tensorflow():
    code = (
        "import sys; from suite.registry import PIPELINES, load_pipeline\n"
        "for pipeline in map(load_pipeline, PIPELINES):\n"
        "    pipeline.Settings(), pipeline.INPUT, pipeline.ANSWER, pipeline.METRICS, pipeline.PREDICT_OPTIONS, pipeline.FORMATS\n"
        "sys.exit(', '.join({'tensorflow', 'keras'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", PIPELINES)
def test_every_metric_has_a_direction_and_a_unit(name):
    for direction, unit in load_pipeline(name).METRICS.values():
        assert direction in ("min", "max") and isinstance(unit, str) and unit


def test_the_sample_is_whole_and_has_all_parts(task):
    assert not task.examples.problems
    assert all(task.examples.sizes[part] for part in PARTS)
    assert task.examples.format in task.pipeline.FORMATS
    settings, looked_at = watched(task.settings)
    again = read_examples(task.pipeline, task.examples.path, settings)
    assert [example.name for example in again.items] == [example.name for example in task.examples.items]
    assert again.order_fingerprint == task.examples.order_fingerprint
    # One reading serves all trials of a sweep over what the settings declare.
    assert "encoding" in looked_at or "split_by" in looked_at
    assert not looked_at & set(declared_space(type(task.settings)))


def watched(settings):
    """Return the same settings and the set of names that they are asked for from now on."""
    names = set()

    class Watched(type(settings)):
        def __getattribute__(self, name):
            names.add(name)
            return super().__getattribute__(name)

    return Watched.model_construct(**dict(settings)), names


def test_what_is_learned_of_train_can_be_saved_and_depends_on_nothing_else(task, tmp_path):
    from suite.artifact import read_assets, write_assets

    write_assets(tmp_path / "assets", task.assets)
    assert read_assets(tmp_path / "assets").keys() == task.assets.keys()
    again = task.pipeline.prepare(task.examples.part("train"), task.settings)
    assert json.dumps(again, default=np.ndarray.tolist) == json.dumps(task.assets, default=np.ndarray.tolist)


@pytest.mark.parametrize("training", [True, False])
def test_an_epoch_has_every_example_and_depends_on_seed_and_epoch_alone(task, training):
    examples = draw(task.examples.part("train"), TRAINED_ON)
    source, again = (task.pipeline.batches(examples, task.assets, task.settings, training) for _ in range(2))
    batches = list(source.dataset(1).as_numpy_iterator())
    assert len(batches) == source.steps
    named = [name for step in range(source.steps) for name in source.names(1, step)]
    assert set(named) == {example.name for example in examples}
    rows = [len(leaves(batch[1])[0]) for batch in batches]
    assert rows == [len(source.names(1, step)) for step in range(source.steps)]
    for batch, same in zip(batches, again.dataset(1).as_numpy_iterator(), strict=True):
        for array, expected in zip(leaves(batch), leaves(same), strict=True):
            np.testing.assert_array_equal(array, expected)


def test_one_step_moves_every_weight_that_is_trained(stepped):
    assert math.isfinite(stepped.loss)
    still = [
        variable.path
        for variable in stepped.model.trainable_variables
        if np.array_equal(variable.numpy(), stepped.before[variable.path])
    ]
    assert still == []


def test_named_weights_are_weights_with_an_entry_for_each_name(stepped):
    for ending, (axes, names) in stepped.pipeline.named_weights(stepped.settings, stepped.assets).items():
        (weight,) = [variable for variable in stepped.model.weights if variable.path.endswith(ending)]
        for axis in (axes,) if isinstance(axes, int) else axes:
            assert weight.shape[axis] == len(names) == len(set(names)), ending


def test_signatures_say_without_a_model_what_they_give_with_one(stepped):
    import tensorflow as tf

    signatures = stepped.pipeline.signatures(stepped.assets, stepped.settings)
    assert len({signature.name for signature in signatures}) == len(signatures)
    for signature in signatures:
        function = signature.function(stepped.model)
        assert list(inspect.signature(function).parameters) == list(signature.inputs), signature.name
        specifications = {
            name: tf.TensorSpec((1, *raw.shape), raw.dtype, name) for name, raw in signature.inputs.items()
        }
        traced = tf.function(function, autograph=False).get_concrete_function(**specifications)
        outputs = traced.structured_outputs
        at_once = {name: output for name, output in signature.outputs.items() if output.at_once}
        assert outputs.keys() == at_once.keys(), signature.name
        for name, output in at_once.items():
            assert output.meaning and (not output.length or output.length in signature.outputs), name
            assert outputs[name].dtype.is_integer == output.kind.whole, (signature.name, name)
            if output.labels:
                assert outputs[name].shape[-1] == len(output.labels), (signature.name, name)


def test_raw_arrays_are_what_the_first_signature_takes(stepped):
    inputs = stepped.predictor.signature.inputs
    for example in draw(stepped.examples.part("test"), 3):
        arrays = stepped.pipeline.raw_arrays(example.input, stepped.settings)
        (prepared,) = stepped.predictor.signature.prepared([arrays], stepped.predictor)
        assert prepared.keys() == inputs.keys()
        for name, raw in inputs.items():
            assert raw.dtype in ("string", np.asarray(prepared[name]).dtype.name), name
            sizes = zip(raw.shape, np.shape(prepared[name]), strict=True)
            assert all(size in (None, length) for size, length in sizes), name


def test_an_evaluation_has_figures_of_metrics_alone_and_can_be_written_down(stepped):
    examples = draw(stepped.examples.part("dev"), SCORED)
    evaluation = stepped.pipeline.evaluate(stepped.predictor, examples, stepped.assets, stepped.settings)
    assert evaluation.metrics.keys() <= stepped.pipeline.METRICS.keys()
    assert next(iter(stepped.pipeline.METRICS)) in evaluation.metrics
    assert all(math.isfinite(value) for value in evaluation.metrics.values())
    assert len({len(column) for column in evaluation.samples.values()}) == 1
    json.dumps([evaluation.metrics, evaluation.samples, evaluation.details])


def test_answers_are_lines_for_people_and_json_for_programs_in_the_order_of_the_inputs(stepped):
    raw_inputs = [example.input for example in draw(stepped.examples.part("test"), 3)]
    together = predict(stepped, raw_inputs)
    assert len(together) == len(raw_inputs)
    for answer, raw_input in zip(together, raw_inputs, strict=True):
        assert (
            dataclasses.is_dataclass(answer)
            and answer.lines()
            and all(isinstance(line, str) for line in answer.lines())
        )
        json.dumps(plain(answer))
        (alone,) = predict(stepped, [raw_input])
        assert alone.lines()[0].split()[:-1] == answer.lines()[0].split()[:-1]


def test_an_input_at_fault_has_its_error_in_its_place(stepped, tmp_path):
    missing = tmp_path / "missing.file"
    if stepped.pipeline.INPUT.typed:
        (absent,) = stepped.pipeline.INPUT.read_path(missing, stepped.settings, None)
        assert "missing.file" in absent.error
        return
    good = stepped.examples.part("test")[0].input
    first, fault, last = predict(stepped, [good, str(missing), good])
    assert isinstance(fault, UserError) and "missing.file" in str(fault)
    assert first.lines() == last.lines() and not isinstance(first, UserError)


def predict(stepped, raw_inputs):
    options = {option.name: option.default for option in stepped.pipeline.PREDICT_OPTIONS}
    return stepped.pipeline.predict(stepped.predictor, raw_inputs, stepped.assets, stepped.settings, **options)


def leaves(structure):
    """Return the arrays of a batch, in the order of their names."""
    if isinstance(structure, dict):
        return [array for name in sorted(structure) for array in leaves(structure[name])]
    if isinstance(structure, tuple | list):
        return [array for item in structure for array in leaves(item)]
    return [structure]
