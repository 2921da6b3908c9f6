"""All kinds of work in one shape, so that a report need not know their tables."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    String,
    case,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from ccat_ops_db.enumerations import Operation, Status
from ccat_ops_db.models import (
    DataTransfer,
    Deletion,
    FixityCheck,
    LongTermArchiveTransfer,
    PackageCreation,
    PhysicalCopy,
    StagingItem,
    Work,
)
from ccat_ops_db.waiting import WaitingReason

OPERATIONS: Mapping[type[Work], Operation] = MappingProxyType(
    {
        PackageCreation: Operation.PACKAGE_CREATION,
        DataTransfer: Operation.TRANSFER,
        FixityCheck: Operation.VERIFY,
        LongTermArchiveTransfer: Operation.ARCHIVE_TRANSFER,
        StagingItem: Operation.STAGING,
        Deletion: Operation.DELETION,
    }
)
"""Every kind of work, in the order in which a package meets it, and the operation that does it."""


Condition = Callable[[Any, Any], ColumnElement[bool]]
"""Given a kind of work and the column of its package's id, which rows are wanted."""


def work_rows(
    condition: Condition, kinds: Iterable[type[Work]] = tuple(OPERATIONS), correlate: Any = None
) -> CompoundSelect[Any]:
    """Return work of several kinds as one statement.

    Parameters
    ----------
    condition : callable
        Which rows are wanted.
    kinds : iterable of type
        Kinds of work; all by default.
    correlate : optional
        Entity of the enclosing statement that the condition refers to.

    Returns
    -------
    CompoundSelect
        Columns ``operation``, ``subject_type`` (table), ``id``, ``package_id``, ``status``, ``stage`` (1 for
        the first kind that a package meets), ``from_location``, ``to_location``, ``place`` (the location
        whose workers do it), ``route``, priority, worker, times, bytes, attempt, error and waiting reason.
    """
    order = list(OPERATIONS)
    statements = (_rows(kind, order.index(kind) + 1, condition) for kind in kinds)
    return union_all(*(rows.correlate(correlate) if correlate is not None else rows for rows in statements))


def reason_of(work: Any) -> ColumnElement[str]:
    """Return the reason of open work for not being done, of a kind of work or of columns of `work_rows`.

    What follows from its status comes before what the planner wrote.
    """
    return case(
        (
            work.status == Status.FAILED.value,
            literal(WaitingReason.GIVEN_UP.value),
        ),
        (work.status == Status.CANCELLED.value, literal(WaitingReason.CANCELLED.value)),
        (work.status == Status.IN_PROGRESS.value, literal(WaitingReason.IN_PROGRESS.value)),
        (work.waiting_reason.is_not(None), work.waiting_reason),
        (work.status == Status.SCHEDULED.value, literal(WaitingReason.DISPATCHED.value)),
        else_=literal(WaitingReason.NOT_PLANNED.value),
    )


def since_of(work: Any) -> ColumnElement[Any]:
    """Return since when the reason of open work holds."""
    return func.coalesce(
        case(
            (work.status == Status.IN_PROGRESS.value, work.started_at),
            (work.status.in_([Status.FAILED.value, Status.CANCELLED.value]), work.finished_at),
            else_=work.waiting_since,
        ),
        work.created_at,
    )


def _rows(kind: Any, stage: int, condition: Condition) -> Select[Any]:
    copy = aliased(PhysicalCopy)
    package_id = copy.raw_data_package_id if kind is FixityCheck else kind.raw_data_package_id
    rows = select(
        literal(OPERATIONS[kind].value).label("operation"),
        literal(kind.__tablename__).label("subject_type"),
        kind.id.label("id"),
        package_id.label("package_id"),
        cast(kind.status, String).label("status"),
        literal(stage).label("stage"),
        kind.site_id.label("site_id"),
        _from(kind).label("from_location"),
        _to(kind).label("to_location"),
        (kind.data_transfer_route_id if kind is DataTransfer else cast(null(), String)).label("route"),
        _place(kind).label("place"),
        kind.priority.label("priority"),
        kind.lease_owner.label("lease_owner"),
        kind.created_at.label("created_at"),
        kind.started_at.label("started_at"),
        kind.next_attempt_at.label("next_attempt_at"),
        kind.finished_at.label("finished_at"),
        kind.progressed_at.label("progressed_at"),
        kind.attempt.label("attempt"),
        kind.bytes_done.label("bytes_done"),
        kind.bytes_total.label("bytes_total"),
        cast(kind.error_class, String).label("error_class"),
        kind.error_category.label("error_category"),
        kind.error_message.label("error_message"),
        kind.waiting_reason.label("waiting_reason"),
        kind.waiting_detail.label("waiting_detail"),
        kind.waiting_since.label("waiting_since"),
    )
    if kind is FixityCheck:
        rows = rows.join(copy, copy.id == FixityCheck.physical_copy_id)
    return rows.where(condition(kind, package_id))


def _place(kind: Any) -> ColumnElement[Any]:
    if kind in (PackageCreation, DataTransfer):
        return kind.source_location_id  # type: ignore[no-any-return]
    if kind in (FixityCheck, Deletion):
        return kind.data_location_id  # type: ignore[no-any-return]
    return kind.destination_location_id  # type: ignore[no-any-return]


def _from(kind: Any) -> ColumnElement[Any]:
    if kind in (PackageCreation, DataTransfer):
        return kind.source_location_id  # type: ignore[no-any-return]
    if kind in (FixityCheck, Deletion):
        return kind.data_location_id  # type: ignore[no-any-return]
    source = aliased(PhysicalCopy)
    return select(source.data_location_id).where(source.id == kind.source_copy_id).scalar_subquery()


def _to(kind: Any) -> ColumnElement[Any]:
    if kind in (FixityCheck, Deletion):
        return cast(null(), String)
    return kind.destination_location_id  # type: ignore[no-any-return]
