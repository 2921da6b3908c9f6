"""SQL of executions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, distinct, exists, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from ccat_ops_db.enumerations import ExecutionStatus
from ccat_ops_db.models import ExecutedObsUnit, ExecutedObsUnitModule, InstrumentModule, ObsUnit
from ccat_ops_db_api.platform.documents import Rows, list_of_values

SORT_KEYS: Mapping[str, ColumnElement[Any]] = {
    "started_at": ExecutedObsUnit.__table__.c.started_at,
    "id": ExecutedObsUnit.__table__.c.id,
}
CONDITIONS = (
    "mean_pwv",
    "elevation_min",
    "elevation_max",
    "azimuth_min",
    "azimuth_max",
    "comment",
)


def executions() -> Rows:
    """Return executions as they are shown."""
    taking_part = select(ExecutedObsUnitModule.instrument_module_id).where(
        ExecutedObsUnitModule.executed_obs_unit_id == ExecutedObsUnit.id
    )
    instruments = (
        select(
            func.coalesce(func.json_agg(distinct(InstrumentModule.instrument_id)), func.json_build_array())
        )
        .join(ExecutedObsUnitModule, ExecutedObsUnitModule.instrument_module_id == InstrumentModule.id)
        .where(ExecutedObsUnitModule.executed_obs_unit_id == ExecutedObsUnit.id)
        .correlate(ExecutedObsUnit)
        .scalar_subquery()
    )
    return select(
        ExecutedObsUnit.id,
        ExecutedObsUnit.site_id.label("site"),
        ExecutedObsUnit.obs_unit_id.label("obs_unit"),
        ObsUnit.observing_program_id.label("program"),
        ObsUnit.source_id.label("source"),
        instruments.label("instruments"),
        list_of_values(
            ExecutedObsUnitModule.__table__.c.instrument_module_id, taking_part.correlate(ExecutedObsUnit)
        ).label("modules"),
        ExecutedObsUnit.status,
        ExecutedObsUnit.started_at,
        ExecutedObsUnit.ended_at,
        ExecutedObsUnit.start_received_at,
        ExecutedObsUnit.end_received_at,
        *(getattr(ExecutedObsUnit, name) for name in CONDITIONS),
    ).join(ObsUnit, ObsUnit.id == ExecutedObsUnit.obs_unit_id)


def filtered(
    obs_unit: str | None,
    instrument: str | None,
    program: str | None,
    source: str | None,
    status: ExecutionStatus | None,
    since: datetime | None,
    until: datetime | None,
) -> Rows:
    """Return the executions that a list asks for."""
    rows = executions()
    if obs_unit is not None:
        rows = rows.where(ExecutedObsUnit.obs_unit_id == obs_unit)
    if instrument is not None:
        rows = rows.where(
            exists(
                select(ExecutedObsUnitModule.executed_obs_unit_id)
                .join(InstrumentModule, InstrumentModule.id == ExecutedObsUnitModule.instrument_module_id)
                .where(
                    ExecutedObsUnitModule.executed_obs_unit_id == ExecutedObsUnit.id,
                    InstrumentModule.instrument_id == instrument,
                )
                .correlate(ExecutedObsUnit)
            )
        )
    if program is not None:
        rows = rows.where(ObsUnit.observing_program_id == program)
    if source is not None:
        rows = rows.where(ObsUnit.source_id == source)
    if status is not None:
        rows = rows.where(ExecutedObsUnit.status == status)
    if since is not None:
        rows = rows.where(ExecutedObsUnit.started_at >= since)
    if until is not None:
        rows = rows.where(ExecutedObsUnit.started_at < until)
    return rows


async def known_names(session: AsyncSession, obs_unit: str, modules: Sequence[str]) -> tuple[bool, set[str]]:
    """Return whether the obs unit is in use, and those of the modules that are."""
    unit = exists(select(ObsUnit.id).where(ObsUnit.id == obs_unit, ObsUnit.retired_at.is_(None)))
    known = select(func.array_agg(InstrumentModule.id)).where(
        InstrumentModule.id.in_(modules), InstrumentModule.retired_at.is_(None)
    )
    row = (await session.execute(select(unit, known.scalar_subquery()))).one()
    return row[0], set(row[1] or ())


async def insert_execution(session: AsyncSession, values: Mapping[str, Any], modules: Sequence[str]) -> bool:
    """Insert an execution with its modules; False if its id is there already."""
    inserted = (
        await session.execute(
            upsert(ExecutedObsUnit)
            .values(**values)
            .on_conflict_do_nothing(index_elements=["id"])
            .returning(ExecutedObsUnit.id)
        )
    ).one_or_none()
    if inserted is None:
        return False
    await session.execute(
        insert(ExecutedObsUnitModule),
        [
            {
                "executed_obs_unit_id": values["id"],
                "instrument_module_id": module,
                "site_id": values["site_id"],
            }
            for module in modules
        ],
    )
    return True


async def facts_of_start(session: AsyncSession, execution_id: UUID) -> tuple[str, datetime, set[str]]:
    """Return obs unit, start and modules of an execution that is there."""
    modules = select(func.array_agg(ExecutedObsUnitModule.instrument_module_id)).where(
        ExecutedObsUnitModule.executed_obs_unit_id == execution_id
    )
    row = (
        await session.execute(
            select(ExecutedObsUnit.obs_unit_id, ExecutedObsUnit.started_at, modules.scalar_subquery()).where(
                ExecutedObsUnit.id == execution_id
            )
        )
    ).one()
    return row[0], row[1], set(row[2] or ())


async def locked(session: AsyncSession, execution_id: UUID) -> ExecutedObsUnit | None:
    """Return an execution, held until the end of the transaction."""
    return (
        await session.execute(
            select(ExecutedObsUnit).where(ExecutedObsUnit.id == execution_id).with_for_update()
        )
    ).scalar_one_or_none()
