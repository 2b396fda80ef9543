"""What a person sees of a training: a bar with the time left on a terminal, one line per epoch everywhere."""

import time
from typing import Any

import keras
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from suite.training.state import Epoch


class TrainingProgress:
    """Progress on stderr over all epochs of a run, including those finished before a resume.

    Args:
        total_epochs: Epochs of all phases together, at most.
        console: Where to write.
    """

    def __init__(self, total_epochs: int, console: Console) -> None:
        self.total_epochs = total_epochs
        self.console = console
        self.bar = Progress(
            TextColumn("epoch {task.fields[epoch]}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[figures]}"),
            TimeElapsedColumn(),
            TextColumn("left in this epoch"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> "TrainingProgress":
        self.bar.start()
        return self

    def __exit__(self, *exception: Any) -> None:
        self.bar.stop()

    def callback(self, epoch: int, steps: int) -> keras.callbacks.Callback:
        """Return the callback that moves the bar during one epoch."""
        return _BatchProgress(self.bar, f"{epoch + 1}/{self.total_epochs}", steps)

    def epoch_done(self, epoch: Epoch, is_best: bool, seconds_left: float) -> None:
        """Print the line of a finished epoch."""
        figures = "  ".join(f"{name} {value:.4f}" for name, value in epoch.metrics.items() if name != "learning_rate")
        best = "  [green]best[/green]" if is_best else ""
        time_left = f"  at most {_duration(seconds_left)} left" if seconds_left else ""
        self.console.print(
            f"epoch {epoch.number + 1}/{self.total_epochs}  {figures}  {epoch.seconds:.1f} s{best}{time_left}",
            highlight=False,
        )


class _BatchProgress(keras.callbacks.Callback):
    def __init__(self, bar: Progress, epoch: str, steps: int) -> None:
        super().__init__()
        self.bar = bar
        self.task = bar.add_task("", total=steps, epoch=epoch, figures="")
        self.shown = 0.0

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        now = time.monotonic()
        if now - self.shown > 0.2:
            self.shown = now
            figures = "  ".join(f"{name} {float(value):.4f}" for name, value in (logs or {}).items())
            self.bar.update(self.task, completed=batch + 1, figures=figures)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self.bar.remove_task(self.task)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
