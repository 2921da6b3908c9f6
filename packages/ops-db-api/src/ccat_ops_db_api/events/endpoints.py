"""``/events``."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from ccat_ops_db.permissions import PermissionName
from ccat_ops_db_api.access.authentication import requires
from ccat_ops_db_api.access.principal import Principal
from ccat_ops_db_api.events import queries
from ccat_ops_db_api.events.schemas import Event, EventPage, EventSort
from ccat_ops_db_api.platform.database import Transaction
from ccat_ops_db_api.platform.errors import not_found
from ccat_ops_db_api.platform.fields import Name, Time
from ccat_ops_db_api.platform.pages import Page, answer, document, list_page

router = APIRouter(prefix="/events", tags=["records"])
Reader = Annotated[Principal, requires(PermissionName.READ_EVENTS)]


@router.get("", operation_id="list_events", response_model=EventPage)
async def list_events(
    _: Reader,
    session: Transaction,
    page: Page,
    subject_id: Annotated[list[Name] | None, Query(description="Key of what it happened to.")] = None,
    subject_type: Annotated[list[Name] | None, Query(description="Table of what it happened to.")] = None,
    action: Annotated[
        list[Name] | None, Query(description="What happened, for example package.sealed.")
    ] = None,
    actor: Annotated[list[Name] | None, Query(description="Who did it, as the event says.")] = None,
    site: Annotated[list[Name] | None, Query(description="Site where it happened.")] = None,
    since: Annotated[Time | None, Query(description="Happened then or later.")] = None,
    until: Annotated[Time | None, Query(description="Happened before.")] = None,
    sort: EventSort = EventSort.OCCURRED_AT_DESCENDING,
) -> Response:
    """List events."""
    wanted = {
        "subject_id": subject_id,
        "subject_type": subject_type,
        "action": action,
        "actor": actor,
        "site_id": site,
    }
    rows = queries.filtered(wanted, since, until)
    return await list_page(session, rows, page, sort, queries.SORT_KEYS, queries.EVENTS.id)


@router.get("/{event_id}", operation_id="get_event", response_model=Event)
async def get_event(request: Request, _: Reader, session: Transaction, event_id: UUID) -> Response:
    """Show an event."""
    shown = await document(session, queries.events().where(queries.EVENTS.id == event_id))
    if shown is None:
        raise not_found("event", event_id)
    return answer(request, shown)
