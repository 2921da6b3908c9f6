"""Doing the things of a stage each by itself: what is held up or fails waits for a later pass, alone."""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from functools import cache
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import structlog
from sqlalchemy import Select, select, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from ccat_data_transfer.failures import classify
from ccat_data_transfer.planning.onward import CopyNotReadableError
from ccat_data_transfer.planning.statements import ask, is_among, moment
from ccat_data_transfer.planning.topology import Topology
from ccat_ops_db.database_time import database_now
from ccat_ops_db.database_words import said_by_database, sqlstate
from ccat_ops_db.enumerations import Severity
from ccat_ops_db.events import record_error, resolve_errors
from ccat_ops_db.models import ErrorRecord

log = structlog.get_logger()

HELD_UP = ("55P03", "40P01")
"""A lock that was not free in time, a deadlock."""

PATIENCE = 3
"""How many things of a stage may wait for as long as the session allows; the others hardly wait."""

HARDLY = "20ms"

UNPLANNED = "cannot_be_planned"
"""Category of errors: what the planner failed at, and tries again with each pass."""

OVER_AFTER = timedelta(minutes=5)
"""For how long nothing must have failed at something until its error is over."""


class Subject(NamedTuple):
    """What an error is about, in the words of `record_error`."""

    type: str
    id: UUID | str
    site_id: str


Thing = TypeVar("Thing")
Result = TypeVar("Result")


def row_of(table: str) -> Callable[[Any], Subject]:
    """Return what tells of a row with ``id`` and ``site_id`` that it is one of a table."""
    return lambda row: Subject(table, row.id, row.site_id)


def one_by_one(
    session: Session,
    things: Iterable[Thing],
    do: Callable[[Thing], Result],
    about: Callable[[Thing], Subject],
) -> Iterator[tuple[Thing, Result]]:
    """Do something with each of some things, in a savepoint each; yield those that were done.

    What meets a row that somebody else keeps locked is undone and left out: a forgotten transaction delays
    what it has locked and nothing else. So is what would read a copy whose deletion was decided meanwhile.
    What fails in any other way is undone and left out, too, and an error record says so.
    """
    held_up = 0
    for thing in things:
        try:
            with session.begin_nested():
                result = do(thing)
        except CopyNotReadableError as error:
            log.info("planner.passed_over", why=str(error), doing=do.__name__)
            continue
        except OperationalError as error:
            if sqlstate(error) not in HELD_UP:
                raise
            held_up += 1
            log.warning("planner.held_up", why=said_by_database(error), doing=do.__name__)
            if held_up == PATIENCE:
                session.execute(text(f"SET LOCAL lock_timeout = '{HARDLY}'"))
            continue
        except Exception as error:
            if isinstance(error, DBAPIError) and error.connection_invalidated:
                raise
            subject = about(thing)
            log.error("planner.failed", doing=do.__name__, about=subject, exc_info=error)
            _record(session, subject, error)
            continue
        yield thing, result


def _record(session: Session, subject: Subject, error: Exception) -> None:
    record_error(
        session,
        site_id=subject.site_id,
        at=database_now(session),
        severity=Severity.ERROR,
        category=UNPLANNED,
        subject_type=subject.type,
        subject_id=subject.id,
        message=str(classify(error, where=" in the planner; its log says more")),
    )


def resolve_what_is_planned(session: Session, topology: Topology) -> int:
    """End the errors of what no pass failed at any more; return how many."""
    over = ask(session, _over(), sites=topology.sites, until=topology.at - OVER_AFTER).all()
    for error in over:
        resolve_errors(
            session,
            subject_type=error.subject_type,
            subject_id=error.subject_id,
            at=topology.at,
            category=UNPLANNED,
        )
    return len(over)


@cache
def _over() -> Select[*tuple[Any, ...]]:
    return select(ErrorRecord.subject_type, ErrorRecord.subject_id).where(
        is_among(ErrorRecord.site_id, "sites"),
        ErrorRecord.category == UNPLANNED,
        ErrorRecord.resolved_at.is_(None),
        ErrorRecord.last_seen_at <= moment("until"),
    )
