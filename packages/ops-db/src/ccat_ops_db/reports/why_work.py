"""Why work waits: single rows and staging jobs."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ccat_ops_db.models import StagingItem, StagingJob
from ccat_ops_db.reports.next_try import with_next_try
from ccat_ops_db.reports.why_places import location_steps, route_steps
from ccat_ops_db.reports.why_steps import Explanation, summary, work_step
from ccat_ops_db.reports.work_rows import work_rows

MOST_STEPS = 100


def of_work(session: Session, work_id: UUID) -> Explanation:
    """Explain a row of work, with the places that it needs."""
    rows = work_rows(lambda kind, _: kind.id == work_id).subquery()
    row = session.execute(with_next_try(rows)).one()
    steps = [work_step(row)]
    if row.status != "completed":
        steps += location_steps(session, [row.from_location, row.to_location])
        steps += route_steps(session, row.route)
    return Explanation(
        row.subject_type, str(work_id), row.status, summary(_noun(row.subject_type), row.status, steps), steps
    )


def of_staging_job(session: Session, job_id: UUID) -> Explanation:
    """Explain a staging job by its items, and the packages that they wait for."""
    job = session.execute(
        select(StagingJob.destination_location_id, StagingJob.cancelled_at).where(StagingJob.id == job_id)
    ).one()
    rows = work_rows(lambda kind, _: StagingItem.staging_job_id == job_id, kinds=[StagingItem]).subquery()
    items = with_next_try(rows).order_by(rows.c.id).limit(MOST_STEPS)
    steps = [work_step(row) for row in session.execute(items)]
    steps += location_steps(session, [job.destination_location_id])
    open_steps = [step for step in steps if step.status not in ("completed", None)]
    if job.cancelled_at is not None:
        state = "cancelled"
    elif not open_steps:
        state = "completed"
    elif all(step.status in ("failed", "cancelled") for step in open_steps):
        state = "failed"
    else:
        state = "waiting"
    return Explanation("staging_job", str(job_id), state, summary("the staging job", state, steps), steps)


def _noun(table: str) -> str:
    return f"this {table.replace('_', ' ')}"
