"""Opening the store while another process is making it."""

import pytest

from suite.errors import UserError
from suite.tracking import store


@pytest.fixture
def failing(workdir, monkeypatch):
    """Let MLflow fail with these errors before it answers; returns how often it was asked."""
    import mlflow

    monkeypatch.setattr(store.time, "sleep", lambda seconds: None)
    asked = []

    def let(*errors):
        waiting = list(errors)

        def search(max_results):
            asked.append(max_results)
            if waiting:
                raise RuntimeError(waiting.pop(0))
            return []

        monkeypatch.setattr(mlflow, "search_experiments", search)
        return asked

    return let


def test_tables_half_made_are_waited_for(failing):
    asked = failing("(sqlite3.OperationalError) duplicate column name: storage_location", "table tags already exists")
    store.open_store()
    assert len(asked) == 3


def test_any_other_fault_is_said_at_once(failing):
    asked = failing("unable to open database file")
    with pytest.raises(UserError, match="unable to open database file"):
        store.open_store()
    assert len(asked) == 1
