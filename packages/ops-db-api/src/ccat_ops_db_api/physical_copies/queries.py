"""SQL of physical copies."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from ccat_ops_db.enumerations import CopyKind, PhysicalCopyStatus, Status
from ccat_ops_db.evidence import checksum_found, proved_at, verified_by
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import DataLocation, FixityCheck, PhysicalCopy, PhysicalCopyLock, RawDataPackage
from ccat_ops_db.package_state import trusted_archive_copies, wanted_archive_copies
from ccat_ops_db_api.platform.documents import Rows
from ccat_ops_db_api.platform.filters import chosen

COPIES = PhysicalCopy.__table__.c
SORT_KEYS: Mapping[str, ColumnElement[Any]] = {"id": COPIES.id}


def copies() -> Rows:
    """Return copies as they are shown."""
    return select(
        COPIES.id,
        COPIES.site_id.label("site"),
        COPIES.kind,
        COPIES.form,
        COPIES.raw_data_file_id.label("file_id"),
        COPIES.raw_data_package_id.label("package_id"),
        COPIES.data_location_id.label("location"),
        DataLocation.location_type,
        *(
            COPIES[name]
            for name in (
                "relative_path",
                "status",
                "size",
                "created_at",
                "next_check_at",
                "pinned_until",
                "deleted_at",
                "waiting_reason",
                "waiting_detail",
                "waiting_since",
            )
        ),
        checksum_found().label("checksum"),
        proved_at().label("verified_at"),
        verified_by().label("verified_by"),
        *(
            case((COPIES.raw_data_package_id.is_not(None), count())).label(label)
            for label, count in (
                ("copies_wanted", wanted_archive_copies),
                ("copies_archived", trusted_archive_copies),
            )
        ),
    ).select_from(
        PhysicalCopy.__table__.join(
            DataLocation.__table__, DataLocation.__table__.c.id == COPIES.data_location_id
        ).outerjoin(RawDataPackage.__table__, RawDataPackage.__table__.c.id == COPIES.raw_data_package_id)
    )


def filtered(
    package_id: UUID | None,
    file_id: UUID | None,
    location: Sequence[str] | None,
    status: Sequence[PhysicalCopyStatus] | None,
    status_not: Sequence[PhysicalCopyStatus] | None,
    kind: CopyKind | None,
) -> Rows:
    """Return the copies that a list asks for."""
    rows = copies().where(
        *chosen(COPIES.data_location_id, location), *chosen(COPIES.status, status, status_not)
    )
    wanted = {
        COPIES.raw_data_package_id: package_id,
        COPIES.raw_data_file_id: file_id,
        COPIES.kind: kind,
    }
    for column, value in wanted.items():
        if value is not None:
            rows = rows.where(column == value)
    return rows


async def locked(session: AsyncSession, copy_id: UUID) -> Any:
    """Return a copy, held until the end of the transaction."""
    return (
        await session.execute(
            select(
                COPIES.id, COPIES.site_id, COPIES.status, COPIES.size, COPIES.data_location_id, COPIES.form
            )
            .where(COPIES.id == copy_id)
            .with_for_update(of=PhysicalCopy.__table__)
        )
    ).one()


async def open_check(session: AsyncSession, values: Mapping[str, Any]) -> UUID | None:
    """Insert a check of a copy with its lock; None when one is open already."""
    inserted: UUID | None = (
        await session.execute(
            upsert(FixityCheck).values(**values).on_conflict_do_nothing().returning(FixityCheck.id)
        )
    ).scalar_one_or_none()
    if inserted is not None:
        await lock_copy(session, values["physical_copy_id"], "fixity_check", inserted, values["created_at"])
    return inserted


async def check_of(session: AsyncSession, copy_id: UUID) -> UUID | None:
    """Return the open check of a copy."""
    return (
        await session.execute(
            select(FixityCheck.id).where(
                FixityCheck.physical_copy_id == copy_id,
                FixityCheck.status.not_in([Status.COMPLETED, Status.CANCELLED]),
            )
        )
    ).scalar_one_or_none()


async def lock_copy(session: AsyncSession, copy_id: UUID, table: str, work_id: UUID, now: datetime) -> None:
    """Note that open work reads a copy, so that it is not deleted meanwhile; noted once, at its site."""
    await session.execute(
        upsert(PhysicalCopyLock)
        .values(
            id=new_id(),
            site_id=select(COPIES.site_id).where(COPIES.id == copy_id).scalar_subquery(),
            physical_copy_id=copy_id,
            work_table=table,
            work_id=work_id,
            created_at=now,
        )
        .on_conflict_do_nothing()
    )
