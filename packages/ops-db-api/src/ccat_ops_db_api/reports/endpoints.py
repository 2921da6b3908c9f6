"""``/status``, ``/why/{id}`` and the catalogues of reasons and errors."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from starlette.datastructures import State

from ccat_ops_db.error_catalogue import CATEGORIES, ENDED, before_retry, while_it_lasts
from ccat_ops_db.permissions import PermissionName
from ccat_ops_db.reports.status import status_report
from ccat_ops_db.reports.sums import load_sums
from ccat_ops_db.reports.why import why
from ccat_ops_db.waiting import Entry
from ccat_ops_db.waiting_catalogue import CATALOGUE
from ccat_ops_db_api.access.authentication import requires
from ccat_ops_db_api.access.principal import Principal
from ccat_ops_db_api.platform.database import Transaction
from ccat_ops_db_api.platform.errors import not_found
from ccat_ops_db_api.platform.fields import Name
from ccat_ops_db_api.platform.pages import refuse_unknown
from ccat_ops_db_api.platform.site import own_site
from ccat_ops_db_api.reports.schemas import ErrorCategories, Explanation, Status, WaitingReasons

router = APIRouter(tags=["reports"])
Reader = Annotated[Principal, requires(PermissionName.READ_TRANSFERS)]
ErrorReader = Annotated[Principal, requires(PermissionName.READ_ERRORS)]


@router.get("/status", operation_id="get_status", response_model=Status)
async def get_status(request: Request, principal: Reader, session: Transaction) -> Response:
    """Tell what is where, what moves and what waits, in one look; one answer serves all for two seconds."""
    state = request.app.state
    # Whoever waits here would otherwise hold the connection that making the answer needs.
    await session.commit()
    status = await state.status.get(lambda: _status(state, own_site(request), principal.asked_at))
    return Response(status, media_type="application/json")


@router.get("/why/{subject}", operation_id="get_why")
async def get_why(
    _: Reader,
    session: Transaction,
    subject: Annotated[
        Name,
        Path(description="Any id: execution, file, package, copy, work, job; or a location, route or site."),
    ],
) -> Explanation:
    """Tell why something waits: the planner's own reasons, each with its remedy."""
    explanation = await session.run_sync(lambda sync: why(sync, subject))
    if explanation is None:
        raise not_found("thing with the id", subject)
    return Explanation.model_validate(explanation)


@router.get("/waiting-reasons", operation_id="list_waiting_reasons")
async def list_waiting_reasons(request: Request, _: Reader) -> WaitingReasons:
    """List every reason for waiting: what it means, what to do, what happens by itself, whose turn it is."""
    refuse_unknown(request)
    return WaitingReasons.model_validate(
        {"items": [_entry(reason.value, entry) for reason, entry in CATALOGUE.items()]}
    )


@router.get("/error-categories", operation_id="list_error_categories")
async def list_error_categories(request: Request, _: ErrorReader) -> ErrorCategories:
    """List every category of errors: its cause, what to do, what happens by itself, whose turn it is."""
    refuse_unknown(request)
    failures = [
        {**_category(category, entry), "error_class": its_class}
        for category, (its_class, entry) in CATEGORIES.items()
    ]
    ended = [{**_category(category, entry), "error_class": None} for category, entry in ENDED.items()]
    return ErrorCategories.model_validate({"items": failures + ended})


async def _status(state: State, site_id: str, now: datetime) -> bytes:
    async with state.sessions.begin() as session:
        sums = await state.sums.get(lambda: session.run_sync(load_sums, now))
        report = await session.run_sync(status_report, site_id, now, sums)
    return Status.model_validate(report).model_dump_json(by_alias=True).encode()


def _category(code: str, entry: Entry) -> dict[str, object]:
    return {
        **_entry(code, entry),
        "before_retry": before_retry(entry.remedy),
        "while_it_lasts": while_it_lasts(entry.remedy),
    }


def _entry(code: str, entry: Entry) -> dict[str, object]:
    return {"code": code, **vars(entry)}
