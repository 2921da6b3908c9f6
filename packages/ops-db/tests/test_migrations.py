"""The migrations make exactly what the models and the guards say, forth and back, one caller at a time."""

import subprocess
import sys
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, UniqueConstraint, inspect, text
from sqlalchemy.exc import InternalError

from ccat_dev_stack.testing import NewDatabase
from ccat_ops_db import guards, revisions, schema
from ccat_ops_db.models import Base
from ccat_ops_db.session import create_engine
from ccat_ops_db.settings import SettingsError, synchronous

VERSIONS = Path(schema.__file__).parent / "migrations" / "versions"

COVERED_BY_A_PARTIAL_INDEX = {
    # 10^8 copies: ix_physical_copy_living leads with the location; of deleted copies nobody asks by it.
    ("physical_copy", "data_location_id"),
    # Markers are never deleted, and nobody asks for the copies of one.
    ("physical_copy", "place_marker_id"),
    # The members of a package are those of the files of its range; packages are never deleted.
    ("raw_data_package_member", "raw_data_package_id"),
}
"""Foreign keys without a full index, each with the reason why that is right."""

SQUAWK_EXCLUSIONS = [
    # Enumerations are varchar(40) with a CHECK. No value comes near 40 characters, so the size never changes.
    "prefer-text-field",
]

CATALOGUE = {
    "columns": """
        SELECT table_name, column_name, data_type, is_nullable, column_default
        FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'""",
    "constraints": """
        SELECT conrelid::regclass::text, conname, contype::text, convalidated, pg_get_constraintdef(oid)
        FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'alembic_version'""",
    "indexes": """
        SELECT tablename, indexname, indexdef FROM pg_indexes
        WHERE schemaname = 'public' AND tablename <> 'alembic_version'""",
    "triggers": """
        SELECT tgrelid::regclass::text, tgname, tgenabled::text, pg_get_triggerdef(oid)
        FROM pg_trigger WHERE NOT tgisinternal""",
    "views": "SELECT viewname, definition FROM pg_views WHERE schemaname = 'public'",
    "functions": """
        SELECT proname, pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace""",
}


@pytest.fixture
def migrated(postgresql_url: str) -> Any:
    schema.upgrade(postgresql_url)
    engine = create_engine(synchronous(postgresql_url), null_pool=True)
    yield engine
    engine.dispose()


def test_single_head() -> None:
    assert len(ScriptDirectory.from_config(schema.alembic_config()).get_heads()) == 1


def test_every_revision_sets_limits_first() -> None:
    revisions = [path for path in VERSIONS.glob("*.py") if path.name != "__init__.py"]
    assert revisions
    for path in revisions:
        for function in ("upgrade", "downgrade"):
            body = path.read_text().split(f"def {function}()")[1].split('"""')[2].strip()
            assert body.startswith("set_limits("), f"{path.name}: {function}"


def test_migrations_make_what_the_models_and_guards_say(migrated: Engine, new_database: NewDatabase) -> None:
    created = create_engine(synchronous(new_database()), null_pool=True)
    Base.metadata.create_all(created)
    with created.begin() as connection:
        for statement in guards.all_statements():
            connection.execute(text(statement))
    expected, found = _catalogue(created), _catalogue(migrated)
    created.dispose()
    for part in CATALOGUE:
        assert found[part] == expected[part], part
    assert {row[0] for row in found["functions"]} == set(guards.function_names())


def test_up_down_up(postgresql_url: str) -> None:
    engine = create_engine(synchronous(postgresql_url), null_pool=True)
    schema.upgrade(postgresql_url)
    first = _catalogue(engine)
    schema.downgrade(postgresql_url, "base")
    assert inspect(engine).get_table_names() == ["alembic_version"]
    assert _catalogue(engine) == {part: [] for part in CATALOGUE}
    schema.upgrade(postgresql_url)
    assert _catalogue(engine) == first
    engine.dispose()


@pytest.mark.long
def test_each_revision_goes_one_step_back_and_forth(postgresql_url: str) -> None:
    steps = [*ScriptDirectory.from_config(schema.alembic_config()).walk_revisions()]
    schema.upgrade(postgresql_url)
    for step in steps:
        below = step.down_revision or "base"
        assert isinstance(below, str)
        schema.downgrade(postgresql_url, below)
        schema.upgrade(postgresql_url, step.revision)
        schema.downgrade(postgresql_url, below)
    schema.upgrade(postgresql_url)


def test_upgrade_again_changes_nothing(migrated: Engine) -> None:
    before = _catalogue(migrated)
    schema.upgrade(migrated.url)
    assert _catalogue(migrated) == before


@pytest.mark.long
def test_upgrades_at_once(postgresql_url: str) -> None:
    program = "import sys; from ccat_ops_db.schema import upgrade; upgrade(sys.argv[1])"
    upgrades = [
        subprocess.Popen([sys.executable, "-c", program, postgresql_url], stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for upgrade in upgrades:
        _, errors = upgrade.communicate(timeout=120)
        assert (upgrade.returncode, errors) == (0, "")
    engine = create_engine(synchronous(postgresql_url), null_pool=True)
    with engine.connect() as connection:
        assert schema.current_revision(connection) == schema.head_revision()
        assert revisions.pending(schema.current_revision(connection)) == []
    engine.dispose()


@pytest.mark.long
def test_drops_at_once_leave_nothing(migrated: Engine) -> None:
    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(schema.drop_everything, migrated) for _ in range(3)]:
            done.result()
    assert inspect(migrated).get_table_names() == []
    assert _catalogue(migrated) == {part: [] for part in CATALOGUE}
    schema.upgrade(migrated.url)


def test_drop_that_fails_drops_nothing(migrated: Engine) -> None:
    with migrated.begin() as connection:
        connection.execute(text("CREATE TABLE theirs (site_id varchar REFERENCES site)"))
    before = _catalogue(migrated)
    with pytest.raises(InternalError, match="theirs"):
        schema.drop_everything(migrated)
    assert _catalogue(migrated) == before


def test_pending_revisions_of_an_empty_database(postgresql_url: str) -> None:
    engine = create_engine(synchronous(postgresql_url), null_pool=True)
    with engine.connect() as connection:
        assert revisions.pending(schema.current_revision(connection))[-1].revision == schema.head_revision()
    engine.dispose()


def test_sqlite_is_never_migrated(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="never migrated"):
        schema.upgrade(f"sqlite:///{tmp_path / 'a.sqlite'}")


def test_every_foreign_key_is_indexed() -> None:
    bare = set()
    for table in Base.metadata.sorted_tables:
        leading = [tuple(column.name for column in table.primary_key.columns)]
        leading += [
            tuple(column.name for column in unique.columns)
            for unique in table.constraints
            if isinstance(unique, UniqueConstraint)
        ]
        leading += [
            tuple(column.name for column in index.columns)
            for index in table.indexes
            if index.dialect_options["postgresql"]["where"] is None
        ]
        for key in table.foreign_key_constraints:
            # The owner that stands behind the key of a parent tells no rows apart: it is that of the parent.
            names = tuple(column.name for column in key.columns if column.name != "site_id")
            if not names:
                continue  # a handful of values, and a site is never deleted
            if not any(index[: len(names)] == names for index in leading):
                bare.add((table.name, *names))
    assert bare == COVERED_BY_A_PARTIAL_INDEX


def test_every_table_and_column_is_documented() -> None:
    for mapper in Base.registry.mappers:
        assert mapper.class_.__doc__, mapper.class_
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            assert (column.doc or "").endswith("."), f"{table.name}.{column.name}"


def test_every_constraint_has_a_name(migrated: Engine) -> None:
    for table, name, *_ in _catalogue(migrated)["constraints"]:
        kinds = ("pk_", "fk_", "ck_", "uq_")
        # PostgreSQL 18 keeps NOT NULL as a constraint and names it itself.
        assert name.startswith(kinds) or name.endswith("_not_null"), f"{table}: {name}"


def test_squawk_finds_nothing(tmp_path: Path) -> None:
    scripts = [*ScriptDirectory.from_config(schema.alembic_config()).walk_revisions()]
    for step in scripts:
        file = tmp_path / f"{step.revision}.sql"
        file.write_text(schema.offline_sql(f"{step.down_revision or 'base'}:{step.revision}"))
        assert _squawk(file) == (0, ""), step.revision


def test_squawk_would_find_a_dangerous_step(tmp_path: Path) -> None:
    file = tmp_path / "dangerous.sql"
    file.write_text("ALTER TABLE raw_data_file ALTER COLUMN size TYPE integer;\n")
    status, report = _squawk(file)
    assert status == 1
    assert "changing-column-type" in report


def _squawk(file: Path) -> tuple[int, str]:
    command = [
        str(Path(sysconfig.get_path("scripts")) / "squawk"),
        "--pg-version=16.0",
        *(f"--exclude={rule}" for rule in SQUAWK_EXCLUSIONS),
        "--reporter=gcc",
        str(file),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def _catalogue(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    with engine.connect() as connection:
        return {
            part: sorted(tuple(row) for row in connection.execute(text(query)))
            for part, query in CATALOGUE.items()
        }
