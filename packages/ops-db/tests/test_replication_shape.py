"""Every table has the shape that several writable databases need: in the models and in a real database."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, Table, UniqueConstraint, Uuid, inspect, text

from ccat_ops_db import models
from ccat_ops_db.models import Base
from ccat_ops_db.orphans import references
from ccat_ops_db.owner_guards import owner_triggers
from ccat_ops_db.replication.classes import APPEND_ONLY, LOCAL, OWNED, REFERENCE

TABLES = Base.metadata.tables
OWNERS = {"data_transfer_route": "origin_site_id"}
"""Reference tables whose rows are tied to a site by another column than ``site_id``."""


def test_every_table_goes_one_way() -> None:
    listed = [*REFERENCE, *OWNED, *LOCAL]
    assert len(listed) == len(set(listed))
    assert set(listed) == set(TABLES)
    assert set(APPEND_ONLY) <= set(OWNED)


def test_owned_tables_are_those_whose_owner_is_in_the_key() -> None:
    with_owner = {name for name, table in TABLES.items() if _key(table)[-1:] == ["site_id"]}
    assert with_owner - set(LOCAL) == set(OWNED)
    for name in OWNED:
        assert not TABLES[name].c.site_id.nullable
        parents = {key.column.table.name for key in TABLES[name].c.site_id.foreign_keys}
        assert "site" not in parents, f"{name}: the guard is stricter, and needs no lock"


def test_programs_tell_rows_by_the_key_without_the_owner() -> None:
    for mapper in Base.registry.mappers:
        table = mapper.class_.__table__
        if table.name in OWNED:
            assert [column.name for column in mapper.primary_key] == _key(table)[:-1], mapper.class_


@pytest.mark.parametrize("name", OWNED)
def test_every_unique_contains_the_owner_or_is_tied_to_it(name: str) -> None:
    table = TABLES[name]
    tied = {"site_id", *_tied_columns(table)}
    assert {column for unique in _uniques(table) if not tied & set(unique) for column in unique} == set()


@pytest.mark.parametrize("name", OWNED)
def test_no_foreign_key_crosses_owners(name: str) -> None:
    for key in TABLES[name].foreign_key_constraints:
        parent = key.referred_table
        ours, theirs = [column.name for column in key.columns], [e.column.name for e in key.elements]
        if parent.name in OWNED:
            assert "site_id" in ours, f"{name}.{ours[0]} may name a row of another owner"
        if "site_id" in ours:
            owner = "site_id" if parent.name in OWNED else OWNERS.get(parent.name, "site_id")
            assert theirs[ours.index("site_id")] == owner
        else:
            assert parent.name in REFERENCE


def test_reference_and_local_tables_refer_to_no_owned_row() -> None:
    """A check of such a key would lock a row that arrives from elsewhere."""
    crossing = {
        f"{name}.{key.columns.keys()[0]}"
        for name in (*REFERENCE, *LOCAL)
        for key in TABLES[name].foreign_key_constraints
        if key.referred_table.name in OWNED
    }
    assert crossing == set()


def test_what_names_rows_of_any_owner_is_looked_at_for_orphans() -> None:
    found = {(it.table, it.column) for it in references()}
    named = {
        (name, column.name)
        for name in OWNED
        for column in TABLES[name].columns
        if isinstance(column.type, Uuid) and column.name != "id" and not column.foreign_keys
    }
    assert named - found == {it for it in named if it[1] in ("work_id", "caller_credential_id")}, (
        "of several kinds, or of rows that are deleted"
    )


def test_every_guard_is_in_the_database(worker_engine: Engine) -> None:
    found: dict[str, set[tuple[str, str]]] = {name: set() for name in TABLES}
    query = "SELECT tgrelid::regclass::text, tgname, tgenabled::text FROM pg_trigger WHERE NOT tgisinternal"
    for table, trigger, enabled in _ask(worker_engine, query):
        found[str(table).strip('"')].add((str(trigger), str(enabled)))
    guards = {"owned_here_delete", "owned_here_insert", "owned_here_update", "owner_is_settled"}
    guards |= {"never_truncated", "arrives", "main_only"}
    for name in TABLES:
        # R: fires only where replication applies rows; O: everywhere else.
        expected = {(it, "R" if it == "arrives" else "O") for it in owner_triggers(name)}
        assert {it for it in found[name] if it[0] in guards} == expected, name
    for name in APPEND_ONLY:
        assert (f"{name}_append_only", "O") in found[name]
    for name in OWNED:
        assert owner_triggers(name), name
    for name in REFERENCE:
        assert owner_triggers(name) == ("main_only",), name


def test_the_primary_key_is_the_replica_identity(worker_engine: Engine) -> None:
    query = """
        SELECT c.relname, c.relreplident::text FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"""
    assert {str(identity) for _, identity in _ask(worker_engine, query)} == {"d"}
    for name in OWNED:
        key = inspect(worker_engine).get_pk_constraint(name)["constrained_columns"]
        assert key == _key(TABLES[name]), name


def test_the_database_has_the_uniques_of_the_models_and_no_others(worker_engine: Engine) -> None:
    query = """
        SELECT i.indrelid::regclass::text, array_agg(a.attname ORDER BY a.attname)
        FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid
             AND a.attnum = ANY (i.indkey[0:i.indnkeyatts - 1])
        WHERE i.indisunique AND i.indrelid::regclass::text = ANY (:owned)
        GROUP BY i.indexrelid, i.indrelid"""
    with worker_engine.connect() as connection:
        rows = connection.execute(text(query), {"owned": list(OWNED)}).all()
    found = {(str(table), tuple(columns)) for table, columns in rows}
    expected = {(name, tuple(sorted(unique))) for name in OWNED for unique in _uniques(TABLES[name])}
    assert found == expected


def test_a_program_gets_a_row_by_its_id_alone() -> None:
    key = inspect(models.PhysicalCopy).primary_key
    assert [column.name for column in key] == ["id"]
    assert inspect(models.RawDataPackagePhysicalCopy).primary_key == key


def _key(table: Table) -> list[str]:
    return [column.name for column in table.primary_key.columns]


def _tied_columns(table: Table) -> set[str]:
    """Return the columns that say together with the owner which row of the same owner is meant."""
    return {
        column.name
        for key in table.foreign_key_constraints
        if "site_id" in key.columns
        for column in key.columns
    }


def _uniques(table: Table) -> Iterator[list[str]]:
    yield _key(table)
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            yield [column.name for column in constraint.columns]
    for index in table.indexes:
        if index.unique:
            yield [column.name for column in index.columns]


def _ask(engine: Engine, query: str) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]
