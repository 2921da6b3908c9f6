"""``ccat-transfer retry`` and ``cancel``: one piece of work by its id, or all that filters select."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import typer
from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ccat_data_transfer.cli.act import refuse_rows_of_others
from ccat_data_transfer.cli.context import Json, end, load_settings, open_database, print_json
from ccat_data_transfer.planning.onward import CopyNotReadableError, lock_copy
from ccat_data_transfer.work.kinds import KINDS, WorkKind, columns_of_way
from ccat_ops_db.copy_locks import free_copies, is_reserved
from ccat_ops_db.database_time import database_now
from ccat_ops_db.deletions import copies_of_deletion, deletion_has_begun, undelete
from ccat_ops_db.enumerations import ENDED_WITHOUT, Operation, Status
from ccat_ops_db.events import record_event
from ccat_ops_db.models import Deletion, FixityCheck, PhysicalCopy, StagingItem
from ccat_ops_db.own_rows import own_rows

CANCELLED = "cancelled"
"""Category of the error of work that a person cancelled."""


@dataclass(frozen=True)
class Wanted:
    """Which work is meant: what meets everything that is given.

    Attributes
    ----------
    id : UUID or None
        One piece of work.
    location, route : str or None
        Where it is done, reads or writes; by which route it goes.
    category : str or None
        Kind of its last error.
    operation : Operation or None
        What it does.
    since : datetime or None
        Not older than this.
    """

    id: UUID | None
    location: str | None
    route: str | None
    category: str | None
    operation: Operation | None
    since: datetime | None

    def conditions(self, kind: WorkKind) -> list[ColumnElement[bool]] | None:
        """Return the conditions for the rows of a kind; None if no such row is meant."""
        if self.operation not in (None, kind.operation):
            return None
        table = kind.table
        at, source, to, route = columns_of_way(kind)
        conditions = [own_rows(table.site_id)]
        if self.id is not None:
            conditions.append(table.id == self.id)
        if self.location is not None:
            conditions.append(or_(*(place == self.location for place in (at, source, to))))
        if self.route is not None:
            conditions.append(route == self.route)
        if self.category is not None:
            conditions.append(table.error_category == self.category)
        if self.since is not None:
            conditions.append(table.created_at >= self.since.replace(tzinfo=UTC))
        return conditions


WorkId = Annotated[UUID | None, typer.Argument(help="Id of one piece of work; else give filters.")]
Location = Annotated[str | None, typer.Option(help="Done at, reading from or writing to this location.")]
Route = Annotated[str | None, typer.Option(help="Going by this route.")]
Category = Annotated[str | None, typer.Option(help="Whose last error is of this category.")]
OnlyOperation = Annotated[Operation | None, typer.Option("--operation", help="Only this operation.")]
Since = Annotated[datetime | None, typer.Option(help="Not older than this time, UTC.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]
Reason = Annotated[str | None, typer.Option(help="Why; kept in the record of events.")]


def retry(
    work_id: WorkId = None,
    location: Location = None,
    route: Route = None,
    category: Category = None,
    operation: OnlyOperation = None,
    since: Since = None,
    reason: Reason = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Try work again that was given up or cancelled; mend first what its error names.

    Work that is named by its id is also tried at once where it only waits for its next attempt.
    """
    wanted = Wanted(work_id, location, route, category, operation, since)
    _change(wanted, RETRY, reason, dry_run, json)


def cancel(
    work_id: WorkId = None,
    location: Location = None,
    route: Route = None,
    category: Category = None,
    operation: OnlyOperation = None,
    since: Since = None,
    reason: Reason = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Stop work that is not wanted any more, also what was given up; it can be retried."""
    wanted = Wanted(work_id, location, route, category, operation, since)
    _change(wanted, CANCEL, reason, dry_run, json)


Act = Callable[[Session, WorkKind, Any, datetime, str | None], str | None]
"""Changes a row of work; returns why it cannot."""


@dataclass(frozen=True)
class Verb:
    """What is done with work.

    Attributes
    ----------
    name, done : str
        Its name, and what work is afterwards.
    statuses : tuple of Status
        Which work it is done to.
    act : Act
        Does it to one row.
    """

    name: str
    done: str
    statuses: tuple[Status, ...]
    act: Act


def _change(
    wanted: Wanted,
    verb: Verb,
    reason: str | None,
    dry_run: bool,
    json: bool,
) -> None:
    if wanted == Wanted(None, None, None, None, None, None):
        end("say which work is meant: its id, or filters", 2)
    word = verb.done
    done: list[dict[str, Any]] = []
    refused: list[str] = []
    with Session(open_database(load_settings().sites)) as session, session.begin() as transaction:
        at = database_now(session)
        for kind in KINDS.values():
            conditions = wanted.conditions(kind)
            if conditions is None:
                continue
            table = kind.table
            of_verb: ColumnElement[bool] = table.status.in_(verb.statuses)
            if verb is RETRY and wanted.id is not None:
                waits = and_(table.status == Status.PENDING, table.next_attempt_at.is_not(None))
                of_verb = or_(of_verb, waits)
            rows = session.scalars(
                select(table).where(of_verb, *conditions).order_by(table.id).with_for_update()
            ).all()
            for row in rows:
                why_not = _try(session, verb.act, kind, row, at, reason)
                if why_not is not None:
                    refused.append(f"{kind.operation} {row.id}: {why_not}")
                    continue
                done.append({"work": row.id, "operation": kind.operation, "bytes": row.bytes_total})
                record_event(
                    session,
                    site_id=row.site_id,
                    at=at,
                    actor=f"ccat-transfer {verb.name}",
                    action=f"{kind.name}.{word}",
                    subject_type=kind.name,
                    subject_id=row.id,
                    message=f"{word} by hand" + (f": {reason}" if reason else ""),
                )
        if not done and wanted.id is not None:
            _end_with_why(session, wanted.id, word, refused)
        if dry_run:
            session.flush()
            transaction.rollback()
    if json:
        print_json({"dry_run": dry_run, word: done, "refused": refused})
        return
    would = "would be " if dry_run else ""
    for one in done:
        typer.echo(f"{one['operation']} {one['work']} {would}{word}")
    for line in refused:
        typer.echo(f"not {word}: {line}", err=True)
    size = sum(one["bytes"] for one in done)
    typer.echo(f"{len(done)} {would}{word}, {size:,} bytes; {len(refused)} refused")


def _try(
    session: Session, act: Act, kind: WorkKind, row: Any, at: datetime, reason: str | None
) -> str | None:
    try:
        with session.begin_nested():
            return act(session, kind, row, at, reason)
    except IntegrityError:
        return "other work does the same already"


def _end_with_why(session: Session, work_id: UUID, word: str, refused: list[str]) -> None:
    for table in (each.table for each in KINDS.values()):
        refuse_rows_of_others(session, f"{work_id}", select(table.site_id).where(table.id == work_id))
    end("; ".join(refused) if refused else f"{work_id} is no work that can be {word}")


def _take_up_again(
    session: Session, kind: WorkKind, row: Any, at: datetime, reason: str | None
) -> str | None:
    # Work that a person had cancelled gave up its lock on the copy that it reads.
    copy_id = row.physical_copy_id if isinstance(row, FixityCheck) else getattr(row, "source_copy_id", None)
    why_not = None if copy_id is None else _take_source(session, kind, row, copy_id, at)
    if why_not is not None:
        return why_not
    row.status = Status.PENDING
    row.attempt = row.interruptions = row.bytes_done = row.dispatches = 0
    row.next_attempt_at = row.finished_at = row.dispatched_at = None
    row.waiting_reason = row.waiting_detail = row.waiting_since = None
    return None


def _take_source(session: Session, kind: WorkKind, row: Any, copy_id: UUID, at: datetime) -> str | None:
    """Have the copy kept that work reads; only its own site locks it. Return why it cannot be read."""
    site = session.scalar(select(PhysicalCopy.site_id).where(PhysicalCopy.id == copy_id))
    if site not in (None, row.site_id):
        if not session.scalar(is_reserved(copy_id, row.id)):
            row.source_copy_id = None
        return None
    try:
        lock_copy(session, copy_id, kind.name, row.id, at)
    except CopyNotReadableError as error:
        return f"{error}; ccat-transfer why {copy_id} tells what became of it"
    return None


def _stop(session: Session, kind: WorkKind, row: Any, at: datetime, reason: str | None) -> str | None:
    if isinstance(row, Deletion):
        copies = copies_of_deletion(
            row.raw_data_package_id, row.data_location_id, row.kind, row.raw_data_file_id
        )
        if row.status is Status.IN_PROGRESS or session.scalar(deletion_has_begun(copies)):
            return "it has begun: bytes may be gone in part, so it has to be completed"
        session.execute(undelete(copies))
    row.status = Status.CANCELLED
    row.fencing += 1
    row.lease_owner = row.lease_expires_at = row.next_attempt_at = row.dispatched_at = None
    row.finished_at = at
    row.error_class, row.error_category = None, CANCELLED
    row.error_message = "cancelled by hand" + (f": {reason}" if reason else "")
    row.waiting_reason = row.waiting_detail = row.waiting_since = None
    session.execute(free_copies(row.id, at))
    if isinstance(row, StagingItem):
        row.source_copy_id = None
    return None


RETRY = Verb("retry", "retried", ENDED_WITHOUT, _take_up_again)
CANCEL = Verb(
    "cancel", "cancelled", (Status.PENDING, Status.SCHEDULED, Status.IN_PROGRESS, Status.FAILED), _stop
)
