"""The registry: which version of a name has an alias, and a model put there as a new version."""

from typing import TYPE_CHECKING, Any

from suite.artifact import Artifact, files_digest
from suite.errors import UserError
from suite.tracking.logged_models import log_saved_model
from suite.tracking.store import open_store
from suite.tracking.stored import DIGEST, StoredModel, ask, find_model, versions_of

if TYPE_CHECKING:
    from mlflow.entities import Run

TASK = "task"  # a tag of a registered model and of its versions


def holder(name: str, alias: str) -> StoredModel | None:
    """Return the version of a registered model that has an alias, None where there is none.

    Raises:
        UserError: for a name or an alias that MLflow does not take.
    """
    from mlflow.exceptions import MlflowException
    from mlflow.utils import validation

    for option, value, validate in (
        ("--as", name, validation._validate_model_name),
        ("--alias", alias, validation._validate_model_alias_name),
        ("--alias", alias, validation._validate_model_alias_name_reserved),
    ):
        try:
            validate(value)
        except MlflowException as error:
            raise UserError(f"{option} {value!r}: {error.message.splitlines()[0]}") from error
        if "@" in value:
            raise UserError(f"{option} {value!r}: expected no @, which stands between name and alias")
    registered = ask(open_store().MlflowClient().get_registered_model, name)
    return find_model(f"models:/{name}@{alias}") if registered is not None and alias in registered.aliases else None


def registered_task(name: str) -> str | None:
    """Return the task of what is registered under a name; None where nothing is, or where that does not say."""
    registered = ask(open_store().MlflowClient().get_registered_model, name)
    return None if registered is None else registered.tags.get(TASK)


def register(artifact: Artifact, name: str, alias: str, facts: dict[str, str]) -> str:
    """Register a model and give it an alias; return the number of its version.

    A model that is a version of this name already gets the alias alone.

    Args:
        artifact: The model.
        name, alias: As `holder` takes them.
        facts: Tags of the new version.
    """
    client = open_store().MlflowClient()
    digest = files_digest(artifact.record)
    if ask(client.get_registered_model, name) is None:
        client.create_registered_model(name, tags={TASK: artifact.task})
    same = [version for version in versions_of(client, name) if version.tags.get(DIGEST) == digest]
    if same:
        number = same[-1].version
    else:
        run = _run_of(client, artifact)
        model_id = log_saved_model(artifact, run, artifact.record.get("epochs", 0))
        number = client.create_model_version(
            name,
            f"models:/{model_id}",
            run.info.run_id if run is not None else None,
            tags={TASK: artifact.task, DIGEST: digest, **facts},
            model_id=model_id,
        ).version
    client.set_registered_model_alias(name, alias, str(number))
    return str(number)


def _run_of(client: Any, artifact: Artifact) -> "Run | None":
    run_id = artifact.record.get("run_id")
    run = ask(client.get_run, run_id) if run_id else None
    return run if run is not None and run.info.lifecycle_stage == "active" else None
