"""MODEL_DIR as it is typed: the folder of a saved model, or the name of a model in the tracking store."""

from pathlib import Path
from typing import Annotated

import typer

from suite.commands.output import terminal


def read_model_dir(typed: str) -> Path:
    """Return the folder of a model that is only read, and say where that of a model in the store is.

    Raises:
        UserError: if the store has no such model.
    """
    from suite.tracking.stored import find_model, is_reference, read_folder

    if not is_reference(typed):
        return Path(typed)
    model = find_model(typed)
    return _shown(typed, model.title, read_folder(model))


def own_model_dir(typed: str) -> Path:
    """Return the folder of a model that files are written to, and say where it is: a copy of one that only the store has.

    Raises:
        UserError: if the store has no such model, or the copy cannot be made.
    """
    from suite.tracking.stored import find_model, is_reference, write_folder

    if not is_reference(typed):
        return Path(typed)
    model = find_model(typed)
    return _shown(typed, model.title, write_folder(model, Path("saved_models")))


def _shown(typed: str, title: str, folder: Path) -> Path:
    terminal().print(f"{typed}: {title}, {folder}", markup=False, highlight=False)
    return folder


NAMES = "models:/NAME@ALIAS, models:/NAME/VERSION, runs:/ID"
ModelDir = Annotated[
    Path,
    typer.Argument(parser=read_model_dir, metavar="MODEL_DIR", help=f"folder of a saved model, or {NAMES}"),
]
OwnModelDir = Annotated[
    Path,
    typer.Argument(parser=own_model_dir, metavar="MODEL_DIR", help=f"folder of a saved model, or {NAMES}"),
]
_MODEL_OR_FILE = typer.Argument(
    parser=read_model_dir,
    metavar="MODEL_DIR",
    help=f"folder of a saved model, an exported file alone, or {NAMES}",
    show_default=False,
)
ModelOrFile = Annotated[Path, _MODEL_OR_FILE]
ModelOrNone = Annotated[Path | None, _MODEL_OR_FILE]
InitModel = Annotated[
    Path | None,
    typer.Option(parser=read_model_dir, metavar="MODEL_DIR", help=f"model to begin from (warm start), or {NAMES}"),
]
