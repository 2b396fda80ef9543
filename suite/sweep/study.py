"""The study of a sweep: an Optuna study in a database, with a lock around what two processes must not do at once."""

import hashlib
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from suite.data.examples import Examples
from suite.errors import UserError
from suite.pipeline import primary_metric
from suite.registry import load_pipeline
from suite.sweep.plan import Sweep
from suite.training.unfinished import Request, refuse_other

if TYPE_CHECKING:
    import optuna

BEGUN = "begun"  # study attribute: settings, space and data of the sweep
SQLITE_WAIT_SECONDS = 60
HEARTBEAT_SECONDS = 15
LOST_SECONDS = 60  # a process that has not been heard of for so long is taken for dead, where no lock tells


@contextmanager
def alone(sweep: Sweep) -> Iterator[None]:
    """Hold the lock of a sweep; a killed process loses it.

    Raises:
        UserError: if the database of `sweep.storage` cannot be reached.
    """
    if sweep.storage is None:
        from filelock import FileLock

        with FileLock(sweep.folder / "lock"):
            yield
        return
    import sqlalchemy

    key = int.from_bytes(hashlib.sha256(sweep.study_name.encode()).digest()[:8], "big", signed=True)
    try:
        engine = sqlalchemy.create_engine(sweep.storage, poolclass=sqlalchemy.pool.NullPool)
        connection = engine.connect()
    except ImportError as error:
        raise UserError(f"--storage needs the package {error.name}: pip install 'recurrent-suite[postgres]'") from error
    except sqlalchemy.exc.SQLAlchemyError as error:
        reason = str(error).strip().splitlines()[0]
        raise UserError(f"--storage {shown_url(sweep)}: cannot open the database: {reason}") from error
    with connection:  # closing it frees the lock
        connection.execute(sqlalchemy.text("SELECT pg_advisory_lock(:key)"), {"key": key})
        yield


def shown_url(sweep: Sweep) -> str:
    """Return the address of the study's database without its password."""
    return re.sub(r"(://[^:/@]+):[^@]*@", r"\1:***@", sweep.study_url)


@contextmanager
def naming_study(sweep: Sweep) -> Iterator[None]:
    """Say in one sentence that the study's database is away or refuses what it is asked.

    Raises:
        UserError: in place of the database's own errors.
    """
    try:
        yield
    except storage_errors() as error:
        reason = str(error.__cause__ or error).strip().splitlines()[0]
        raise UserError(
            f"{shown_url(sweep)}: the study cannot be read or written: {reason}; the same command goes on"
        ) from error


def storage_errors() -> tuple[type[Exception], ...]:
    """Return what Optuna raises where the database does not answer."""
    import optuna
    import sqlalchemy

    return optuna.exceptions.StorageInternalError, sqlalchemy.exc.SQLAlchemyError


def check_storage(storage: str | None) -> None:
    """Raise UserError for an address that is none of PostgreSQL."""
    if storage is not None and not re.match(r"postgresql(\+\w+)?://", storage):
        raise UserError(
            f"--storage: expected the address of a PostgreSQL database, postgresql://USER:PASSWORD@HOST/DATABASE; on one "
            f"machine the sweep needs none. Received: {storage.partition(':')[0]}:..."
        )


def open_study(sweep: Sweep) -> "optuna.Study":
    """Return the study, made where there is none."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        storage = optuna.storages.RDBStorage(
            sweep.study_url,
            engine_kwargs={} if sweep.storage else {"connect_args": {"timeout": SQLITE_WAIT_SECONDS}},
            heartbeat_interval=HEARTBEAT_SECONDS if sweep.storage else None,
            grace_period=LOST_SECONDS if sweep.storage else None,
        )
    _, direction = primary_metric(load_pipeline(sweep.task).METRICS)
    return optuna.create_study(
        study_name=sweep.study_name,
        storage=storage,
        direction="maximize" if direction == "max" else "minimize",
        pruner=pruner(sweep.settings.epochs),
        load_if_exists=True,
    )


def storage_of(study: "optuna.Study") -> Any:
    """Return where a study is stored: Optuna keeps it for itself, and has no other way to go on with a trial by its key."""
    return study._storage


def pruner(epochs: int) -> "optuna.pruners.BasePruner":
    """Return what ends hopeless trials early.

    The median rule: a trial whose best dev figure so far is worse than the median of the others at the same epoch. It
    needs no guess of how long a trial is worth (as successive halving does) and few trials. The first five trials are
    never ended, and none in the first fifth of its epochs: learning rates warm up, and a CTC model puts out nothing yet.
    """
    import optuna

    return optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=max(1, epochs // 5))


def begin(sweep: Sweep, study: "optuna.Study", examples: Examples) -> None:
    """Write down what a new sweep is, or check that it is the one that was begun; with the lock held.

    Raises:
        UserError: for other data, settings or ranges, or if models of such a name are there already.
    """
    begun = study.user_attrs.get(BEGUN)
    if begun is not None:
        place = f"sweep {sweep.name} of {sweep.task}"
        refuse_other(place, begun, Request(sweep.task, sweep.settings), examples)
        _refuse_other_space(place, begun["space"], sweep.space)
        return
    existing = next(sweep.folder.parent.glob(f"{sweep.model_folder}*"), None)
    if existing is not None:
        raise UserError(
            f"{existing}: expected no models of that name before the sweep; choose another --name, or remove it"
        )
    study.set_user_attr(
        BEGUN,
        {
            "settings": sweep.settings.model_dump(mode="json"),
            "space": sweep.space,
            "fingerprint": examples.fingerprint,
            "parts": examples.parts_fingerprint,
            "order": examples.order_fingerprint,
            "sizes": examples.sizes,
        },
    )


def _refuse_other_space(place: str, begun: dict[str, Any], space: dict[str, Any]) -> None:
    changed = [key for key in {**begun, **space} if begun.get(key) != space.get(key)]
    if changed:
        was, now = ({key: entries.get(key) for key in changed} for entries in (begun, space))
        raise UserError(f"{place}: cannot go on with another space. It was begun with {was}. Received: {now}")


def ranked(study: "optuna.Study") -> "list[optuna.trial.FrozenTrial]":
    """Return the complete trials, the best first; of equal ones the earlier."""
    from optuna.study import StudyDirection
    from optuna.trial import TrialState

    sign = -1.0 if study.direction == StudyDirection.MAXIMIZE else 1.0
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    return sorted(complete, key=lambda trial: (sign * (trial.value or 0.0), trial.number))
