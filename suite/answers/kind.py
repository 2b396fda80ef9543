"""What an answer kind is: everything that is true of all tasks that answer alike."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from suite.data.examples import Examples
from suite.errors import UserError
from suite.inputs.calls import GuideSources
from suite.inputs.kind import FileContents
from suite.pipeline import Evaluation, PredictOption

TEXT_TYPES = {"python": "str", "swift": "String"}  # of an answer that is a text, in the guide


@dataclass(frozen=True)
class AnswerKind:
    """How the outputs of a model become what a person gets, and how they are scored.

    Attributes:
        name: The module of the page that shows an answer: `static/answers/NAME.js`.
        metrics: Name -> direction (`"max"` or `"min"`) and unit of the metrics of such answers, the primary one first.
        page: `page(contents)` returns what that module needs to know of a file, JSON-able, and the outputs that it reads of
            each signature; raises UserError where the file lacks something.
        answer: `answer(outputs, raw_input, assets, settings, **options)` returns the answer to one raw input, a frozen
            dataclass whose `lines()` are what the terminal shows and whose fields are its JSON. None where each task of this
            kind has its own.
        assets: Those of the model's assets that such answers are made of; they travel inside an exported file.
        evaluate: `evaluate(predictor, examples, raw_arrays, assets, settings)` returns metrics, pictures and samples; None
            likewise.
        predict: `predict(predictor, raw_inputs, raw_arrays, assets, settings, **options)` returns the answers, a UserError in the
            place of an input at fault; None where one call of the model and `answer` say it all.
        options: What `suite predict` adds for such answers.
        check_parts: `check_parts(examples, settings, assets=None)` returns the examples that can be learned or scored once
            parts are assigned, the others as problems. None where any part can hold any answer.
        guide: `guide(call, source, labels, front_end)` returns the sources that read the outputs of a signature, None where it
            gives something else; `source` are those of its input. Without one, an app gets the arrays.
    """

    name: str
    metrics: dict[str, tuple[str, str]]
    page: Callable[[FileContents], tuple[dict[str, Any], dict[str, tuple[str, ...]]]]
    assets: tuple[str, ...]
    answer: Callable[..., Any] | None = None
    evaluate: Callable[..., Evaluation] | None = None
    predict: Callable[..., list[Any]] | None = None
    options: tuple[PredictOption, ...] = ()
    check_parts: Callable[..., Examples] | None = None
    guide: Callable[..., GuideSources | None] | None = None


def require(
    contents: FileContents, outputs: tuple[str, ...] = (), front_end: tuple[str, ...] = (), vocabulary: bool = False
) -> None:
    """Raise UserError if a file lacks outputs, parameters of its front end or its vocabulary."""
    missing = [name for name in outputs if name not in contents.outputs]
    missing += [name for name in front_end if name not in contents.front_end]
    missing += ["vocabulary.txt"] * (vocabulary and not contents.words)
    if missing:
        needed = ", ".join(outputs)
        raise UserError(
            f"{contents.path}: a page needs outputs {needed}, and in front_end.json {', '.join(front_end) or 'nothing'}. "
            f"Missing: {', '.join(missing)}"
        )
