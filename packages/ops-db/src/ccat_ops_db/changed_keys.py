"""The queue of changed keys: triggers tell each consumer whose state changed, and it takes what it was told.

A service that works on what changes, the planner for one, does not read tables to find out, and nobody
notifies it, because a commit with a notification locks the whole server. Row triggers append the key of each
row whose state changed to one queue for each row of ``change_consumer``, in the transaction that changes it;
for rows that replication brings, too. They do nothing else: they run inside of filing and of replication,
which a mistake here would stop. A consumer deletes its own keys in the transaction that has the result, so
that what it did not finish is there again. There are no cursors, which would pass over what commits late.

The migration carries the text of the statements; a test compares both. SQLite has none of this.
"""

from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from ccat_ops_db.enumerations import Consumer
from ccat_ops_db.models import Base
from ccat_ops_db.replication.classes import APPEND_ONLY

LONGEST_QUEUE = 1_000_000
"""Keys that may wait for a consumer: beyond them it is quicker to start over."""

WAITING = ("waiting_detail", "waiting_since")
PROGRESS = ("progressed_at", "bytes_done", "partial_bytes")
WORK = ("dispatched_at", "dispatches", "lease_expires_at", *PROGRESS, *WAITING)


@dataclass(frozen=True)
class Watched:
    """How a table is watched.

    Attributes
    ----------
    progress : tuple of str
        Columns that tell how far something is, and not what state it is in: alone they append nothing.
    only : str
        Which rows are watched, as SQL with the row as ``{row}``; empty: all.
    """

    progress: tuple[str, ...] = ()
    only: str = ""


WATCHED: dict[str, Watched] = {
    "executed_obs_unit": Watched(),
    # Each filing moves its counters, and the event of the filing tells.
    "raw_data_series": Watched(
        ("filed_count", "filed_bytes", "oldest_unpackaged_at", "last_filed_at", "review_at")
    ),
    "raw_data_package": Watched(),
    "raw_data_file_exception": Watched(("last_seen_at", "readings", "read_by", "detail")),
    "place_marker": Watched(("to_be_read", "listing_begun_at", "listed_at")),
    "reconcile_finding": Watched(("last_seen_at",)),
    "outage": Watched(("message", "last_seen_at", "count")),
    # Files have no keys: there are too many, and the event of their filing tells.
    "physical_copy": Watched((*WAITING, "next_check_at"), only="{row}.kind = 'raw_data_package'"),
    "copy_claim": Watched(),
    # Of work at the site of the copy it is made and removed with the work, which has keys.
    "physical_copy_lock": Watched(only="{row}.claim_id IS NOT NULL"),
    "package_creation": Watched(WORK),
    "data_transfer": Watched(WORK),
    "long_term_archive_transfer": Watched(WORK),
    "fixity_check": Watched(WORK),
    "staging_job": Watched(),
    "staging_item": Watched(WORK),
    "deletion": Watched(WORK),
    "error_record": Watched(("last_seen_at", "count", "message")),
    "event": Watched(),
    "error_acknowledgement": Watched(),
    "error_acknowledgement_end": Watched(),
    "deletion_hold": Watched(),
    "deletion_hold_end": Watched(),
    "verification": Watched(),
    "member_finding": Watched(),
    "doubt": Watched(),
    "doubt_answer": Watched(),
    "suspension": Watched(),
    "suspension_end": Watched(),
}
"""The tables with triggers."""

TAKEN = "changed_key_taken"
"""Sequence by which processes that share the queue of a consumer tell each other that they took something."""

FUNCTIONS = ("append_changed_key", "only_by_triggers")

_APPEND = """\
CREATE OR REPLACE FUNCTION append_changed_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.changed_key (consumer, subject, key, at)
  SELECT c.consumer, TG_TABLE_NAME, coalesce(NEW.id, OLD.id)::text, public.ops_now()
  FROM public.change_consumer c;
  RETURN NULL;
END $$"""

_ONLY_BY_TRIGGERS = """\
CREATE OR REPLACE FUNCTION only_by_triggers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '%: only triggers write to it', TG_TABLE_NAME
    USING ERRCODE = 'check_violation', CONSTRAINT = 'only_by_triggers';
END $$"""


class Changed(NamedTuple):
    """A row whose state changed."""

    subject: str
    """Its table."""
    key: str
    """Its id."""


class Taken(NamedTuple):
    """What a consumer took out of its queue."""

    keys: frozenset[Changed]
    """Rows whose state changed, each once."""
    starts_over: bool
    """Whether keys were thrown away before, so that it must look at everything."""


def take(session: Session | Connection, consumer: Consumer, at_most: int) -> Taken:
    """Take keys out of the queue of a consumer, for good once the transaction commits.

    Keys that another process of the same consumer has in its hands are left to it.

    Parameters
    ----------
    session : Session or Connection
        Of the transaction that writes the result, too.
    consumer : Consumer
        Whose queue.
    at_most : int
        Number of keys.
    """
    rows = session.execute(_TAKE[consumer], {"at_most": at_most}).all()
    keys = frozenset(Changed(subject, key) for subject, key in rows if subject is not None)
    return Taken(keys, starts_over=any(subject is None for subject, _ in rows))


def empty_long_queues(session: Session | Connection, longest: int) -> list[Consumer]:
    """Empty the queues in which too many keys wait, and tell their consumers to start over; return them.

    Planners and the API do so each minute: a consumer that stays away does not do it itself.
    """
    emptied = []
    for consumer in session.scalars(_CONSUMERS).all():
        if session.execute(_TOO_LONG[consumer], {"longest": longest}).scalar_one():
            session.execute(_STARTS_OVER, {"consumer": consumer})
            session.execute(_TAKE_ALL[consumer])
            emptied.append(Consumer(consumer))
    return emptied


def changed_key_statements() -> list[str]:
    """Return the SQL of the partitions, the functions and the triggers."""
    statements = [_APPEND, _ONLY_BY_TRIGGERS]
    for consumer in Consumer:
        statements += [
            f"CREATE TABLE {_queue(consumer)} PARTITION OF changed_key FOR VALUES IN ('{consumer}')\n"
            # Rows live for some milliseconds: what is dead goes before a poll has to read past much of it.
            "WITH (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0)"
        ]
    statements += [
        "CREATE OR REPLACE TRIGGER only_by_triggers BEFORE INSERT OR UPDATE ON changed_key\n"
        "FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0)\n"
        "EXECUTE FUNCTION only_by_triggers()",
        f"CREATE SEQUENCE {TAKEN} OWNED BY changed_key.consumer",
    ]
    for table in WATCHED:
        statements += _of_table(table)
    return statements


def changed_key_triggers(table: str) -> tuple[str, ...]:
    """Return the names of the triggers that append the keys of a table."""
    if table not in WATCHED:
        return ()
    events = ("insert",) if table in APPEND_ONLY else ("insert", "update", "delete")
    return tuple(f"changed_key_{event}" for event in events)


def _of_table(table: str) -> list[str]:
    watched = WATCHED[table]
    statements = []
    for trigger in changed_key_triggers(table):
        event = trigger.removeprefix("changed_key_")
        conditions = [watched.only.format(row="OLD" if event == "delete" else "NEW")] if watched.only else []
        if event == "update":
            conditions.append(_changes_state(table))
        when = f" WHEN ({' AND '.join(conditions)})" if conditions else ""
        statements += [
            f"CREATE OR REPLACE TRIGGER {trigger} AFTER {event.upper()} ON {table}\n"
            f"FOR EACH ROW{when}\n"
            "EXECUTE FUNCTION append_changed_key()",
            # ALWAYS: rows that replication brings count like those that are written here.
            f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}",
        ]
    return statements


def _changes_state(table: str) -> str:
    names = [column.name for column in Base.metadata.tables[table].columns]
    state = [name for name in names if name not in ("id", "site_id", *WATCHED[table].progress)]
    old, new = (", ".join(f"{row}.{name}" for name in state) for row in ("OLD", "NEW"))
    return f"({old}) IS DISTINCT FROM ({new})"


def _queue(consumer: Consumer) -> str:
    return f"changed_key_{consumer}"


_CONSUMERS = text("SELECT consumer FROM change_consumer ORDER BY consumer")
_STARTS_OVER = text("UPDATE change_consumer SET emptied_at = ops_now() WHERE consumer = :consumer")
_TAKE = {
    consumer: text(
        "WITH late AS (UPDATE change_consumer SET emptied_at = NULL"
        f" WHERE consumer = '{consumer}' AND emptied_at IS NOT NULL RETURNING 1),"
        f" taken AS (DELETE FROM {_queue(consumer)} WHERE ctid = ANY (ARRAY("
        f" SELECT ctid FROM {_queue(consumer)} LIMIT :at_most FOR UPDATE SKIP LOCKED))"
        " RETURNING subject, key)"
        " SELECT subject, key FROM taken UNION ALL SELECT NULL, NULL FROM late"
    )
    for consumer in Consumer
}
_TAKE_ALL = {
    consumer: text(
        f"DELETE FROM {_queue(consumer)} WHERE ctid = ANY (ARRAY("
        f" SELECT ctid FROM {_queue(consumer)} FOR UPDATE SKIP LOCKED))"
    )
    for consumer in Consumer
}
_TOO_LONG = {
    consumer: text(
        f"SELECT count(*) > :longest FROM (SELECT 1 FROM {_queue(consumer)} LIMIT :longest + 1) AS waiting"
    )
    for consumer in Consumer
}
