"""Triggers by which PostgreSQL itself guards life cycles and facts, also against raw SQL.

The migrations carry the text of these statements; a test compares both.
"""

from ccat_ops_db.life_cycles import LIFE_CYCLES, trigger_statements

SEALED_FACTS = (
    "executed_obs_unit_id",
    "instrument_module_id",
    "part_number",
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
    "executed_obs_unit_id",
    "instrument_module_id",
    "relative_path",
    "size",
    "checksum",
    "source_location_id",
)


def all_statements() -> list[str]:
    """Return the SQL of every guard, in the order in which it can be run."""
    statements = [statement for table in LIFE_CYCLES for statement in trigger_statements(table)]
    statements += _immutable("raw_data_package", SEALED_FACTS, "OLD.sealed_at IS NOT NULL")
    statements += _immutable("raw_data_file", FILED_FACTS, "true")
    statements += _append_only("event")
    return statements


def trigger_names() -> list[str]:
    """Return the names of the guards; each trigger has the name of its function."""
    return [
        *(f"{table}_life_cycle" for table in LIFE_CYCLES),
        "raw_data_package_immutable",
        "raw_data_file_immutable",
        "event_append_only",
    ]


def _immutable(table: str, facts: tuple[str, ...], condition: str) -> list[str]:
    changed = " OR ".join(f"OLD.{fact} IS DISTINCT FROM NEW.{fact}" for fact in facts)
    return [
        f"CREATE OR REPLACE FUNCTION {table}_immutable() RETURNS trigger LANGUAGE plpgsql AS $$\n"
        f"BEGIN\n"
        f"  RAISE EXCEPTION '{table} %: its facts cannot change any more', OLD.id\n"
        f"    USING ERRCODE = 'check_violation', CONSTRAINT = '{table}_immutable';\n"
        f"END $$",
        f"CREATE OR REPLACE TRIGGER {table}_immutable BEFORE UPDATE ON {table}\n"
        f"FOR EACH ROW WHEN ({condition} AND ({changed}))\n"
        f"EXECUTE FUNCTION {table}_immutable()",
    ]


def _append_only(table: str) -> list[str]:
    return [
        f"CREATE OR REPLACE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS $$\n"
        f"BEGIN\n"
        f"  RAISE EXCEPTION '{table} is append-only'\n"
        f"    USING ERRCODE = 'check_violation', CONSTRAINT = '{table}_append_only';\n"
        f"END $$",
        f"CREATE OR REPLACE TRIGGER {table}_append_only BEFORE UPDATE ON {table}\n"
        f"FOR EACH ROW EXECUTE FUNCTION {table}_append_only()",
    ]
