"""A predictor that runs a pipeline's raw-input function from a `.tflite` file with LiteRT."""

import contextlib
import copy
import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from suite.errors import UserError
from suite.quiet import silent_stderr
from suite.signature import Arrays


class TfLitePredictor:
    """Calls a signature of a `.tflite` file, one raw input at a time.

    Args:
        path: The file.
        threads: CPU threads of the interpreter.
        signature: Name of the signature; by default the file's first.
        custom_ops: Whether the file holds ops of tensorflow-text, which its own interpreter knows.

    `inputs` and `outputs` give shape (without the batch axis, an axis of any length None) and dtype of each. Fused
    recurrent ops keep their state between calls; it is reset before each, so that calls do not depend on one another.

    An input longer than all before it gets a new interpreter: XNNPACK, which LiteRT 2.3.0 uses by default, now and then
    computes on stale memory after an input has grown a little (lengths 17, 16, 18, 21: one interpreter in twenty).

    Raises:
        UserError: for a file that cannot be read, or that holds ops this runtime does not have.
    """

    inputs: dict[str, tuple[tuple[Any, ...], Any]]
    outputs: dict[str, tuple[tuple[Any, ...], Any]]
    _called: bool
    _largest: dict[str, int]

    def __init__(
        self, path: str | Path, threads: int = 1, signature: str | None = None, custom_ops: bool = False
    ) -> None:
        self.path = Path(path)
        if not self.path.is_file():
            raise UserError(f"{path}: no such file; `suite export` writes it")
        try:
            self._open = functools.partial(_text_interpreter if custom_ops else _interpreter, path, threads)
            self.interpreter = self._open()
            names = list(self.interpreter.get_signature_list())
            self._take(signature or names[0])
        except (ValueError, RuntimeError, IndexError) as error:
            first = str(error).strip().splitlines()[0]
            raise UserError(f"{path}: not a file that LiteRT can run: {first}") from error

    def sibling(self, name: str) -> "TfLitePredictor":
        """Return the predictor of another signature of the same file, which is not opened again.

        Raises:
            ValueError: if the file holds no such signature.
        """
        twin = copy.copy(self)
        twin._take(name)
        return twin

    def __call__(self, inputs: Sequence[Arrays]) -> list[Arrays]:
        """Return one dict of output arrays per input, without the batch axis."""
        return [self.call(arrays) for arrays in inputs]

    def call(self, arrays: Arrays) -> Arrays:
        """Return the outputs of one raw input, arrays without the batch axis."""
        fed = {name: np.asarray(arrays[name], dtype)[np.newaxis] for name, (_, dtype) in self.inputs.items()}
        sizes = {name: value.nbytes for name, value in fed.items()}
        if self._called and any(size > self._largest[name] for name, size in sizes.items()):
            self.interpreter = self._open()
            self._run = self.interpreter.get_signature_runner(self.signature)
        elif self._called:
            self.interpreter.reset_all_variables()
        self._largest = {name: max(size, self._largest.get(name, 0)) for name, size in sizes.items()}
        # The first call of a process announces XNNPACK on stderr; LiteRT has no setting against it.
        with contextlib.nullcontext() if self._called else silent_stderr():
            outputs = self._run(**fed)
        self._called = True
        return {name: np.array(value[0]) for name, value in outputs.items()}

    def _take(self, signature: str) -> None:
        self.signature = signature
        self._run = self.interpreter.get_signature_runner(signature)
        self.inputs = _tensors(self._run.get_input_details())
        self.outputs = _tensors(self._run.get_output_details())
        self._called = False
        self._largest = {}


def _tensors(details: Mapping[str, Any]) -> dict[str, tuple[tuple[Any, ...], Any]]:
    """Return name -> (shape without the batch axis, dtype)."""
    tensors = {}
    for name, detail in details.items():
        shape = detail["shape_signature"] if len(detail["shape_signature"]) else detail["shape"]
        tensors[name] = (tuple(None if size < 0 else int(size) for size in shape[1:]), detail["dtype"])
    return tensors


def _interpreter(path: str | Path, threads: int) -> Any:
    from ai_edge_litert.interpreter import Interpreter

    return Interpreter(str(path), num_threads=threads)


def _text_interpreter(path: str | Path, threads: int) -> Any:
    """Return TensorFlow's interpreter with the ops of tensorflow-text; LiteRT's own package cannot be given any."""
    import warnings

    from tensorflow.lite.python.interpreter import InterpreterWithCustomOps

    from suite.text.wordpiece_tokenizer import tensorflow_text

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*tf.lite.Interpreter is deprecated.*")
        return InterpreterWithCustomOps(
            model_path=str(path),
            num_threads=threads,
            custom_op_registerers=tensorflow_text().tflite_registrar.SELECT_TFTEXT_OPS,
        )
