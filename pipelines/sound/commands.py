"""`suite sound ...`: the cutoff of a wake word, and voices enrolled, verified and tried."""

from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(help="Wake words and voices.", no_args_is_help=True)
ModelDir = Annotated[Path, typer.Argument(help="folder of a saved model")]
Voices = Annotated[Path | None, typer.Option(help="file of known voices; default: MODEL_DIR.voices.json, beside it")]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON, one object a line")]


@app.command()
def tune(
    model_dir: ModelDir,
    data: Annotated[Path, typer.Option(help="clips of the word and of other sounds; the dev part where it has one")],
    label: Annotated[str, typer.Option(help="the word that is listened for")],
    negatives: Annotated[list[Path] | None, typer.Option(help="recordings without the word, a file or folder")] = None,
    false_accepts: Annotated[float, typer.Option(help="false accepts per hour that are allowed", min=0)] = 0.5,
    tflite: Annotated[Path | None, typer.Option(help="listen with this exported file")] = None,
    json: AsJson = False,
) -> None:
    """Find the cutoff for so many false accepts an hour and keep it in the model folder."""
    from pipelines.sound.tune import tune_listening

    _show([tune_listening(model_dir, data, label, negatives or [], false_accepts, tflite)], json)


@app.command()
def enroll(
    model_dir: ModelDir,
    name: Annotated[str, typer.Argument(help="who is speaking")],
    recordings: Annotated[list[Path], typer.Argument(help="recordings of that voice alone")],
    voices: Voices = None,
    json: AsJson = False,
) -> None:
    """Keep the mean voice print of recordings under a name."""
    from pipelines.sound import voices as known

    speaker = known.open_speaker(model_dir)
    _show([known.enroll(speaker, name, recordings, voices or known.voices_file(model_dir))], json)


@app.command()
def verify(
    model_dir: ModelDir,
    name: Annotated[str, typer.Argument(help="who is expected to speak")],
    recordings: Annotated[list[Path], typer.Argument(help="recordings, each judged by itself")],
    voices: Voices = None,
    json: AsJson = False,
) -> None:
    """Say of recordings whether they are the voice kept under a name."""
    from pipelines.sound import voices as known

    speaker = known.open_speaker(model_dir)
    _show(known.verify(speaker, name, recordings, voices or known.voices_file(model_dir)), json)


@app.command()
def trials(
    model_dir: ModelDir,
    data: Annotated[Path, typer.Option(help="recordings of voices; those that the model was trained on are left out")],
    column: Annotated[str, typer.Option(help="column of who is speaking; of folders the class is")] = "speaker",
    clips: Annotated[int, typer.Option(help="clips of a voice in a print that is tried against", min=1)] = 3,
    json: AsJson = False,
) -> None:
    """Measure how often voices never trained on are told apart, and keep the threshold in the model folder."""
    from pipelines.sound import voices as known

    _show([known.run_trials(known.open_speaker(model_dir), data, column, clips)], json)


def _show(rows: list[dict[str, Any]], json: bool) -> None:
    import json as as_json

    for row in rows:
        if json:
            typer.echo(as_json.dumps(row, ensure_ascii=False))
        else:
            typer.echo(
                ", ".join(
                    f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
                    for name, value in row.items()
                )
            )
