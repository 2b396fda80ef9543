"""A saved model scored on data: what is read, which part is taken, and how much of it the run was trained on."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from suite.artifact import Artifact
from suite.config import TrainingSettings, assign
from suite.data.examples import Example, Examples
from suite.data.reading import refuse_problems, with_parts
from suite.data.trained_on import ASSET, count_trained_on
from suite.errors import UserError
from suite.pipeline import Evaluation
from suite.signature import Predictor


@dataclass(frozen=True)
class Scored:
    """What `evaluate` scored: a part of the data, its number of examples and how many of them the run was trained on.

    `trained_on` is None where the model holds no digests of its training inputs.
    """

    part: str
    examples: int
    trained_on: int | None
    evaluation: Evaluation


@dataclass(frozen=True)
class Reading:
    """How data is read that a model is scored on.

    Attributes:
        format: Its name; None recognizes it.
        assignments: `KEY=VALUE` settings for reading it (columns, encoding).
        on_bad_example: `"fail"` or `"skip"`.
    """

    format: str | None = None
    assignments: tuple[str, ...] = ()
    on_bad_example: str = "fail"


@dataclass(frozen=True)
class Selection:
    """Examples to score a model on.

    Attributes:
        part: `"train"`, `"dev"`, `"test"` or `"all"`.
        examples: Those of that part.
        settings: How they were read.
        of_the_run: Whether the data is that of the model's run, as it was.
        named_parts: Whether the data itself says what is for testing.
    """

    part: str
    examples: list[Example]
    settings: TrainingSettings
    of_the_run: bool
    named_parts: bool


def evaluate(
    model_dir: Path | Artifact,
    data: Path,
    split: str | None = None,
    reading: Reading = Reading(),
    runtime: str = "keras",
    tflite: Path | None = None,
) -> Scored:
    """Evaluate a saved model on data.

    Args:
        model_dir: The saved model, an exported file alone, or what `open_model` read of either.
        data: Any data the task reads.
        split: `"train"`, `"dev"`, `"test"` or `"all"`. None takes the run's own test part on the very data of the run,
            the test part of data that names its parts, and everything of data that names none.
        reading: How the data is read.
        runtime: What computes the answers.
        tflite: An exported file for the runtime `"tflite"`; its float32 `interpreter` file by default.

    Raises:
        UserError: if model or data cannot be read, or the part is empty.
    """
    from suite.runtime.model_in_file import open_model

    artifact = open_model(model_dir)
    return score(artifact, select(artifact, data, split, reading), runtime, tflite)


def select(artifact: Artifact, data: Path, split: str | None = None, reading: Reading = Reading()) -> Selection:
    """Return the examples of data that a model is scored on, as `evaluate` chooses them.

    Raises:
        UserError: if the data cannot be read, or the part is empty.
    """
    settings = _settings(artifact, reading.assignments)
    examples, is_training_data = _read(artifact, data, settings, reading)
    part = split or ("test" if is_training_data or examples.named_parts else "all")
    selected = examples.part(part)
    if not selected:
        parts = ", ".join(name for name, size in examples.sizes.items() if size)
        raise UserError(
            f"{data}: no {part} part; it has {parts or 'no example'}. --split dev, --split train or --split all choose another"
        )
    return Selection(part, selected, settings, is_training_data, bool(examples.named_parts))


def select_same(artifact: Artifact, data: Path, selection: Selection) -> Selection:
    """Return the examples of another model's selection as this model reads them.

    Raises:
        UserError: if this model cannot be scored on one of them, or its settings read one as something else.
    """
    examples, is_training_data = _read(artifact, data, artifact.settings, Reading())
    by_name = {example.name: example for example in examples.items}
    missing = next((example.name for example in selection.examples if example.name not in by_name), None)
    if missing is not None:
        raise UserError(f"{missing}: not among what it reads of {data}")
    same = [by_name[example.name] for example in selection.examples]
    digests = (examples.with_items(items).row_digests for items in (selection.examples, same))
    for example, twin, *pair in zip(selection.examples, same, *digests, strict=True):
        if pair[0] != pair[1]:
            raise UserError(
                f"{example.name}: its settings read it otherwise, {str(twin.target)[:60]!r} in place of "
                f"{str(example.target)[:60]!r}"
            )
    return Selection(selection.part, same, artifact.settings, is_training_data, selection.named_parts)


def score(
    artifact: Artifact,
    selection: Selection,
    runtime: str = "keras",
    tflite: Path | None = None,
    spread: Callable[[Predictor], Predictor] | None = None,
) -> Scored:
    """Score a saved model, or an exported file alone, on selected examples.

    Args:
        artifact: The model.
        selection: The examples.
        runtime: What computes the answers.
        tflite: An exported file for the runtime `"tflite"`, as `evaluate` takes it.
        spread: Makes of the model's predictor the one that answers, such as one that has many processes answer.

    Raises:
        UserError: if the model cannot be read.
    """
    from suite.runtime.loaded import load

    if runtime == "keras":
        from suite.training.process import prepare_process

        prepare_process(artifact.settings)
    predictor = load(artifact, runtime, tflite).predictor
    if spread is not None:
        predictor = spread(predictor)
    digests = artifact.assets.get(ASSET)
    return Scored(
        selection.part,
        len(selection.examples),
        None if digests is None else count_trained_on(selection.examples, digests),
        artifact.pipeline.evaluate(predictor, selection.examples, artifact.assets, selection.settings),
    )


def _settings(artifact: Artifact, assignments: tuple[str, ...]) -> TrainingSettings:
    """Return the settings of the run, but for those that are assigned."""
    if not assignments:
        return artifact.settings
    settings = assign(artifact.settings, assignments)
    if any(assignment.startswith("split_by=") for assignment in assignments):
        return settings
    return settings.model_copy(update={"split_by": artifact.settings.split_by})


def _read(artifact: Artifact, data: Path, settings: TrainingSettings, reading: Reading) -> tuple[Examples, bool]:
    """Return the examples with their parts, and whether they are the very data of the run.

    How the run drew its parts says nothing about other data, whose groups may have other names.
    """
    plain = settings.model_copy(update={"split_by": "content", "group_pattern": None, "dev_groups": ()})
    undivided = artifact.pipeline.read(data, plain, reading.format)
    examples = with_parts(artifact.pipeline, undivided, plain, artifact.assets)
    if reading.on_bad_example == "fail":
        refuse_problems(artifact.task, examples)
    if examples.fingerprint != artifact.record["data"]["fingerprint"]:
        return examples, False
    return with_parts(artifact.pipeline, undivided, settings, artifact.assets), True
