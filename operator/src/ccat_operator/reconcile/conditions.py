"""Conditions: what is the case, why, and what to do. Every reason there is stands here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from ccat_operator.resources import Condition, Truth

LONGEST_MESSAGE = 2000


class Reason(StrEnum):
    """Why a condition is as it is; docs/operate/conditions.md says of each what it means and what to do."""

    # OpsDatabase and SiteConfiguration
    READY = "Ready"
    INVALID_SPEC = "InvalidSpec"
    INTERNAL_ERROR = "InternalError"

    # The database and its address
    SECRET_MISSING = "SecretMissing"
    INVALID_ADDRESS = "InvalidAddress"
    AUTHENTICATION_FAILED = "AuthenticationFailed"
    DATABASE_MISSING = "DatabaseMissing"
    DATABASE_UNREACHABLE = "DatabaseUnreachable"
    DATABASE_REFUSED = "DatabaseRefused"
    DATABASE_TAKEN = "DatabaseTaken"
    NOT_LOOKED_AT = "NotLookedAt"

    # The schema
    UP_TO_DATE = "UpToDate"
    AHEAD_OF_TARGET = "AheadOfTarget"
    FOREIGN_TABLES = "ForeignTables"
    UNKNOWN_TARGET = "UnknownTarget"
    UNKNOWN_REVISION = "UnknownRevision"
    MODELS_DIFFER = "ModelsDiffer"
    MIGRATING = "Migrating"
    JOB_REFUSED = "JobRefused"
    MIGRATION_FAILED = "MigrationFailed"
    MIGRATED_BEFORE = "MigratedBefore"
    OUTSIDE_WINDOW = "OutsideWindow"

    # Approval and backup
    NOT_NEEDED = "NotNeeded"
    APPROVED = "ApprovedByAnnotation"
    WAITING_FOR_APPROVAL = "WaitingForApproval"
    BACKED_UP = "BackedUp"
    BACKUP_PENDING = "BackupPending"
    BACKUP_FAILED = "BackupFailed"

    # Roles
    ROLES_REFUSED = "RolesRefused"

    # Configuration
    DATABASE_NOT_FOUND = "DatabaseNotFound"
    SCHEMA_NOT_READY = "SchemaNotReady"
    SOURCE_MISSING = "SourceMissing"
    INVALID_FILES = "InvalidFiles"
    VALID = "Valid"
    APPLIED = "Applied"
    PLAN_ONLY = "PlanOnly"
    PLAN_REFUSED = "PlanRefused"
    DRIFT_FIRST = "DriftFirst"
    DRIFTED = "Drifted"
    NO_DRIFT = "NoDrift"


@dataclass(frozen=True)
class Finding:
    """What is said by one condition."""

    status: Truth
    reason: Reason
    message: str


def yes(reason: Reason, message: str) -> Finding:
    """Return that something is the case."""
    return Finding(Truth.TRUE, reason, message)


def no(reason: Reason, message: str) -> Finding:
    """Return that something is not the case."""
    return Finding(Truth.FALSE, reason, message)


def unknown(reason: Reason, message: str) -> Finding:
    """Return that nobody knows."""
    return Finding(Truth.UNKNOWN, reason, message)


def settle(
    before: list[Condition], found: Mapping[str, Finding], now: datetime, generation: int
) -> list[Condition]:
    """Return the new conditions: a condition keeps its time while its status is the same.

    Conditions that nothing was found of stay as they were.
    """
    old = {condition.type: condition for condition in before}
    new = {name: _settle(old.get(name), name, finding, now, generation) for name, finding in found.items()}
    return [*({**old, **new}).values()]


def written(time: datetime) -> str:
    """Return a time as Kubernetes writes it."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _settle(old: Condition | None, name: str, finding: Finding, now: datetime, generation: int) -> Condition:
    same = old is not None and old.status is finding.status
    return Condition(
        type=name,
        status=finding.status,
        reason=finding.reason.value,
        message=_shortened(finding.message),
        last_transition_time=old.last_transition_time if old is not None and same else written(now),
        observed_generation=generation,
    )


def _shortened(message: str) -> str:
    return message if len(message) <= LONGEST_MESSAGE else f"{message[: LONGEST_MESSAGE - 1]}…"
