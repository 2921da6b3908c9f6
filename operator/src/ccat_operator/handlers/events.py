"""Events for what people must see: every change of a condition's reason."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import uuid4

from ccat_operator import GROUP, VERSION
from ccat_operator.reconcile.conditions import Reason, written
from ccat_operator.resources import Condition, Metadata

COMPONENT = "ccat-operator"
LONGEST_MESSAGE = 1000
_ALARMING = {
    Reason.INVALID_SPEC,
    Reason.INTERNAL_ERROR,
    Reason.SECRET_MISSING,
    Reason.INVALID_ADDRESS,
    Reason.AUTHENTICATION_FAILED,
    Reason.DATABASE_MISSING,
    Reason.DATABASE_UNREACHABLE,
    Reason.DATABASE_REFUSED,
    Reason.DATABASE_TAKEN,
    Reason.DATABASE_NOT_FOUND,
    Reason.FOREIGN_TABLES,
    Reason.UNKNOWN_TARGET,
    Reason.UNKNOWN_REVISION,
    Reason.MODELS_DIFFER,
    Reason.JOB_REFUSED,
    Reason.MIGRATION_FAILED,
    Reason.MIGRATED_BEFORE,
    Reason.BACKUP_FAILED,
    Reason.ROLES_REFUSED,
    Reason.SOURCE_MISSING,
    Reason.INVALID_FILES,
    Reason.PLAN_REFUSED,
    Reason.DRIFT_FIRST,
    Reason.DRIFTED,
}


def changed_conditions(
    before: list[Condition], after: list[Condition], again: Collection[str] = ()
) -> list[Condition]:
    """Return the conditions that say something new; what several say is told once.

    Parameters
    ----------
    before, after
        Conditions of one resource.
    again
        Types of conditions that are told also if they say the same: it happened once more.
    """
    old = {condition.type: (condition.status, condition.reason) for condition in before}
    new = [one for one in after if old.get(one.type) != (one.status, one.reason) or one.type in again]
    # Of several that say the same, the last is the one it is about.
    by_reason = {one.reason: one for one in new if one.reason != Reason.NOT_NEEDED}
    return [*by_reason.values()]


def event(kind: str, metadata: Metadata, condition: Condition, now: datetime) -> dict[str, Any]:
    """Return the event that tells a condition of a resource."""
    at = written(now)
    return {
        "metadata": {"name": f"{metadata.name[:200]}.{uuid4().hex[:16]}", "namespace": metadata.namespace},
        "involvedObject": {
            "apiVersion": f"{GROUP}/{VERSION}",
            "kind": kind,
            "name": metadata.name,
            "namespace": metadata.namespace,
            "uid": metadata.uid,
        },
        "type": "Warning" if condition.reason in _ALARMING else "Normal",
        "reason": condition.reason,
        "message": condition.message[:LONGEST_MESSAGE],
        "source": {"component": COMPONENT},
        "reportingComponent": COMPONENT,
        "firstTimestamp": at,
        "lastTimestamp": at,
        "count": 1,
    }
