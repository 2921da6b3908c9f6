"""Named places in the code where a test lets the process die, as by ``kill -9``.

With ``CCAT_DATA_TRANSFER_CRASH_POINT=name`` (or ``name:3``: the third time it is reached) the process ends
there without a chance to tidy up; only in the environment ``development``. Otherwise a crash point costs a
comparison.
"""

from __future__ import annotations

import os
import signal

CRASH_POINTS = (
    "adopting.marker_written",
    "adopting.before_commit",
    "work.leased",
    "packaging.before_publish",
    "packaging.after_publish",
    "sidecar.before_put",
    "packaging.before_commit",
    "packaging.after_commit",
    "moving.before_send",
    "moving.before_commit",
    "moving.after_commit",
    "verifying.before_commit",
    "verifying.after_commit",
    "archiving.before_send",
    "archiving.before_commit",
    "archiving.after_commit",
    "staging.before_commit",
    "staging.after_commit",
    "deleting.before_decision",
    "deleting.after_decision",
    "deleting.between_files",
    "deleting.before_commit",
    "deleting.after_commit",
    "storage.disk.partial_opened",
    "storage.disk.written",
    "storage.disk.before_sync",
    "storage.disk.before_publish",
    "storage.disk.named_twice",
    "storage.disk.published",
    "storage.disk.leftover_taken",
    "storage.disk.put_back",
    "storage.disk.before_remove",
    "storage.disk.moved_away",
    "storage.disk.before_unlink",
    "storage.disk.removed",
    "storage.s3.upload_created",
    "storage.s3.part_sent",
    "storage.s3.before_complete",
    "storage.s3.completed",
    "storage.s3.before_remove",
    "storage.s3.removed",
    "mover.before_send",
    "mover.before_compare",
    "mover.sent",
    "mover.read_back",
    "mover.verified",
    "measuring.answered",
    "collecting.asked",
    "reconciling.lost",
    "reconciling.before_end",
    "storage.disk.before_collect",
    "storage.s3.before_collect",
)
"""Every name, in the order in which a package meets them; the last are met beside all packages."""


def crash_point(name: str) -> None:
    """Die here if the environment says so."""
    if _armed is not None:
        _armed.reach(name)


class _Armed:
    def __init__(self, setting: str) -> None:
        self._name, _, count = setting.partition(":")
        if self._name not in CRASH_POINTS:
            raise ValueError(
                f"CCAT_DATA_TRANSFER_CRASH_POINT={setting}: there is no crash point {self._name!r}"
            )
        self._left = int(count or 1)

    def reach(self, name: str) -> None:
        if name not in CRASH_POINTS:
            raise ValueError(f"crash point {name!r} is missing in CRASH_POINTS")
        if name == self._name:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def _from_environment() -> _Armed | None:
    setting = os.environ.get("CCAT_DATA_TRANSFER_CRASH_POINT")
    if not setting or os.environ.get("CCAT_OPS_DB_ENVIRONMENT", "development") != "development":
        return None
    return _Armed(setting)


_armed = _from_environment()
