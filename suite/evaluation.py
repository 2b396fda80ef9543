"""A saved model scored on data: what is read, which part is taken, and how much of it the run was trained on."""

from dataclasses import dataclass
from pathlib import Path

from suite.artifact import Artifact
from suite.config import assign
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


def evaluate(
    model_dir: Path | Artifact,
    data: Path,
    split: str | None = None,
    form: str | None = None,
    runtime: str = "keras",
    assignments: tuple[str, ...] = (),
    on_bad_example: str = "fail",
    tflite: Path | None = None,
) -> Scored:
    """Evaluate a saved model on data.

    Args:
        model_dir: The saved model, an exported file alone, or what `open_model` read of either.
        data: Any data the task reads.
        split: `"train"`, `"dev"`, `"test"` or `"all"`. None takes the run's own test part on the very data of the run,
            the test part of data that names its parts, and everything of data that names none.
        form: Format name; None recognises it.
        runtime: What computes the answers.
        assignments: `KEY=VALUE` settings for reading this data (columns, encoding).
        on_bad_example: `"fail"` or `"skip"`.
        tflite: An exported file for the runtime `"tflite"`; its float32 `interpreter` file by default.

    Raises:
        UserError: if model or data cannot be read, or the part is empty.
    """
    from suite.runtime.loaded import load
    from suite.runtime.model_in_file import open_model

    artifact = open_model(model_dir)
    settings = artifact.settings
    if assignments:
        settings = assign(settings, assignments)
        if not any(assignment.startswith("split_by=") for assignment in assignments):
            settings = settings.model_copy(update={"split_by": artifact.settings.split_by})
    # How the run drew its parts says nothing about other data, whose groups may have other names.
    plain = settings.model_copy(update={"split_by": "content", "group_pattern": None, "dev_groups": ()})
    undivided = artifact.pipeline.read(data, plain, form)
    examples = with_parts(artifact.pipeline, undivided, plain, artifact.assets)
    if on_bad_example == "fail":
        refuse_problems(artifact.task, examples)
    is_training_data = examples.fingerprint == artifact.record["data"]["fingerprint"]
    if is_training_data:
        examples = with_parts(artifact.pipeline, undivided, settings, artifact.assets)
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
