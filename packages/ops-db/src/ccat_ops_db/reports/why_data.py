"""Why data waits: executions, files, packages and copies."""

from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from ccat_ops_db.copy_locks import KEEPS_A_COPY
from ccat_ops_db.enumerations import ExecutionStatus, LocationType, PhysicalCopyStatus, Status
from ccat_ops_db.models import (
    DataLocation,
    DeletionHold,
    ExecutedObsUnit,
    ExecutedObsUnitModule,
    ObsUnit,
    PhysicalCopy,
    PhysicalCopyLock,
    RawDataFileView,
    RawDataPackage,
)
from ccat_ops_db.package_state import of_execution as packages_of
from ccat_ops_db.package_state import package_state
from ccat_ops_db.reports.next_try import with_next_try
from ccat_ops_db.reports.progress import execution_progress
from ccat_ops_db.reports.why_steps import (
    Explanation,
    Step,
    reason_step,
    summary,
    waiting_step,
    work_step,
)
from ccat_ops_db.reports.work_rows import work_rows
from ccat_ops_db.waiting import WaitingReason

MOST_STEPS = 100
COPIES = PhysicalCopy.__table__.c


def of_execution(session: Session, execution_id: UUID) -> Explanation:
    """Explain how far the data of an execution is, and what holds it up."""
    progress = execution_progress(session, execution_id)
    assert progress is not None
    steps = _module_steps(session, execution_id, None)
    packages = select(RawDataPackage.id).where(packages_of(execution_id))
    steps += _work_steps(session, packages, open_only=True)
    steps += _copy_steps(session, packages)
    if progress.archived:
        state = "archived" + (" and removed at its source" if progress.removed_at_source else "")
    elif progress.status is ExecutionStatus.RUNNING:
        state = "running"
    else:
        state = f"{progress.status}, {progress.packages_archived} of {progress.packages} packages archived"
    if not steps and not progress.archived and progress.files > progress.files_packaged:
        steps.append(_unplanned("executed_obs_unit", execution_id, "package its files"))
    return _explanation("executed_obs_unit", execution_id, "execution", state, steps)


def of_file(session: Session, file_id: UUID) -> Explanation:
    """Explain where a file is on its way: in its package, or before it."""
    file = session.execute(
        select(
            RawDataFileView.executed_obs_unit_id,
            RawDataFileView.instrument_module_id,
            RawDataFileView.raw_data_package_id,
            RawDataFileView.relative_path,
        ).where(RawDataFileView.id == file_id)
    ).one()
    if file.raw_data_package_id is not None:
        inner = of_package(session, file.raw_data_package_id)
        text = f"{file.relative_path} is in package {file.raw_data_package_id}. {inner.summary}"
        return Explanation("raw_data_file", str(file_id), inner.state, text, inner.steps)
    steps = _module_steps(session, file.executed_obs_unit_id, file.instrument_module_id)
    if not steps:
        steps = [_unplanned("raw_data_file", file_id, "put it into a package")]
    return _explanation("raw_data_file", file_id, file.relative_path, "filed, in no package yet", steps)


def of_package(session: Session, package_id: UUID) -> Explanation:
    """Explain the whole way of a package, and what holds it up."""
    state = session.scalar(select(package_state()).where(RawDataPackage.id == package_id))
    steps = _work_steps(session, select(RawDataPackage.id).where(RawDataPackage.id == package_id))
    steps += _copy_steps(session, select(RawDataPackage.id).where(RawDataPackage.id == package_id))
    steps += _hold_steps(session, package_id)
    if state not in ("archived", "failed") and all(step.status == Status.COMPLETED for step in steps):
        steps.append(_unplanned("raw_data_package", package_id, "take the next step to the archive"))
    return _explanation("raw_data_package", package_id, f"package {package_id}", state, steps)


def of_copy(session: Session, copy_id: UUID) -> Explanation:
    """Explain the state of a copy, what reads it, and what forbids or delays its deletion."""
    copy = session.execute(
        select(*(COPIES[name] for name in _COPY_COLUMNS)).where(COPIES.id == copy_id)
    ).one()
    steps = [waiting_step("physical_copy", copy_id, f"decide on it at {copy.data_location_id}", copy)]
    readers = session.execute(
        select(PhysicalCopyLock.work_table, PhysicalCopyLock.work_id, PhysicalCopyLock.created_at)
        .where(PhysicalCopyLock.physical_copy_id == copy_id, KEEPS_A_COPY)
        .limit(MOST_STEPS)
    )
    steps += [
        reason_step(row.work_table, row.work_id, "read it", "in_use", since=row.created_at) for row in readers
    ]
    package_id = copy.raw_data_package_id or session.scalar(
        select(RawDataFileView.raw_data_package_id).where(RawDataFileView.id == copy.raw_data_file_id)
    )
    if package_id is not None:
        steps += _work_steps(
            session,
            select(RawDataPackage.id).where(RawDataPackage.id == package_id),
            open_only=True,
            location=copy.data_location_id,
        )
        steps += _hold_steps(session, package_id)
    return _explanation(
        "physical_copy", copy_id, f"the copy at {copy.data_location_id}", str(copy.status), steps
    )


_COPY_COLUMNS = (
    "raw_data_package_id",
    "raw_data_file_id",
    "data_location_id",
    "status",
    "waiting_reason",
    "waiting_detail",
    "waiting_since",
)


def _explanation(
    subject_type: str, subject_id: UUID, subject: str, state: str | None, steps: list[Step]
) -> Explanation:
    return Explanation(subject_type, str(subject_id), state, summary(subject, state, steps), steps)


def _unplanned(subject_type: str, subject_id: UUID, what: str) -> Step:
    reason = WaitingReason.NOT_PLANNED
    return reason_step(
        subject_type, subject_id, what, reason, status=Status.PENDING.value, detail="not planned yet"
    )


def _module_steps(session: Session, execution_id: UUID, module: str | None) -> list[Step]:
    rows = session.execute(
        select(
            ExecutedObsUnitModule.instrument_module_id,
            ExecutedObsUnitModule.waiting_reason,
            ExecutedObsUnitModule.waiting_detail,
            ExecutedObsUnitModule.waiting_since,
        ).where(
            ExecutedObsUnitModule.executed_obs_unit_id == execution_id,
            ExecutedObsUnitModule.waiting_reason.is_not(None),
            *([ExecutedObsUnitModule.instrument_module_id == module] if module is not None else []),
        )
    )
    return [
        waiting_step(
            "executed_obs_unit", execution_id, f"package the files of {row.instrument_module_id}", row
        )
        for row in rows
    ]


def _work_steps(
    session: Session, packages: Any, *, open_only: bool = False, location: str | None = None
) -> list[Step]:
    rows = work_rows(
        lambda kind, package_id: and_(
            package_id.in_(packages), *([kind.status != Status.COMPLETED] if open_only else [])
        )
    ).subquery()
    statement = with_next_try(rows).order_by(rows.c.stage, rows.c.created_at).limit(MOST_STEPS)
    if location is not None:
        statement = statement.where(or_(rows.c.from_location == location, rows.c.to_location == location))
    return [work_step(row) for row in session.execute(statement)]


def _copy_steps(session: Session, packages: Any) -> list[Step]:
    """Return the steps of copies that wait; files that are to leave their source come last, as they do."""
    of_source = DataLocation.location_type == LocationType.SOURCE
    rows = session.execute(
        select(COPIES.id, of_source.label("of_source"), *(COPIES[name] for name in _COPY_COLUMNS))
        .join(DataLocation, DataLocation.id == COPIES.data_location_id)
        .where(
            COPIES.raw_data_package_id.in_(packages),
            COPIES.waiting_reason.is_not(None),
            COPIES.status != PhysicalCopyStatus.DELETED,
        )
        .order_by(of_source, COPIES.waiting_since)
        .limit(MOST_STEPS)
    )
    return [waiting_step("physical_copy", row.id, _what_is_to_be_done(row), row) for row in rows]


def _what_is_to_be_done(copy: Any) -> str:
    if copy.of_source:
        return f"remove the files at {copy.data_location_id}"
    return f"go on from the copy at {copy.data_location_id}"


def _hold_steps(session: Session, package_id: UUID) -> list[Step]:
    """Return the holds that forbid deletions of a package anywhere."""
    rows = session.execute(
        select(
            DeletionHold.id,
            DeletionHold.reason,
            DeletionHold.created_by,
            DeletionHold.created_at,
            DeletionHold.until,
        )
        .where(
            DeletionHold.lifted_at.is_(None),
            or_(
                DeletionHold.scope == "global",
                DeletionHold.raw_data_package_id == package_id,
                DeletionHold.executed_obs_unit_id.in_(
                    select(RawDataPackage.executed_obs_unit_id).where(RawDataPackage.id == package_id)
                ),
                DeletionHold.observing_program_id.in_(
                    select(ObsUnit.observing_program_id)
                    .join(ExecutedObsUnit, ExecutedObsUnit.obs_unit_id == ObsUnit.id)
                    .join(RawDataPackage, RawDataPackage.executed_obs_unit_id == ExecutedObsUnit.id)
                    .where(RawDataPackage.id == package_id)
                ),
                DeletionHold.data_location_id.in_(
                    select(COPIES.data_location_id).where(COPIES.raw_data_package_id == package_id)
                ),
                DeletionHold.held_site_id.in_(
                    select(DataLocation.site_id)
                    .join(PhysicalCopy.__table__, COPIES.data_location_id == DataLocation.id)
                    .where(COPIES.raw_data_package_id == package_id)
                ),
            ),
        )
        .order_by(DeletionHold.created_at)
        .limit(MOST_STEPS)
    )
    return [
        reason_step(
            "deletion_hold",
            row.id,
            "keep it from being deleted",
            "hold",
            detail=f"{row.created_by}: {row.reason}",
            since=row.created_at,
            next_at=row.until,
        )
        for row in rows
    ]
