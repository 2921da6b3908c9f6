"""When work is tried next: one rule for all that tell it."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, String, case, cast, func, literal, null, or_, select

from ccat_ops_db.outages import of_locations, of_routes


def next_try(work: Any, route_pause: Any, place_pauses: Any) -> ColumnElement[Any]:
    """Return when work with a time of its own is tried: not before it, nor before a pause on its way ends.

    Parameters
    ----------
    work : collection
        Columns of `work_rows`.
    route_pause : ColumnElement
        When the pause of its route ends; null: there is none.
    place_pauses : sequence of ColumnElement
        When the pauses of its places end.

    Returns
    -------
    ColumnElement
        Null where it has no time of its own.
    """
    own = work.next_attempt_at
    return case((own.is_not(None), func.greatest(own, route_pause, *place_pauses)))


def held_by(work: Any, route_pause: Any, place_pauses: Any) -> ColumnElement[Any]:
    """Return, as words, the pause for which work is tried later than its own time; null: it is not.

    Parameters are those of `next_try`.
    """
    own, tried = work.next_attempt_at, next_try(work, route_pause, place_pauses)
    of_route = func.concat("route ", work.route, " is paused until then")
    return case(
        (tried <= own, cast(null(), String)),
        (route_pause == tried, of_route),
        (or_(*(pause == tried for pause in place_pauses)), literal("a place of it is paused until then")),
    )


def with_next_try(rows: FromClause) -> Select[Any]:
    """Return rows of `work_rows` with ``next_try`` and ``held_by``, looked up for each: for a few."""
    route, place = of_routes(), of_locations()
    route_pause = (
        select(route.c.open_until)
        .where(route.c.data_transfer_route_id == rows.c.route)
        .correlate(rows)
        .scalar_subquery()
    )
    place_pauses = [
        select(place.c.open_until)
        .where(place.c.data_location_id == rows.c[name])
        .correlate(rows)
        .scalar_subquery()
        for name in ("from_location", "to_location", "place")
    ]
    return select(
        rows,
        next_try(rows.c, route_pause, place_pauses).label("next_try"),
        held_by(rows.c, route_pause, place_pauses).label("held_by"),
    )
