"""MLflow's signature and input example of a model: what a person sends, what comes back, and the options."""

import base64
import inspect
from dataclasses import MISSING, fields, is_dataclass
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin, get_type_hints

from suite.artifact import Artifact
from suite.pipeline import Pipeline

if TYPE_CHECKING:
    from mlflow.models import ModelSignature
    from mlflow.types import Schema

EXAMPLE_TEXT = "An example."
SCALARS = {str: "string", float: "double", int: "long", bool: "boolean"}


def input_column(artifact: Artifact) -> str:
    """Return the name of the column that holds a model's raw inputs in tables."""
    return getattr(artifact.settings, artifact.pipeline.INPUT.column)


def input_example(artifact: Artifact) -> list[str]:
    """Return one input as it may be sent: a text, or a small file as base64."""
    sent = artifact.pipeline.INPUT.sent
    return [EXAMPLE_TEXT if sent is None else base64.b64encode(sent.example(artifact.settings)).decode("ascii")]


def signature(artifact: Artifact, answers: list[dict[str, Any]] | None = None) -> "ModelSignature":
    """Return MLflow's signature: the column of the input, the fields of the answer, the options.

    MLflow checks no input against it. It would make a table of whatever is sent: of a column with a name it would refuse a
    list of texts, of one without it would hand on a table's first column, and an array it would take for a row for each of
    its numbers. `SavedModel` checks tables, lists and arrays itself. So the signature is marked as one that comes of type
    hints, which MLflow leaves to the model; over HTTP the input then stands under `inputs`.

    Args:
        artifact: The model.
        answers: Answers to learn the fields from; None takes them from the type of the answer.
    """
    from mlflow.models import ModelSignature, infer_signature
    from mlflow.types import ColSpec, Schema
    from mlflow.types.schema import AnyType

    pipeline = artifact.pipeline
    options = {option.name: option.default for option in pipeline.PREDICT_OPTIONS if option.default is not None}
    column = ColSpec("string" if pipeline.INPUT.sent is None else AnyType(), input_column(artifact))
    made = ModelSignature(
        inputs=Schema([column]),
        outputs=infer_signature(model_output=answers).outputs if answers else answer_schema(pipeline),
    )
    if options:
        made.params = infer_signature(params=options).params
    made._is_signature_from_type_hint = True
    return made


def answer_schema(pipeline: Pipeline) -> "Schema | None":
    """Return the fields of a pipeline's answer by their types; None where its functions do not tell."""
    from mlflow.types import ColSpec, Schema

    answer = _dataclass_in(inspect.signature(pipeline.predict).return_annotation)
    answer = answer or _dataclass_in(inspect.signature(pipeline.answer).return_annotation)
    if answer is None:
        return None
    hints = get_type_hints(answer)
    return Schema([ColSpec(_type(hints[field.name]), field.name, field.default is MISSING) for field in fields(answer)])


def _dataclass_in(annotation: Any) -> Any:
    """Return the dataclass in `list[Answer | UserError]`, or the annotation itself if it is one; else None."""
    if is_dataclass(annotation):
        return annotation
    return next(filter(None, map(_dataclass_in, get_args(annotation))), None)


def _type(annotation: Any) -> Any:
    """Return MLflow's type of a Python type: of a number or text, a list, a dictionary or a dataclass of such."""
    from mlflow.types.schema import AnyType, Array, DataType, Map, Object, Property

    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation in SCALARS:
        return DataType[SCALARS[annotation]]
    if origin in (Union, UnionType):
        (inner,) = [argument for argument in arguments if argument is not NoneType][:1]
        return _type(inner)
    if origin in (list, tuple):
        return Array(_type(arguments[0]))
    if origin is dict:
        return Map(_type(arguments[1]))
    if is_dataclass(annotation):
        hints = get_type_hints(annotation)
        properties = [
            Property(field.name, _type(hints[field.name]), field.default is MISSING) for field in fields(annotation)
        ]
        return Object(properties)
    return AnyType()
