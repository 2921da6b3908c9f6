"""Deciding on files that are not as they were filed: each by itself, all in one transaction."""

from collections.abc import Callable
from uuid import UUID

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from ccat_ops_db.file_decisions import Decider, Facts, Which, file_anew, in_order, set_aside, undecided
from ccat_ops_db.models import RawDataFileView
from ccat_ops_db_api.access.principal import Principal
from ccat_ops_db_api.platform.database import database_now
from ccat_ops_db_api.platform.errors import invalid
from ccat_ops_db_api.platform.site import require_owner
from ccat_ops_db_api.raw_data_files import queries
from ccat_ops_db_api.raw_data_files.schemas import (
    MOST_FILES,
    DecidedFile,
    DecidedFiles,
    DecideOnFiles,
    FileFilesAnew,
)

Decide = Callable[[Session, UUID, Decider], UUID | None]
"""Decides on one file; returns the row that took its place."""


async def set_files_aside(
    session: AsyncSession, request: Request, principal: Principal, body: DecideOnFiles
) -> DecidedFiles:
    """Leave files where they are, in no tar."""

    def decide(sync: Session, file_id: UUID, decider: Decider) -> None:
        set_aside(sync, file_id, decider)

    return await _decide(session, request, principal, body, decide)


async def file_files_anew(
    session: AsyncSession, request: Request, principal: Principal, body: FileFilesAnew
) -> DecidedFiles:
    """File files anew, so that a later package carries them."""
    facts = None
    if body.size is not None and body.checksum is not None:
        facts = Facts(body.size, body.checksum)

    def decide(sync: Session, file_id: UUID, decider: Decider) -> UUID | None:
        return file_anew(sync, file_id, decider, facts)

    return await _decide(session, request, principal, body, decide)


async def _decide(
    session: AsyncSession, request: Request, principal: Principal, body: DecideOnFiles, decide: Decide
) -> DecidedFiles:
    where = body.where
    which = Which(where.id, where.package_id, where.execution_id, where.source_location, where.exception)
    if which.names_nothing:
        raise invalid("where", "names nothing; say which files are meant, for example by package_id")
    for what, site in await queries.owners(session, which):
        require_owner(request, site, what)
    decider = Decider(principal.actor, body.reason, await database_now(session))

    def run(sync: Session) -> tuple[list[tuple[RawDataFileView, UUID | None]], bool]:
        found = undecided(sync, which, MOST_FILES + 1)
        files = found[:MOST_FILES]
        if body.dry_run:
            return [(file, None) for file in files], len(found) > MOST_FILES
        new = [(file, decide(sync, file.id, decider)) for file in in_order(sync, files)]
        return new, len(found) > MOST_FILES

    decided, more = await session.run_sync(run)
    return DecidedFiles(
        dry_run=body.dry_run,
        more=more,
        files=[
            DecidedFile(
                id=file.id,
                relative_path=file.relative_path,
                exception=file.exception,
                problem=file.exception_detail,
                replaced_by_file_id=new,
            )
            for file, new in decided
        ],
    )
