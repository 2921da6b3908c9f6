"""The full log of each attempt, a file each; the database keeps only its path.

It alone has what people are not told: tracebacks, statements and their values. What they are told names the
log by its id, which is in the name of the file. Where no folder for logs is set, the log of the process has
it, under the same id.
"""

import json
import traceback
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from ccat_data_transfer.work.kinds import KINDS
from ccat_data_transfer.work.lease import Lease
from ccat_ops_db.database_time import ops_now
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import DataTransferLog

log = structlog.get_logger()


@dataclass(frozen=True)
class AttemptLog:
    """Log of one attempt.

    Attributes
    ----------
    id : UUID
        By which people find it.
    path : Path or None
        Its file; null: none is kept.
    """

    id: UUID
    path: Path | None

    def write(self, at: datetime, event: str, error: Exception | None = None, **facts: Any) -> None:
        """Append a line; a log that cannot be written never stops the work."""
        entry = {"at": at.isoformat(), **facts}
        if error is not None:
            entry["traceback"] = "".join(traceback.format_exception(error))
        if not self._append({"event": event, **entry}) and error is not None:
            log.error(f"attempt.{event}", log=str(self.id), **entry)

    def _append(self, entry: dict[str, Any]) -> bool:
        if self.path is None:
            return False
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(json.dumps(entry, default=str) + "\n")
        except OSError as failure:
            log.warning("work.log_unwritten", path=str(self.path), error=str(failure))
            return False
        return True


def register_log(session: Session, folder: Path | None, lease: Lease, day: datetime) -> AttemptLog:
    """Note in the leasing transaction where the log of the attempt will be: in a folder for the day."""
    log_id, kind = new_id(), KINDS[lease.operation]
    if folder is None:
        return AttemptLog(log_id, None)
    path = folder / f"{day:%Y-%m-%d}" / lease.operation / f"{lease.work_id}-{log_id}.jsonl"
    session.execute(
        insert(DataTransferLog).values(
            id=log_id,
            site_id=select(kind.table.site_id).where(kind.table.id == lease.work_id).scalar_subquery(),
            work_table=kind.name,
            work_id=lease.work_id,
            fencing=lease.fencing,
            created_at=ops_now(),
            path=str(path),
        )
    )
    return AttemptLog(log_id, path)
