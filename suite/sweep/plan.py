"""What all processes of one sweep agree on, and where its files are.

saved_models/TASK/.NAME.sweep/study.db     the study (SQLite), unless `--storage` names a database
saved_models/TASK/.NAME.sweep/lock         who draws, or ends, a trial holds it
saved_models/TASK/.NAME.sweep/trial-7.lock held by the process that answers for trial 7
saved_models/TASK/NAME-trial7/             the model of a trial that is one of the best
saved_models/TASK/NAME.best.yaml           the best settings, for `suite train --config`
"""

from dataclasses import dataclass
from pathlib import Path

from suite.config import TrainingSettings
from suite.sweep.space import Space


@dataclass(frozen=True)
class Sweep:
    """A search over settings.

    Attributes:
        task: The task's name.
        name: The name of the sweep; trials are `NAME-trial0` and so on.
        settings: Those of all trials, but for what is searched.
        space: What is searched.
        trials: How many trials in all, whichever processes run them.
        output: Folder that holds `TASK/NAME-trial0`.
        storage: URL of a PostgreSQL database that several machines share; None is SQLite in `folder`.
        models: How many of the best models are kept.
    """

    task: str
    name: str
    settings: TrainingSettings
    space: Space
    trials: int
    output: Path = Path("saved_models")
    storage: str | None = None
    models: int = 1

    @property
    def folder(self) -> Path:
        """Where this sweep's own files are."""
        return self.output / self.task / f".{self.name}.sweep"

    @property
    def best_file(self) -> Path:
        """Where the best settings are written."""
        return self.output / self.task / f"{self.name}.best.yaml"

    @property
    def study_name(self) -> str:
        """The name of the study in its database."""
        return f"{self.task}/{self.name}"

    @property
    def study_url(self) -> str:
        """The address of the study's database, as SQLAlchemy takes it."""
        return self.storage or f"sqlite:///{(self.folder / 'study.db').absolute()}"

    @property
    def model_folder(self) -> str:
        """What the folders of trials' models begin with, before the trial's number."""
        return f"{self.name}-trial"

    def model_dir(self, number: int) -> Path:
        """Return the folder of a trial's model."""
        return self.output / self.task / f"{self.model_folder}{number}"


def sweep_name(data: Path) -> str:
    """Return the name of a sweep over some data: the same each time, so that the same command goes on with it."""
    return f"{data.resolve().name.split('.')[0] or 'data'}-sweep"
