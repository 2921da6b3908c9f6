"""What is known of each revision of the schema before it runs: kind, what it destroys, what it locks."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import text
from sqlalchemy.engine import Connection

from ccat_ops_db.migrations.findings import Finding, findings, touched_tables
from ccat_ops_db.models import Base
from ccat_ops_db.schema import alembic_config, offline_sql


class Kind(StrEnum):
    """What a revision does to releases that run beside it."""

    EXPAND = "expand"
    """Adds; the previous release works on."""
    CONTRACT = "contract"
    """Takes away what only older releases use."""
    DATA = "data"
    """Changes rows; the previous release works on."""


class Relation(StrEnum):
    """Where a database stands, seen from a revision of this release."""

    EMPTY = "empty"
    """It has no schema yet."""
    OLDER = "older"
    SAME = "same"
    LATER = "later"
    """It has that revision and more that this release knows."""
    UNKNOWN = "unknown"
    """It has a revision that this release does not know: a newer release made it."""


class RevisionError(ValueError):
    """A revision is not known, or its file does not say what it must."""


@dataclass(frozen=True)
class Revision:
    """A step of the schema."""

    revision: str
    subject: str
    kind: Kind
    destroys: tuple[str, ...]
    """What is gone for good, in words; empty for most."""
    findings: tuple[Finding, ...]
    tables: tuple[str, ...]
    """Tables in use that it changes."""

    @property
    def destructive(self) -> bool:
        """Whether something is gone for good."""
        return bool(self.destroys)


def revisions(more: Path | None = None) -> tuple[Revision, ...]:
    """Return all revisions of this release, oldest first.

    Parameters
    ----------
    more : Path, optional
        Folder with further revision files; see `ccat_ops_db.schema.alembic_config`.

    Raises
    ------
    RevisionError
        If a file does not say what kind its revision is.
    """
    return _revisions(more)


def head(more: Path | None = None) -> str:
    """Return the newest revision."""
    return _revisions(more)[-1].revision


def relation(current: str | None, target: str = "head", more: Path | None = None) -> Relation:
    """Say where a database with a revision stands, seen from a target.

    Raises
    ------
    RevisionError
        If this release does not know the target.
    """
    known = [step.revision for step in _revisions(more)]
    wanted = _index(known, target)
    if current is None:
        return Relation.EMPTY
    if current not in known:
        return Relation.UNKNOWN
    at = known.index(current)
    return Relation.OLDER if at < wanted else Relation.SAME if at == wanted else Relation.LATER


def pending(current: str | None, target: str = "head", more: Path | None = None) -> list[Revision]:
    """Return the revisions between a database's and the target, oldest first; none if it is not older.

    Raises
    ------
    RevisionError
        If this release does not know the target.
    """
    steps = _revisions(more)
    known = [step.revision for step in steps]
    wanted = _index(known, target)
    if current is None:
        return list(steps[: wanted + 1])
    if current not in known:
        return []
    return list(steps[known.index(current) + 1 : wanted + 1])


def estimated_rows(connection: Connection, tables: Sequence[str]) -> int:
    """Return about how many rows tables have together, from the statistics; missing tables have none."""
    query = text(
        "SELECT coalesce(sum(greatest(c.reltuples, pg_stat_get_live_tuples(c.oid), 0)), 0)::bigint"
        " FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relname = ANY(:tables)"
    )
    return int(connection.execute(query, {"tables": list(tables)}).scalar_one())


def missing_from_database(connection: Connection) -> list[str]:
    """Return what the models have and the database lacks, or has otherwise; nothing if they match.

    What the database has besides is not told: a newer release's additions disturb nobody.
    """
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return [line for step in compare_metadata(context, Base.metadata) for line in _lacking(step)]


def _lacking(step: object) -> list[str]:
    if isinstance(step, list):
        return [line for part in step for line in _lacking(part)]
    assert isinstance(step, tuple)
    what, *details = step
    if what.startswith("remove_"):
        return []
    if what == "add_table":
        return [f"the table {details[0].name} is missing"]
    if what == "add_column":
        return [f"the column {details[1]}.{details[2].name} is missing"]
    if what.startswith("modify_"):
        return [f"the column {details[1]}.{details[2]} is otherwise ({what.removeprefix('modify_')})"]
    noun, table = what.removeprefix("add_").replace("_", " "), getattr(details[0], "table", None)
    return [f"the {noun} {getattr(details[0], 'name', '')} of {getattr(table, 'name', '')} is missing"]


def _index(known: Sequence[str], target: str) -> int:
    if target == "head":
        return len(known) - 1
    if target not in known:
        raise RevisionError(f"this release does not know the revision {target!r}; its newest is {known[-1]}")
    return known.index(target)


@lru_cache(maxsize=8)
def _revisions(more: Path | None) -> tuple[Revision, ...]:
    scripts = ScriptDirectory.from_config(alembic_config(more))
    return tuple(_read(script, more) for script in reversed([*scripts.walk_revisions()]))


def _read(script: Script, more: Path | None) -> Revision:
    module = script.module
    try:
        kind = Kind(module.kind)
        destroys = tuple(module.destroys)
    except (ValueError, AttributeError):
        raise RevisionError(
            f"{script.path} must say kind = 'expand', 'contract' or 'data', and destroys = () or what is lost"
        ) from None
    sql = offline_sql(f"{script.down_revision or 'base'}:{script.revision}", more)
    return Revision(
        script.revision, script.doc, kind, destroys, tuple(findings(sql)), tuple(touched_tables(sql))
    )
