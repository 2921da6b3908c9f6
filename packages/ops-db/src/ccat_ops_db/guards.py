"""Triggers by which PostgreSQL itself guards life cycles and facts, also against raw SQL.

The migrations carry the text of these statements; a test compares both.
"""

from ccat_ops_db import changed_keys, database_time, owner_guards
from ccat_ops_db.life_cycles import LIFE_CYCLES, trigger_statements
from ccat_ops_db.replication.classes import APPEND_ONLY

SEALED_FACTS = (
    "id",
    "executed_obs_unit_id",
    "instrument_module_id",
    "part_number",
    "source_location_id",
    "created_at",
    "file_count",
    "payload_bytes",
    "relative_path",
    "sealed_at",
    "size",
    "checksum",
    "manifest_checksum",
    "index_checksum",
)
FILED_FACTS = (
    "id",
    "executed_obs_unit_id",
    "instrument_module_id",
    "relative_path",
    "size",
    "checksum",
    "file_type",
    "source_location_id",
    "written_from",
    "written_until",
    "filed_at",
)
MEMBER_FACTS = ("raw_data_package_id", "member_offset", "member_checksum")
"""Where a file is in its package: settled once the package is sealed."""


def all_statements() -> list[str]:
    """Return the SQL of every function and guard, in the order in which it can be run."""
    statements = [database_time.STATEMENT]
    statements += [statement for table in LIFE_CYCLES for statement in trigger_statements(table)]
    statements += _refuse(
        "raw_data_package_immutable",
        "raw_data_package",
        f"UPDATE WHEN OLD.sealed_at IS NOT NULL AND ({_changed(SEALED_FACTS)})",
        "raw_data_package %: its facts cannot change any more",
    )
    statements += _refuse(
        "raw_data_package_kept",
        "raw_data_package",
        "DELETE WHEN OLD.sealed_at IS NOT NULL",
        "raw_data_package %: a sealed package is never deleted",
    )
    statements += _refuse(
        "raw_data_file_immutable",
        "raw_data_file",
        f"UPDATE WHEN ({_changed(FILED_FACTS)})"
        f" OR (OLD.member_offset IS NOT NULL AND ({_changed(MEMBER_FACTS)}))",
        "raw_data_file %: its facts cannot change any more",
    )
    statements += _refuse(
        "raw_data_file_kept",
        "raw_data_file",
        "DELETE WHEN OLD.raw_data_package_id IS NOT NULL",
        "raw_data_file %: a packaged file is never deleted",
    )
    for table in APPEND_ONLY:
        statements += _refuse(
            f"{table}_append_only", table, "UPDATE OR DELETE", f"{table} %: its rows are append-only"
        )
    return [*statements, *owner_guards.owner_statements(), *changed_keys.changed_key_statements()]


def function_names() -> list[str]:
    """Return the names of the functions that the schema has."""
    return [
        database_time.FUNCTION,
        *owner_guards.FUNCTIONS,
        *changed_keys.FUNCTIONS,
        *(f"{table}_life_cycle" for table in LIFE_CYCLES),
        "raw_data_package_immutable",
        "raw_data_package_kept",
        "raw_data_file_immutable",
        "raw_data_file_kept",
        *(f"{table}_append_only" for table in APPEND_ONLY),
    ]


def _changed(columns: tuple[str, ...]) -> str:
    return " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in columns)


def _refuse(name: str, table: str, operation: str, message: str) -> list[str]:
    """Return function and trigger that refuse an operation on rows of a table (``%`` stands for the key)."""
    event, _, condition = operation.partition(" WHEN ")
    when = f" WHEN ({condition})" if condition else ""
    return [
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$\n"
        f"BEGIN\n"
        f"  RAISE EXCEPTION '{message}', OLD.id\n"
        f"    USING ERRCODE = 'check_violation', CONSTRAINT = '{name}';\n"
        f"END $$",
        f"CREATE OR REPLACE TRIGGER {name} BEFORE {event} ON {table}\n"
        f"FOR EACH ROW{when}\n"
        f"EXECUTE FUNCTION {name}()",
    ]
