"""Ending what was said: by a further row of this site, whichever site said it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from ccat_ops_db.identity import new_id


async def end(
    session: AsyncSession, named_in: InstrumentedAttribute[UUID], statement_id: UUID, said: Mapping[str, Any]
) -> bool:
    """End a statement; False if this site ended it already.

    Parameters
    ----------
    session : AsyncSession
        Transaction of the request.
    named_in : attribute
        Column of its ends that names it.
    statement_id : UUID
        The statement.
    said : mapping
        Who ends it, when, and why; see `Principal.said`.
    """
    model: Any = named_in.class_
    ended = await session.execute(
        upsert(model)
        .values({"id": new_id(), named_in.key: statement_id, **said})
        .on_conflict_do_nothing()
        .returning(model.id)
    )
    return ended.one_or_none() is not None
