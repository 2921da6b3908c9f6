"""The legal transitions of every status column, in one table.

The ORM event, the trigger that the migrations install, the planner's guarded updates and the documentation
all read :data:`LIFE_CYCLES`: a new state is one line here and the tests that then fail.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from ccat_ops_db.enumerations import ExecutionStatus, PhysicalCopyStatus, Status


class IllegalTransitionError(ValueError):
    """A status was to change in a way that its life cycle does not know."""


def _table(transitions: Mapping[Any, set[Any]]) -> dict[StrEnum, frozenset[StrEnum]]:
    return {state: frozenset(following) for state, following in transitions.items()}


WORK = _table(
    {
        # pending → completed: nothing was left to do; → cancelled: by a person, who may think better of it.
        Status.PENDING: {Status.SCHEDULED, Status.COMPLETED, Status.FAILED, Status.CANCELLED},
        Status.SCHEDULED: {Status.IN_PROGRESS, Status.PENDING, Status.FAILED, Status.CANCELLED},
        Status.IN_PROGRESS: {Status.COMPLETED, Status.FAILED, Status.PENDING, Status.CANCELLED},
        Status.COMPLETED: set(),
        Status.FAILED: {Status.PENDING, Status.CANCELLED},
        Status.CANCELLED: {Status.PENDING},
    }
)

PHYSICAL_COPY = _table(
    {
        PhysicalCopyStatus.PRESENT: {
            PhysicalCopyStatus.VERIFIED,
            PhysicalCopyStatus.MISSING,
            PhysicalCopyStatus.CORRUPT,
            PhysicalCopyStatus.DELETION_SCHEDULED,
        },
        PhysicalCopyStatus.VERIFIED: {
            PhysicalCopyStatus.MISSING,
            PhysicalCopyStatus.CORRUPT,
            PhysicalCopyStatus.DELETION_SCHEDULED,
        },
        PhysicalCopyStatus.STAGED: {
            PhysicalCopyStatus.MISSING,
            PhysicalCopyStatus.CORRUPT,
            PhysicalCopyStatus.DELETION_SCHEDULED,
        },
        # Undelete leads back to what the copy was before; bytes can also be found bad while it is scheduled.
        PhysicalCopyStatus.DELETION_SCHEDULED: {
            PhysicalCopyStatus.PRESENT,
            PhysicalCopyStatus.VERIFIED,
            PhysicalCopyStatus.STAGED,
            PhysicalCopyStatus.MISSING,
            PhysicalCopyStatus.CORRUPT,
            PhysicalCopyStatus.DELETION_IN_PROGRESS,
        },
        # Once removal began the bytes may be gone in part: there is no way back, only on.
        PhysicalCopyStatus.DELETION_IN_PROGRESS: {PhysicalCopyStatus.DELETED},
        PhysicalCopyStatus.DELETED: set(),
        # A copy that is found again must be read; a bad one stays bad, and what succeeds it is another copy.
        PhysicalCopyStatus.MISSING: {PhysicalCopyStatus.PRESENT, PhysicalCopyStatus.DELETED},
        PhysicalCopyStatus.CORRUPT: {
            PhysicalCopyStatus.MISSING,
            PhysicalCopyStatus.DELETION_SCHEDULED,
        },
    }
)

EXECUTION = _table(
    {
        ExecutionStatus.RUNNING: {
            ExecutionStatus.COMPLETED,
            ExecutionStatus.ABORTED,
            ExecutionStatus.FAILED,
        },
        ExecutionStatus.COMPLETED: set(),
        ExecutionStatus.ABORTED: set(),
        ExecutionStatus.FAILED: set(),
    }
)

LIFE_CYCLES: Mapping[str, Mapping[StrEnum, frozenset[StrEnum]]] = {
    "package_creation": WORK,
    "data_transfer": WORK,
    "long_term_archive_transfer": WORK,
    "fixity_check": WORK,
    "staging_item": WORK,
    "deletion": WORK,
    "physical_copy": PHYSICAL_COPY,
    "executed_obs_unit": EXECUTION,
}
"""Table name → state → states that may follow. Every table has its column named ``status``."""


def check_transition(table: str, old: StrEnum, new: StrEnum) -> None:
    """Raise unless ``old`` → ``new`` is a legal transition of the table's status.

    Raises
    ------
    IllegalTransitionError
        If the life cycle of the table does not know the transition.
    """
    if old != new and new not in LIFE_CYCLES[table][old]:
        allowed = ", ".join(sorted(LIFE_CYCLES[table][old])) or "nothing: it is final"
        raise IllegalTransitionError(
            f"{table}: status {old} cannot become {new}; from here it may become {allowed}"
        )


def trigger_statements(table: str) -> tuple[str, str]:
    """Return the SQL that makes PostgreSQL refuse illegal transitions of a table, also from raw SQL.

    Returns
    -------
    tuple of str
        The function and the trigger; both may be run again.
    """
    legal = " OR ".join(
        f"(OLD.status = '{old}' AND NEW.status IN ({', '.join(repr(str(new)) for new in sorted(following))}))"
        for old, following in LIFE_CYCLES[table].items()
        if following
    )
    function = (
        f"CREATE OR REPLACE FUNCTION {table}_life_cycle() RETURNS trigger LANGUAGE plpgsql AS $$\n"
        f"BEGIN\n"
        f"  IF NOT ({legal}) THEN\n"
        f"    RAISE EXCEPTION '{table}: status % cannot become %', OLD.status, NEW.status\n"
        f"      USING ERRCODE = 'check_violation', CONSTRAINT = '{table}_life_cycle';\n"
        f"  END IF;\n"
        f"  RETURN NEW;\n"
        f"END $$"
    )
    trigger = (
        f"CREATE OR REPLACE TRIGGER {table}_life_cycle BEFORE UPDATE OF status ON {table}\n"
        f"FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status)\n"
        f"EXECUTE FUNCTION {table}_life_cycle()"
    )
    return function, trigger
