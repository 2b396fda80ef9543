"""Pictures of a run as PNG files."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from suite.pipeline import Evaluation
from suite.training.state import History


def shown_pictures(evaluation: Evaluation, samples: bool) -> dict[str, Callable[[], Any]]:
    """Return the pictures of an evaluation that may leave the machine: without `samples`, those that show no input."""
    return {
        name: draw for name, draw in evaluation.pictures.items() if samples or name not in evaluation.input_pictures
    }


def write_pictures(folder: Path, pictures: dict[str, Callable[[], Any]]) -> None:
    """Draw pictures and write them as PNG files."""
    import matplotlib.pyplot as plt

    for name, draw in pictures.items():
        figure = draw()
        figure.savefig(folder / f"{name}.png")
        plt.close(figure)


def draw_curves(history: History) -> Any:
    """Return a matplotlib figure: train and dev curves of every metric, the best epoch marked."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    names = sorted(
        {
            name.split("_", 1)[1]
            for epoch in history.epochs
            for name in epoch.metrics
            if name.startswith(("train_", "val_"))
        }
    )
    figure, panels = plt.subplots(
        1, max(1, len(names)), figsize=(4 * max(1, len(names)), 3.2), squeeze=False, layout="constrained"
    )
    for panel, name in zip(panels[0], names, strict=False):
        for part in ("train", "val"):
            points = [
                (epoch.number + 1, epoch.metrics[f"{part}_{name}"])
                for epoch in history.epochs
                if f"{part}_{name}" in epoch.metrics
            ]
            if points:
                panel.plot(*zip(*points, strict=True), marker="o", markersize=3, label={"val": "dev"}.get(part, part))
        if history.best is not None:
            panel.axvline(history.best + 1, color="grey", linewidth=0.8, linestyle=":")
        panel.set(title=name, xlabel="epoch")
        panel.legend(frameon=False)
    return figure


def logged_pictures(run_id: str, folders: tuple[str, ...]) -> dict[str, bytes]:
    """Return the PNG files that lie in folders of a run's artifacts (`""`: at the top), by their paths, in that order."""
    from suite.tracking.store import open_store

    client = open_store().MlflowClient()
    pictures = {}
    with TemporaryDirectory() as folder:
        for name in folders:
            for file in client.list_artifacts(run_id, name or None):
                if file.path.endswith(".png"):
                    pictures[file.path] = Path(client.download_artifacts(run_id, file.path, folder)).read_bytes()
    return pictures
