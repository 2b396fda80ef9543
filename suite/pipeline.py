"""The contract that a pipeline package fulfils: the plain names its `__init__.py` exports, and their types.

    its docstring       begins with a sentence that says what goes in and what comes out; people read it in the MLflow UI
    Settings            pydantic class that extends `suite.config.TrainingSettings`
    INPUT, ANSWER       the kinds of what it reads and what it answers (`suite.inputs`, `suite.answers`)
    FORMATS             the format names that `read` knows
    read(path, settings, format=None) -> Examples         find the format, check every example; a part is what the data
                                                          names, else None: it is drawn afterwards (`suite.data.reading`)
    prepare(train, settings, inherited=None) -> assets    JSON-able dict, from the training part only; `inherited`: the
                                                          assets of the model that a warm start begins from; `notes` in
                                                          it are sentences for people, shown and logged
    batches(examples, assets, settings, training) -> BatchSource
    build(settings, assets) -> keras.Model
    named_weights(settings, assets) -> NamedWeights       weights of `build` whose entries belong to labels, symbols or words
    phases(settings, assets) -> list[Phase]               the fits one after another; usually one
    signatures(assets, settings) -> list[Signature]       raw input -> answer, without a model (`suite.signature`); the first
                                                          one is what predict and evaluate call
    make_sample(directory, seed=0, format=...) -> Path    the small embedded data set

What follows is exported only where the input and the answer kind do not say it all:

    raw_arrays(raw_input, settings) -> dict[str, array]   one raw input (text, path, array) as the arrays a signature takes
    METRICS             {"accuracy": ("max", "fraction"), ...}: name -> direction, unit; the first one is the primary metric
    PREDICT_OPTIONS     tuple[PredictOption, ...]: what `suite predict` adds for this task
    answer(outputs, raw_input, assets, settings, **options) -> answer     a frozen dataclass with `lines()`
    predict(predictor, raw_inputs, assets, settings, **options) -> list   where `raw_arrays`, one call and `answer` do not
                                                          say it all; in the place of an input at fault stands its UserError
    host_assets(assets, settings) -> dict                 of the assets what `predict` needs with an exported file, and
                                                          travels inside it; nothing else that was learned from the data
    evaluate(predictor, examples, assets, settings) -> Evaluation         the predictor is Keras or TFLite alike
    check_parts(examples, settings, assets=None) -> Examples     once parts are assigned, also those of a fold: what can be
                                                          learned or scored depends on what train holds; with assets
                                                          the examples are to evaluate a trained model
    calibrate(model, dev, assets, settings)               sets what of a trained model is found on dev: how far its answers can
                                                          be trusted
    assign_parts(examples, settings) -> Examples          how parts are drawn that the data does not name, where that is not by
    folds(examples, count, settings) -> list[Examples]    whole examples (`suite.data.splits`, `suite.data.folds`): series are cut
    training_pictures(examples, assets, settings)         file name -> function that returns a figure of what training sees
                                                          (augmentation), from training examples

A package may bring commands of its own: a module `commands` with a typer `app`, run as `suite TASK ...`.

A predictor is a callable: a sequence of raw-array dicts in, a list of output dicts (one per input, without the batch axis) out.
It answers for the first signature. `predictor.sibling(name)` is that of another one of the same model or file, and
`predictor.batch(stacked)` takes and gives arrays with a leading batch axis in one call, not prepared and not trimmed: what
a search over `decode_step` needs, which calls often. Tensors that it gives may be fed to the next call as they are.
"""

import importlib
import random
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

from suite.data.folds import folds_of_examples
from suite.data.splits import assign_parts
from suite.errors import UserError
from suite.signature import Arrays, Predictor

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from suite.data.examples import Example, Examples

# The end of a weight's path -> the axis (or axes) along which each entry belongs to a name, and the names:
# {"probabilities/kernel": (1, ["neg", "pos"])}. A warm start copies such weights name by name.
NamedWeights = dict[str, tuple[int | tuple[int, ...], Sequence[Any]]]


Item = TypeVar("Item")


@dataclass(frozen=True)
class PredictOption:
    """An option that a pipeline adds to `suite predict`: `--NAME`, its type (bool makes a flag), default and help.

    `together` says that it needs all inputs in one process: one page of all, what comes while it is heard.
    """

    name: str
    type: type
    default: Any
    help: str
    together: bool = False


@dataclass(frozen=True)
class BatchSource:
    """The batches of one part.

    Attributes:
        steps: Batches per epoch.
        dataset: `dataset(epoch)` gives the batches of that epoch, `(inputs, targets)` or `(inputs, targets, sample_weights)`;
            `dataset(epoch, share)` the rows of each that one of several workers computes (`suite.data.share`).
            Order and augmentation depend on the seed and the epoch alone, so that a resumed run sees what an unbroken one
            sees, and what becomes of an example on the example too, so that all workers together see it as well. A share
            is padded as the whole batch is, or less and with zeros.
        names: `names(epoch, step)` gives the names of the examples in one batch, for messages.
    """

    steps: int
    dataset: Callable[..., "tf.data.Dataset"]
    names: Callable[[int, int], list[str]]


@dataclass(frozen=True)
class Phase:
    """One fit.

    Attributes:
        name: What a person calls it: `"train"`, `"fine-tune"`.
        epochs: Epochs of this phase.
        learning_rate: Its peak learning rate.
        compile: `compile(model, optimizer)` sets what is trainable and compiles the model with its loss and metrics.
        batches: `batches(model, examples, assets, settings)` gives this phase batches of its own, from the training
            examples and the model, which it may call as it stands when a batch is asked for. None: those of the
            pipeline's `batches`.
        ema_fraction: In place of the setting: how far back the running average of the weights goes that is scored and
            kept, as a share of the steps of this phase; 0 is none.
    """

    name: str
    epochs: int
    learning_rate: float
    compile: Callable[["keras.Model", "keras.optimizers.Optimizer"], None]
    batches: Callable[["keras.Model", Sequence["Example"], dict[str, Any], Any], BatchSource] | None = None
    ema_fraction: float | None = None


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation found.

    Attributes:
        metrics: Name -> value, fractions where the metric is one.
        pictures: File name -> function that returns a matplotlib figure; drawn only where somebody will look.
        samples: Columns of a table of sample predictions, worst first where that makes sense.
        details: Figures too many for metrics (per class, per group), JSON-able.
        files: File name -> function that writes it to a path: what a person listens to or looks at beside the samples.
        input_pictures: Names of those pictures that show inputs, which private data keeps out of the tracking store.
    """

    metrics: dict[str, float]
    pictures: dict[str, Any] = field(default_factory=dict)
    samples: Mapping[str, Any] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)
    files: Mapping[str, Callable[[Path], Any]] = field(default_factory=dict)
    input_pictures: tuple[str, ...] = ()


def lazy_exports(package: str, table: dict[str, str]) -> Callable[[str], Any]:
    """Return a module `__getattr__` that imports `package.table[name]` when `name` is first asked for.

    Reading a pipeline's settings must not import TensorFlow; its model does.
    """

    def __getattr__(name: str) -> Any:
        if name not in table:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f"{package}.{table[name]}"), name)
        # Importing evaluate.py has just bound the package's name `evaluate` to the module; the function is meant.
        setattr(sys.modules[package], name, value)
        return value

    return __getattr__


class Pipeline:
    """A task's package with the names of the contract as attributes, each imported when first asked for.

    What a package does not export is what its kinds say.
    """

    def __init__(self, package: str) -> None:
        self.package = importlib.import_module(package)

    @property
    def summary(self) -> str:
        """What the task is, in the words that the package's docstring begins with."""
        return " ".join((self.package.__doc__ or self.package.__name__).partition("\n\n")[0].split())

    def __getattr__(self, name: str) -> Any:
        try:
            value = getattr(self.package, name)
        except AttributeError:
            return self._of_kind(name)
        if not isinstance(value, ModuleType):
            return value
        # A file imported by itself has bound its own name (`predict`) in the package before anybody asked for the function.
        return getattr(value, name) if hasattr(value, name) else self._of_kind(name)

    def _of_kind(self, name: str) -> Any:
        of_kinds = {
            "raw_arrays": self.INPUT.raw_arrays,
            "METRICS": self.ANSWER.metrics,
            "PREDICT_OPTIONS": self.ANSWER.options,
            "answer": self.ANSWER.answer,
            "host_assets": self._host_assets,
            "check_parts": self.ANSWER.check_parts or _every_example,
            "evaluate": self._evaluate,
            "predict": self._predict,
            "assign_parts": assign_parts,
            "folds": folds_of_examples,
        }
        if of_kinds.get(name) is None:
            raise AttributeError(f"{self.package.__name__} does not export {name}, which suite/pipeline.py asks of it")
        return of_kinds[name]

    def _host_assets(self, assets: dict[str, Any], settings: Any) -> dict[str, Any]:
        return {name: assets[name] for name in self.ANSWER.assets}

    def _evaluate(
        self, predictor: Predictor, examples: Sequence["Example"], assets: dict[str, Any], settings: Any
    ) -> "Evaluation":
        return self.ANSWER.evaluate(predictor, examples, self.raw_arrays, assets, settings)

    def _predict(
        self, predictor: Predictor, raw_inputs: Sequence[Any], assets: dict[str, Any], settings: Any, **options: Any
    ) -> list[Any]:
        if self.ANSWER.predict is not None:
            return self.ANSWER.predict(predictor, raw_inputs, self.raw_arrays, assets, settings, **options)
        return predict_each(
            predictor,
            raw_inputs,
            lambda raw_input: self.raw_arrays(raw_input, settings),
            lambda outputs, raw_input: self.answer(outputs, raw_input, assets, settings, **options),
        )


def _every_example(examples: "Examples", settings: Any, assets: dict[str, Any] | None = None) -> "Examples":
    """Return all examples: what an answer kind that sets no `check_parts` says of parts."""
    return examples


def predict_each(
    predictor: Predictor,
    raw_inputs: Sequence[Any],
    to_arrays: Callable[[Any], Arrays],
    to_answer: Callable[[Arrays, Any], Any],
) -> list[Any]:
    """Answer raw inputs together, in their order; in the place of one that cannot be read or answered stands its UserError.

    Args:
        predictor: Of the signature that answers.
        raw_inputs: Texts, paths or arrays.
        to_arrays: A raw input to the arrays that the signature takes.
        to_answer: The outputs for a raw input, and that, to its answer.
    """

    def answer_all(readable: Sequence[Any], arrays: Sequence[Arrays]) -> list[Any]:
        answered = zip(predictor(arrays), readable, strict=True)
        return [attempt(to_answer, outputs, raw_input) for outputs, raw_input in answered]

    return predict_together(raw_inputs, to_arrays, answer_all)


def predict_together(
    raw_inputs: Sequence[Any],
    to_arrays: Callable[[Any], Arrays],
    answer_all: Callable[[Sequence[Any], Sequence[Arrays]], Sequence[Any]],
) -> list[Any]:
    """Answer raw inputs in their order; in the place of one that cannot be read stands its UserError.

    Args:
        raw_inputs: Texts, paths or arrays.
        to_arrays: A raw input to the arrays that the signature takes.
        answer_all: Those that can be read, and the arrays of each, to their answers.
    """
    arrays = [attempt(to_arrays, raw_input) for raw_input in raw_inputs]
    rows = [row for row, read in enumerate(arrays) if not isinstance(read, UserError)]
    answers = iter(answer_all([raw_inputs[row] for row in rows], [arrays[row] for row in rows]) if rows else ())
    return [read if isinstance(read, UserError) else next(answers) for read in arrays]


def attempt(function: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a function gives, or the UserError that it raises."""
    try:
        return function(*arguments)
    except UserError as error:
        return error


def primary_metric(metrics: dict[str, tuple[str, str]]) -> tuple[str, str]:
    """Return name and direction (`"min"` or `"max"`) of the first entry of a pipeline's METRICS."""
    name, (direction, _) = next(iter(metrics.items()))
    return name, direction


def spread(items: Sequence[Item], count: int) -> list[Item]:
    """Return `count` items spread evenly over the sequence; all of them where there are fewer."""
    if count >= len(items):
        return list(items)
    return [items[index * len(items) // count] for index in range(count)]


def draw(examples: Sequence["Example"], count: int) -> list["Example"]:
    """Return `count` examples drawn at random, always the same; all of them where there are fewer.

    Not every n-th: where classes take turns in the data, an even n finds one class alone.
    """
    if count >= len(examples):
        return list(examples)
    return random.Random(0).sample(examples, count)


def draw_inputs(pipeline: "Pipeline", examples: Sequence["Example"], count: int) -> list[Any]:
    """Return raw inputs of `draw`n examples; `count` of them too where an example holds many, as its kind says."""
    raw_inputs = [example.input for example in draw(examples, count)]
    several = pipeline.INPUT.several
    return raw_inputs if several is None else several(raw_inputs, count)
