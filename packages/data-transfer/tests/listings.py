"""Listing a place and comparing it with the rows, for tests."""

import os
from pathlib import Path
from typing import Any

from ccat_data_transfer.stages.reconciling import APART, Listed, reconcile
from ccat_data_transfer.storage.interface import do_nothing
from ccat_ops_db.enumerations import PhysicalCopyStatus
from ccat_ops_db.models import PhysicalCopy, ReconcileFinding

from .trouble import DAY, HOUR, let_pass

ARCHIVE = "cologne.lta"


def archive_one(observatory: Any) -> Any:
    """Let a package come into the archive, and two days pass."""
    observatory.observe({"2026/a.fits": b"a" * 5000})
    let_pass(observatory, HOUR, 2 * DAY)
    assert copy_of(observatory).status is PhysicalCopyStatus.VERIFIED
    return observatory


def copy_of(observatory: Any) -> PhysicalCopy:
    """Return the first copy in the archive."""
    found: PhysicalCopy = min(
        observatory.rows(PhysicalCopy, data_location_id=ARCHIVE), key=lambda copy: copy.generation
    )
    return found


def look(observatory: Any, location: str = ARCHIVE, after: float = APART.total_seconds()) -> Listed | None:
    """List a place, when that is due again."""
    observatory.clock.advance(after)
    storage = observatory.places.storage(location)
    return reconcile(observatory.sessions, storage, "worker-1", do_nothing)


def put(
    observatory: Any, name: str, content: bytes = b"old notes", days: float = 3, location: str = ARCHIVE
) -> Path:
    """Write something into the archive that is of no copy, and is some days old."""
    path: Path = observatory.folder(location) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    at = path.stat().st_mtime_ns - int(days * DAY * 10**9)
    os.utime(path, ns=(at, at))
    return path


def findings(observatory: Any) -> list[ReconcileFinding]:
    """Return what is told."""
    return sorted(observatory.rows(ReconcileFinding), key=lambda each: each.path)
