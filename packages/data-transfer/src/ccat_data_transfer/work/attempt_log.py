"""The full log of each attempt, a file each; the database keeps only its path."""

import json
import traceback
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from ccat_data_transfer.work.kinds import KINDS
from ccat_data_transfer.work.lease import Lease
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import DataTransferLog

log = structlog.get_logger()


def register_log(session: Session, folder: Path, lease: Lease, at: datetime) -> Path:
    """Note in the leasing transaction where the log of the attempt will be; return the file's path."""
    path = folder / f"{at:%Y-%m-%d}" / lease.operation / f"{lease.work_id}-{lease.fencing}.jsonl"
    kind = KINDS[lease.operation]
    session.execute(
        insert(DataTransferLog).values(
            id=new_id(),
            site_id=select(kind.table.site_id).where(kind.table.id == lease.work_id).scalar_subquery(),
            work_table=kind.name,
            work_id=lease.work_id,
            fencing=lease.fencing,
            created_at=at,
            path=str(path),
        )
    )
    return path


def write_entry(
    path: Path | None, at: datetime, event: str, error: Exception | None = None, **facts: Any
) -> None:
    """Append a line to the log of an attempt; a log that cannot be written never stops the work."""
    if path is None:
        return
    entry = {"at": at.isoformat(), "event": event, **facts}
    if error is not None:
        entry["traceback"] = "".join(traceback.format_exception(error))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry, default=str) + "\n")
    except OSError as failure:
        log.warning("work.log_unwritten", path=str(path), error=str(failure))
