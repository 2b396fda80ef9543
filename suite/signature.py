"""What a trained model takes and gives, on any runtime: raw inputs, outputs, the function between and the host's part.

A signature can be had without a model: names, shapes, kinds and what the host does are all there. Its `function` makes the
traceable computation from a trained model when one is at hand.
"""

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras
    import numpy as np
    import tensorflow as tf

Arrays = dict[str, Any]  # NumPy arrays, and scalars of NumPy where the shape is ()
Predictor = Callable[[Sequence[Arrays]], list[Arrays]]
Graph = Callable[..., dict[str, "tf.Tensor"]]  # batched tensors in, batched tensors out


@dataclass(frozen=True)
class RawInput:
    """One input of a signature.

    Attributes:
        dtype: NumPy's name of it, or `"string"`.
        shape: Without the batch axis; None is any length (batches are padded with zeros).
        meaning: What it is, with its unit.
        fixed: The shape in the `compiled` deployment; not needed where `shape` is fixed anyway. None is as long as in `source`.
        chunk: The shape of one chunk in the `streaming` deployment; only inputs that come in chunks have one.
        kind: `"text"` for UTF-8 bytes, which are cut at spaces; `""` for anything else.
        vocabulary: The word of each of its numbers; none blank.
        source: Signature and output that give it, where it is what another signature gave. An axis of unknown length is
            then as long as there, which a model tells.
    """

    dtype: str
    shape: tuple[int | None, ...]
    meaning: str
    fixed: tuple[int | None, ...] = ()
    chunk: tuple[int, ...] = ()
    kind: str = ""
    vocabulary: Sequence[str] = ()
    source: tuple[str, str] | None = None

    def shape_in(self, deployment: str) -> tuple[int | None, ...] | None:
        """Return the shape in a deployment, without the batch axis; None where the deployment needs one that is not said."""
        if deployment == "interpreter":
            return self.shape
        special = self.fixed if deployment == "compiled" else self.chunk
        if special:
            return special
        return None if None in self.shape else self.shape

    def known_shape(self, deployment: str) -> tuple[int | None, ...]:
        """Return the shape in a deployment that has this input, without the batch axis."""
        shape = self.shape_in(deployment)
        if shape is None:
            raise ValueError(f"{self.meaning}: no shape is known of it in the {deployment} deployment")
        return shape


@dataclass(frozen=True)
class OutputKind:
    """A kind of output tensor, and how it is compared with the trained model's.

    Attributes:
        name: As reports and the metadata of a file have it.
        whole: Whole numbers: inputs on which all are equal are counted, no difference is taken.
        decides: Whole numbers that the other outputs follow from (the words of a sentence). Rounding may tip a tie between
            two, and all is different from there on: the others are compared where these are equal.
        transform: What is compared in place of the number itself: `exp` of a logarithm. None: the number.
        relative: A difference counts beside the largest of the reference's numbers.
        inner: What another signature goes on with; in lower precision it is judged by the answers that come of it.
        averaged: The answer to a long input is the mean of those to its windows.
    """

    name: str
    whole: bool = False
    decides: bool = False
    transform: Callable[["np.ndarray"], "np.ndarray"] | None = None
    relative: bool = False
    inner: bool = False
    averaged: bool = False


@dataclass(frozen=True)
class Output:
    """One output of a signature.

    Attributes:
        kind: How it is compared.
        meaning: What it is.
        unit: Of its numbers, where they have one: `"nats"`, `"seconds"`.
        labels: The name of each place on its last axis.
        vocabulary: The word of each of its numbers; none blank.
        length: Name of the output that says how many of its rows count; the rest is padding.
        in_chunk: Whether a streaming chunk gives it; False for what has a value for each step of the whole input.
        at_once: Whether a call with the whole input gives it; False for what only a stream tells.
    """

    kind: OutputKind
    meaning: str
    unit: str = ""
    labels: Sequence[str] = ()
    vocabulary: Sequence[str] = ()
    length: str = ""
    in_chunk: bool = True
    at_once: bool = True


@dataclass(frozen=True)
class Host:
    """What the host does around the calls of a signature.

    Attributes:
        prepare: `prepare(arrays, predictor)`: raw arrays to what this signature takes, where that is not the raw input
            itself (an app's own tokenizer, the step of a search). `predictor` has the model's other signatures as siblings.
        windows: `windows(predictor, arrays)` answers one raw input of any length with a `compiled` file, whose shape is
            fixed; `predictor` is a `TfLitePredictor`. None: one call, the input padded with zeros; a longer one is an error.
        stream: `stream(runner, arrays)` answers one raw input with a `streaming` file; `runner` is a `ChunkRunner`.
        seconds: How long an input lasts, where that means something (audio): gives the real-time factor.
    """

    prepare: Callable[[Arrays, Any], Arrays] | None = None
    windows: Callable[[Any, Arrays], Arrays] | None = None
    stream: Callable[[Any, Arrays], Arrays] | None = None
    seconds: Callable[[Arrays], float] | None = None


@dataclass(frozen=True)
class ExportRules:
    """What an export of a signature may lose, and why some exports of it cannot be had.

    Attributes:
        offline: Why no input comes in chunks and what to change, for people: `"... ; train with --set keep=head"`.
        no_int8: Why the ranges of int8 cannot be found in its graph, for people.
        metric_loss: How much worse a file's primary metric may be than the trained model's.
        int8_metric_loss: The same for int8.
        comparable: Whether answers are compared with the trained model's on real inputs; False where neither the raw arrays
            nor `Host.prepare` give what the signature takes.
    """

    offline: str = ""
    no_int8: str = ""
    metric_loss: float = 0.005
    int8_metric_loss: float = 0.015
    comparable: bool = True


@dataclass(frozen=True)
class Signature:
    """A raw-input function of the trained model.

    All signatures without `custom_ops` go into one file of each deployment; those with them into a file of their own, of
    the `interpreter` deployment. The first of a file is the one whose metric and latency are measured. A signature is left
    out of the `compiled` files where an input of unknown length has no `fixed` shape, and of the `streaming` ones where no
    input has a `chunk`.

    Attributes:
        name: The name it has in the exported file: `"classify"`.
        inputs: Name -> what the function takes; the function's argument names.
        outputs: Name -> what it returns.
        function: `function(model)` returns the traceable function of a trained model: batched tensors in, dict of batched
            tensors out. Inside `suite.recurrent.deployment` it traces itself for the deployment asked for.
        host: What the host does around its calls.
        rules: What its exports may lose and which cannot be had.
        custom_ops: Names of the ops that an app must link (tensorflow-text).
        front_end: Parameters of what the graph does to the raw input, JSON-able, for the file's metadata.
    """

    name: str
    inputs: dict[str, RawInput]
    outputs: dict[str, Output]
    function: Callable[["keras.Model"], Graph]
    host: Host = Host()
    rules: ExportRules = ExportRules()
    custom_ops: tuple[str, ...] = ()
    front_end: dict[str, Any] = field(default_factory=dict)

    def prepared(self, inputs: Sequence[Arrays], predictor: Any) -> list[Arrays]:
        """Return raw inputs as what this signature takes; `predictor` has the model's other signatures as siblings."""
        if self.host.prepare is None:
            return list(inputs)
        return [self.host.prepare(arrays, predictor) for arrays in inputs]

    def trimmed(self, answers: Sequence[Arrays]) -> list[Arrays]:
        """Return answers without the rows that only pad them, so that padding is never compared or scored."""
        lengths = {name: output.length for name, output in self.outputs.items() if output.length}
        return [
            answer
            | {
                name: answer[name][: int(answer[length])]
                for name, length in lengths.items()
                if name in answer and length in answer
            }
            for answer in answers
        ]


def deferred(module: str, name: str, *arguments: Any) -> Callable[["keras.Model"], Graph]:
    """Return the `function` of a signature: `module.name(model, *arguments)`, imported when a model is at hand.

    What a signature says can so be had without TensorFlow, which the module of its graph needs.
    """
    return lambda model: getattr(importlib.import_module(module), name)(model, *arguments)
