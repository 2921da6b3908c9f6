"""SQL of executions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    case,
    cast,
    distinct,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    union,
    union_all,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from ccat_ops_db.enumerations import PackageState
from ccat_ops_db.models import (
    ExecutedObsUnit,
    ExecutedObsUnitModule,
    Instrument,
    InstrumentModule,
    ObsUnit,
    RawDataPackage,
    RawDataSeries,
    Telescope,
)
from ccat_ops_db.package_state import is_archived, maybe_not_archived, of_execution, package_state
from ccat_ops_db.reports.needs_somebody import executions_that_need_somebody
from ccat_ops_db.reports.open_work_groups import URGENCY
from ccat_ops_db.reports.package_waiting import package_waiting
from ccat_ops_db.waiting_catalogue import CATALOGUE
from ccat_ops_db_api.executions.filters import ExecutionFilter
from ccat_ops_db_api.executions.schemas import DataState
from ccat_ops_db_api.platform.documents import Rows, list_of_values, row_object
from ccat_ops_db_api.platform.filters import chosen, one_of
from ccat_ops_db_api.platform.names import modules_of, obs_units

SORT_KEYS: Mapping[str, ColumnElement[Any]] = {
    "started_at": ExecutedObsUnit.__table__.c.started_at,
    "obs_unit": ExecutedObsUnit.__table__.c.obs_unit_id,
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


@cache
def listed() -> Rows:
    """Return executions as a list shows them, with what became of their data; built once, as packages are."""
    return executions().add_columns(row_object(_data()).label("data"))


async def filtered(
    session: AsyncSession, wanted: ExecutionFilter, times: tuple[datetime | None, datetime | None]
) -> Rows:
    """Return the executions that a list asks for.

    Which obs units and modules the filters mean is looked up before, so that PostgreSQL knows how many
    executions to expect.

    Parameters
    ----------
    session : AsyncSession
        Transaction of the request.
    wanted : ExecutionFilter
        The filters of the list.
    times : tuple of datetime
        Started at the first time or later, and before the second.
    """
    since, until = times
    rows = listed().where(
        *chosen(ExecutedObsUnit.obs_unit_id, wanted.obs_unit),
        *chosen(ExecutedObsUnit.status, wanted.status, wanted.status_not),
    )
    of_units = _of_units(wanted)
    if of_units:
        rows = rows.where(one_of(ExecutedObsUnit.obs_unit_id, await obs_units(session, *of_units)))
    if wanted.instrument:
        rows = rows.where(_takes_part(await modules_of(session, wanted.instrument)))
    if wanted.module:
        rows = rows.where(_takes_part(wanted.module))
    if wanted.archived is not None:
        under_way = ExecutedObsUnit.id.in_(_not_archived())
        rows = rows.where(~under_way if wanted.archived else under_way)
    if wanted.needs_somebody is not None:
        waits = ExecutedObsUnit.id.in_(executions_that_need_somebody())
        rows = rows.where(waits if wanted.needs_somebody else ~waits)
    if since is not None:
        rows = rows.where(ExecutedObsUnit.started_at >= since)
    if until is not None:
        rows = rows.where(ExecutedObsUnit.started_at < until)
    return rows


def _of_units(wanted: ExecutionFilter) -> list[ColumnElement[bool]]:
    """Return the conditions on obs units."""
    found = [
        *chosen(ObsUnit.observing_program_id, wanted.program, wanted.program_not),
        *chosen(ObsUnit.source_id, wanted.source),
    ]
    if wanted.q is not None:
        beginning = _beginning(wanted.q)
        found.append(
            or_(func.lower(ObsUnit.id).like(beginning), func.lower(ObsUnit.source_id).like(beginning))
        )
    return found


async def longitude(session: AsyncSession) -> float:
    """Return the longitude of the telescope, degrees, east positive."""
    found = await session.execute(select(Telescope.longitude).order_by(Telescope.id).limit(1))
    return found.scalar_one_or_none() or 0.0


def _takes_part(modules: Sequence[str]) -> ColumnElement[bool]:
    module = ExecutedObsUnitModule
    return ExecutedObsUnit.id.in_(
        select(module.executed_obs_unit_id).where(one_of(module.instrument_module_id, modules))
    )


def _beginning(text: str) -> str:
    """Return the pattern of LIKE for what begins with a text, whatever its letters are."""
    escaped = text.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"{escaped}%"


def _not_archived() -> Any:
    """Return the executions with data that is not archived; its cost follows what is still at its source."""
    loose = select(RawDataSeries.executed_obs_unit_id).where(
        RawDataSeries.filed_count > RawDataSeries.packaged_count
    )
    unarchived = (
        select(RawDataSeries.executed_obs_unit_id)
        .join(RawDataPackage, RawDataPackage.raw_data_series_id == RawDataSeries.id)
        .where(RawDataPackage.id.in_(maybe_not_archived()), ~is_archived())
    )
    return union(unarchived, loose)


def _data() -> Rows:
    """Return how much data an execution has and what state it is in, one row."""
    package, series = RawDataPackage, aliased(RawDataSeries)
    loose = (
        select(
            func.coalesce(func.sum(series.filed_count - series.packaged_count), 0).label("files"),
            func.coalesce(func.sum(series.filed_bytes - series.packaged_bytes), 0).label("bytes"),
        )
        .where(series.executed_obs_unit_id == ExecutedObsUnit.id)
        .correlate(ExecutedObsUnit)
        .subquery("loose")
    )
    states = (
        select(package.file_count, package.payload_bytes, package_state().label("state"))
        .where(of_execution(ExecutedObsUnit.id))
        .correlate(ExecutedObsUnit)
        .subquery("package_states")
    )
    counts = select(
        func.coalesce(func.sum(states.c.file_count), 0).label("files"),
        func.coalesce(func.sum(states.c.payload_bytes), 0).label("bytes"),
        func.count().label("packages"),
        *(func.count().filter(states.c.state == state.value).label(state.value) for state in PackageState),
    ).subquery("counts")
    worst = _worst().lateral("worst")
    files = counts.c.files + loose.c.files
    running = ExecutedObsUnit.status == "running"
    state = case(
        (counts.c.failed > 0, literal(DataState.FAILED.value)),
        (running, literal(DataState.BEING_FILED.value)),
        (files == 0, literal(DataState.NO_FILES.value)),
        (
            (loose.c.files == 0) & (counts.c.archived == counts.c.packages),
            literal(DataState.ARCHIVED.value),
        ),
        else_=literal(DataState.ON_THE_WAY.value),
    )
    return (
        select(
            state.label("state"),
            cast(files, BigInteger).label("files"),
            cast(counts.c.bytes + loose.c.bytes, BigInteger).label("bytes"),
            cast(loose.c.files, BigInteger).label("files_unpackaged"),
            func.json_build_object(
                *(part for each in PackageState for part in (literal(each.value), counts.c[each.value]))
            ).label("packages"),
            worst.c.reason,
            worst.c.detail.label("reason_detail"),
            worst.c.since.label("reason_since"),
        )
        .select_from(counts.join(loose, literal(True)).outerjoin(worst, literal(True)))
        .correlate(ExecutedObsUnit)
    )


def _worst() -> Rows:
    """Return why what is not archived of an execution does not go on: the reason that needs somebody most."""
    package, module = aliased(RawDataPackage), ExecutedObsUnitModule
    waiting = package_waiting(package).lateral("waiting")
    of_packages = (
        select(*(waiting.c[name].label(name) for name in ("reason", "detail", "since")))
        .select_from(package)
        .join(waiting, literal(True))
        .where(of_execution(ExecutedObsUnit.id, package), ~is_archived(package))
        .correlate(ExecutedObsUnit)
    )
    of_modules = (
        select(module.waiting_reason, module.waiting_detail, module.waiting_since)
        .where(module.executed_obs_unit_id == ExecutedObsUnit.id, module.waiting_reason.is_not(None))
        .correlate(ExecutedObsUnit)
    )
    found = union_all(of_packages, of_modules).subquery("held_up")
    ranks = {reason.value: URGENCY.index(entry.turn) for reason, entry in CATALOGUE.items()}
    return select(found).order_by(case(ranks, value=found.c.reason, else_=0), found.c.since).limit(1)


async def telescopes_of(session: AsyncSession, modules: Sequence[str]) -> list[tuple[str, str]]:
    """Return the telescopes that modules belong to, each with its site."""
    rows = await session.execute(
        select(Telescope.id, Telescope.site_id)
        .join(Instrument, Instrument.telescope_id == Telescope.id)
        .join(InstrumentModule, InstrumentModule.instrument_id == Instrument.id)
        .where(InstrumentModule.id.in_(modules))
        .distinct()
        .order_by(Telescope.id)
    )
    return [(telescope, site) for telescope, site in rows]


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
            .on_conflict_do_nothing(index_elements=["id", "site_id"])
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


async def locked(session: AsyncSession, execution_id: UUID) -> ExecutedObsUnit:
    """Return an execution, held until the end of the transaction."""
    return (
        await session.execute(
            # What is filed meanwhile names it, and need not wait.
            select(ExecutedObsUnit).where(ExecutedObsUnit.id == execution_id).with_for_update(key_share=True)
        )
    ).scalar_one()
