"""The page that `suite demo` ends with: what this machine trained, in one HTML file that needs nothing else."""

import base64
import io
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from suite.artifact import Artifact, package_versions
from suite.errors import UserError
from suite.export.report import read_report
from suite.pipeline import primary_metric

TEMPLATES = Path(__file__).parent / "templates"
MOST_BYTES = 2_600_000  # of pictures in one page
COLORS = 64  # of a picture: curves and bars have few


@dataclass(frozen=True)
class Demonstrated:
    """What the page says of one task.

    Attributes:
        task, model_dir, run_id, seconds, epochs, parameters: Of the run and its model.
        folder: The model folder as a link from the page.
        data: Path of the data, and `sizes`: part -> examples.
        metrics: Part -> name -> figure, `units`: name -> direction and unit, `primary` and `direction` of the first one.
        files: The entries of the export report.
        example: Input, answer and truth, as text.
        pictures: Title and source (a `data:` URI) of each.
        address: Of the run in an MLflow server; None where the store is a file.
    """

    task: str
    model_dir: str
    run_id: str
    seconds: float
    epochs: int
    parameters: int
    folder: str
    data: str
    sizes: dict[str, int]
    metrics: dict[str, dict[str, float]]
    units: dict[str, tuple[str, str]]
    primary: str
    direction: str
    files: list[dict[str, Any]]
    example: tuple[str, str, str]
    pictures: list[tuple[str, str]]
    address: str | None = None


def describe(
    artifact: Artifact, page: Path, example: tuple[str, str, str], pictures: dict[str, bytes], address: str | None
) -> Demonstrated:
    """Return what the page says of a model.

    Args:
        artifact: The model, exported.
        page: Where the page will be.
        example: Input, answer and truth, as text.
        pictures: Title -> PNG.
        address: Of its run, where that has one.
    """
    record, units = artifact.record, artifact.pipeline.METRICS
    primary, direction = primary_metric(units)
    return Demonstrated(
        task=artifact.task,
        model_dir=str(artifact.path),
        run_id=record["run_id"],
        seconds=record["seconds"],
        epochs=record["epochs"],
        parameters=record["parameters"],
        folder=Path(os.path.relpath(artifact.path, page.parent)).as_posix(),
        data=record["data"]["path"],
        sizes=record["data"]["sizes"],
        metrics={part: record["metrics"][part] for part in ("val", "test") if record["metrics"].get(part)},
        units=units,
        primary=primary,
        direction=direction,
        files=read_report(artifact.path)["files"],
        example=example,
        pictures=[(title, inline_picture(content)) for title, content in pictures.items()],
        address=address,
    )


def inline_picture(png: bytes) -> str:
    """Return a picture as a `data:` URI, of few colors."""
    from PIL import Image

    target = io.BytesIO()
    with Image.open(io.BytesIO(png)) as picture:
        picture.convert("RGB").quantize(COLORS, dither=Image.Dither.NONE).save(target, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(target.getvalue()).decode('ascii')}"


def write_demo_page(page: Path, demonstrated: list[Demonstrated], facts: list[str]) -> None:
    """Write the page; an earlier one is replaced.

    Args:
        page: The file.
        demonstrated: The tasks, in order.
        facts: Of the machine.

    Raises:
        UserError: if it cannot be written.
    """
    from jinja2 import Environment, FileSystemLoader

    machine = {
        "date": datetime.now().strftime("%Y-%m-%d %H:%M"),
        "facts": facts,
        "versions": [f"{package} {number}" for package, number in package_versions().items()],
    }
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)
    text = environment.get_template("demo.html").render(machine=machine, demonstrated=_within(demonstrated))
    try:
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{page}: cannot be written: {error.strerror}") from error


def _within(demonstrated: list[Demonstrated]) -> list[dict[str, Any]]:
    """Return what the template takes, with as many pictures of each task as there is room for."""
    share = MOST_BYTES // max(1, len(demonstrated))
    described = []
    for item in demonstrated:
        pictures, size = [], 0
        for title, source in item.pictures:
            size += len(source)
            if size <= share:
                pictures.append((title, source))
        described.append(vars(item) | {"pictures": pictures})
    return described
