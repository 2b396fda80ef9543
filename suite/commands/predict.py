"""`suite predict`: answers of a saved model, one per input."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from suite.commands.model_dir import ModelOrNone
from suite.commands.output import emit, progress, show, start_tensorflow, terminal
from suite.commands.predict_ray import ActorsAsked, answer_on_ray, refuse_with_ray
from suite.commands.task_options import declaration, split_options
from suite.errors import UserError

if TYPE_CHECKING:
    from suite.runtime.loaded import Answered

LONGEST_NAME = 100  # characters of an input that are shown beside its answer


def predict(
    context: typer.Context,
    model_dir: ModelOrNone = None,
    inputs: Annotated[
        list[str] | None, typer.Argument(metavar="INPUT...", help="files, folders, texts, or - for lines of stdin")
    ] = None,
    text: Annotated[
        bool, typer.Option("--text", help="take every INPUT as a text, even if a file of that name exists")
    ] = False,
    encoding: Annotated[
        str | None, typer.Option(help="encoding of files of texts; default: by their byte order mark, else UTF-8")
    ] = None,
    runtime: Annotated[str, typer.Option(help="keras, or tflite for an exported file")] = "keras",
    tflite: Annotated[Path | None, typer.Option(help="the exported file; default: the float32 interpreter one")] = None,
    output: Annotated[
        Path | None,
        typer.Option(help="write the answers to this .csv, .jsonl or .parquet file instead; with --ray to this folder"),
    ] = None,
    ray: Annotated[
        str | None,
        typer.Option(
            metavar="[ADDRESS]", help="answer with actors of a Ray cluster; without ADDRESS on this machine alone"
        ),
    ] = None,
    actors: Annotated[
        int | None, typer.Option(help="--ray: how many; as many as there are cores by default", min=1)
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="print one JSON object per input")] = False,
    help: Annotated[bool, typer.Option("--help", help="show this message; with MODEL_DIR its own options too")] = False,
) -> None:
    """Answer inputs with a saved model."""
    if help or model_dir is None:
        _show_help(context, model_dir)
        raise typer.Exit(0 if help else 2)
    from suite.runtime.model_in_file import is_file_model, open_model

    artifact = open_model(model_dir)
    pipeline = artifact.pipeline
    arguments, options = split_options(inputs or [], pipeline.PREDICT_OPTIONS, artifact.task)
    # An option that names a live input (--camera 0) is an input itself.
    live = [name for name in pipeline.INPUT.live if name in options]
    arguments += [f"{name}:{options.pop(name)}" for name in live]
    if not arguments:
        raise UserError("predict needs at least one INPUT: a file, a folder, a text, or - for lines of stdin")
    from suite.inputs.expand import STDIN, expand_inputs
    from suite.runtime.answer_file import check_answer_file, write_answers
    from suite.runtime.loaded import INPUTS_AT_ONCE, answer_inputs, load

    expanded = expand_inputs(pipeline.INPUT, artifact.settings, arguments, text, encoding)
    if ray is not None:
        from suite.cluster.answering import Model

        refuse_with_ray(
            options, pipeline.PREDICT_OPTIONS, {"--json": json, STDIN: STDIN in arguments, "a live input": bool(live)}
        )
        shared = Model(str(model_dir.absolute()), runtime, str(tflite.absolute()) if tflite else None, options)
        failed = answer_on_ray(artifact, shared, expanded, output, ActorsAsked(ray, actors))
        raise typer.Exit(2 if failed else 0)
    if actors is not None:
        raise UserError("--actors goes with --ray")
    if output is not None:
        check_answer_file(output)
    if runtime == "keras" and tflite is None and not is_file_model(model_dir):
        start_tensorflow()
    model = load(artifact, runtime, tflite)
    waits = STDIN in arguments  # for whoever writes the lines, and may wait for an answer to each
    listed = None if waits else list(expanded)
    answered = answer_inputs(model, expanded if listed is None else listed, options, 1 if waits else INPUTS_AT_ONCE)
    failures: list[str] = []
    count = None if listed is None else len(listed)
    in_rows = output is not None and output.suffix.lower() != ".jsonl"
    answers = _shown(progress(answered, count, "answering"), json, output is None, failures, in_rows)
    if output is None:
        for _ in answers:
            pass
    else:
        terminal().print(f"{output}: {write_answers(output, answers)} answers", markup=False, highlight=False)
    if failures:
        raise typer.Exit(2)


def _shown(
    answered: Iterable["Answered"], json: bool, lines: bool, failures: list[str], in_rows: bool
) -> Iterator[dict[str, Any]]:
    """Yield the JSON-able answers, or the rows of each, shown as it comes; the names of inputs that failed join `failures`."""
    for answer in answered:
        if answer.error is not None:
            failures.append(answer.name)
        if json:
            emit(answer.plain())
        elif answer.error is not None:
            terminal().print(f"error: {answer.error}", markup=False, highlight=False)
        elif lines:
            # An answer with styles has them beside its lines; where they cannot be shown, the two are alike.
            first, *further = getattr(answer.answer, "styled", answer.answer.lines)()
            show(Text("\n").join([Text.assemble(first, f"  {_short(answer.name)}"), *map(Text.assemble, further)]))
        yield from answer.rows() if in_rows else [answer.plain()]


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 3]}..."


def _show_help(context: typer.Context, model_dir: Path | None) -> None:
    show(context.get_help())
    if model_dir is None:
        return
    from suite.artifact import read_artifact
    from suite.runtime.model_in_file import is_file_model, open_model

    artifact = open_model(model_dir) if is_file_model(model_dir) else read_artifact(model_dir, verify=False)
    lines = [
        f"  {declaration(option)}{'' if option.type is bool else ' ' + option.type.__name__.upper()}  {option.help}"
        + ("" if option.type is bool else f" (default: {option.default})")
        for option in artifact.pipeline.PREDICT_OPTIONS
    ]
    show("\n".join([f"options of {artifact.task}:", *lines]))
