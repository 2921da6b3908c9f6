"""One run of a migration: alone, backed up where asked, verified, and told in one line."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel
from sqlalchemy import URL, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from ccat_operator.reconcile.address import UnusableError, first_line, is_away, session
from ccat_operator.reconcile.approval import Step, needs_backup, next_step
from ccat_operator.reconcile.backup import BackupError, back_up
from ccat_operator.reconcile.conditions import Reason, written
from ccat_operator.reconcile.facts import foreign_tables
from ccat_operator.resources.ops_database import When
from ccat_ops_db import revisions, schema
from ccat_ops_db.clock import Clock
from ccat_ops_db.database_words import said_by_database, sqlstate
from ccat_ops_db.migrations.limits import Limits
from ccat_ops_db.revisions import Relation, missing_from_database

RUN_LOCK = 0x0CCA7_0A5E
"""Key of the PostgreSQL advisory lock that is held for the whole run, backup and all."""
LOCK_NOT_AVAILABLE = "55P03"
LOCK_TRIES = 8
"""How often a revision tries to get its locks; between tries everybody else goes first."""
LONGEST_PAUSE = 30.0
"""Seconds between tries."""

Say = Callable[..., None]
"""Logs an event with what belongs to it."""


class Part(BaseModel):
    """A part of the one line that a run prints."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


class Outcome(StrEnum):
    """How a run ended."""

    MIGRATED = "migrated"
    NOTHING = "nothing"
    """There was nothing to do."""
    WAITING = "waiting"
    """The next revision has to be approved first."""
    BACKUP_FAILED = "backup-failed"
    FAILED = "failed"


class Failure(Part):
    """Why a run failed and what to do."""

    revision: str | None = None
    statement: str | None = None
    sqlstate: str | None = None
    message: str
    remedy: str
    passing: bool = False
    """Whether it may go well by itself when it is run again."""


class Result(Part):
    """The one line that a run prints."""

    outcome: Outcome
    before: str | None = None
    """Revision of the schema before."""
    after: str | None = None
    target: str
    revisions: list[str] = []
    """Those that were run."""
    started_at: str
    finished_at: str
    seconds: float
    backup: str | None = None
    """File of the backup."""
    waits_for: str | None = None
    """Revision that has to be approved."""
    failure: Failure | None = None


class Order(Part):
    """What is to be done."""

    target: str = "head"
    approval: When = When.NEVER
    """Which revisions have to be approved; whoever starts the run may have seen to it."""
    approved: str | None = None
    backup_before: When = When.NEVER
    backup_folder: Path | None = None
    keep: int = 5
    limits: Limits = Limits()
    programs: Path | None = None
    more: Path | None = None


def migrate(url: URL, order: Order, clock: Clock, say: Say) -> Result:
    """Bring a database as far as the order allows; what went wrong is told in the result.

    Raises
    ------
    RevisionError
        If this release does not know the target.
    """
    started, ticks = clock.utc_now(), clock.monotonic()
    target = revisions.head(order.more) if order.target == "head" else order.target
    progress = _Progress(target)
    failure: Failure | None = None
    try:
        with _alone(url, say):
            failure = _run(url, order, progress, started, say)
    except BackupError as error:
        progress.outcome = Outcome.BACKUP_FAILED
        message = f"the backup failed and nothing was migrated: {error}"
        failure = Failure(message=message, remedy="see the message; then run it again")
    except UnusableError as error:
        passing = error.reason is Reason.DATABASE_UNREACHABLE
        failure = Failure(message=str(error), remedy="see the message", passing=passing)
    except SQLAlchemyError as error:
        failure = _describe(url, order, error)
    if failure is not None and progress.outcome is not Outcome.BACKUP_FAILED:
        progress.outcome = Outcome.FAILED
    return Result(
        outcome=progress.outcome,
        before=progress.before,
        after=progress.after,
        target=target,
        revisions=progress.done,
        started_at=written(started),
        finished_at=written(clock.utc_now()),
        seconds=round(clock.monotonic() - ticks, 3),
        backup=progress.backup,
        waits_for=progress.waits_for,
        failure=failure,
    )


class _Progress:
    """What a run has done so far."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.outcome = Outcome.NOTHING
        self.before: str | None = None
        self.after: str | None = None
        self.done: list[str] = []
        self.backup: str | None = None
        self.waits_for: str | None = None


def _run(url: URL, order: Order, progress: _Progress, now: datetime, say: Say) -> Failure | None:
    progress.before = progress.after = _current(url)
    relation = revisions.relation(progress.before, order.target, order.more)
    if relation is Relation.UNKNOWN:
        return Failure(
            revision=progress.before,
            message=f"the database has revision {progress.before}, which this release does not know: a newer"
            " release made it",
            remedy="use an image that is as new as the database; nothing was changed",
        )
    if progress.before is None and (foreign := _foreign(url)):
        return Failure(
            message=f"the database has tables ({', '.join(foreign[:5])}) but no revision: it is"
            " somebody else's",
            remedy="name an empty database; nothing was changed",
        )
    pending = revisions.pending(progress.before, order.target, order.more)
    step = next_step(progress.before, pending, order.approval, order.approved)
    progress.waits_for = step.waits_for.revision if step.waits_for else None
    if not step.allowed:
        progress.outcome = Outcome.WAITING if pending else Outcome.NOTHING
        return None if pending else _verify(url, order)
    if (
        order.backup_folder is not None
        and progress.before is not None
        and needs_backup(step, order.backup_before)
    ):
        say("backup.started", folder=str(order.backup_folder))
        made = back_up(url, order.backup_folder, progress.before, now, order.keep, order.programs)
        say("backup.finished", file=made.file, bytes=made.size, entries=made.entries)
        progress.backup = made.file
    try:
        _upgrade(url, order, step, say)
    finally:
        with suppress(UnusableError):
            progress.after = _current(url)
            left = {step.revision for step in revisions.pending(progress.after, order.target, order.more)}
            progress.done = [done.revision for done in step.allowed if done.revision not in left]
    progress.outcome = Outcome.WAITING if step.waits_for else Outcome.MIGRATED
    return _verify(url, order)


def _upgrade(url: URL, order: Order, step: Step, say: Say) -> None:
    goal = step.allowed[-1].revision
    say("migration.started", revisions=[revision.revision for revision in step.allowed])
    for attempt in range(1, LOCK_TRIES + 1):
        try:
            schema.upgrade(url, goal, limits=order.limits, more=order.more)
        except DBAPIError as error:
            if sqlstate(error) != LOCK_NOT_AVAILABLE or attempt == LOCK_TRIES:
                raise
            pause = min(2.0**attempt, LONGEST_PAUSE)
            say("migration.lock_busy", attempt=attempt, tries=LOCK_TRIES, again_in_seconds=pause)
            time.sleep(pause)
        else:
            return


def _verify(url: URL, order: Order) -> Failure | None:
    """Compare the models with a database that has the newest revision."""
    with session(url) as connection:
        current = schema.current_revision(connection)
        if current is None or revisions.relation(current, "head", order.more) is not Relation.SAME:
            return None
        lacking = missing_from_database(connection)
    if not lacking:
        return None
    return Failure(
        revision=current,
        message=f"the database has revision {current}, but: {'; '.join(lacking[:20])}",
        remedy="somebody changed tables by hand: put back what is missing, no revision will do it again",
    )


def _describe(url: URL, order: Order, error: SQLAlchemyError) -> Failure:
    if not isinstance(error, DBAPIError):
        return Failure(message=said_by_database(error), remedy="this is an error of the release: report it")
    state, passing = sqlstate(error), is_away(error)
    revision = None
    with suppress(UnusableError):
        missing = revisions.pending(_current(url), order.target, order.more)
        revision = missing[0].revision if missing else None
    return Failure(
        revision=revision,
        statement=" ".join((error.statement or "").split())[:1000] or None,
        sqlstate=state,
        message=first_line(error)[:800],
        remedy=_remedy(state, passing),
        passing=passing or state == LOCK_NOT_AVAILABLE,
    )


def _remedy(state: str | None, passing: bool) -> str:
    if passing:
        return "the database went away; what was not committed is undone, and it may be run again"
    if state == LOCK_NOT_AVAILABLE:
        return "a long transaction holds a lock (pg_stat_activity): end it, or set a window with less work"
    if state == "57014":
        return "a statement took longer than statementTimeout allows: raise it, or wait for a quieter time"
    if state == "42501":
        return "the role of the connection must own the tables: correct the Secret, or REASSIGN OWNED"
    if state is not None and state.startswith("53"):
        return "the server lacks room (disk, memory or connections): give it some, then run it again"
    if state is not None and state.startswith("23"):
        return "rows of this database break a rule of the revision: correct them, then run it again"
    return "the revision was undone and the old release works on; correct what the message says, or report it"


def _foreign(url: URL) -> tuple[str, ...]:
    with session(url) as connection:
        return foreign_tables(connection)


def _current(url: URL) -> str | None:
    with session(url) as connection:
        return schema.current_revision(connection)


@contextmanager
def _alone(url: URL, say: Say) -> Iterator[None]:
    """Hold the lock of a run; wait for whoever has it."""
    with session(url) as connection:
        connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        waiting = False
        while not connection.execute(text(f"SELECT pg_try_advisory_lock({RUN_LOCK})")).scalar_one():
            if not waiting:
                say("migration.waiting", what="another run holds the lock")
                waiting = True
            time.sleep(1.0)
        yield
