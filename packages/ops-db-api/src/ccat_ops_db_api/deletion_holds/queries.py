"""SQL of holds."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from ccat_ops_db.database_time import ops_now
from ccat_ops_db.enumerations import HoldScope
from ccat_ops_db.models import (
    DataLocation,
    DeletionHold,
    ExecutedObsUnit,
    ObservingProgram,
    RawDataPackage,
    Site,
)
from ccat_ops_db_api.platform.documents import Rows

HOLDS = DeletionHold.__table__.c
SORT_KEYS: Mapping[str, ColumnElement[Any]] = {"id": HOLDS.id}
COLUMN_OF_FIELD = {
    "site": HOLDS.held_site_id,
    "location": HOLDS.data_location_id,
    "program": HOLDS.observing_program_id,
    "execution_id": HOLDS.executed_obs_unit_id,
    "package_id": HOLDS.raw_data_package_id,
}
TABLE_OF_SCOPE: Mapping[HoldScope, Any] = {
    HoldScope.SITE: Site.__table__,
    HoldScope.LOCATION: DataLocation.__table__,
    HoldScope.PROGRAM: ObservingProgram.__table__,
    HoldScope.EXECUTION: ExecutedObsUnit.__table__,
    HoldScope.PACKAGE: RawDataPackage.__table__,
}


def holds() -> Rows:
    """Return holds as they are shown."""
    names = ("id", "scope", "created_by", "created_at", "reason", "until", "lifted_at", "lifted_by")
    return select(
        HOLDS.site_id.label("owner_site"),
        *(column.label(field) for field, column in COLUMN_OF_FIELD.items()),
        *(HOLDS[name] for name in names),
    )


def filtered(active: bool | None, scope: HoldScope | None) -> Rows:
    """Return the holds that a list asks for."""
    rows = holds()
    if active is not None:
        over = or_(HOLDS.lifted_at.is_not(None), HOLDS.until <= ops_now()).is_(True)
        rows = rows.where(~over if active else over)
    if scope is not None:
        rows = rows.where(HOLDS.scope == scope)
    return rows


async def known(session: AsyncSession, scope: HoldScope, key: object) -> bool:
    """Return whether what a hold is to cover is there."""
    table = TABLE_OF_SCOPE[scope]
    return bool((await session.execute(select(exists(select(table.c.id).where(table.c.id == key))))).scalar())


async def insert_hold(session: AsyncSession, values: Mapping[str, Any]) -> bool:
    """Insert a hold; False if its id is there already."""
    inserted = await session.execute(
        upsert(DeletionHold)
        .values(**values)
        .on_conflict_do_nothing(index_elements=["id", "site_id"])
        .returning(DeletionHold.id)
    )
    return inserted.one_or_none() is not None


async def locked(session: AsyncSession, hold_id: UUID) -> DeletionHold | None:
    """Return a hold, held until the end of the transaction."""
    return (
        await session.execute(select(DeletionHold).where(DeletionHold.id == hold_id).with_for_update())
    ).scalar_one_or_none()
