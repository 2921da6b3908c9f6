"""Why places hold things up: locations, routes and sites, and what waits for them."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from ccat_ops_db.enumerations import Status
from ccat_ops_db.models import (
    DataLocation,
    DataTransferRoute,
    Site,
)
from ccat_ops_db.outages import of_locations, of_routes
from ccat_ops_db.reports.why_steps import Explanation, Step, reason_step
from ccat_ops_db.reports.work_rows import work_rows

LOCATIONS = DataLocation.__table__.c


def of_location(session: Session, location_id: str) -> Explanation:
    """Explain whether a location is in service, and what waits at it."""
    steps = location_steps(session, [location_id])
    waiting = _waiting_at(
        session, lambda rows: or_(rows.c.from_location == location_id, rows.c.to_location == location_id)
    )
    return _explanation("data_location", location_id, steps, waiting)


def of_route(session: Session, route_id: str) -> Explanation:
    """Explain whether a route is in service, and what waits for it."""
    steps = route_steps(session, route_id)
    return _explanation(
        "data_transfer_route", route_id, steps, _waiting_at(session, lambda rows: rows.c.route == route_id)
    )


def of_site(session: Session, site_id: str) -> Explanation:
    """Explain whether a site and its locations are in service, and what waits there."""
    at_site = list(
        session.scalars(
            select(LOCATIONS.id).where(LOCATIONS.site_id == site_id, LOCATIONS.retired_at.is_(None))
        )
    )
    steps = _site_steps(session, [site_id]) + _locations_out_of_service(session, at_site)
    return _explanation("site", site_id, steps, _waiting_at(session, lambda rows: rows.c.site_id == site_id))


def location_steps(session: Session, location_ids: Iterable[str | None]) -> list[Step]:
    """Return what keeps locations, or their sites, from taking part."""
    wanted = sorted({location for location in location_ids if location is not None})
    sites = sorted({location.split(".")[0] for location in wanted})
    return _site_steps(session, sites) + _locations_out_of_service(session, wanted)


def route_steps(session: Session, route_id: str | None) -> list[Step]:
    """Return what keeps a route from being used."""
    if route_id is None:
        return []
    outage = of_routes()
    row = session.execute(
        select(
            DataTransferRoute.enabled,
            DataTransferRoute.suspended_at,
            DataTransferRoute.suspended_by,
            DataTransferRoute.suspended_reason,
            outage.c.open_until,
            outage.c.consecutive_failures,
            outage.c.message,
        )
        .outerjoin(outage, outage.c.data_transfer_route_id == DataTransferRoute.id)
        .where(DataTransferRoute.id == route_id)
    ).one()
    return _out_of_service("data_transfer_route", route_id, row, "route_disabled", "route_circuit_open")


def _site_steps(session: Session, sites: list[str]) -> list[Step]:
    if not sites:
        return []
    rows = session.execute(
        select(Site.id, Site.enabled, Site.suspended_at, Site.suspended_by, Site.suspended_reason)
        .where(Site.id.in_(sites))
        .order_by(Site.id)
    )
    return [step for row in rows for step in _out_of_service("site", row.id, row, "site_disabled", None)]


def _locations_out_of_service(session: Session, locations: list[str]) -> list[Step]:
    if not locations:
        return []
    outage = of_locations()
    rows = session.execute(
        select(
            LOCATIONS.id,
            LOCATIONS.enabled,
            LOCATIONS.read_only,
            DataLocation.suspended_at,
            DataLocation.suspended_by,
            DataLocation.suspended_reason,
            outage.c.open_until,
            outage.c.consecutive_failures,
            outage.c.suspect_since,
            outage.c.suspect_reason,
            outage.c.message,
        )
        .outerjoin(outage, outage.c.data_location_id == LOCATIONS.id)
        .where(LOCATIONS.id.in_(locations))
        .order_by(LOCATIONS.id)
    )
    steps = []
    for row in rows:
        steps += _out_of_service("data_location", row.id, row, "location_disabled", "location_circuit_open")
        if row.suspect_since is not None:
            steps.append(
                _step("data_location", row.id, "location_suspect", row.suspect_reason, row.suspect_since)
            )
        if row.read_only:
            steps.append(_step("data_location", row.id, "location_read_only", None, None))
    return steps


def _out_of_service(
    subject_type: str, subject_id: str, row: Any, disabled: str, circuit: str | None
) -> list[Step]:
    steps = []
    if not row.enabled:
        steps.append(_step(subject_type, subject_id, disabled, "disabled by configuration", None))
    if row.suspended_at is not None:
        detail = f"suspended by {row.suspended_by}: {row.suspended_reason}"
        steps.append(_step(subject_type, subject_id, disabled, detail, row.suspended_at))
    if circuit is not None and row.open_until is not None:
        detail = (
            f"{row.consecutive_failures} failures in a row; tried again after {row.open_until.isoformat()};"
            f" the latest: {row.message}"
        )
        steps.append(_step(subject_type, subject_id, circuit, detail, None, row.open_until))
    return steps


def _step(
    subject_type: str, subject_id: str, reason: str, detail: str | None, since: Any, next_at: Any = None
) -> Step:
    what = f"use {subject_id}"
    return reason_step(subject_type, subject_id, what, reason, detail=detail, since=since, next_at=next_at)


def _waiting_at(session: Session, at: Any) -> list[Step]:
    rows = work_rows(
        lambda kind, _: and_(
            kind.status.in_([Status.PENDING, Status.SCHEDULED]), kind.waiting_reason.is_not(None)
        )
    ).subquery()
    found = session.execute(
        select(
            rows.c.subject_type,
            rows.c.operation,
            rows.c.waiting_reason,
            func.count().label("how_many"),
            func.min(rows.c.waiting_since).label("since"),
        )
        .where(at(rows))
        .group_by(rows.c.subject_type, rows.c.operation, rows.c.waiting_reason, rows.c.stage)
        .order_by(rows.c.stage, rows.c.waiting_reason)
    )
    return [
        reason_step(
            row.subject_type,
            "",
            f"do {row.operation.replace('_', ' ')} {row.how_many} times",
            row.waiting_reason,
            status=Status.PENDING.value,
            since=row.since,
        )
        for row in found
    ]


def _explanation(
    subject_type: str, subject_id: str, obstacles: list[Step], waiting: list[Step]
) -> Explanation:
    state = "out of service" if obstacles else "in service"
    first = f": {obstacles[0].detail}" if obstacles else ""
    held_up = f"; {len(waiting)} kinds of work wait here" if waiting else "; nothing waits here"
    return Explanation(
        subject_type, subject_id, state, f"{subject_id} is {state}{first}{held_up}", obstacles + waiting
    )
