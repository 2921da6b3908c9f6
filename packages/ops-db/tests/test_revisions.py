"""What is known of revisions before they run, with revisions that no release has."""

from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, text

from ccat_ops_db import revisions, schema
from ccat_ops_db.migrations.findings import findings, touched_tables
from ccat_ops_db.migrations.limits import Limits
from ccat_ops_db.revisions import Kind, Relation, RevisionError
from ccat_ops_db.session import create_engine
from ccat_ops_db.settings import OpsDbSettings, SettingsError, synchronous

FILE = """\
\"\"\"{subject}\"\"\"

from alembic import op
from ccat_ops_db import schema
from ccat_ops_db.migrations.limits import set_limits

revision = {revision!r}
down_revision = {after!r} or schema.head_revision()
{said}


def upgrade() -> None:
    set_limits()
    op.execute({sql!r})
"""


@pytest.fixture
def more(tmp_path: Path) -> Path:
    """Folder with two revisions after those of the release."""
    add = "CREATE TABLE note (id int); ALTER TABLE site ADD COLUMN note text"
    write(tmp_path, "t1", None, add, "kind = 'expand'\ndestroys = ()")
    drop = "ALTER TABLE site DROP COLUMN note"
    write(tmp_path, "t2", "t1", drop, "kind = 'contract'\ndestroys = ('the column site.note',)")
    return tmp_path


@pytest.fixture
def engine(ops_database: str) -> Engine:
    return create_engine(synchronous(ops_database), null_pool=True)


def write(folder: Path, revision: str, after: str | None, sql: str, said: str) -> None:
    content = FILE.format(subject=f"Step {revision}", revision=revision, after=after, sql=sql, said=said)
    (folder / f"{revision}.py").write_text(content)


def test_every_revision_of_the_release_says_what_it_is() -> None:
    for step in revisions.revisions():
        destroyed = [finding.what for finding in step.findings if finding.destroys]
        assert step.destroys or not destroyed, f"{step.revision} must name in destroys: {destroyed}"
        assert step.kind is Kind.CONTRACT or not step.destroys, f"{step.revision} destroys: it is a contract"


def test_pending_revisions_carry_what_they_do(more: Path) -> None:
    first, second = revisions.pending(schema.head_revision(), more=more)
    assert (first.revision, first.kind, first.destructive) == ("t1", Kind.EXPAND, False)
    assert first.tables == ("site",)
    assert (second.kind, second.destroys) == (Kind.CONTRACT, ("the column site.note",))
    assert [str(finding) for finding in second.findings] == ["drops the column site.note"]
    assert [step.revision for step in revisions.pending("t1", more=more)] == ["t2"]
    assert [step.revision for step in revisions.pending(None, "t1", more)][-1] == "t1"
    assert revisions.pending("later than all", more=more) == []


def test_relation_of_a_database_to_the_release(more: Path) -> None:
    release = schema.head_revision()
    assert revisions.relation(None) is Relation.EMPTY
    assert revisions.relation(release) is Relation.SAME
    assert revisions.relation(release, more=more) is Relation.OLDER
    assert revisions.relation("t2", "t1", more) is Relation.LATER
    assert revisions.relation("t2") is Relation.UNKNOWN
    with pytest.raises(RevisionError, match=f"does not know the revision 't9'; its newest is {release}"):
        revisions.relation(release, "t9")


@pytest.mark.parametrize("said", ["", "kind = 'both'\ndestroys = ()", "kind = 'data'"])
def test_revision_that_does_not_say_what_it_is_is_refused(tmp_path: Path, said: str) -> None:
    write(tmp_path, "t1", None, "SELECT 1", said)
    with pytest.raises(RevisionError, match=r"t1\.py must say kind"):
        revisions.revisions(tmp_path)


def test_upgrade_runs_further_revisions_within_the_limits(ops_database: str, more: Path) -> None:
    write(more, "t3", "t2", "SELECT pg_sleep(20)", "kind = 'data'\ndestroys = ()")
    schema.upgrade(ops_database, "t2", more=more)
    with pytest.raises(Exception, match="statement timeout"):
        schema.upgrade(ops_database, limits=Limits(statement_timeout="100ms"), more=more)
    with psycopg.connect(ops_database) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("t2",)]


def test_upgrade_gives_up_on_a_lock_in_time(ops_database: str, more: Path) -> None:
    with psycopg.connect(ops_database) as reader:
        reader.execute("SELECT count(*) FROM site")
        with pytest.raises(Exception, match="lock timeout"):
            schema.upgrade(ops_database, limits=Limits(lock_timeout="100ms"), more=more)


def test_models_and_database_match(engine: Engine, more: Path) -> None:
    with engine.connect() as connection:
        assert revisions.missing_from_database(connection) == []
    schema.upgrade(engine.url, more=more)
    with engine.begin() as connection:
        assert revisions.missing_from_database(connection) == [], "additions disturb nobody"
        connection.execute(text("ALTER TABLE data_location DROP COLUMN priority"))
        connection.execute(text("DROP INDEX ix_event_action_occurred_at"))
        connection.execute(text("ALTER TABLE site ALTER COLUMN name TYPE varchar(7)"))
        connection.execute(text("DROP TABLE api_token_scope"))
    with engine.connect() as connection:
        found = "\n".join(revisions.missing_from_database(connection))
    assert "the column data_location.priority is missing" in found
    assert "the index ix_event_action_occurred_at of event is missing" in found
    assert "the table api_token_scope is missing" in found
    engine.dispose()


def test_estimated_rows(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE many AS SELECT generate_series(1, 1000) AS n"))
        connection.execute(text("ANALYZE many"))
        assert revisions.estimated_rows(connection, ["many", "no_such_table"]) == 1000
        assert revisions.estimated_rows(connection, []) == 0
    engine.dispose()


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("DROP TABLE IF EXISTS a;", ["drops the table a"]),
        ("CREATE TABLE a (x int); CREATE INDEX i ON a (x); DROP TABLE b", ["drops the table b"]),
        ("ALTER TABLE public.a DROP COLUMN IF EXISTS b", ["drops the column a.b"]),
        ("alter table a drop b", ["drops the column a.b"]),
        ("ALTER TABLE a DROP CONSTRAINT b", []),
        ("ALTER TABLE a ALTER COLUMN b DROP NOT NULL", []),
        ("TRUNCATE a", ["empties the table a"]),
        ("DELETE FROM a WHERE x = ';'", ["deletes rows of a"]),
        ("DELETE FROM alembic_version WHERE 1", []),
        ("ALTER TABLE a RENAME COLUMN b TO c", ["renames the column a.b: older releases do not find it"]),
        ("ALTER TABLE a RENAME TO b", ["renames the table a: older releases do not find it"]),
        ("CREATE UNIQUE INDEX i ON a (b)", ["locks a against writing while it builds an index"]),
        ("CREATE INDEX CONCURRENTLY i ON a (b)", []),
        (
            'ALTER TABLE "user" ALTER COLUMN b SET NOT NULL',
            ["reads all of user under an exclusive lock to see that b is never null"],
        ),
        (
            "ALTER TABLE a ALTER b TYPE bigint",
            ["may write all of a anew under an exclusive lock to change the type of b"],
        ),
        (
            "ALTER TABLE a ADD COLUMN b uuid DEFAULT gen_random_uuid()",
            ["writes all of a anew under an exclusive lock to fill b"],
        ),
        ("ALTER TABLE a ADD COLUMN b timestamptz DEFAULT now()", []),
        ("ALTER TABLE a ADD COLUMN b int DEFAULT 1", []),
        (
            "ALTER TABLE a ADD CONSTRAINT c FOREIGN KEY (b) REFERENCES d (id)",
            ["reads all of a under a lock to check a constraint"],
        ),
        ("ALTER TABLE a ADD CONSTRAINT c CHECK (b > 0) NOT VALID", []),
        (
            "ALTER TABLE a ADD CONSTRAINT c UNIQUE (b)",
            ["locks a while it builds the index of a constraint"],
        ),
        ("ALTER TABLE a ADD CONSTRAINT c UNIQUE USING INDEX i", []),
        ("CREATE FUNCTION f() RETURNS trigger AS $$ BEGIN DROP TABLE a; END $$ LANGUAGE plpgsql", []),
        ("-- DROP TABLE a;\nSELECT 1", []),
    ],
)
def test_findings(sql: str, found: list[str]) -> None:
    assert [str(finding) for finding in findings(sql)] == found


def test_touched_tables() -> None:
    sql = "UPDATE b SET x = 1; CREATE INDEX CONCURRENTLY i ON a (x); CREATE TABLE c (); DROP TABLE c"
    assert touched_tables(sql) == ["a", "b"]


def test_further_revisions_are_for_development(tmp_path: Path) -> None:
    assert OpsDbSettings().more_migrations() is None
    assert OpsDbSettings(migrations=tmp_path).more_migrations() == tmp_path
    with pytest.raises(SettingsError, match="not a folder"):
        OpsDbSettings(migrations=tmp_path / "none").more_migrations()
    with pytest.raises(SettingsError, match="development only"):
        OpsDbSettings(migrations=tmp_path, environment="production").more_migrations()
