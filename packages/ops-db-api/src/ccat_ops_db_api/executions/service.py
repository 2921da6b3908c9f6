"""Starting and finishing executions."""

from uuid import UUID

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from ccat_ops_db.enumerations import ExecutionStatus
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import ExecutedObsUnit
from ccat_ops_db_api.access.principal import Principal
from ccat_ops_db_api.executions import queries
from ccat_ops_db_api.executions.schemas import FinishExecution, StartExecution
from ccat_ops_db_api.platform.database import database_now
from ccat_ops_db_api.platform.errors import FieldError, conflict, invalid, invalid_fields
from ccat_ops_db_api.platform.events import tell
from ccat_ops_db_api.platform.site import require_own_row, require_owner


async def start(
    session: AsyncSession, request: Request, principal: Principal, body: StartExecution
) -> tuple[UUID, bool]:
    """Start an execution; return its id and whether it is new.

    The same start again (same id, same facts) changes nothing.

    Raises
    ------
    Problem
        422 for names that are not in use and modules of several telescopes, 409 for an id that belongs to
        another start and a telescope of another site.
    """
    await _check_names(session, body)
    now = await database_now(session)
    execution_id = body.id or new_id()
    telescope, site = await _telescope(session, body.modules)
    require_owner(request, site, f"telescope {telescope}")
    values = {
        "id": execution_id,
        "site_id": site,
        "telescope_id": telescope,
        "obs_unit_id": body.obs_unit,
        "status": ExecutionStatus.RUNNING,
        "started_at": body.started_at or now,
        "start_received_at": now,
    }
    if not await queries.insert_execution(session, values, body.modules):
        obs_unit, started_at, modules = await queries.facts_of_start(session, execution_id)
        if (
            obs_unit != body.obs_unit
            or modules != set(body.modules)
            or (body.started_at is not None and body.started_at != started_at)
        ):
            raise conflict(
                f"execution {execution_id} was started with other facts: obs unit {obs_unit},"
                f" modules {', '.join(sorted(modules))}, at {started_at.isoformat()}"
            )
        return execution_id, False
    await tell(
        session,
        site_id=site,
        at=now,
        actor=principal.actor,
        action="execution.started",
        subject_type="executed_obs_unit",
        subject_id=execution_id,
        message=f"{body.obs_unit} started with {', '.join(body.modules)}",
    )
    return execution_id, True


async def finish(
    session: AsyncSession, principal: Principal, execution: ExecutedObsUnit, body: FinishExecution
) -> None:
    """Finish an execution that is held by the transaction; the same end again changes nothing.

    Raises
    ------
    Problem
        422 if it would end before it started, 409 if it ended in another way already.
    """
    if execution.status is not ExecutionStatus.RUNNING:
        _require_same_end(execution, body)
        return
    now = await database_now(session)
    if body.ended_at is not None and body.ended_at < execution.started_at:
        raise invalid(
            "ended_at",
            f"{body.ended_at.isoformat()} is before the start, {execution.started_at.isoformat()}",
        )
    # A start that the instrument dated ahead of our clock must not stop it from finishing.
    execution.ended_at = body.ended_at or max(now, execution.started_at)
    execution.end_received_at = now
    execution.status = body.status
    for name in queries.CONDITIONS:
        setattr(execution, name, getattr(body, name))
    await session.flush()
    await tell(
        session,
        site_id=execution.site_id,
        at=now,
        actor=principal.actor,
        action="execution.finished",
        subject_type="executed_obs_unit",
        subject_id=execution.id,
        message=f"{execution.obs_unit_id} ended: {body.status}",
    )


async def hold(session: AsyncSession, request: Request, execution_id: UUID) -> ExecutedObsUnit:
    """Return an execution, held until the end of the transaction.

    Raises
    ------
    Problem
        404 if there is none, 409 if it is of another site.
    """
    await require_own_row(session, request, ExecutedObsUnit, execution_id, "execution")
    return await queries.locked(session, execution_id)


async def _check_names(session: AsyncSession, body: StartExecution) -> None:
    unit_known, modules_known = await queries.known_names(session, body.obs_unit, body.modules)
    errors = [
        FieldError(field=f"modules.{position}", reason=f"there is no instrument module {module!r} in use")
        for position, module in enumerate(body.modules)
        if module not in modules_known
    ]
    if not unit_known:
        errors.insert(
            0, FieldError(field="obs_unit", reason=f"there is no obs unit {body.obs_unit!r} in use")
        )
    if errors:
        raise invalid_fields(errors)


async def _telescope(session: AsyncSession, modules: list[str]) -> tuple[str, str]:
    """Return the telescope that modules belong to, and its site."""
    found = await queries.telescopes_of(session, modules)
    if len(found) > 1:
        names = ", ".join(telescope for telescope, _ in found)
        raise invalid("modules", f"belong to several telescopes, {names}; each starts its own execution")
    return found[0]


def _require_same_end(execution: ExecutedObsUnit, body: FinishExecution) -> None:
    given = body.model_dump(exclude_unset=True, exclude_none=True)
    other = [name for name, value in given.items() if getattr(execution, name) != value]
    if other:
        assert execution.ended_at is not None
        raise conflict(
            f"execution {execution.id} ended already, {execution.status} at {execution.ended_at.isoformat()},"
            f" with another {', '.join(other)}; the end of an execution is told once"
        )
