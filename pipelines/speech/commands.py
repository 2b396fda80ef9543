"""`suite speech ...`: a language model from a text file, and the weights of beam search."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.speech import tune
from suite.errors import UserError

app = typer.Typer(help="Language models and decoder weights for speech.", no_args_is_help=True)


@app.command()
def lm(
    text: Annotated[Path, typer.Argument(help="UTF-8 text, one sentence a line; .gz of it")],
    output: Annotated[Path, typer.Option(help="the ARPA file to write; .gz of it")] = Path("lm.arpa"),
    order: Annotated[int, typer.Option(help="n of the n-grams", min=1, max=12)] = 3,
    level: Annotated[str, typer.Option(help="word, or character")] = "word",
    transcript: Annotated[str, typer.Option(help="letters or verbatim, as in the model's settings")] = "letters",
    language: Annotated[str | None, typer.Option(help="as in the model's settings: tr and az have i and ı")] = None,
) -> None:
    """Learn an n-gram language model (interpolated modified Kneser-Ney) from a text file."""
    if level not in ("word", "character"):
        raise UserError(f"--level: expected word or character. Received: {level!r}")
    if transcript not in ("letters", "verbatim"):
        raise UserError(f"--transcript: expected letters or verbatim. Received: {transcript!r}")
    if output.exists():
        raise UserError(f"{output} exists and is never overwritten; choose another --output, or remove it")
    sentences = tune.learn_language_model(text, output, order, level, transcript, language)
    typer.echo(f"{output}: {order}-grams of {level}s from {sentences} sentences", err=True)


def _own_folder(typed: str) -> Path:
    from suite.tracking.stored import own_folder

    return own_folder(typed)


@app.command("tune-decoder")
def tune_decoder(
    model_dir: Annotated[
        Path,
        typer.Argument(
            parser=_own_folder, metavar="MODEL_DIR", help="folder of a saved model, or its name in the store"
        ),
    ],
    data: Annotated[Path, typer.Option(help="transcribed audio; its dev part where it has one")],
    language_model: Annotated[Path | None, typer.Option(help="ARPA file; default: the model's own")] = None,
    beam_width: Annotated[int, typer.Option(help="prefixes kept at each step", min=2)] = 64,
    json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Find the weights of beam search on dev and keep them, with the language model, in the model folder."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("trying weights", total=None)
        tuned = tune.tune_decoder(
            model_dir,
            data,
            language_model,
            beam_width,
            lambda tried, total: progress.update(task, completed=tried, total=total),
        )
    if json:
        import json as as_json

        typer.echo(as_json.dumps(tuned, ensure_ascii=False))
        return
    console.print(
        f"{tuned['split']}, {tuned['examples']} examples: WER {tuned['greedy_wer']:.4f} greedy, {tuned['wer']:.4f} with "
        f"weight {tuned['language_model_weight']:g} and bonus {tuned['word_bonus']:g}; kept in {model_dir}"
        + (f" ({tuned['covered']:.0%} of the transcripts are in the language model)" if "covered" in tuned else ""),
        highlight=False,
    )
