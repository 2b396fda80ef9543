"""`suite predict`: answers of a saved model, one per input."""

from pathlib import Path
from typing import Annotated, Any

import typer

from suite.commands.output import emit, show, words
from suite.commands.task_options import declaration, split_options
from suite.errors import UserError


def predict(
    context: typer.Context,
    model_dir: Annotated[Path | None, typer.Argument(help="folder of a saved model", show_default=False)] = None,
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
    json: Annotated[bool, typer.Option("--json", help="print one JSON object per input")] = False,
    help: Annotated[bool, typer.Option("--help", help="show this message; with MODEL_DIR its own options too")] = False,
) -> None:
    """Answer inputs with a saved model."""
    if help or model_dir is None:
        _show_help(context, model_dir)
        raise typer.Exit(0 if help else 2)
    from suite.artifact import read_artifact

    artifact = read_artifact(model_dir)
    chosen, options = split_options(inputs or [], artifact.pipeline.PREDICT_OPTIONS, artifact.task)
    # An option that names a live input (--camera 0) is an input itself.
    live = [name for name in getattr(artifact.pipeline, "LIVE_INPUTS", ()) if name in options]
    chosen += [f"{name}:{options.pop(name)}" for name in live]
    if not chosen:
        raise UserError("predict needs at least one INPUT: a file, a folder, a text, or - for lines of stdin")
    from suite.quiet import import_tensorflow

    with words().status("starting TensorFlow"):
        import_tensorflow()
    from suite.runtime.inputs import expand_inputs
    from suite.runtime.loaded import load, plain

    model = load(model_dir, runtime, tflite)
    failed = False
    for one in expand_inputs(artifact.pipeline, artifact.settings, chosen, text, encoding):
        error, answer = one.error, None
        if error is None:
            try:
                answer = model.predict(one.raw, **options)
            except UserError as fault:
                error = str(fault)
        failed = failed or error is not None
        if json:
            emit({"input": one.name, "error": error} if error else {"input": one.name} | plain(answer))
        elif error:
            words().print(f"error: {error}", markup=False, highlight=False)
        else:
            show(_line(one.name, plain(answer)))
    if failed:
        raise typer.Exit(2)


def _show_help(context: typer.Context, model_dir: Path | None) -> None:
    show(context.get_help())
    if model_dir is None:
        return
    from suite.artifact import read_artifact

    artifact = read_artifact(model_dir, verify=False)
    lines = [
        f"  {declaration(option)}{'' if option.type is bool else ' ' + option.type.__name__.upper()}  {option.help}"
        + ("" if option.type is bool else f" (default: {option.default})")
        for option in artifact.pipeline.PREDICT_OPTIONS
    ]
    show("\n".join([f"options of {artifact.task}:", *lines]))


def _line(name: str, answer: dict[str, Any]) -> str:
    scores, tokens, segments = answer.pop("scores", {}), answer.pop("tokens", None), answer.pop("segments", ())
    alternatives = answer.pop("alternatives", ())
    words = answer.pop("words", ())  # the time of each word is for programs: --json
    answer.pop("html", None)
    sure = max(scores.values(), default=None), answer.pop("confidence", None), answer.pop("score", None)
    first = " ".join(str(value) for value in answer.values())
    best = next((f" {value:.3f}" for value in sure if value is not None), "")
    lines = [f"{first}{best}  {name if len(name) <= 100 else name[:97] + '...'}"]
    if tokens:
        most = max(token["weight"] for token in tokens) or 1.0
        lines += [
            f"    {'#' * round(20 * token['weight'] / most):<20} {token['weight']:.3f} {token['text']}"
            for token in tokens
        ]
    lines += [f"    {_looked_at(word)} {word['text']}" for word in words if "attention" in word]
    lines += [f"    {one['score']:9.3f} {one['text']}" for one in alternatives]
    lines += [f"    {one['start']:7.2f} - {one['end']:7.2f} s  {one['score']:.3f} {one['label']}" for one in segments]
    return "\n".join(lines)


def _looked_at(word: dict[str, Any]) -> str:
    """Say which place of the picture counted most for a word."""
    places = (
        (share, row, column) for row, some in enumerate(word["attention"], 1) for column, share in enumerate(some, 1)
    )
    share, row, column = max(places)
    return f"row {row:2}, column {column:2}: {share:.2f}"
