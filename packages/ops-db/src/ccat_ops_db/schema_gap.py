"""Whether a database has a schema that this release can work with."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from ccat_ops_db.schema import alembic_config, current_revision
from ccat_ops_db.schema_notice import read_notice


@dataclass(frozen=True)
class Step:
    """A revision that this release knows.

    Parameters
    ----------
    contracts
        It only takes away what older releases used: this release works without it.
    """

    revision: str
    contracts: bool


def schema_gap(connection: Connection, more: Path | None = None) -> str | None:
    """Return what the schema of a database lacks for this release, or None if it will do.

    Parameters
    ----------
    connection : Connection
        To the database.
    more : Path, optional
        Folder with further revision files; see `ccat_ops_db.schema.alembic_config`.

    Raises
    ------
    sqlalchemy.exc.SQLAlchemyError
        If the database cannot be asked.
    """
    lacking = gap(current_revision(connection), _steps(more))
    if lacking is None:
        return None
    notice = read_notice(connection)
    return f"{lacking} ({notice})" if notice else f"{lacking}: run opsdb_migrate"


def gap(current: str | None, steps: Sequence[Step]) -> str | None:
    """Compare a revision with those that a release knows, oldest first; return what lacks.

    A revision that the release does not know is of a newer one, which keeps what older releases use.
    """
    known = [step.revision for step in steps]
    needed = [step.revision for step in steps if not step.contracts][-1]
    if current is not None and (current not in known or known.index(current) >= known.index(needed)):
        return None
    return f"schema is at {current or 'nothing'}, needs at least {needed}"


@cache
def _steps(more: Path | None) -> tuple[Step, ...]:
    """Return the revisions of this release, oldest first; a revision says of itself that it contracts."""
    scripts = ScriptDirectory.from_config(alembic_config(more)).walk_revisions()
    steps = [Step(script.revision, getattr(script.module, "kind", None) == "contract") for script in scripts]
    return tuple(reversed(steps))
