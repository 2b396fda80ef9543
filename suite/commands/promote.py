"""`suite promote`: a saved model into the registry, if it beats the champion there."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from suite.commands.model_dir import ModelDir
from suite.commands.output import emit, show, show_figures, start_tensorflow, terminal
from suite.errors import UserError

if TYPE_CHECKING:
    from suite.evaluation import Scored
    from suite.promotion import Contest


def promote(
    model_dir: ModelDir,
    name: Annotated[str, typer.Option("--as", help="name of the registered model")],
    alias: Annotated[str, typer.Option(help="the place that the better model has")] = "champion",
    data: Annotated[
        Path | None, typer.Option(help="examples to compare on; default: the data of the model's run, its test part")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="register it whatever the figures say")] = False,
    json: Annotated[bool, typer.Option("--json", help="print the result as one JSON object")] = False,
) -> None:
    """Register a saved model under a name if it beats the champion of that name on the same examples."""
    from suite.artifact import read_artifact
    from suite.tracking.registering import holder, register, registered_task

    artifact = read_artifact(model_dir)
    champion, task = holder(name, alias), registered_task(name)
    start_tensorflow()
    from suite.promotion import compare, facts
    from suite.tracking.patience import harmlessly

    console = terminal()
    with console.status(f"evaluating {model_dir} and {champion.title if champion else 'no champion'}"):
        contest = compare(artifact, champion, task, data)
    _say_what_was_trained_on(contest, console)
    version = None
    if contest.refusal is None or force:
        say = partial(console.print, markup=False, highlight=False)
        version = harmlessly(partial(register, artifact, name, alias, facts(contest)), say)
    if json:
        emit(_plain(contest, artifact.task, model_dir, (name, alias, version)))
    else:
        columns = {str(model_dir): contest.scored}
        if contest.champion is not None and contest.champion_scored is not None:
            columns = {contest.champion.title: contest.champion_scored} | columns
        title = f"{artifact.task}: {contest.scored.examples} examples ({contest.scored.part})"
        show_figures(
            title, {column: scored.evaluation.metrics for column, scored in columns.items()}, artifact.pipeline.METRICS
        )
    if version is None:
        raise UserError(f"{model_dir} is not promoted: {contest.refusal}; --force registers it all the same")
    if not json:
        forced = f" (--force: {contest.refusal})" if contest.refusal else ""
        show(f"{name} version {version} is @{alias}{forced}\npredict: suite predict models:/{name}@{alias} INPUT")
        show(f"serve:   mlflow models serve --env-manager local -m models:/{name}@{alias}")


def _say_what_was_trained_on(contest: "Contest", console: Any) -> None:
    for title, scored in (("the model", contest.scored), ("the champion", contest.champion_scored)):
        if scored is not None and scored.trained_on:
            console.print(
                f"note: {title} was trained on {scored.trained_on:,} of these {scored.examples:,} examples, and its figures "
                "lean to the good side",
                highlight=False,
            )


def _plain(contest: "Contest", task: str, model_dir: Path, place: tuple[str, str, str | None]) -> dict[str, Any]:
    def figures(scored: "Scored") -> dict[str, Any]:
        trained_on = {} if scored.trained_on is None else {"trained_on": scored.trained_on}
        return {"metrics": scored.evaluation.metrics, **trained_on}

    name, alias, version = place
    champion = contest.champion and {
        "version": contest.champion.version,
        **(figures(contest.champion_scored) if contest.champion_scored else {}),
    }
    return {
        "task": task,
        "name": name,
        "alias": alias,
        "version": version,
        "refusal": contest.refusal,
        "metric": contest.metric,
        "direction": contest.direction,
        "split": contest.scored.part,
        "examples": contest.scored.examples,
        "model": {"model_dir": str(model_dir), **figures(contest.scored)},
        "champion": champion,
    }
