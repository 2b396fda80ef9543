"""A model beside the champion of a name, on the same examples: the better one has the place."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from suite.artifact import Artifact, files_digest
from suite.errors import UserError
from suite.evaluation import Scored, Selection, score, select, select_same
from suite.pipeline import primary_metric
from suite.tracking.stored import DIGEST, StoredModel, read_folder


@dataclass(frozen=True)
class Contest:
    """A model and what it is compared with.

    Attributes:
        metric, direction: The primary metric of the task, `"max"` or `"min"`.
        scored: The model that asks for the place.
        champion: The one that has it; None where nobody has.
        champion_scored: On the same examples; None where it cannot be compared.
        refusal: Why the model does not take the place, in one sentence; None where it does.
    """

    metric: str
    direction: str
    scored: Scored
    champion: StoredModel | None
    champion_scored: Scored | None
    refusal: str | None

    @property
    def figure(self) -> float:
        """The model's primary figure."""
        return self.scored.evaluation.metrics[self.metric]

    @property
    def champion_figure(self) -> float | None:
        """The champion's primary figure."""
        return self.champion_scored.evaluation.metrics[self.metric] if self.champion_scored else None


def compare(
    artifact: Artifact, champion: StoredModel | None, registered_task: str | None, data: Path | None
) -> Contest:
    """Score a model and the champion on the same test part.

    Args:
        artifact: The model that asks for the place.
        champion: The version that has it, if any.
        registered_task: The task of what is registered under the name, if anything is.
        data: Examples; None takes the data of the model's run. The part is the one that `suite evaluate` takes.

    Raises:
        UserError: if the model cannot be scored, or is the champion.
    """
    if champion is not None and champion.tags.get(DIGEST) == files_digest(artifact.record):
        raise UserError(f"{artifact.path}: is the champion already, {champion.title}")
    metric, direction = primary_metric(artifact.pipeline.METRICS)
    path = Path(artifact.record["data"]["path"]) if data is None else data
    selection = _select(artifact, path, data is None)
    scored, contest = score(artifact, selection), partial(Contest, metric, direction)
    if registered_task not in (None, artifact.task):
        return contest(
            scored, champion, None, f"what is registered is of the task {registered_task}, not {artifact.task}"
        )
    if champion is None:
        figure = scored.evaluation.metrics[metric]
        return contest(scored, None, None, None if figure == figure else f"its {metric} is no number")
    try:
        champion_scored = _score_champion(champion, artifact.task, path, selection)
    except UserError as error:
        return contest(scored, champion, None, f"{champion.title} cannot be compared with it: {error}")
    contest = partial(contest, scored, champion, champion_scored)
    return contest(_refusal(contest(None), champion, champion_scored.evaluation.metrics[metric]))


def _select(artifact: Artifact, path: Path, is_own: bool) -> Selection:
    try:
        selection = select(artifact, path)
    except UserError as error:
        hint = "; --data PATH names other data" if is_own and not path.exists() else ""
        raise UserError(f"{error}{hint}") from error
    if is_own and not (selection.of_the_run or selection.named_parts):
        raise UserError(
            f"{path}: no longer the data that {artifact.path} was trained on, and nothing in it is named for testing; "
            "--data PATH names examples to compare on"
        )
    return selection


def _score_champion(champion: StoredModel, task: str, data: Path, selection: Selection) -> Scored:
    from suite.runtime.model_in_file import is_file_model, open_model

    artifact = open_model(read_folder(champion))
    if artifact.task != task:
        raise UserError(f"it is a {artifact.task} model")
    same = select_same(artifact, data, selection)
    return score(artifact, same, "tflite" if is_file_model(artifact.path) else "keras")


def _refusal(contest: Contest, champion: StoredModel, before: float) -> str | None:
    figure, is_max = contest.figure, contest.direction == "max"
    was_a_number = before == before
    if (figure > before if is_max else figure < before) or (figure == figure and not was_a_number):
        return None
    order = "higher" if is_max else "lower"
    return f"{contest.metric} {figure:.4f} is not {order} than {before:.4f} of {champion.title}"


def facts(contest: Contest) -> dict[str, str]:
    """Return what a registered version says of the comparison that it came out of, as tags."""
    scored, champion = contest.scored, contest.champion
    values: dict[str, object] = {
        "compared_on": scored.part,
        "compared_examples": scored.examples,
        contest.metric: f"{contest.figure:.6g}",
    }
    if champion is not None:
        figure = contest.champion_figure
        values["champion_before"] = champion.title if figure is None else f"{champion.title}: {figure:.6g}"
    if contest.refusal:
        values["forced"] = contest.refusal
    return {name: str(value) for name, value in values.items()}
