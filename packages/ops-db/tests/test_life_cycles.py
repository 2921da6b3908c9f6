"""Every transition of every status column, by the ORM and by raw SQL, against the one table in the code."""

from enum import StrEnum
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ccat_ops_db import models
from ccat_ops_db.enumerations import PhysicalCopyStatus
from ccat_ops_db.life_cycles import LIFE_CYCLES, IllegalTransitionError, check_transition

from . import rows

TABLES = sorted(LIFE_CYCLES)


def test_every_status_column_of_the_schema_has_a_life_cycle() -> None:
    with_status = {table.name for table in models.Base.metadata.sorted_tables if "status" in table.columns}
    assert with_status == set(LIFE_CYCLES)


@pytest.mark.parametrize("table", TABLES)
def test_life_cycle_knows_exactly_the_values_of_the_column(table: str) -> None:
    column = models.Base.metadata.tables[table].columns["status"]
    assert set(column.type.enums) == {state.value for state in LIFE_CYCLES[table]}  # type: ignore[attr-defined]
    for following in LIFE_CYCLES[table].values():
        assert following <= set(LIFE_CYCLES[table])


@pytest.mark.parametrize("table", TABLES)
def test_every_pair_by_raw_sql(session: Session, world: rows.World, table: str) -> None:
    for old, new in _pairs(table):
        with session.begin_nested() as savepoint:
            row = rows.add_row(session, world, table, old)
            if _is_legal(table, old, new):
                _update(session, table, row.id, new)
                stored = session.scalar(text(f"SELECT status FROM {table} WHERE id = :id"), {"id": row.id})
                assert stored == new.value, (old, new)
            else:
                with pytest.raises(IntegrityError, match=f"{table}: status {old} cannot become {new}"):
                    _update(session, table, row.id, new)
            savepoint.rollback()


@pytest.mark.parametrize("table", TABLES)
def test_every_pair_by_the_orm(session: Session, world: rows.World, table: str) -> None:
    for old, new in _pairs(table):
        with session.begin_nested() as savepoint:
            row = rows.add_row(session, world, table, old)
            for name, value in _companions(table, new).items():
                setattr(row, name, value)
            row.status = new
            if _is_legal(table, old, new):
                session.flush()
                assert row.status is new
            else:
                with pytest.raises(
                    IllegalTransitionError, match=f"{table}: status {old} cannot become {new}"
                ):
                    session.flush()
            savepoint.rollback()


@pytest.mark.parametrize("table", TABLES)
def test_unknown_status_is_refused_by_the_database(session: Session, world: rows.World, table: str) -> None:
    row = rows.add_row(session, world, table, next(iter(LIFE_CYCLES[table])))
    with pytest.raises(IntegrityError):
        session.execute(text(f"UPDATE {table} SET status = 'finished' WHERE id = :id"), {"id": row.id})


def test_final_states_say_so() -> None:
    with pytest.raises(IllegalTransitionError, match="it is final"):
        check_transition("physical_copy", PhysicalCopyStatus.DELETED, PhysicalCopyStatus.PRESENT)


def test_a_copy_whose_removal_began_never_comes_back() -> None:
    assert LIFE_CYCLES["physical_copy"][PhysicalCopyStatus.DELETION_IN_PROGRESS] == {
        PhysicalCopyStatus.DELETED
    }


def test_random_walks_of_a_copy(session: Session, world: rows.World) -> None:
    """The database accepts a walk step by step exactly as the code does, whatever came before."""
    statuses = st.sampled_from(sorted(PhysicalCopyStatus))

    class Walk(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.savepoint = session.begin_nested()
            self.status = PhysicalCopyStatus.PRESENT
            self.copy = rows.add_row(session, world, "physical_copy", self.status).id

        @rule(new=statuses)
        def move(self, new: PhysicalCopyStatus) -> None:
            if _is_legal("physical_copy", self.status, new):
                _update(session, "physical_copy", self.copy, new)
                self.status = new
                return
            with pytest.raises(IntegrityError), session.begin_nested():
                _update(session, "physical_copy", self.copy, new)

        @rule(old=statuses, new=statuses)
        def move_if(self, old: PhysicalCopyStatus, new: PhysicalCopyStatus) -> None:
            """As the planner does: nothing happens unless the row is still as it was seen."""
            if not _is_legal("physical_copy", old, new):
                return
            moved = _update(session, "physical_copy", self.copy, new, seen=old)
            assert moved == (1 if old is self.status else 0)
            self.status = new if moved else self.status

        def teardown(self) -> None:
            stored = session.scalar(
                text("SELECT status FROM physical_copy WHERE id = :id"), {"id": self.copy}
            )
            assert stored == self.status.value
            self.savepoint.rollback()

    run_state_machine_as_test(
        Walk,
        settings=settings(
            max_examples=40,
            stateful_step_count=15,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def _pairs(table: str) -> Any:
    return product(LIFE_CYCLES[table], LIFE_CYCLES[table])


def _is_legal(table: str, old: StrEnum, new: StrEnum) -> bool:
    return old is new or new in LIFE_CYCLES[table][old]


def _companions(table: str, new: StrEnum) -> dict[str, Any]:
    """Return what the CHECKs of a table want beside a new status."""
    if table == "physical_copy":
        return {"deleted_at": rows.NOW if new is PhysicalCopyStatus.DELETED else None}
    if table == "executed_obs_unit":
        return {"ended_at": None if new == "running" else rows.NOW}
    return {}


def _update(session: Session, table: str, key: object, new: StrEnum, seen: StrEnum | None = None) -> int:
    others = _companions(table, new)
    columns = "".join(f", {name} = :{name}" for name in others)
    where = "id = :id" + ("" if seen is None else " AND status = :seen")
    result = session.execute(
        text(f"UPDATE {table} SET status = :new{columns} WHERE {where}"),
        {"new": new.value, "id": key, "seen": seen.value if seen is not None else None} | others,
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


def test_orm_and_database_name_the_same_tables(session: Session) -> None:
    triggers = set(
        session.scalars(
            text("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgname LIKE '%life_cycle'")
        )
    )
    assert triggers == {f"{table}_life_cycle" for table in LIFE_CYCLES}
    assert set(inspect(session.get_bind()).get_table_names()) >= set(LIFE_CYCLES)
