"""How far a migration may go: what was approved, and when it may begin."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time

from ccat_operator.resources.ops_database import When, Window
from ccat_ops_db.revisions import Revision


@dataclass(frozen=True)
class Step:
    """What of the pending revisions may be run now."""

    allowed: tuple[Revision, ...]
    waits_for: Revision | None
    """The first that has to be approved."""

    @property
    def destructive(self) -> bool:
        """Whether something of what is allowed is destroyed by it."""
        return any(revision.destructive for revision in self.allowed)


def next_step(current: str | None, pending: Sequence[Revision], policy: When, approved: str | None) -> Step:
    """Return the revisions that may be run now, and the first one that waits.

    Parameters
    ----------
    current : str, optional
        Revision of the database; in an empty one there is nothing to destroy.
    pending : sequence of Revision
        Oldest first.
    policy : When
        Which revisions have to be approved.
    approved : str, optional
        The revision that somebody approved: everything up to and including it.
    """
    names = [revision.revision for revision in pending]
    covered = names.index(approved) + 1 if approved in names else 0
    if current is None and policy is When.DESTRUCTIVE:
        policy = When.NEVER
    for number, revision in enumerate(pending):
        if number >= covered and _applies(policy, revision.destructive):
            return Step(tuple(pending[:number]), revision)
    return Step(tuple(pending), None)


def needs_backup(step: Step, policy: When) -> bool:
    """Say whether the database is backed up before a step."""
    return bool(step.allowed) and _applies(policy, step.destructive)


def is_open(window: Window | None, now: datetime) -> bool:
    """Say whether a migration may begin; `now` is in UTC."""
    if window is None:
        return True
    start, end, moment = time.fromisoformat(window.start), time.fromisoformat(window.end), now.time()
    if start < end:
        return start <= moment < end
    return moment >= start or moment < end


def _applies(policy: When, destructive: bool) -> bool:
    return policy is When.ALWAYS or (policy is When.DESTRUCTIVE and destructive)
