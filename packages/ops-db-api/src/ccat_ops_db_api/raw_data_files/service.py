"""Filing raw data files: one path for one and for many, all or nothing."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from http import HTTPStatus
from typing import NamedTuple

import orjson
from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from ccat_ops_db.enumerations import LocationType
from ccat_ops_db.reports.words import how_many
from ccat_ops_db_api.access.principal import Principal
from ccat_ops_db_api.platform.database import database_now
from ccat_ops_db_api.platform.errors import (
    MOST_ERRORS,
    FieldError,
    Problem,
    busy,
    invalid,
    invalid_fields,
    summary,
)
from ccat_ops_db_api.platform.events import tell
from ccat_ops_db_api.platform.metrics import FILED
from ccat_ops_db_api.platform.site import require_owner
from ccat_ops_db_api.raw_data_files import queries
from ccat_ops_db_api.raw_data_files.parsing import COLUMNS, LineReader, Place
from ccat_ops_db_api.raw_data_files.schemas import FileToFile


class Filing(NamedTuple):
    """What a request files: its places with the first line that names each, and the number of lines."""

    first_lines: dict[Place, int]
    lines: int


async def receive_lines(session: AsyncSession, request: Request) -> tuple[Filing, bytes]:
    """Stream the NDJSON body of a request into the filing table.

    Returns
    -------
    Filing
        What it files.
    bytes
        sha256 of the body.

    Raises
    ------
    Problem
        422 that names the bad lines or says that there is none, 408 if the client falls silent.
    """
    reader, digest = LineReader(), hashlib.sha256()
    await queries.prepare_filing(session, request.app.state.settings.bulk_timeout)
    raw = await (await session.connection()).get_raw_connection()
    assert raw.driver_connection is not None
    await raw.driver_connection.copy_to_table(
        queries.FILING_TABLE,
        source=reader.copy_lines(_chunks(request, digest)),
        columns=COLUMNS,
        format="text",
    )
    if reader.errors:
        raise invalid_fields(reader.errors, reader.error_count)
    if not reader.lines:
        raise invalid("body", "has no line; send one file a line, as application/x-ndjson")
    return Filing(reader.first_lines, reader.lines), digest.digest()


async def receive_one(session: AsyncSession, request: Request, body: FileToFile) -> Filing:
    """Put the one file of a request into the filing table."""
    reader = LineReader()
    await queries.prepare_filing(session, request.app.state.settings.statement_timeout)
    raw = await (await session.connection()).get_raw_connection()
    assert raw.driver_connection is not None

    async def line() -> AsyncIterator[bytes]:
        yield body.model_dump_json(exclude_none=True).encode()

    await raw.driver_connection.copy_to_table(
        queries.FILING_TABLE, source=reader.copy_lines(line()), columns=COLUMNS, format="text"
    )
    if reader.errors:
        raise invalid_fields(_without_lines(reader.errors))
    return Filing(reader.first_lines, reader.lines)


async def file(
    session: AsyncSession, request: Request, principal: Principal, filing: Filing, *, numbered: bool
) -> int:
    """File what is in the filing table; return how many files are new.

    Files of an execution that has ended are welcome: they travel in further packages of it.

    Parameters
    ----------
    session : AsyncSession
        Transaction of the request.
    request : Request
        The request.
    principal : Principal
        Who files.
    filing : Filing
        What is filed.
    numbered : bool
        Whether problems name lines.

    Raises
    ------
    Problem
        422 for names that do not exist or do not fit together, 409 for lines that contradict what is filed.
    """
    await _check_places(session, request, filing, numbered)
    now = await database_now(session)
    executions = await queries.insert_filed(session, list(filing.first_lines), now)
    filed = sum(execution.files for execution in executions)
    if filed < filing.lines:
        await _refuse_clashes(session, numbered)
    for execution in executions:
        await tell(
            session,
            site_id=execution.site_id,
            at=now,
            actor=principal.actor,
            action="raw_data_files.filed",
            subject_type="executed_obs_unit",
            subject_id=execution.execution_id,
            message=f"{how_many(execution.files, 'file')} of {execution.bytes} bytes filed",
            details={"files": execution.files, "bytes": execution.bytes},
        )
    FILED.inc(filed)
    return filed


async def _chunks(request: Request, digest: "hashlib._Hash") -> AsyncIterator[bytes]:
    stream = request.stream()
    while True:
        try:
            async with asyncio.timeout(request.app.state.settings.upload_idle_timeout):
                chunk = await anext(stream, None)
        except TimeoutError:
            raise Problem(
                HTTPStatus.REQUEST_TIMEOUT,
                "request-timeout",
                "the client fell silent in the middle of the body",
            ) from None
        if chunk is None:
            return
        digest.update(chunk)
        yield chunk


async def _check_places(session: AsyncSession, request: Request, filing: Filing, numbered: bool) -> None:
    places = list(filing.first_lines)
    errors: list[FieldError] = []
    sites = {}
    for place, facts in zip(places, await queries.place_facts(session, places), strict=True):
        line = filing.first_lines[place]
        errors += [
            FieldError(line=line, field=field, reason=reason) for field, reason in _misfits(place, facts)
        ]
        sites[facts.location_site] = place.source_location
    if errors:
        errors.sort(key=lambda error: error.line or 0)
        raise invalid_fields(errors if numbered else _without_lines(errors), len(errors))
    for site, location in sites.items():
        assert site is not None
        require_owner(request, site, f"location {location}")


def _misfits(place: Place, facts: queries.PlaceFacts) -> list[tuple[str, str]]:
    """Return field and reason of everything that is wrong with a place."""
    found = []
    if facts.execution_site is None:
        found.append(("execution_id", f"there is no execution {place.execution_id}"))
    if not facts.module_known:
        found.append(("module", f"there is no instrument module {place.module!r}"))
    elif facts.execution_site is not None and not facts.module_takes_part:
        found.append(("module", f"{place.module} does not take part in execution {place.execution_id}"))
    if facts.location_type is None:
        found.append(("source_location", f"there is no location {place.source_location!r} in use"))
    elif facts.location_type != LocationType.SOURCE:
        found.append(
            ("source_location", f"{place.source_location} is of type {facts.location_type}, not source")
        )
    elif facts.execution_site not in (None, facts.location_site):
        found.append(
            (
                "source_location",
                f"{place.source_location} is at site {facts.location_site}, the execution at"
                f" {facts.execution_site}: files are filed where they were observed",
            )
        )
    elif facts.location_instrument not in (None, facts.module_instrument) and facts.module_known:
        found.append(
            (
                "source_location",
                f"{place.source_location} belongs to instrument {facts.location_instrument},"
                f" module {place.module} to {facts.module_instrument}",
            )
        )
    return found


async def _refuse_clashes(session: AsyncSession, numbered: bool) -> None:
    found = await queries.clashes(session, MOST_ERRORS)
    if not found:
        return
    if any(clash.existing_id is None for clash in found):
        raise busy("a path was freed this moment by a deletion; nothing was filed")
    errors = [_clash_error(clash) for clash in found]
    if not numbered:
        errors = _without_lines(errors)
    if all(clash.existing_path is not None for clash in found):
        raise Problem(HTTPStatus.CONFLICT, "name-in-another-unicode-form", summary(errors), errors)
    raise Problem(HTTPStatus.CONFLICT, "filed-with-other-facts", summary(errors), errors)


def _clash_error(clash: queries.Clash) -> FieldError:
    if clash.existing_path is not None:
        return FieldError(
            line=clash.line,
            field="relative_path",
            reason=f"{clash.relative_path!a} and {clash.existing_path!a}, which is"
            f" {clash.existing_id}, differ in their Unicode form only: a package with both is no valid bag",
        )
    if clash.what == "id":
        reason = f"this id belongs to another file; leave it out or make a new one ({clash.relative_path!r})"
    elif clash.what == "relative_path":
        reason = (
            f"{clash.relative_path!r} at this location belongs to {clash.existing_id}, filed under"
            " another execution or module; a path can be used again when that copy has been deleted"
        )
    else:
        reason = (
            f"{clash.relative_path!r} is filed already, as {clash.existing_id}, with another {clash.what}"
        )
    return FieldError(line=clash.line, field=clash.what, reason=reason)


def _without_lines(errors: Sequence[FieldError]) -> list[FieldError]:
    return [FieldError(field=error.field, reason=error.reason) for error in errors]


def bulk_answer(filed: int, filing: Filing) -> bytes:
    """Return what a bulk request is answered."""
    return orjson.dumps({"filed": filed, "already_filed": filing.lines - filed})
