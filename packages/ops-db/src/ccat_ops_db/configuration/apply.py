"""Making the database what the configuration says, in one transaction."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from ccat_ops_db.configuration.kinds import KINDS
from ccat_ops_db.configuration.loaded import Configuration
from ccat_ops_db.configuration.plan import (
    Action,
    Change,
    Plan,
    Prune,
    compare,
    last_revision,
    managed_rows,
)
from ccat_ops_db.configuration.rows import Rows, change_row, create_row, read_rows
from ccat_ops_db.events import record_event
from ccat_ops_db.models import ConfigurationRevision

ADVISORY_LOCK = 0x0CCA7_0C0F
"""Key of the PostgreSQL advisory lock that lets one apply run at a time."""

_PAST = {
    Action.CREATE: "created",
    Action.CHANGE: "changed",
    Action.RETIRE: "retired",
    Action.RESTORE: "restored",
}


class RefusedError(ValueError):
    """The plan would strand data, or is not the one that was looked at; nothing was changed."""


def apply_configuration(
    session: Session,
    configuration: Configuration,
    *,
    actor: str,
    at: datetime,
    moved: Collection[str] = (),
    expected_hash: str | None = None,
    prune: Prune = Prune.RETIRE,
) -> Plan:
    """Apply a configuration in the caller's transaction; the caller commits.

    A second one at the same time waits for the first and then finds nothing to do. What the configuration
    ceased to name is retired, what it names again is restored, nothing is deleted, and rows that no
    configuration ever named are left alone.

    Parameters
    ----------
    session : Session
        A session without anything pending.
    configuration : Configuration
        What is wanted.
    actor : str
        Who applies it.
    at : datetime
        Now.
    moved : collection of str
        Locations whose bytes were brought to their new place already.
    expected_hash : str, optional
        ``Plan.hash`` of the plan that was looked at; another one is refused.
    prune : Prune
        What becomes of rows that the configuration ceases to name.

    Returns
    -------
    Plan
        What was done; empty if there was nothing to do.

    Raises
    ------
    RefusedError
        If the plan would strand data, or is not the expected one.
    """
    lock(session)
    rows = read_rows(session)
    plan = compare(session, configuration, rows, managed_rows(session, prune), moved)
    if expected_hash is not None and plan.hash() != expected_hash:
        raise RefusedError(
            f"the plan is now {plan.hash()}, not {expected_hash}: files or database changed; look at it again"
        )
    if plan.refusals:
        raise RefusedError("\n".join(plan.refusals))
    carry_out(session, configuration, rows, plan, at)
    last = last_revision(session)
    if plan or last is None or last.content_hash != configuration.content_hash():
        record_changes(session, plan, configuration.main_site(), actor, at)
        session.add(_revision(configuration, plan, actor, at))
    session.flush()
    return plan


def lock(session: Session) -> None:
    """Wait until nobody else changes reference data, until the end of the transaction."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"))


def carry_out(session: Session, configuration: Configuration, rows: Rows, plan: Plan, at: datetime) -> None:
    """Do all that a plan says, in the caller's transaction."""
    for change in _in_order(plan):
        _execute(session, configuration, rows, change, at)


def record_changes(session: Session, plan: Plan, site: str, actor: str, at: datetime) -> None:
    """Append an event for each row that a plan concerns."""
    for change in plan.changes:
        record_event(
            session,
            site_id=site,
            at=at,
            actor=actor,
            action=f"configuration.{_PAST[change.action]}",
            subject_type=KINDS[change.kind].table,
            subject_id=change.key,
            message=change.line(),
            details={d.field: {"old": d.old, "new": d.new} for d in change.differences},
        )


def _in_order(plan: Plan) -> list[Change]:
    """Return the changes so that the old main site steps back before the new one is set."""
    return sorted(plan.changes, key=lambda change: not _steps_back(change))


def _steps_back(change: Change) -> bool:
    return change.kind == "sites" and any(d.field == "main" and d.new is False for d in change.differences)


def _execute(
    session: Session, configuration: Configuration, rows: Rows, change: Change, at: datetime
) -> None:
    if change.action is Action.CREATE:
        create_row(session, configuration.entries[change.kind][change.key])
        return
    row = rows[change.kind][change.key]
    if change.action is Action.RETIRE:
        row.row.retired_at = at
    else:
        row.row.retired_at = None
        fields = {difference.field for difference in change.differences}
        change_row(session, row, configuration.entries[change.kind][change.key], fields)
    session.flush()


def _revision(configuration: Configuration, plan: Plan, actor: str, at: datetime) -> ConfigurationRevision:
    return ConfigurationRevision(
        applied_at=at,
        applied_by=actor,
        content_hash=configuration.content_hash(),
        created=plan.count(Action.CREATE),
        changed=plan.count(Action.CHANGE) + plan.count(Action.RESTORE),
        retired=plan.count(Action.RETIRE),
        summary="\n".join(change.line() for change in plan.changes),
        content=configuration.content(),
    )
