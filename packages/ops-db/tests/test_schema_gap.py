"""Which schemas a release can work with."""

import pytest
from sqlalchemy import create_engine, text

from ccat_ops_db import schema
from ccat_ops_db.schema_gap import Step, gap, schema_gap
from ccat_ops_db.settings import synchronous

STEPS = (Step("0001", False), Step("0002", False), Step("0003", True))


@pytest.mark.parametrize(
    ("current", "lacks"),
    [
        (None, "schema is at nothing, needs at least 0002"),
        ("0001", "schema is at 0001, needs at least 0002"),
        ("0002", None),
        ("0003", None),
        ("0004 of the next release", None),
    ],
)
def test_an_older_schema_will_not_do_and_a_newer_one_will(current: str | None, lacks: str | None) -> None:
    said = gap(current, STEPS)
    assert said is None if lacks is None else lacks in (said or "")


def test_the_revision_of_a_real_database_is_looked_at(postgresql_url: str) -> None:
    engine = create_engine(synchronous(postgresql_url))
    with engine.connect() as connection:
        assert "schema is at nothing" in (schema_gap(connection) or "")
    schema.upgrade(postgresql_url)
    with engine.begin() as connection:
        assert schema_gap(connection) is None
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        assert schema_gap(connection) is None
    engine.dispose()
