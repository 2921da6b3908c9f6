"""Roles get what they need and nothing more, whoever asks and however often."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import URL

from ccat_dev_stack.testing import own_postgresql_server
from ccat_operator.reconcile.address import Secret, session
from ccat_operator.reconcile.database import Surroundings, reconcile_database
from ccat_operator.reconcile.facts import read_facts
from ccat_operator.reconcile.roles import RoleKind, RolesError, ensure_roles
from ccat_operator.resources import OpsDatabase
from ccat_ops_db import schema
from ccat_ops_db.models import Base
from ccat_ops_db.settings import synchronous

from .conftest import GOOD, NOW, query, revision_of, run

pytestmark = pytest.mark.long

DENIED = psycopg.errors.InsufficientPrivilege


@dataclass(frozen=True)
class Place:
    """A database that an ordinary role owns, and the addresses of the roles that it shall have."""

    superuser: URL
    owner: URL

    def role(self, name: str, password: str = "first-password") -> URL:
        return self.owner.set(username=name, password=password)

    @property
    def all(self) -> dict[RoleKind, URL]:
        return {
            RoleKind.APPLICATION: self.role("services"),
            RoleKind.READ_ONLY: self.role("reader"),
            RoleKind.REPLICATION: self.role("replicator"),
        }


@pytest.fixture(scope="module")
def server() -> Iterator[URL]:
    """A server for these tests alone, for roles are those of a whole server, with a migrated database."""
    with own_postgresql_server() as own:
        own.start()
        superuser = synchronous(own.url)
        query(superuser, "CREATE ROLE keeper LOGIN PASSWORD 'of-the-keeper'")
        query(superuser, "CREATE DATABASE migrated OWNER keeper")
        schema.upgrade(_of_the_keeper(superuser, "migrated"))
        yield superuser


@pytest.fixture
def place(server: URL) -> Iterator[Place]:
    query(server, "ALTER ROLE keeper CREATEROLE REPLICATION")
    query(server, "CREATE DATABASE main TEMPLATE migrated OWNER keeper")
    known = {name for (name,) in query(server, "SELECT rolname FROM pg_roles")}
    yield Place(server.set(database="main"), _of_the_keeper(server, "main"))
    query(server, "DROP DATABASE main WITH (FORCE)")
    for (name,) in query(server, "SELECT rolname FROM pg_roles"):
        if name not in known:
            query(server, f'DROP ROLE "{name}"')


def _of_the_keeper(superuser: URL, database: str) -> URL:
    return superuser.set(username="keeper", password="of-the-keeper", database=database)


def test_roles_do_what_they_must_and_nothing_else(place: Place) -> None:
    assert ensure_roles(place.owner, place.all) == ["services", "reader", "replicator"]
    services, reader, replicator = place.all.values()
    with _connected(services) as connection:
        connection.execute("INSERT INTO line (id, name, rest_frequency) VALUES ('co', 'CO', 115.3)")
        connection.execute("UPDATE line SET name = 'CI'")
        connection.execute("DELETE FROM line")
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() is not None
        for statement in (
            "CREATE TABLE mine (id int)",
            "ALTER TABLE site ADD COLUMN mine int",
            "DROP TABLE site",
            "TRUNCATE site",
            "UPDATE alembic_version SET version_num = 'mine'",
            "CREATE ROLE mine",
        ):
            with pytest.raises(DENIED):
                connection.execute(statement.encode())
    with _connected(reader) as connection:
        for table in Base.metadata.tables:
            if table != "api_token":
                connection.execute(f'SELECT * FROM "{table}" LIMIT 1'.encode())
        with pytest.raises(DENIED):
            connection.execute("SELECT * FROM api_token")
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("DELETE FROM site")
        connection.execute("SET default_transaction_read_only = off")
        with pytest.raises(DENIED):
            connection.execute("DELETE FROM site")
    with _connected(replicator) as connection:
        connection.execute("SELECT * FROM site")
        with pytest.raises(DENIED):
            connection.execute("DELETE FROM site")
    flags = query(
        place.superuser, "SELECT rolname FROM pg_roles WHERE rolreplication AND NOT rolsuper ORDER BY 1"
    )
    assert flags == [("keeper",), ("replicator",)]


def test_asking_again_changes_nothing(place: Place) -> None:
    assert len(ensure_roles(place.owner, place.all)) == 3
    before = _catalogue(place)
    assert ensure_roles(place.owner, place.all) == []
    assert _catalogue(place) == before


def test_tables_that_come_later_are_reachable_at_once(place: Place) -> None:
    ensure_roles(place.owner, place.all)
    schema.upgrade(place.owner, more=GOOD)
    for role in place.all.values():
        with _connected(role) as connection:
            connection.execute("SELECT * FROM observing_note")
    with _connected(place.role("services")) as connection:
        connection.execute("INSERT INTO observing_note VALUES (1, 'clear sky')")


def test_new_password_is_taken_up_and_never_logged_in_the_clear(place: Place) -> None:
    ensure_roles(place.owner, place.all)
    changed = {**place.all, RoleKind.APPLICATION: place.role("services", 'it\'s a "new" päss%word')}
    assert ensure_roles(place.owner, changed) == ["services"]
    with _connected(changed[RoleKind.APPLICATION]):
        pass
    with pytest.raises(psycopg.OperationalError), _connected(place.role("services")):
        pass
    ((stored,),) = query(place.superuser, "SELECT rolpassword FROM pg_authid WHERE rolname = 'services'")
    assert stored.startswith("SCRAM-SHA-256$")


def test_rights_changed_by_hand_are_put_right(place: Place) -> None:
    ensure_roles(place.owner, place.all)
    query(place.owner, "REVOKE ALL ON site FROM services")
    query(place.owner, "GRANT TRUNCATE ON site TO services")
    query(place.owner, "GRANT SELECT ON api_token TO reader")
    query(place.superuser, "GRANT CREATE ON SCHEMA public TO services")
    query(place.superuser, "ALTER ROLE replicator NOREPLICATION")
    assert ensure_roles(place.owner, place.all) == ["services", "reader", "replicator"]
    assert ensure_roles(place.owner, place.all) == []


def test_many_at_once(place: Place) -> None:
    failures: list[BaseException] = []

    def make() -> None:
        try:
            ensure_roles(place.owner, place.all)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert ensure_roles(place.owner, place.all) == []


def test_roles_that_may_too_much_are_refused(place: Place) -> None:
    application = RoleKind.APPLICATION
    with pytest.raises(RolesError, match="connection and application are the same role keeper"):
        ensure_roles(place.owner, {application: place.owner})
    with pytest.raises(RolesError, match="application and readOnly are the same role one"):
        ensure_roles(place.owner, {application: place.role("one"), RoleKind.READ_ONLY: place.role("one")})
    query(place.superuser, "CREATE ROLE mighty LOGIN SUPERUSER")
    with pytest.raises(RolesError, match=r"mighty \(application\) is a superuser.*name another"):
        ensure_roles(place.owner, {application: place.role("mighty")})
    query(place.superuser, "CREATE ROLE member LOGIN IN ROLE keeper")
    with pytest.raises(RolesError, match=r"member \(application\) is a member of the owner"):
        ensure_roles(place.owner, {application: place.role("member")})
    query(place.superuser, "CREATE ROLE guest LOGIN PASSWORD 'first-password'")
    query(place.owner, "GRANT TRUNCATE ON site TO PUBLIC")
    with pytest.raises(RolesError, match="has other rights than it should, by PUBLIC"):
        ensure_roles(place.owner, {application: place.role("guest")})


def test_owner_that_may_not_make_roles_grants_to_those_that_exist(place: Place) -> None:
    query(place.superuser, "ALTER ROLE keeper NOCREATEROLE")
    with pytest.raises(RolesError, match="needs CREATEROLE"):
        ensure_roles(place.owner, {RoleKind.APPLICATION: place.role("services")})
    query(place.superuser, "CREATE ROLE services LOGIN PASSWORD 'first-password'")
    assert ensure_roles(place.owner, {RoleKind.APPLICATION: place.role("services")}) == ["services"]
    with _connected(place.role("services")) as connection:
        connection.execute("SELECT * FROM site")


def test_a_refused_change_is_undone_as_a_whole(place: Place) -> None:
    query(place.superuser, "ALTER ROLE keeper NOREPLICATION")
    with pytest.raises(RolesError, match="REPLICATION"):
        ensure_roles(place.owner, place.all)
    made = "SELECT 1 FROM pg_roles WHERE rolname IN ('services', 'reader', 'replicator')"
    assert query(place.superuser, made) == []


def test_ordinary_owner_is_enough_for_everything(place: Place) -> None:
    with session(place.owner) as connection:
        assert read_facts(connection).identity.endswith("/main")
    url = place.owner.render_as_string(hide_password=False)
    services = place.role("services").render_as_string(hide_password=False)
    settings = {"CCAT_OPS_DB_MIGRATIONS": str(GOOD), "CCAT_OPERATOR_APPLICATION_URL": services}
    done = run("migrate", url=url, **settings)
    assert done.status == 0, done.log
    with _connected(place.role("services")) as connection:
        connection.execute("SELECT * FROM observing_note")


def test_backup_can_be_restored_where_the_roles_do_not_exist(
    place: Place, postgresql_url: str, tmp_path: Path
) -> None:
    ensure_roles(place.owner, place.all)
    url = place.owner.render_as_string(hide_password=False)
    done = run("migrate", f"--backup-folder={tmp_path}", url=url, CCAT_OPS_DB_MIGRATIONS=str(GOOD))
    restored = run("restore", f"--from={tmp_path / done.told['backup']}", url=postgresql_url)
    assert restored.status == 0, restored.log
    assert revision_of(postgresql_url) == schema.head_revision()


def test_resource_says_what_is_wrong_with_its_roles(place: Place) -> None:
    resource = OpsDatabase.model_validate(
        {
            "metadata": {"name": "main", "namespace": "site"},
            "spec": {
                "connection": {"secretRef": {"name": "owner"}},
                "migrations": {"backup": {"before": "never"}},
                "roles": {"application": {"secretRef": {"name": "services"}}},
            },
        }
    )
    owner = Secret("owner", place.owner.render_as_string(hide_password=False))
    missing = Secret("services", None, "there is no Secret site/services: make it, or correct the reference")
    around = Surroundings(owner, {RoleKind.APPLICATION: missing})
    found = reconcile_database(resource, around, NOW).status
    assert [(one.status, one.reason) for one in found.conditions][:2] == [
        ("False", "SecretMissing"),
        ("True", "UpToDate"),
    ]
    around = Surroundings(owner, {RoleKind.APPLICATION: owner})
    found = reconcile_database(resource, around, NOW).status
    assert found.conditions[0].reason == "RolesRefused"
    services = Secret("services", place.role("services").render_as_string(hide_password=False))
    around = Surroundings(owner, {RoleKind.APPLICATION: services})
    found = reconcile_database(resource, around, NOW).status
    assert found.conditions[0].reason == "Ready"
    with _connected(place.role("services")) as connection:
        connection.execute("SELECT * FROM site")


def _catalogue(place: Place) -> list[tuple[object, ...]]:
    return query(
        place.superuser,
        "SELECT c.relname, c.xmin::text FROM pg_class c WHERE relnamespace = 'public'::regnamespace"
        " UNION ALL SELECT rolname, xmin::text FROM pg_authid ORDER BY 1",
    )


@contextmanager
def _connected(role: URL) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    with psycopg.connect(
        host=role.host,
        port=role.port,
        user=role.username,
        password=role.password,
        dbname=role.database,
        autocommit=True,
    ) as connection:
        yield connection
