"""Triggers by which PostgreSQL keeps each row with its one writer: the database of the site that owns it.

The table ``database_site`` says which sites a database has; ``*`` stands for all. What a session may write is
narrowed further by the setting ``ccat.acts_for``: sites, separated by commas.

Ordinary triggers do not fire where replication applies rows of others. What arrives is looked at by the
trigger ``arrives``, which fires only there. Replication runs with an empty search path, so that every table
is named with its schema.
"""

from ccat_ops_db.replication.classes import OWNED, REFERENCE

FUNCTIONS = ("owned_here", "owner_is_settled", "never_truncated", "main_only", "arrives")

_OWNED_HERE = """\
CREATE OR REPLACE FUNCTION owned_here() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  here text[] := ARRAY(SELECT d.site_id FROM public.database_site d);
  acts_for text[] := string_to_array(nullif(current_setting('ccat.acts_for', true), ''), ',');
  stranger text;
BEGIN
  IF acts_for IS NULL AND '*' = ANY (here) THEN
    RETURN NULL;
  END IF;
  SELECT c.site_id INTO stranger FROM changed c
  WHERE NOT (c.site_id = ANY (here) OR '*' = ANY (here)) OR c.site_id <> ALL (acts_for)
  LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION '%: a row of site % is not written here', TG_TABLE_NAME, stranger
      USING ERRCODE = 'check_violation', CONSTRAINT = 'owned_here',
            DETAIL = format('This database has the sites %s; the session acts for %s.',
                            array_to_string(here, ', '),
                            coalesce(array_to_string(acts_for, ', '), 'all of them')),
            HINT = 'Only the database of the site that owns a row changes it; ask the API of that site.';
  END IF;
  RETURN NULL;
END $$"""

_OWNER_IS_SETTLED = """\
CREATE OR REPLACE FUNCTION owner_is_settled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '%: a row of site % cannot become one of site %', TG_TABLE_NAME, OLD.site_id, NEW.site_id
    USING ERRCODE = 'check_violation', CONSTRAINT = 'owner_is_settled';
END $$"""

_NEVER_TRUNCATED = """\
CREATE OR REPLACE FUNCTION never_truncated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '%: is never truncated, as it has rows of every site', TG_TABLE_NAME
    USING ERRCODE = 'check_violation', CONSTRAINT = 'never_truncated',
          HINT = 'Delete the rows that this database owns.';
END $$"""

_MAIN_ONLY = """\
CREATE OR REPLACE FUNCTION main_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM public.database_site d WHERE d.is_main) THEN
    RAISE EXCEPTION '%: is reference data, which only the database of the main site changes', TG_TABLE_NAME
      USING ERRCODE = 'check_violation', CONSTRAINT = 'main_only',
            HINT = 'Change it at the main site; it comes here by itself.';
  END IF;
  RETURN NULL;
END $$"""

_ARRIVES = """\
CREATE OR REPLACE FUNCTION arrives() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  owner text;
  own boolean;
BEGIN
  IF TG_OP = 'DELETE' THEN
    owner := OLD.site_id;
  ELSE
    owner := NEW.site_id;
  END IF;
  own := EXISTS (SELECT FROM public.database_site d WHERE d.site_id IN (owner, '*'));
  IF NOT EXISTS (
    SELECT FROM public.link_role l
    WHERE l.role = current_user AND l.site_id IN (owner, '*') AND (l.recovers OR NOT own)
  ) THEN
    RAISE EXCEPTION '%: the role % may not bring a row of site % here', TG_TABLE_NAME, current_user, owner
      USING ERRCODE = 'check_violation', CONSTRAINT = 'arrives',
            DETAIL = CASE WHEN own THEN 'This database owns the rows of that site.' ELSE
                     'The table link_role does not allow it.' END;
  END IF;
  IF TG_OP = 'DELETE' THEN
    RETURN OLD;
  END IF;
  RETURN NEW;
END $$"""


def owner_statements() -> list[str]:
    """Return the SQL of the functions, and of the triggers of every table."""
    statements = [_OWNED_HERE, _OWNER_IS_SETTLED, _NEVER_TRUNCATED, _MAIN_ONLY, _ARRIVES]
    for table in OWNED:
        statements += _of_owned(table)
    return statements + [_of_reference(table) for table in REFERENCE]


def owner_triggers(table: str) -> tuple[str, ...]:
    """Return the names of the triggers that keep the rows of a table with their owner."""
    if table in REFERENCE:
        return ("main_only",)
    if table in OWNED:
        return (
            "owned_here_delete",
            "owned_here_insert",
            "owned_here_update",
            "owner_is_settled",
            "never_truncated",
            "arrives",
        )
    return ()


def _of_owned(table: str) -> list[str]:
    # A trigger with a transition table is for one event alone.
    seen = {"INSERT": "NEW", "UPDATE": "NEW", "DELETE": "OLD"}
    return [
        *(
            f"CREATE OR REPLACE TRIGGER owned_here_{event.lower()} AFTER {event} ON {table}\n"
            f"REFERENCING {side} TABLE AS changed\n"
            "FOR EACH STATEMENT\n"
            "EXECUTE FUNCTION owned_here()"
            for event, side in seen.items()
        ),
        f"CREATE OR REPLACE TRIGGER owner_is_settled BEFORE UPDATE ON {table}\n"
        "FOR EACH ROW WHEN (OLD.site_id IS DISTINCT FROM NEW.site_id)\n"
        "EXECUTE FUNCTION owner_is_settled()",
        f"CREATE OR REPLACE TRIGGER never_truncated BEFORE TRUNCATE ON {table}\n"
        "FOR EACH STATEMENT\n"
        "EXECUTE FUNCTION never_truncated()",
        f"CREATE OR REPLACE TRIGGER arrives BEFORE INSERT OR UPDATE OR DELETE ON {table}\n"
        "FOR EACH ROW\n"
        "EXECUTE FUNCTION arrives()",
        f"ALTER TABLE {table} ENABLE REPLICA TRIGGER arrives",
    ]


def _of_reference(table: str) -> str:
    return (
        "CREATE OR REPLACE TRIGGER main_only BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE\n"
        f'ON "{table}" FOR EACH STATEMENT\n'
        "EXECUTE FUNCTION main_only()"
    )
