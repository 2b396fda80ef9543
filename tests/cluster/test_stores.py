"""Stores that several processes and machines share."""

import pytest

pytestmark = pytest.mark.cluster


def test_a_fresh_database_takes_and_gives_rows(postgres_uri):
    import sqlalchemy

    engine = sqlalchemy.create_engine(postgres_uri)
    assert not sqlalchemy.inspect(engine).get_table_names()
    with engine.begin() as connection:
        assert connection.execute(sqlalchemy.text("SELECT 1")).scalar() == 1
    engine.dispose()
