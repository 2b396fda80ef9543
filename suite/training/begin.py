"""What a run begins with: its assets and its model, fresh, warm or as the unfinished run left them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console

from suite.artifact import Artifact, read_artifact
from suite.data.examples import Example, Examples
from suite.errors import UserError
from suite.pipeline import BatchSource, Phase, Pipeline
from suite.training.unfinished import Request, keep_assets, kept_assets

if TYPE_CHECKING:
    from pathlib import Path

    import keras


def begin_model(
    request: Request, pipeline: Pipeline, examples: Examples, state: "Path", console: Console
) -> tuple["keras.Model", dict[str, Any]]:
    """Return the model and the assets of a run.

    The assets (labels, vocabulary) are those that lie with the unfinished run, so that a resumed run goes on with the
    very classes it began with; else they are prepared from the training part, and left there.

    Raises:
        UserError: if the model of `request.init` is of another task, or cannot be read.
    """
    source, assets = warm_source(request), kept_assets(state)
    if assets is None:
        assets = prepare_assets(request, pipeline, examples, source)
        keep_assets(state, assets)
    model = pipeline.build(request.settings, assets)
    if source is not None:
        from suite.training.warm_start import copy_weights

        copied, fresh = copy_weights(source, model, pipeline.named_weights(request.settings, assets))
        console.print(
            f"--init: {copied} weights copied; fresh: {'; '.join(fresh) or 'none'}", markup=False, highlight=False
        )
    return model, assets


def prepare_assets(request: Request, pipeline: Pipeline, examples: Examples, source: Artifact | None) -> dict[str, Any]:
    """Return what the pipeline learns from the training part before the model is built.

    Args:
        source: The model that the run begins from, as `warm_source` gives it.

    Raises:
        UserError: if the training part teaches nothing.
    """
    return pipeline.prepare(examples.part("train"), request.settings, source.assets if source else None)


def warm_source(request: Request) -> Artifact | None:
    """Return the trained model that a run begins from, if any.

    Raises:
        UserError: if it cannot be read or is of another task.
    """
    source = read_artifact(request.init) if request.init else None
    if source is not None and source.task != request.task:
        raise UserError(f"--init {request.init}: expected a {request.task} model. Received: a {source.task} model")
    return source


def phase_sources(
    pipeline: Pipeline,
    phases: Sequence[Phase],
    model: "keras.Model",
    examples: Sequence[Example],
    assets: dict[str, Any],
    settings: Any,
) -> list[BatchSource]:
    """Return the training batches of each phase."""
    shared = pipeline.batches(examples, assets, settings, True)
    return [phase.batches(model, examples, assets, settings) if phase.batches else shared for phase in phases]
