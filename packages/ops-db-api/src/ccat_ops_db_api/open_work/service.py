"""Retrying and cancelling many: each row by the same rules as a single one, all in one transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ccat_ops_db.enumerations import ENDED_WITHOUT, Status
from ccat_ops_db_api.access.principal import Principal
from ccat_ops_db_api.open_work.filters import OpenWorkFilter, conditions
from ccat_ops_db_api.open_work.queries import wanted_rows
from ccat_ops_db_api.open_work.schemas import ChangedWork, ChangeOfOpenWork, KindOfChange, Refusal, Verb
from ccat_ops_db_api.platform.database import database_now
from ccat_ops_db_api.platform.errors import Problem, invalid
from ccat_ops_db_api.platform.site import require_owner
from ccat_ops_db_api.work import queries, service
from ccat_ops_db_api.work.kinds import KINDS, Kind

MOST_ROWS = 1000
"""Most rows that one request changes."""

CHANGES: dict[Verb, tuple[service.Change, tuple[Status, ...]]] = {
    Verb.RETRY: (service.retry, ENDED_WITHOUT),
    Verb.CANCEL: (
        service.cancel,
        (Status.PENDING, Status.SCHEDULED, Status.IN_PROGRESS, Status.FAILED),
    ),
}
"""What a verb does, and the statuses that work has to which it is done."""


async def change(
    session: AsyncSession, request: Request, principal: Principal, verb: Verb, body: ChangeOfOpenWork
) -> ChangedWork:
    """Retry or cancel the open work that a filter lists, those first that have waited longest.

    What is refused does not keep the rest from being done. A dry run does everything and takes it back, so
    it tells exactly what would be refused.

    Raises
    ------
    Problem
        422 without any filter.
    """
    if not body.where.model_fields_set:
        raise invalid("where", "names nothing; say which work is meant, for example by kind and reason")
    now = await database_now(session)
    matching = await _matching(session, body.where, CHANGES[verb][1], now)
    answer = ChangedWork(
        verb=verb,
        dry_run=body.dry_run,
        done=0,
        bytes=0,
        by_kind=[],
        refused=[],
        more=len(matching) > MOST_ROWS,
    )
    attempt = await session.begin_nested()
    for kind in KINDS:
        ids = [UUID(row.id) for row in matching[:MOST_ROWS] if row.kind == kind.noun]
        if ids:
            await _change_kind(session, request, principal, verb, kind, ids, body.reason, answer)
    await (attempt.rollback() if body.dry_run else attempt.commit())
    return answer


async def _matching(
    session: AsyncSession, where: OpenWorkFilter, statuses: Sequence[Status], now: datetime
) -> Sequence[Any]:
    rows = wanted_rows(now, where)
    found = await session.execute(
        select(rows.c.id, rows.c.kind)
        .where(rows.c.status.in_([status.value for status in statuses]), *conditions(rows, where))
        .order_by(rows.c.since, rows.c.id)
        .limit(MOST_ROWS + 1)
    )
    return found.all()


async def _change_kind(
    session: AsyncSession,
    request: Request,
    principal: Principal,
    verb: Verb,
    kind: Kind,
    ids: Sequence[UUID],
    reason: str,
    answer: ChangedWork,
) -> None:
    change_one, _ = CHANGES[verb]
    done = KindOfChange(kind=kind.noun, count=0, bytes=0)
    for row in await queries.locked(session, kind, await _own(session, request, kind, ids, answer)):
        size = row.bytes_total if verb is Verb.RETRY else row.bytes_done
        try:
            await change_one(session, principal, kind, row, reason)
        except Problem as problem:
            answer.refused.append(_refusal(kind, row.id, problem))
            continue
        done.count += 1
        done.bytes += size
    answer.done += done.count
    answer.bytes += done.bytes
    answer.by_kind.append(done)


async def _own(
    session: AsyncSession, request: Request, kind: Kind, ids: Sequence[UUID], answer: ChangedWork
) -> list[UUID]:
    """Return which rows are of sites that are served here; the others are refused, and not locked."""
    own = []
    sites = select(kind.model.id, kind.model.site_id).where(kind.model.id.in_(ids)).order_by(kind.model.id)
    for row in (await session.execute(sites)).all():
        try:
            require_owner(request, row.site_id, f"{kind.noun} {row.id}")
        except Problem as problem:
            answer.refused.append(_refusal(kind, row.id, problem))
        else:
            own.append(row.id)
    return own


def _refusal(kind: Kind, row_id: UUID, problem: Problem) -> Refusal:
    return Refusal(kind=kind.noun, id=row_id, slug=problem.slug, text=problem.detail)
