"""What is out of order now, by location and by route: for the planner and for everything that tells of it."""

from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import (
    ColumnElement,
    String,
    Subquery,
    Update,
    and_,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
    update,
)

from ccat_ops_db.enumerations import OutageScope
from ccat_ops_db.evidence import is_open
from ccat_ops_db.models import DataLocation, Doubt, Outage, S3DataLocation
from ccat_ops_db.models.base import UtcDateTime
from ccat_ops_db.own_rows import own_rows

DOUBT = "location_suspect"
"""Category of the error of a location of which nothing is believed."""

PLACE_CLOSED = "place_unavailable"
"""Category of the outage of a location that no worker can open: it ends when one can."""

FIRST_PROBE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(minutes=10)
"""What is out of order is tried again after so long, then twice as long, and at least so often."""

IN_FORCE = Outage.ended_at.is_(None)
"""An outage that has not ended."""


@cache
def of_locations() -> Subquery:
    """Return the locations that something is wrong with, each once.

    Returns
    -------
    Subquery
        ``data_location_id``, ``consecutive_failures``, ``open_until`` (closed, and tried again then),
        ``suspect_since`` and ``suspect_reason`` (in doubt), ``message`` of the latest failure. What is wrong
        with the credential of a location is wrong with the location, for the workers of its own site.
    """
    facts = (
        Outage.count.label("count"),
        Outage.next_probe_at.label("next_probe_at"),
        Outage.message.label("message"),
        cast(null(), UtcDateTime()).label("suspect_since"),
        cast(null(), String()).label("suspect_reason"),
    )
    location, store = DataLocation.__table__, S3DataLocation.__table__
    here = select(Outage.scope_id.label("data_location_id"), *facts).where(
        IN_FORCE,
        Outage.scope == OutageScope.LOCATION,
        # Another site may see a place of this one otherwise.
        Outage.scope_id.startswith(Outage.site_id.concat(".")),
    )
    by_credential = (
        select(store.c.id, *facts)
        .select_from(store)
        .join(location, location.c.id == store.c.id)
        .join(Outage, and_(Outage.scope_id == store.c.credential, Outage.site_id == location.c.site_id))
        .where(IN_FORCE, Outage.scope == OutageScope.CREDENTIAL)
    )
    doubted = select(
        Doubt.data_location_id,
        literal(0),
        cast(null(), UtcDateTime()),
        Doubt.reason,
        Doubt.created_at,
        Doubt.reason,
    ).where(Doubt.data_location_id.is_not(None), is_open())
    found = union_all(here, by_credential, doubted).subquery("outages_at_locations")
    columns = found.c
    return (
        select(
            columns.data_location_id,
            func.max(columns["count"]).label("consecutive_failures"),
            func.max(columns.next_probe_at).label("open_until"),
            func.min(columns.suspect_since).label("suspect_since"),
            func.max(columns.suspect_reason).label("suspect_reason"),
            func.max(columns.message).label("message"),
        )
        .group_by(columns.data_location_id)
        .subquery("location_outage")
    )


@cache
def of_routes() -> Subquery:
    """Return the routes that something is wrong with, each once.

    Returns
    -------
    Subquery
        ``data_transfer_route_id``, ``consecutive_failures``, ``open_until`` (closed, and tried again then),
        ``message`` of the latest failure.
    """
    return (
        select(
            Outage.scope_id.label("data_transfer_route_id"),
            Outage.count.label("consecutive_failures"),
            Outage.next_probe_at.label("open_until"),
            Outage.message,
        )
        .where(IN_FORCE, Outage.scope == OutageScope.ROUTE)
        .subquery("route_outage")
    )


def at_location(location_id: str) -> ColumnElement[bool]:
    """Return whether an outage is that of a location, or of the credential by which its site uses it."""
    store, location = S3DataLocation.__table__.c, DataLocation.__table__.c
    credential = select(store.credential).join_from(
        S3DataLocation.__table__, DataLocation.__table__, location.id == store.id
    )
    return or_(
        and_(Outage.scope == OutageScope.LOCATION, Outage.scope_id == location_id),
        and_(
            Outage.scope == OutageScope.CREDENTIAL,
            Outage.scope_id.in_(
                credential.where(store.id == location_id, location.site_id == Outage.site_id).correlate(
                    Outage
                )
            ),
        ),
    )


def on_route(route_id: str) -> ColumnElement[bool]:
    """Return whether an outage is that of a route."""
    return and_(Outage.scope == OutageScope.ROUTE, Outage.scope_id == route_id)


def trial(which: ColumnElement[bool], at: datetime) -> Update:
    """Return the statement that has what is closed tried at once, and not when its pause ends.

    Only the site that saw an outage changes it: those of sites of another database stay as they are. The
    statement returns `site_id`, `scope` and `scope_id` of each outage.
    """
    return (
        update(Outage)
        .where(IN_FORCE, which, Outage.next_probe_at.is_not(None), own_rows(Outage.site_id))
        .values(next_probe_at=at)
        .returning(Outage.site_id, Outage.scope, Outage.scope_id)
        .execution_options(synchronize_session=False)
    )
