"""A saved model scored on data: what is read, which part is taken, and how much of it the run was trained on."""

from dataclasses import dataclass
from pathlib import Path

from suite.artifact import Artifact
from suite.config import TrainingSettings, assign
from suite.data.examples import Examples
from suite.data.reading import refuse_problems, with_parts
from suite.data.trained_on import ASSET, count_trained_on
from suite.errors import UserError
from suite.pipeline import Evaluation


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
    from suite.runtime.loaded import load
    from suite.runtime.model_in_file import open_model

    artifact = open_model(model_dir)
    settings = _settings(artifact, reading.assignments)
    examples, is_training_data = _read(artifact, data, settings, reading)
    part = split or ("test" if is_training_data or examples.named_parts else "all")
    selected = examples.part(part)
    if not selected:
        parts = ", ".join(name for name, size in examples.sizes.items() if size)
        raise UserError(
            f"{data}: no {part} part; it has {parts or 'no example'}. --split dev, --split train or --split all choose another"
        )
    if runtime == "keras":
        from suite.training.process import prepare_process

        prepare_process(artifact.settings)
    model = load(artifact, runtime, tflite)
    digests = artifact.assets.get(ASSET)
    return Scored(
        part,
        len(selected),
        None if digests is None else count_trained_on(selected, digests),
        artifact.pipeline.evaluate(model.predictor, selected, artifact.assets, settings),
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
