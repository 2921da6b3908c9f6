"""Roles of the database server with what they need, and nothing more.

The owner of the database makes them; where it may not, roles that exist already are only given their rights.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import URL, Connection, text
from sqlalchemy.exc import DBAPIError

from ccat_operator.reconcile.address import UnusableError, session
from ccat_operator.reconcile.conditions import Reason
from ccat_ops_db.database_words import said_by_database, sqlstate

ROLES_LOCK = 0x0CCA7_0201
"""Key of the PostgreSQL advisory lock that lets one change of roles run at a time."""

_READ = ("SELECT",)
_WRITE = ("SELECT", "INSERT", "UPDATE", "DELETE")
_NOT_WRITTEN = ("alembic_version", "database_site", "link_role")
"""Written only by migrations, and by whoever sets up the database and its links."""
_NOT_READ = ("api_token",)
"""Hashes of secrets; who only reads needs none of them."""


class RoleKind(StrEnum):
    """What a role is for, as the resource names it."""

    APPLICATION = "application"
    READ_ONLY = "readOnly"
    REPLICATION = "replication"


class RolesError(RuntimeError):
    """A role cannot be made or must not be used; the message says why and what to do."""


@dataclass(frozen=True)
class _Wanted:
    kind: RoleKind
    name: str
    password: str | None

    def rights(self, table: str) -> tuple[str, ...]:
        """Return what it may do with a table."""
        if self.kind is RoleKind.APPLICATION:
            return _READ if table in _NOT_WRITTEN else _WRITE
        return () if self.kind is RoleKind.READ_ONLY and table in _NOT_READ else _READ

    @property
    def usual(self) -> tuple[str, ...]:
        """What it may do with a table that does not exist yet."""
        return _WRITE if self.kind is RoleKind.APPLICATION else _READ


@dataclass(frozen=True)
class _Due:
    role: _Wanted
    alters: bool
    """Whether the role itself is made or altered, which its rights alone do not need."""


def ensure_roles(owner: URL, wanted: Mapping[RoleKind, URL]) -> list[str]:
    """Make roles and give them their rights, in one transaction; nothing is done if all is as it should be.

    Parameters
    ----------
    owner : URL
        Address with the role that owns the database.
    wanted : mapping of RoleKind to URL
        User and password of each are taken from its address; its host is not used.

    Returns
    -------
    list of str
        The roles that something was done for.

    Raises
    ------
    RolesError
        If a role cannot be made, or may do more than it should.
    UnusableError
        If the database cannot be reached.
    """
    roles = [_Wanted(kind, str(url.username), url.password) for kind, url in wanted.items()]
    _refuse_shared(owner, roles)
    with session(owner) as connection:
        due = [due for role in roles if (due := _due(connection, owner, role))]
        connection.rollback()
        if not due:
            return []
        try:
            _change(connection, due)
        except DBAPIError as error:
            raise _explain(owner, error) from None
        for role in (one.role for one in due):
            _verify(connection, owner, role)
    return [one.role.name for one in due]


def _refuse_shared(owner: URL, roles: list[_Wanted]) -> None:
    names = {str(owner.username): "connection"}
    for role in roles:
        if role.name in names:
            raise RolesError(
                f"{names[role.name]} and {role.kind} are the same role {role.name}: each needs one of its own"
            )
        names[role.name] = role.kind


def _due(connection: Connection, owner: URL, role: _Wanted) -> _Due | None:
    attributes = connection.execute(
        text(
            "SELECT rolsuper, rolcreaterole, rolcreatedb, rolbypassrls, rolcanlogin, rolreplication,"
            " pg_has_role(rolname, current_user, 'MEMBER') AS owns, rolconfig FROM pg_roles WHERE"
            " rolname = :name"
        ),
        {"name": role.name},
    ).one_or_none()
    if attributes is None:
        return _Due(role, True)
    excess = [
        word
        for word, has in (
            ("is a superuser", attributes.rolsuper),
            ("makes roles", attributes.rolcreaterole),
            ("makes databases", attributes.rolcreatedb),
            ("passes row security", attributes.rolbypassrls),
            ("is a member of the owner", attributes.owns and not attributes.rolsuper),
        )
        if has
    ]
    if excess:
        raise RolesError(
            f"the role {role.name} ({role.kind}) {', '.join(excess)}: name another, or take that from it"
        )
    alters = (
        not attributes.rolcanlogin
        or attributes.rolreplication != (role.kind is RoleKind.REPLICATION)
        or (role.kind is RoleKind.READ_ONLY and _READ_ONLY not in (attributes.rolconfig or []))
        or not _can_log_in(owner, role)
    )
    return _Due(role, alters) if alters or _has_other_rights(connection, role) else None


def _verify(connection: Connection, owner: URL, role: _Wanted) -> None:
    if _has_other_rights(connection, role):
        raise RolesError(
            f"the role {role.name} ({role.kind}) has other rights than it should, by PUBLIC or by a"
            " role that it is"
            " a member of: revoke them there"
        )
    connection.rollback()
    if not _can_log_in(owner, role):
        raise RolesError(f"the server does not let the role {role.name} in: see its pg_hba.conf")


_READ_ONLY = "default_transaction_read_only=on"


def _has_other_rights(connection: Connection, role: _Wanted) -> bool:
    """Say whether a right is missing, or one is there that should not be."""
    values = {"name": role.name, "usual": list(role.usual)}
    in_general = connection.execute(
        text(
            "SELECT has_database_privilege(:name, current_database(), 'CONNECT')"
            " AND has_schema_privilege(:name, 'public', 'USAGE')"
            " AND NOT has_schema_privilege(:name, 'public', 'CREATE')"
            " AND (SELECT count(DISTINCT a.privilege_type) FROM pg_default_acl d, aclexplode(d.defaclacl) a"
            "   JOIN pg_roles r ON r.oid = a.grantee WHERE d.defaclrole = current_user::regrole"
            "   AND d.defaclnamespace = 'public'::regnamespace AND d.defaclobjtype = 'r'"
            "   AND r.rolname = :name AND a.privilege_type = ANY(:usual)) = cardinality(CAST(:usual"
            " AS text[]))"
        ),
        values,
    ).scalar_one()
    if not in_general:
        return True
    rights = ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE"]
    held = ", ".join(f"has_table_privilege(:name, oid, '{right}')" for right in rights)
    tables = connection.execute(
        text(
            f"SELECT relname, {held} FROM pg_class"
            " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v')"
        ),
        values,
    )
    return any(
        {right for right, has in zip(rights, row[1:], strict=True) if has} != set(role.rights(row[0]))
        for row in tables
    )


def _change(connection: Connection, due: list[_Due]) -> None:
    with connection.begin():
        connection.execute(text(f"SELECT pg_advisory_xact_lock({ROLES_LOCK})"))
        for one in due:
            for statement in _statements(connection, one):
                connection.exec_driver_sql(statement)


def _statements(connection: Connection, due: _Due) -> list[str]:
    role = due.role
    quote = connection.dialect.identifier_preparer.quote_identifier
    database = quote(str(connection.execute(text("SELECT current_database()")).scalar_one()))
    name = quote(role.name)
    tables = connection.execute(
        text(
            "SELECT relname FROM pg_class"
            " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v') ORDER BY relname"
        )
    ).scalars()
    statements = _role_statements(connection, role, name) if due.alters else []
    statements += [
        f"GRANT CONNECT ON DATABASE {database} TO {name}",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        f"REVOKE CREATE ON SCHEMA public FROM {name}",
        f"GRANT USAGE ON SCHEMA public TO {name}",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM {name}",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {', '.join(role.usual)} ON TABLES TO {name}",
    ]
    for table in tables:
        statements.append(f"REVOKE ALL ON TABLE public.{quote(table)} FROM {name}")
        if rights := role.rights(table):
            statements.append(f"GRANT {', '.join(rights)} ON TABLE public.{quote(table)} TO {name}")
    if role.kind is RoleKind.APPLICATION:
        statements += [
            f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {name}",
            f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {name}",
        ]
    return statements


def _role_statements(connection: Connection, role: _Wanted, name: str) -> list[str]:
    known = connection.execute(
        text("SELECT rolreplication FROM pg_roles WHERE rolname = :name"), {"name": role.name}
    ).one_or_none()
    replication, attributes = role.kind is RoleKind.REPLICATION, "LOGIN"
    # Only who has the attribute may name it, even to say that it stays away.
    if replication != (known is not None and known.rolreplication):
        attributes += " REPLICATION" if replication else " NOREPLICATION"
    if role.password:
        attributes += f" PASSWORD '{_hashed(connection, role.name, role.password)}'"
    statements = [f"{'CREATE' if known is None else 'ALTER'} ROLE {name} {attributes}"]
    if role.kind is RoleKind.READ_ONLY:
        statements.append(f"ALTER ROLE {name} SET default_transaction_read_only = on")
    return statements


def _hashed(connection: Connection, name: str, password: str) -> str:
    """Return a password as the server keeps it: the statement may end up in its log."""
    driver = connection.connection.driver_connection
    assert driver is not None
    hashed: bytes = driver.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256")
    return hashed.decode().replace("'", "''")


def _can_log_in(owner: URL, role: _Wanted) -> bool:
    try:
        with session(owner.set(username=role.name, password=role.password)):
            return True
    except UnusableError as error:
        if error.reason is Reason.DATABASE_UNREACHABLE:
            raise
        return False


def _explain(owner: URL, error: DBAPIError) -> RolesError:
    said = said_by_database(error)
    if sqlstate(error) == "42501":
        return RolesError(
            f"{said}: the role {owner.username} must own the tables, and to make roles it needs CREATEROLE"
            " (and REPLICATION for a role of replication); or make the roles yourself"
        )
    return RolesError(said)
