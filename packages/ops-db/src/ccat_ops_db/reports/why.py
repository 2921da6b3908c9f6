"""Why something waits: the planner's own reasons in the order of the way, each with its remedy."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import literal, select, union_all
from sqlalchemy.orm import Session

from ccat_ops_db.models import (
    DataLocation,
    DataTransferRoute,
    ExecutedObsUnit,
    PhysicalCopy,
    RawDataFile,
    RawDataPackage,
    Site,
    StagingJob,
)
from ccat_ops_db.reports import why_data, why_places, why_work
from ccat_ops_db.reports.why_steps import Explanation, Step
from ccat_ops_db.reports.work_rows import OPERATIONS

__all__ = ["Explanation", "Step", "why"]

_BY_ID: dict[Any, Callable[[Session, UUID], Explanation]] = {
    RawDataPackage: why_data.of_package,
    ExecutedObsUnit: why_data.of_execution,
    RawDataFile: why_data.of_file,
    PhysicalCopy: why_data.of_copy,
    StagingJob: why_work.of_staging_job,
    **dict.fromkeys(OPERATIONS, why_work.of_work),
}
_BY_NAME: dict[Any, Callable[[Session, str], Explanation]] = {
    DataLocation: why_places.of_location,
    DataTransferRoute: why_places.of_route,
    Site: why_places.of_site,
}


def why(session: Session, subject: str) -> Explanation | None:
    """Explain why something is as it is.

    Parameters
    ----------
    session : Session
        Open session.
    subject : str
        Key of an execution, file, package, copy, row of work or staging job, or the name of a location,
        route or site.

    Returns
    -------
    Explanation or None
        None if nothing has that key.
    """
    try:
        identifier = UUID(subject)
    except ValueError:
        found = _find(session, _BY_NAME, subject)
        return _BY_NAME[found](session, subject) if found is not None else None
    found = _find(session, _BY_ID, identifier)
    return _BY_ID[found](session, identifier) if found is not None else None


def _find(session: Session, kinds: dict[Any, Any], key: object) -> Any:
    """Return the kind of thing that has a key, in one statement."""
    numbered = list(kinds)
    tables = (
        select(literal(number)).select_from(kind.__table__).where(kind.__table__.c.id == key)
        for number, kind in enumerate(numbered)
    )
    number = session.scalar(union_all(*tables))
    return numbered[number] if number is not None else None
