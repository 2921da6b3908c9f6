"""Making and cancelling staging jobs."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from ccat_ops_db.enumerations import LocationType, Status
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import StagingJob
from ccat_ops_db.waiting import WaitingReason
from ccat_ops_db_api.access.principal import Principal
from ccat_ops_db_api.platform.database import database_now
from ccat_ops_db_api.platform.errors import conflict, invalid
from ccat_ops_db_api.platform.events import tell
from ccat_ops_db_api.platform.site import require_own_row, require_owner
from ccat_ops_db_api.staging_jobs import queries
from ccat_ops_db_api.staging_jobs.schemas import StageData
from ccat_ops_db_api.work import service as work
from ccat_ops_db_api.work.kinds import STAGING_ITEMS

DEFAULT_TIME_TO_LIVE = 14 * 86_400


async def make(
    session: AsyncSession, request: Request, principal: Principal, body: StageData
) -> tuple[UUID, bool]:
    """Make a staging job; return its id and whether it is new.

    The same request again (same id, same facts) changes nothing.

    Raises
    ------
    Problem
        422 for names that do not exist, 409 for data that is in no package yet, an id of another request, or
        a location of another site: job and items belong to the site that processes.
    """
    site = await _destination_site(session, body.destination_location)
    require_owner(request, site, f"location {body.destination_location}")
    job_id = body.id or new_id()
    if body.id is not None and await _is_the_same(session, body):
        return job_id, False
    now = await database_now(session)
    wanted = await _wanted(session, body)
    values = {
        "id": job_id,
        "site_id": site,
        "destination_location_id": body.destination_location,
        "executed_obs_unit_id": body.execution_id,
        "raw_data_package_id": body.package_id,
        "raw_data_file_id": body.file_id,
        "requested_by": principal.actor,
        "reason": body.reason,
        "created_at": now,
        "pinned_until": body.pinned_until,
        "time_to_live": body.time_to_live or DEFAULT_TIME_TO_LIVE,
    }
    items = [_item(thing, job_id, site, body.destination_location, now) for thing in wanted]
    if not await queries.insert_job(session, values, items):
        # Another request made it between our look and now.
        await _is_the_same(session, body)
        return job_id, False
    await tell(
        session,
        site_id=site,
        at=now,
        actor=principal.actor,
        action="staging_job.requested",
        subject_type="staging_job",
        subject_id=job_id,
        message=f"{len(items)} items to {body.destination_location}"
        + (f": {body.reason}" if body.reason else ""),
        details={"items": len(items), "bytes": sum(thing.bytes for thing in wanted)},
    )
    return job_id, True


async def cancel(session: AsyncSession, request: Request, principal: Principal, job_id: UUID) -> None:
    """Cancel a job and its open items; what was staged already stays until its time is over.

    Raises
    ------
    Problem
        404 if there is none.
    """
    await require_own_row(session, request, StagingJob, job_id, "staging job")
    job = await queries.locked(session, job_id)
    if job.cancelled_at is not None:
        return
    items = await queries.open_items(session, job_id)
    if not items:
        raise conflict(f"staging job {job_id} is over: none of its items is open")
    now = await database_now(session)
    job.cancelled_at = now
    for item in items:
        await work.cancel(session, principal, STAGING_ITEMS, item, "its job was cancelled")
    await session.flush()
    await tell(
        session,
        site_id=job.site_id,
        at=now,
        actor=principal.actor,
        action="staging_job.cancelled",
        subject_type="staging_job",
        subject_id=job_id,
        message=f"cancelled by {principal.actor}",
    )


async def _destination_site(session: AsyncSession, location: str) -> str:
    found = await queries.processing_site(session, location)
    if found is None:
        raise invalid("destination_location", f"there is no location {location!r} in use")
    kind, site = found
    if kind is not LocationType.PROCESSING:
        raise invalid("destination_location", f"{location} is of type {kind}, not processing")
    return site


async def _is_the_same(session: AsyncSession, body: StageData) -> bool:
    """Return whether the job of this id is there, asked for the same things."""
    assert body.id is not None
    job = await session.get(StagingJob, body.id)
    if job is None:
        return False
    same = (
        job.destination_location_id == body.destination_location
        and job.executed_obs_unit_id == body.execution_id
        and job.raw_data_package_id == body.package_id
        and job.raw_data_file_id == body.file_id
    )
    if not same:
        raise conflict(f"staging job {body.id} asked for other data; make a new id")
    return True


async def _wanted(session: AsyncSession, body: StageData) -> list[queries.Wanted]:
    if body.package_id is not None:
        package = await queries.wanted_package(session, body.package_id)
        if package is None:
            raise invalid("package_id", f"there is no raw data package {body.package_id}")
        return [package]
    if body.file_id is not None:
        known, file = await queries.wanted_file(session, body.file_id)
        if not known:
            raise invalid("file_id", f"there is no raw data file {body.file_id}")
        if file is None:
            raise _unpackaged(f"file {body.file_id} is")
        return [file]
    assert body.execution_id is not None
    known, unpackaged, packages = await queries.wanted_of_execution(session, body.execution_id)
    if not known:
        raise invalid("execution_id", f"there is no execution {body.execution_id}")
    if unpackaged:
        raise _unpackaged(f"{unpackaged} files of execution {body.execution_id} are")
    if not packages:
        raise conflict(f"execution {body.execution_id} has no files", "no-data")
    return packages


def _unpackaged(what: str) -> Exception:
    """A job made now would miss them in silence."""
    return conflict(
        f"{what} in no package yet; ask again when all are packaged, or stage single packages", "not-packaged"
    )


def _item(wanted: queries.Wanted, job_id: UUID, site: str, location: str, now: datetime) -> dict[str, Any]:
    waiting = (
        {}
        if wanted.sealed
        else {
            "waiting_reason": WaitingReason.NOT_SEALED.value,
            "waiting_detail": f"package {wanted.package_id} is being made",
            "waiting_since": now,
        }
    )
    return {
        "id": new_id(),
        "site_id": site,
        "staging_job_id": job_id,
        "raw_data_package_id": wanted.package_id,
        "raw_data_file_id": wanted.file_id,
        "destination_location_id": location,
        "status": Status.PENDING,
        "created_at": now,
        "bytes_total": wanted.bytes,
        "waiting_reason": None,
        "waiting_detail": None,
        "waiting_since": None,
        **waiting,
    }
