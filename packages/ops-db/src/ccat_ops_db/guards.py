"""Triggers by which PostgreSQL itself guards life cycles and facts, also against raw SQL.

The migrations carry the text of these statements; a test compares both.
"""

from ccat_ops_db import changed_keys, database_time, owner_guards
from ccat_ops_db.life_cycles import LIFE_CYCLES, trigger_statements
from ccat_ops_db.replication.classes import APPEND_ONLY

SEALED_FACTS = (
    "part_number",
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
RANGE_FACTS = ("id", "raw_data_series_id", "first_number", "last_number")
"""Which files a package is to carry: settled when it is formed."""

COPY_FACTS = (
    "id",
    "kind",
    "form",
    "raw_data_file_id",
    "raw_data_package_id",
    "data_location_id",
    "relative_path",
    "generation",
)
"""What a copy is, and where: the bytes that its evidence is about are known by it."""

_GIVEN_UP = """\
CREATE OR REPLACE FUNCTION physical_copy_given_up() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  in_archive boolean := EXISTS (
    SELECT FROM public.data_location l
    WHERE l.id = NEW.data_location_id AND l.location_type = 'long_term_archive');
  bad boolean := coalesce((
    SELECT v.finding <> 'right' FROM public.verification v
    WHERE v.physical_copy_id = NEW.id ORDER BY v.number DESC LIMIT 1), false);
BEGIN
  IF NEW.status = 'deletion_scheduled' AND NOT in_archive THEN
    RETURN NEW;
  END IF;
  IF NOT EXISTS (
    SELECT FROM public.deletion d
    WHERE d.data_location_id = NEW.data_location_id AND d.site_id = NEW.site_id
      AND d.raw_data_file_id IS NOT DISTINCT FROM NEW.raw_data_file_id
      AND (d.raw_data_package_id = NEW.raw_data_package_id OR NEW.raw_data_file_id IS NOT NULL)
      AND (NEW.status = 'deletion_scheduled' AND d.status NOT IN ('completed', 'cancelled')
           OR d.status = 'in_progress' AND d.lease_expires_at > public.ops_now()
              AND (NOT in_archive
                   OR d.created_at <= public.ops_now() - CASE WHEN bad THEN interval '14 days'
                                                              ELSE interval '7 days' END)))
  THEN
    RAISE EXCEPTION 'physical_copy %: becomes % by a deletion in hand only, in an archive after 7 or 14 days',
      NEW.id, NEW.status
      USING ERRCODE = 'check_violation', CONSTRAINT = 'physical_copy_given_up';
  END IF;
  RETURN NEW;
END $$"""
"""Nobody gives up bytes but who has their deletion in hand; those of an archive wait for a second thought."""

_TAKES_NEXT_RANGE = """\
CREATE OR REPLACE FUNCTION raw_data_package_takes_next_range() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  next_number bigint;
BEGIN
  SELECT s.packaged_count + 1 INTO next_number FROM public.raw_data_series s
  WHERE s.id = NEW.raw_data_series_id AND s.site_id = NEW.site_id FOR NO KEY UPDATE;
  IF FOUND AND NEW.first_number <> next_number THEN
    RAISE EXCEPTION 'raw_data_package %: begins at number %, the next of its series is %',
      NEW.id, NEW.first_number, next_number
      USING ERRCODE = 'check_violation', CONSTRAINT = 'raw_data_package_takes_next_range';
  END IF;
  UPDATE public.raw_data_series s
  SET packaged_count = NEW.last_number, packaged_bytes = s.packaged_bytes + NEW.payload_bytes,
      oldest_unpackaged_at = (SELECT f.filed_at FROM public.raw_data_file f
                              WHERE f.raw_data_series_id = s.id AND f.number = NEW.last_number + 1)
  WHERE s.id = NEW.raw_data_series_id AND s.site_id = NEW.site_id;
  RETURN NEW;
END $$"""
"""Ranges follow each other without a gap, and the series counts them; what is filed meanwhile waits."""


def all_statements() -> list[str]:
    """Return the SQL of every function and guard, in the order in which it can be run."""
    statements = [database_time.STATEMENT]
    statements += [statement for table in LIFE_CYCLES for statement in trigger_statements(table)]
    statements += _refuse(
        "raw_data_package_immutable",
        "raw_data_package",
        f"UPDATE WHEN ({_changed(RANGE_FACTS)})"
        f" OR (OLD.sealed_at IS NOT NULL AND ({_changed(SEALED_FACTS)}))",
        "raw_data_package %: its facts cannot change any more",
    )
    statements += _refuse(
        "raw_data_package_kept",
        "raw_data_package",
        "DELETE",
        "raw_data_package %: is never deleted, as its range would be missing",
    )
    statements += [
        _TAKES_NEXT_RANGE,
        "CREATE OR REPLACE TRIGGER raw_data_package_takes_next_range BEFORE INSERT ON raw_data_package\n"
        "FOR EACH ROW\n"
        "EXECUTE FUNCTION raw_data_package_takes_next_range()",
    ]
    statements += _refuse(
        "physical_copy_immutable",
        "physical_copy",
        f"UPDATE WHEN ({_changed(COPY_FACTS)})",
        "physical_copy %: what it is, and where, cannot change",
    )
    statements += _refuse(
        "physical_copy_kept",
        "physical_copy",
        "DELETE",
        "physical_copy %: is never deleted, as its name would be free again",
    )
    statements += [
        _GIVEN_UP,
        "CREATE OR REPLACE TRIGGER physical_copy_given_up BEFORE UPDATE OF status ON physical_copy\n"
        "FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status"
        " AND NEW.status IN ('deletion_scheduled', 'deletion_in_progress'))\n"
        "EXECUTE FUNCTION physical_copy_given_up()",
    ]
    for table in APPEND_ONLY:
        statements += _refuse(
            f"{table}_append_only", table, "UPDATE OR DELETE", f"{table}: its rows are append-only"
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
        "raw_data_package_takes_next_range",
        "physical_copy_immutable",
        "physical_copy_kept",
        "physical_copy_given_up",
        *(f"{table}_append_only" for table in APPEND_ONLY),
    ]


def _changed(columns: tuple[str, ...]) -> str:
    return " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in columns)


def _refuse(name: str, table: str, operation: str, message: str) -> list[str]:
    """Return function and trigger that refuse an operation on rows of a table (``%`` stands for the key)."""
    key = ", OLD.id" if "%" in message else ""
    event, _, condition = operation.partition(" WHEN ")
    when = f" WHEN ({condition})" if condition else ""
    return [
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$\n"
        f"BEGIN\n"
        f"  RAISE EXCEPTION '{message}'{key}\n"
        f"    USING ERRCODE = 'check_violation', CONSTRAINT = '{name}';\n"
        f"END $$",
        f"CREATE OR REPLACE TRIGGER {name} BEFORE {event} ON {table}\n"
        f"FOR EACH ROW{when}\n"
        f"EXECUTE FUNCTION {name}()",
    ]
