"""A database that is put back as it was: for the tests of a process, a hundredth of the work of a new one.

Sessions may stay open from test to test, and keep what they have learnt: what tables look like, functions,
plans of prepared statements. That is half of what short statements cost.
"""

from typing import Any

import psycopg
from psycopg import sql

_REMEMBERED = "as_it_was"

_TABLES = """\
SELECT c.relname, array_agg(a.attname ORDER BY a.attnum) FILTER (WHERE a.attgenerated = '')
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
GROUP BY c.relname ORDER BY c.relname = 'changed_key', c.relname"""
"""Triggers write into ``changed_key`` whatever is done: it is restored after all others."""

_SEQUENCES = "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'"

_MAY_BRING_ALL = (
    "INSERT INTO public.link_role (role, site_id, recovers) VALUES (current_user, '*', true)"
    " ON CONFLICT DO NOTHING"
)
"""As a restored backup does: without it the guards of what replication brings refuse the rows."""

_END_OTHERS = """\
SELECT count(pg_terminate_backend(a.pid, 10000)) FROM pg_stat_activity a
WHERE a.datname = current_database() AND a.backend_type = 'client backend' AND a.pid <> pg_backend_pid()
  AND (a.application_name <> %s OR a.state <> 'idle'
    OR EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.locktype = 'advisory'))"""

_HAS_SETTINGS = """\
SELECT EXISTS (SELECT FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
  WHERE d.datname = current_database())"""


class RestoredDatabase:
    """Remembers the rows that a database with our schema has now, and restores them.

    The schema is not looked at: a test that changes it wants a database of its own.

    Parameters
    ----------
    url
        The database; nobody else may be changing it.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._connection = self._connect()
        self._connection.execute(_MAY_BRING_ALL)
        self._remember()

    def restore(self) -> None:
        """Give it the rows again that it had, past all guards."""
        self._open().execute(f"SELECT {_REMEMBERED}.restore()")

    def end_sessions(self, but: str) -> bool:
        """End all sessions but the idle ones of an application that hold no locks; say if there were any.

        Where a test changed settings of the database, which a session takes when it begins, none is kept.
        """
        run = self._open().execute
        if run(_HAS_SETTINGS).fetchone() == (True,):
            run(sql.SQL("ALTER DATABASE {} RESET ALL").format(sql.Identifier(self._connection.info.dbname)))
            but = ""
        row = run(_END_OTHERS, [but]).fetchone()
        assert row is not None
        return bool(row[0])

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()

    def _connect(self) -> "psycopg.Connection[Any]":
        # Neither guards nor foreign keys stop who restores, nor what a test made of the database's settings.
        options = "-c session_replication_role=replica -c default_transaction_read_only=off"
        return psycopg.connect(self.url, autocommit=True, options=options)

    def _open(self) -> "psycopg.Connection[Any]":
        try:
            self._connection.execute("SELECT")
        except psycopg.OperationalError:  # a test ended all sessions
            self._connection = self._connect()
        return self._connection

    def _remember(self) -> None:
        run = self._connection.execute
        run(f"CREATE SCHEMA {_REMEMBERED}")
        steps: list[sql.Composable] = [sql.SQL(_MAY_BRING_ALL)]
        for table, columns in run(_TABLES).fetchall():
            names = {"all": sql.Identifier("public", table), "kept": sql.Identifier(_REMEMBERED, table)}
            row = run(sql.SQL("SELECT EXISTS (SELECT FROM {all})").format(**names)).fetchone()
            if row == (False,):
                steps.append(sql.SQL("DELETE FROM {all}").format(**names))
                continue
            run(sql.SQL("CREATE TABLE {kept} AS TABLE {all}").format(**names))
            listed = sql.SQL(", ").join(map(sql.Identifier, columns))
            steps += [statement.format(**names, columns=listed) for statement in (_DELETED, _INSERTED)]
        for (name,) in run(_SEQUENCES).fetchall():
            sequence = sql.Identifier("public", name)
            row = run(sql.SQL("SELECT last_value, is_called FROM {}").format(sequence)).fetchone()
            assert row is not None
            set_to = sql.SQL("PERFORM setval({}, {}, {})")
            steps.append(set_to.format(sequence.as_string(), *row))
        body = sql.SQL("BEGIN {}; END").format(sql.SQL(";\n").join(steps))
        head = f"CREATE FUNCTION {_REMEMBERED}.restore() RETURNS void LANGUAGE plpgsql AS "
        run(sql.SQL(head) + sql.Literal(body.as_string()))


# What did not change stays; types without equality are compared as texts.
_DELETED = sql.SQL("DELETE FROM {all} t WHERE NOT EXISTS (SELECT FROM {kept} k WHERE k::text = t::text)")
_INSERTED = sql.SQL(
    "INSERT INTO {all} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM {kept} k"
    " WHERE NOT EXISTS (SELECT FROM {all} t WHERE t::text = k::text)"
)
