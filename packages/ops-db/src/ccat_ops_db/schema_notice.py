"""What whoever looks after a schema tells those that wait for it: a comment on Alembic's table.

It needs no table of its own, so that it works with any schema, and no way from services to the cluster.
"""

from sqlalchemy import Connection, text

_READ = text("SELECT obj_description(to_regclass('alembic_version'), 'pg_class')")
_QUOTE = text("SELECT quote_literal(CAST(:notice AS text))")


def read_notice(connection: Connection) -> str | None:
    """Return what a service may tell of the schema that it waits for, or None."""
    told: str | None = connection.execute(_READ).scalar_one()
    return told


def write_notice(connection: Connection, notice: str | None) -> None:
    """Replace the notice; it needs the role that owns the schema, which must have been made.

    Parameters
    ----------
    connection : Connection
        In whose transaction it is written.
    notice : str or None
        None removes it.

    Raises
    ------
    sqlalchemy.exc.DBAPIError
        If the role does not own the table, or somebody holds it longer than the session's lock limit.
    """
    # A comment takes no parameters; the server quotes what the statement then holds.
    quoted = connection.execute(_QUOTE, {"notice": notice}).scalar_one() if notice is not None else "NULL"
    connection.exec_driver_sql(f"COMMENT ON TABLE alembic_version IS {quoted}".replace("%", "%%"))
