"""``/status``, ``/why/{id}`` and the catalogues of reasons and errors."""

from typing import Annotated

from fastapi import APIRouter, Path, Request

from ccat_ops_db.error_catalogue import CATEGORIES, ENDED
from ccat_ops_db.permissions import PermissionName
from ccat_ops_db.reports.status import status_report
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


@router.get("/status", operation_id="get_status")
async def get_status(request: Request, principal: Reader, session: Transaction) -> Status:
    """Tell what is where, what moves and what waits, in one look."""
    now = principal.asked_at
    report = await session.run_sync(lambda sync: status_report(sync, own_site(request), now))
    return Status.model_validate(report)


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
        {**_entry(category, entry), "error_class": its_class}
        for category, (its_class, entry) in CATEGORIES.items()
    ]
    ended = [{**_entry(category, entry), "error_class": None} for category, entry in ENDED.items()]
    return ErrorCategories.model_validate({"items": failures + ended})


def _entry(code: str, entry: Entry) -> dict[str, object]:
    return {"code": code, **vars(entry)}
