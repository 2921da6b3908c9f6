"""What follows from changing or retiring a row, counted in the database; and what is refused.

Retiring never deletes. It is refused where it would strand data: living copies, open work, observations under
way. Changing is refused where it would turn copies into something else than they are.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from ccat_ops_db.configuration.kinds import KINDS, references
from ccat_ops_db.configuration.loaded import LoadedEntry
from ccat_ops_db.configuration.rows import Row, Rows
from ccat_ops_db.enumerations import ExecutionStatus, PhysicalCopyStatus, Status
from ccat_ops_db.models import (
    DataTransfer,
    Deletion,
    ExecutedObsUnit,
    ExecutedObsUnitModule,
    FixityCheck,
    InstrumentModule,
    LongTermArchiveTransfer,
    ObsUnit,
    PackageCreation,
    PhysicalCopy,
    RawDataSeries,
    StagingItem,
    UserRole,
)

OPEN = (Status.PENDING, Status.SCHEDULED, Status.IN_PROGRESS)
WHERE_BYTES_ARE = {"path", "mount_path", "bucket", "prefix"}
"""Fields of a location that say where its bytes are; an endpoint or a host is only the way there."""


@dataclass
class Judgement:
    """What follows from a change, and why it cannot be."""

    consequences: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)


def judge_creation(session: Session, loaded: LoadedEntry) -> Judgement:
    """Say what follows from a new row."""
    judgement = Judgement()
    if loaded.kind.name == "data_locations" and loaded.values["deletion_mode"] == "enabled":
        judgement.consequences.append("it deletes from the start, not only says what it would delete")
    return judgement


def judge_change(
    session: Session, row: Row, changed: Mapping[str, tuple[Any, Any]], moved: bool
) -> Judgement:
    """Say what follows from new values of a row."""
    judgement = Judgement()
    for discriminator in row.kind.discriminators[:1]:
        if discriminator in changed:
            judgement.refusals.append(
                f"{discriminator} cannot change: retire {row.key} and make a new entry under another key"
            )
    if row.kind.name == "data_locations":
        _judge_location(session, row.key, changed, moved, judgement)
    elif row.kind.name == "retention_policies" and changed:
        count = _locations_with_policy(session, row.key)
        judgement.consequences.append(f"deletions at {_plural(count, 'location')} follow the new policy")
    elif row.kind.name == "roles" and "permissions" in changed:
        count = _count(session, UserRole.role_id == row.key, UserRole)
        judgement.consequences.append(f"{_plural(count, 'user')} will have other rights")
    elif row.kind.name == "obs_units" and {"program", "source", "configurations"} & set(changed):
        count = _count(session, ExecutedObsUnit.obs_unit_id == row.key, ExecutedObsUnit)
        if count:
            judgement.consequences.append(f"{_plural(count, 'execution')} ran with the old values")
    elif row.kind.name == "data_transfer_routes" and changed:
        count = _count(session, DataTransfer.data_transfer_route_id == row.key, DataTransfer, OPEN)
        if count:
            judgement.consequences.append(f"{_plural(count, 'open transfer')} will go on by the new values")
    if changed.get("enabled") == (True, False):
        judgement.consequences.append("work on it waits until it is enabled again")
    return judgement


def judge_retirement(session: Session, row: Row, rows: Rows, named: Collection[tuple[str, str]]) -> Judgement:
    """Say what follows from retiring a row, and refuse where it would strand data.

    Parameters
    ----------
    session : Session
        Only read from.
    row : Row
        The row that is to go.
    rows : Rows
        All rows, before anything changes.
    named : collection of (kind, key)
        What old or new configuration names: it was checked that nothing of it refers to the row in future.
    """
    judgement = Judgement()
    key, kind = row.key, row.kind.name
    if kind == "data_locations":
        _refuse(judgement, _living_copies(session, PhysicalCopy.data_location_id == key), "living copy")
        _refuse(judgement, _open_work_at(session, key), "open piece of work", "open pieces of work")
    elif kind == "sites":
        _refuse(judgement, _living_copies(session, PhysicalCopy.site_id == key), "living copy")
        running = _count(session, ExecutedObsUnit.site_id == key, ExecutedObsUnit, (ExecutionStatus.RUNNING,))
        _refuse(judgement, running, "running execution")
    elif kind == "data_transfer_routes":
        count = _count(session, DataTransfer.data_transfer_route_id == key, DataTransfer, OPEN)
        _refuse(judgement, count, "open transfer")
    elif kind == "obs_units":
        of_unit = ExecutedObsUnit.obs_unit_id == key
        running = _count(session, of_unit, ExecutedObsUnit, (ExecutionStatus.RUNNING,))
        _refuse(judgement, running, "running execution")
        _tell(judgement, _count(session, of_unit, ExecutedObsUnit), "execution", "will stay as is")
    elif kind == "observing_programs":
        of_program = ExecutedObsUnit.obs_unit_id.in_(
            select(ObsUnit.id).where(ObsUnit.observing_program_id == key)
        )
        _tell(judgement, _count(session, of_program, ExecutedObsUnit), "execution", "will stay as is")
    elif kind in {"instruments", "instrument_modules"}:
        _judge_module_retirement(session, kind, key, judgement)
    elif kind == "roles":
        _tell(judgement, _count(session, UserRole.role_id == key, UserRole), "user", "will lose it")
    for other, count in _who_still_names(row, rows, named).items():
        _tell(judgement, count, f"row of {other}", "made outside the configuration will still name it")
    return judgement


def _judge_location(
    session: Session, key: str, changed: Mapping[str, tuple[Any, Any]], moved: bool, judgement: Judgement
) -> None:
    copies = _living_copies(session, PhysicalCopy.data_location_id == key)
    if copies and "location_type" in changed:
        # An archive's copies are what deletions elsewhere rest on; a buffer's are deleted by policy.
        judgement.refusals.append(f"location_type cannot change: it has {_plural(copies, 'living copy')}")
    if copies and WHERE_BYTES_ARE & set(changed):
        fields = ", ".join(sorted(WHERE_BYTES_ARE & set(changed)))
        if moved:
            judgement.consequences.append(
                f"{_plural(copies, 'living copy')} will be looked for at the new {fields}"
            )
        else:
            judgement.refusals.append(
                f"{fields} cannot change: it has {_plural(copies, 'living copy')}; bring the bytes to the new"
                f" place, then apply with --moved {key}"
            )
    if changed.get("deletion_mode") == ("dry_run", "enabled"):
        judgement.consequences.append(
            f"deletion begins: {_plural(copies, 'living copy')} will go as soon as the proof allows"
        )
    if "retention_policy" in changed and copies:
        judgement.consequences.append(f"{_plural(copies, 'living copy')} will follow the new policy")


def _judge_module_retirement(session: Session, kind: str, key: str, judgement: Judgement) -> None:
    modules = [key]
    if kind == "instruments":
        modules = list(
            session.scalars(select(InstrumentModule.id).where(InstrumentModule.instrument_id == key))
        )
    running = session.scalar(
        select(func.count(ExecutedObsUnit.id.distinct()))
        .join(ExecutedObsUnitModule, ExecutedObsUnitModule.executed_obs_unit_id == ExecutedObsUnit.id)
        .where(
            ExecutedObsUnitModule.instrument_module_id.in_(modules),
            ExecutedObsUnit.status == ExecutionStatus.RUNNING,
        )
    )
    _refuse(judgement, running or 0, "running execution")
    waiting = session.scalar(
        select(func.sum(RawDataSeries.filed_count - RawDataSeries.packaged_count)).where(
            RawDataSeries.filed_count > RawDataSeries.packaged_count,
            RawDataSeries.instrument_module_id.in_(modules),
        )
    )
    _refuse(judgement, waiting or 0, "file that is not packaged yet", "files that are not packaged yet")


def _who_still_names(row: Row, rows: Rows, named: Collection[tuple[str, str]]) -> dict[str, int]:
    """Count by kind the living rows that refer to this one and stay: those made outside the configuration."""
    found: dict[str, int] = {}
    for name, kind in KINDS.items():
        fields = {
            ref_field
            for variant in kind.variants.values()
            for ref_field, ref in references(variant.entry)
            if ref.kind == row.kind.name
        }
        if not fields:
            continue
        count = 0
        for key, other in rows[name].items():
            if other.retired_at is None and (name, key) not in named:
                count += any(_names(other.values.get(ref_field), row.key) for ref_field in fields)
        if count:
            found[name] = count
    return found


def _names(value: Any, key: str) -> bool:
    return key in value if isinstance(value, list) else value == key


def _living_copies(session: Session, where: ColumnElement[bool]) -> int:
    return _count(session, where & (PhysicalCopy.status != PhysicalCopyStatus.DELETED), PhysicalCopy)


def _open_work_at(session: Session, location: str) -> int:
    places: list[tuple[Any, list[Any]]] = [
        (PackageCreation, [PackageCreation.source_location_id, PackageCreation.destination_location_id]),
        (DataTransfer, [DataTransfer.source_location_id, DataTransfer.destination_location_id]),
        (LongTermArchiveTransfer, [LongTermArchiveTransfer.destination_location_id]),
        (FixityCheck, [FixityCheck.data_location_id]),
        (StagingItem, [StagingItem.destination_location_id]),
        (Deletion, [Deletion.data_location_id]),
    ]
    return sum(
        _count(session, or_(*(column == location for column in columns)), table, OPEN)
        for table, columns in places
    )


def _locations_with_policy(session: Session, policy: str) -> int:
    table = KINDS["data_locations"].model
    return _count(
        session,
        (table.retention_policy_id == policy) & table.retired_at.is_(None),  # type: ignore[attr-defined]
        table,
    )


def _count(session: Session, where: ColumnElement[bool], table: Any, statuses: tuple[Any, ...] = ()) -> int:
    query = select(func.count()).select_from(table).where(where)
    if statuses:
        query = query.where(table.status.in_(statuses))
    return session.scalar(query) or 0


def _refuse(judgement: Judgement, count: int, one: str, many: str | None = None) -> None:
    if count:
        judgement.refusals.append(f"{_plural(count, one, many)} would be stranded")


def _tell(judgement: Judgement, count: int, one: str, what: str) -> None:
    if count:
        judgement.consequences.append(f"{_plural(count, one)} {what}")


def _plural(count: int, one: str, many: str | None = None) -> str:
    if count == 1:
        return f"1 {one}"
    if many is None:
        many = f"{one[:-1]}ies" if one.endswith("py") else f"{one}s"
    return f"{count} {many}"
