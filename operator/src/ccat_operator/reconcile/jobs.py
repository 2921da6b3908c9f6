"""Migration Jobs as a decision sees them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ccat_operator.reconcile.migration import Result


class Phase(StrEnum):
    """Where a Job is."""

    ACTIVE = "active"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True)
class MigrationJob:
    """A Job that migrates, or did."""

    name: str
    revision: str
    """That it was told to reach."""
    phase: Phase
    started: datetime | None = None
    result: Result | None = None
    """What its last container told at its end."""
    trouble: str | None = None
    """Why its pod does not start, or what it said instead of a result."""


@dataclass(frozen=True)
class JobOrder:
    """A Job that shall be made."""

    revision: str
    backs_up: bool
