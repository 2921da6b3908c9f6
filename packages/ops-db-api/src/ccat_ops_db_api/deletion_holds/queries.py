"""SQL of holds."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from ccat_ops_db.enumerations import HoldScope
from ccat_ops_db.models import (
    DataLocation,
    DeletionHold,
    DeletionHoldEnd,
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
    names = ("id", "scope", "created_by", "created_at", "reason", "until")
    return select(
        HOLDS.site_id.label("owner_site"),
        *(column.label(field) for field, column in COLUMN_OF_FIELD.items()),
        *(HOLDS[name] for name in names),
        DeletionHold.lifted_at.label("lifted_at"),
        DeletionHold.lifted_by.label("lifted_by"),
    )


def filtered(active: bool | None, scope: HoldScope | None) -> Rows:
    """Return the holds that a list asks for."""
    rows = holds()
    if active is not None:
        in_force = DeletionHold.lifted_at.is_(None)
        rows = rows.where(in_force if active else ~in_force)
    if scope is not None:
        rows = rows.where(HOLDS.scope == scope)
    return rows


async def known(session: AsyncSession, scope: HoldScope, key: object) -> bool:
    """Return whether what a hold is to cover is there."""
    table = TABLE_OF_SCOPE[scope]
    return bool((await session.execute(select(exists(select(table.c.id).where(table.c.id == key))))).scalar())


async def is_lifted(session: AsyncSession, hold_id: UUID) -> bool:
    """Return whether a hold is lifted, by whichever site."""
    end = select(DeletionHoldEnd.id).where(DeletionHoldEnd.deletion_hold_id == hold_id)
    return bool((await session.execute(select(exists(end)))).scalar())
