"""Everything that is not done: open work of every kind, and what waits before there is work for it."""

from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    String,
    Subquery,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.types import Uuid

from ccat_ops_db.enumerations import Status
from ccat_ops_db.error_catalogue import turns_of_given_up
from ccat_ops_db.models import (
    DataLocation,
    DataTransferRoute,
    DataTransferRouteWindow,
    ExecutedObsUnit,
    ExecutedObsUnitModule,
    ObsUnit,
    PackageCreation,
    PhysicalCopy,
    RawDataPackage,
    RawDataSeries,
    StagingItem,
    StagingJob,
)
from ccat_ops_db.models.base import UtcDateTime
from ccat_ops_db.outages import of_locations, of_routes
from ccat_ops_db.package_state import ALL_LEFT_OUT
from ccat_ops_db.reports.next_try import held_by, next_try
from ccat_ops_db.reports.work_rows import reason_of, since_of, work_rows
from ccat_ops_db.waiting import Turn, WaitingReason
from ccat_ops_db.waiting_catalogue import CATALOGUE


class OpenWorkKind(StrEnum):
    """What is open: a kind of work, or what waits before there is work for it."""

    PACKAGE_CREATION = "package_creation"
    DATA_TRANSFER = "data_transfer"
    ARCHIVE_TRANSFER = "archive_transfer"
    FIXITY_CHECK = "fixity_check"
    STAGING_ITEM = "staging_item"
    DELETION = "deletion"
    PACKAGE_COPY = "package_copy"
    """A package at a buffer or a processing location that waits to go on, or to be deleted."""
    EXECUTION_MODULE = "execution_module"
    """A module of an execution whose files wait to be packaged."""


TABLES: dict[OpenWorkKind, str] = {
    OpenWorkKind.PACKAGE_CREATION: "package_creation",
    OpenWorkKind.DATA_TRANSFER: "data_transfer",
    OpenWorkKind.ARCHIVE_TRANSFER: "long_term_archive_transfer",
    OpenWorkKind.FIXITY_CHECK: "fixity_check",
    OpenWorkKind.STAGING_ITEM: "staging_item",
    OpenWorkKind.DELETION: "deletion",
    OpenWorkKind.PACKAGE_COPY: "physical_copy",
    OpenWorkKind.EXECUTION_MODULE: "executed_obs_unit_module",
}
"""Table of each kind."""

WAITING = "waiting"
"""Status of what waits without work."""

WAITS_FOR_A_ROUTE = (
    WaitingReason.ROUTE_DISABLED,
    WaitingReason.ROUTE_CIRCUIT_OPEN,
    WaitingReason.LINK_WINDOW_CLOSED,
)

# As text of the statement: so a prepared one can use the partial indexes.
_DONE: ColumnElement[str] = literal_column("'completed'")
_NOT_DELETED: ColumnElement[str] = literal_column("'deleted'")
_PACKAGE: ColumnElement[str] = literal_column("'raw_data_package'")


def open_work(at: datetime | None = None) -> Subquery:
    """Return everything that is not done, as a subquery to filter, sort and group.

    It costs what is open, never what was ever done.

    Parameters
    ----------
    at : datetime, optional
        Now; only ``next_at`` depends on it. By default it is the parameter ``now`` of the statement.

    Returns
    -------
    Subquery
        Columns ``id`` (text), ``kind``, ``subject`` (what ``why`` explains), ``package_id``,
        ``own_execution_id`` (of modules), ``module``, ``site``, ``from_location``, ``to_location``, ``place``
        (where it is to be done), ``route``, ``status``, ``reason``, ``detail``, ``since``, ``next_at``
        (next attempt, end of a pause or of a grace period, opening of a route: the latest of them),
        ``paused`` (which route or location that it needs is paused), ``turn``, ``priority``, times,
        ``attempt``, bytes (null where nobody knows them), worker and error.
    """
    statement = _statement() if at is None else _statement().params(now=at)
    return statement.subquery("open_work")


def with_programs(rows: Subquery) -> Subquery:
    """Return open work with the columns ``execution_id`` and ``program`` too; it looks at each package.

    Joined, the tables would be read whole: they are looked up by their keys, so it costs what is open.
    """
    package, series = RawDataPackage.__table__, RawDataSeries.__table__
    execution, unit = ExecutedObsUnit.__table__, ObsUnit.__table__
    of_package = (
        select(series.c.executed_obs_unit_id)
        .join(package, package.c.raw_data_series_id == series.c.id)
        .where(package.c.id == rows.c.package_id)
        .correlate(rows)
        .scalar_subquery()
    )
    found = select(rows, func.coalesce(rows.c.own_execution_id, of_package).label("execution_id")).subquery(
        "open_work_of_executions"
    )
    program = (
        select(unit.c.observing_program_id)
        .join(execution, execution.c.obs_unit_id == unit.c.id)
        .where(execution.c.id == found.c.execution_id)
        .correlate(found)
        .scalar_subquery()
    )
    return select(found, program.label("program")).subquery("open_work_of_programs")


@cache
def _statement() -> Select[Any]:
    rows = union_all(_work(), _copies(), _modules()).subquery("open_rows")
    only_route, opening = _only_routes(), _openings()
    places = {name: of_locations().alias(f"outage_of_{name}") for name in _PLACES}
    waits_for_a_route = rows.c.reason.in_([reason.value for reason in WAITS_FOR_A_ROUTE])
    route = func.coalesce(rows.c.route, case((waits_for_a_route, only_route.c.id)))
    health = of_routes()
    route_pause, place_pauses = health.c.open_until, [place.c.open_until for place in places.values()]
    pauses = func.greatest(route_pause, *place_pauses)
    tried = next_try(rows.c, route_pause, place_pauses)
    held = case((rows.c.status == "pending", held_by(rows.c, route_pause, place_pauses)))
    now = bindparam("now", type_=UtcDateTime())
    next_at = case(
        (rows.c.status.in_(["in_progress", "failed", "cancelled"]), null()),
        (rows.c.reason.in_(_PAUSED), pauses),
        (rows.c.reason == WaitingReason.LINK_WINDOW_CLOSED.value, func.greatest(opening.c.opens_at, pauses)),
        (tried > now, tried),
    )
    turns: dict[str, str] = {reason.value: entry.turn.value for reason, entry in CATALOGUE.items()}
    statement = (
        select(
            *(rows.c[name] for name in _COLUMNS),
            func.nullif(func.concat_ws("; ", rows.c.detail, held), "").label("detail"),
            route.label("route"),
            cast(next_at, UtcDateTime()).label("next_at"),
            case(
                (route_pause.is_not(None), func.concat("the route ", route)),
                *(
                    (place.c.open_until.is_not(None), func.concat("the location ", rows.c[name]))
                    for name, place in places.items()
                ),
            ).label("paused"),
            case(*_given_up(rows), else_=case(turns, value=rows.c.reason, else_=_OPERATOR)).label("turn"),
        )
        .select_from(rows)
        .outerjoin(
            only_route, and_(rows.c.kind == OpenWorkKind.PACKAGE_COPY.value, only_route.c.site == rows.c.site)
        )
        .outerjoin(health, health.c.data_transfer_route_id == route)
        .outerjoin(opening, opening.c.route == route)
    )
    for name, place in places.items():
        statement = statement.outerjoin(place, place.c.data_location_id == rows.c[name])
    return statement


_OPERATOR = literal(Turn.OPERATOR.value)


def _given_up(rows: Subquery) -> list[tuple[ColumnElement[bool], ColumnElement[str]]]:
    """Return whose turn work is that was given up, which depends on its error."""
    given_up = rows.c.reason == WaitingReason.GIVEN_UP.value
    creation = rows.c.kind == OpenWorkKind.PACKAGE_CREATION.value

    def turn(of_creation: bool) -> ColumnElement[str]:
        turns = turns_of_given_up(of_creation=of_creation)
        return case(turns, value=rows.c.error_category, else_=_OPERATOR)

    return [(and_(given_up, creation), turn(of_creation=True)), (given_up, turn(of_creation=False))]


_PLACES = ("from_location", "to_location", "place")
"""Places that work needs."""

_PAUSED = (WaitingReason.ROUTE_CIRCUIT_OPEN.value, WaitingReason.LOCATION_CIRCUIT_OPEN.value)


_COLUMNS = (
    "id",
    "kind",
    "subject",
    "package_id",
    "own_execution_id",
    "module",
    "site",
    "from_location",
    "to_location",
    "place",
    "status",
    "reason",
    "since",
    "priority",
    "created_at",
    "started_at",
    "progressed_at",
    "attempt",
    "bytes_done",
    "bytes_total",
    "lease_owner",
    "error_class",
    "error_category",
    "error_message",
)


def _work() -> Select[Any]:
    rows = work_rows(_is_open).subquery("work")
    kinds = {table: kind.value for kind, table in TABLES.items()}
    return select(
        cast(rows.c.id, String).label("id"),
        case(kinds, value=rows.c.subject_type).label("kind"),
        cast(rows.c.id, String).label("subject"),
        rows.c.package_id,
        cast(null(), Uuid()).label("own_execution_id"),
        cast(null(), String).label("module"),
        rows.c.site_id.label("site"),
        rows.c.from_location,
        rows.c.to_location,
        rows.c.place,
        rows.c.route,
        rows.c.status,
        reason_of(rows.c).label("reason"),
        case(
            (rows.c.status.in_(["failed", "cancelled"]), rows.c.error_message), else_=rows.c.waiting_detail
        ).label("detail"),
        since_of(rows.c).label("since"),
        rows.c.next_attempt_at,
        rows.c.priority,
        rows.c.created_at,
        rows.c.started_at,
        rows.c.progressed_at,
        rows.c.attempt,
        rows.c.bytes_done,
        rows.c.bytes_total,
        rows.c.lease_owner,
        rows.c.error_class,
        rows.c.error_category,
        rows.c.error_message,
    )


def _is_open(kind: Any, _package: Any) -> ColumnElement[bool]:
    """Return whether work is not done. What ended with its staging job is not: nobody waits for it.

    Nor is a packaging none of whose files could be packaged: each of them has an alarm of its own.
    """
    is_open: ColumnElement[bool] = kind.status != _DONE
    if kind is PackageCreation:
        left_out = kind.error_category.is_not_distinct_from(ALL_LEFT_OUT)
        return and_(is_open, or_(kind.status != Status.CANCELLED, ~left_out))
    if kind is not StagingItem:
        return is_open
    of_cancelled_job = kind.staging_job_id.in_(
        select(StagingJob.id).where(StagingJob.cancelled_at.is_not(None))
    )
    return and_(is_open, or_(kind.status != Status.CANCELLED, ~of_cancelled_job))


def _copies() -> Select[Any]:
    """Return packages that wait at buffers and processing locations.

    What archives have stays there, and what sources have goes when the archives have it.
    """
    others = select(DataLocation.id).where(DataLocation.location_type.in_(["long_term_archive", "source"]))
    copy = PhysicalCopy
    return _without_work(
        cast(copy.id, String),
        OpenWorkKind.PACKAGE_COPY,
        cast(copy.id, String),
        copy.raw_data_package_id,
        None,
        None,
        copy.site_id,
        copy.data_location_id,
        copy,
        copy.created_at,
        copy.size,
    ).where(
        copy.kind == _PACKAGE,
        copy.waiting_reason.is_not(None),
        copy.status != _NOT_DELETED,
        copy.data_location_id.not_in(others),
    )


def _modules() -> Select[Any]:
    module = ExecutedObsUnitModule
    key = cast(module.executed_obs_unit_id, String)
    return (
        _without_work(
            key + "." + module.instrument_module_id,
            OpenWorkKind.EXECUTION_MODULE,
            key,
            None,
            module.executed_obs_unit_id,
            module.instrument_module_id,
            module.site_id,
            None,
            module,
            ExecutedObsUnit.start_received_at,
            None,
        )
        .join(ExecutedObsUnit, ExecutedObsUnit.id == module.executed_obs_unit_id)
        .where(module.waiting_reason.is_not(None))
    )


def _without_work(
    identifier: Any,
    kind: OpenWorkKind,
    subject: Any,
    package: Any,
    execution: Any,
    module: Any,
    site: Any,
    place: Any,
    waiting: Any,
    created_at: Any,
    size: Any,
) -> Select[Any]:
    def known(value: Any, type_: Any) -> Any:
        return value if value is not None else cast(null(), type_)

    no_text, no_time = cast(null(), String), cast(null(), UtcDateTime())
    return select(
        identifier.label("id"),
        literal(kind.value),
        subject,
        known(package, Uuid()),
        known(execution, Uuid()),
        known(module, String),
        site,
        known(place, String),
        no_text,
        known(place, String),
        no_text,
        literal(WAITING),
        waiting.waiting_reason,
        waiting.waiting_detail,
        func.coalesce(waiting.waiting_since, created_at),
        no_time,
        literal(0),
        created_at,
        no_time,
        no_time,
        literal(0),
        cast(null(), BigInteger) if size is None else literal(0),
        known(size, BigInteger),
        no_text,
        no_text,
        no_text,
        no_text,
    )


def _only_routes() -> Subquery:
    """Return the route of each site from which exactly one leads."""
    route = DataTransferRoute
    return (
        select(route.origin_site_id.label("site"), func.min(route.id).label("id"))
        .where(route.retired_at.is_(None))
        .group_by(route.origin_site_id)
        .having(func.count() == 1)
        .subquery("only_route")
    )


def _openings() -> Subquery:
    """Return when each route with time windows opens next, UTC."""
    window = DataTransferRouteWindow
    now = func.timezone("UTC", bindparam("now", type_=UtcDateTime()))
    today = func.date_trunc("day", now)
    opens = today + window.opens_at
    tomorrow = case((opens > now, opens), else_=opens + literal_column("interval '1 day'"))
    return (
        select(
            window.data_transfer_route_id.label("route"),
            func.timezone("UTC", func.min(tomorrow)).label("opens_at"),
        )
        .group_by(window.data_transfer_route_id)
        .subquery("opening")
    )
