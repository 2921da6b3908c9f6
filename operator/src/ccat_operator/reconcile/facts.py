"""What a database says of itself."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from ccat_operator.resources.ops_database import PendingRevision
from ccat_ops_db.revisions import Revision, estimated_rows, missing_from_database
from ccat_ops_db.schema import current_revision
from ccat_ops_db.schema_notice import read_notice

_SHAPE = text("""
    SELECT md5(coalesce(string_agg(line, '|' ORDER BY line), '')) FROM (
        SELECT c.relname || '.' || a.attname || ':' || a.atttypid || ':' || a.atttypmod || ':' || a.attnotnull
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0
            AND NOT a.attisdropped
        UNION ALL
        SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL
        SELECT conrelid::regclass || conname || pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace
    ) AS lines(line)""")
_IDENTITY = text("SELECT system_identifier || '/' || current_database() FROM pg_control_system()")
_TABLES = text("""
    SELECT relname FROM pg_class c
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
        AND relname <> 'alembic_version'
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
    ORDER BY relname""")

_compared: dict[str, tuple[str, list[str]]] = {}
"""By database the shape of its tables, and what the models found missing: comparing takes half a second."""


@dataclass(frozen=True)
class Facts:
    """What a database says of itself."""

    identity: str
    revision: str | None
    foreign: tuple[str, ...] = ()
    """Tables of somebody else, if it has no revision."""
    notice: str | None = None
    """What services tell that wait for its schema."""


def read_facts(connection: Connection) -> Facts:
    """Read which database it is, and the revision of its schema."""
    identity = str(connection.execute(_IDENTITY).scalar_one())
    revision = current_revision(connection)
    foreign = foreign_tables(connection) if revision is None else ()
    return Facts(identity, revision, foreign, read_notice(connection))


def foreign_tables(connection: Connection) -> tuple[str, ...]:
    """Return the tables of a database that has no revision: it is somebody else's, then."""
    return tuple(connection.execute(_TABLES).scalars())


def lacking(connection: Connection, identity: str) -> list[str]:
    """Return what the database lacks for the models of this release; anew when its tables changed."""
    shape = str(connection.execute(_SHAPE).scalar_one())
    before = _compared.get(identity)
    if before is None or before[0] != shape:
        _compared[identity] = before = shape, missing_from_database(connection)
    return before[1]


def describe(connection: Connection, revision: Revision) -> PendingRevision:
    """Return a pending revision as the status tells it."""
    destroyed = [f"destroys {what}" for what in revision.destroys]
    told = [*destroyed, *(str(one) for one in revision.findings if not (destroyed and one.destroys))]
    return PendingRevision(
        revision=revision.revision,
        kind=revision.kind.value,
        subject=revision.subject,
        destructive=revision.destructive,
        findings=told,
        estimated_rows=estimated_rows(connection, revision.tables),
    )


def forget() -> None:
    """Compare all databases anew at the next look."""
    _compared.clear()
