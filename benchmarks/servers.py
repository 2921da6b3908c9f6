"""What benchmarks of the service run on: a database, an API process, a token."""

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ccat_dev_stack import shared_services
from ccat_ops_db import schema
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import Permission, Role, RolePermission, User, UserRole
from ccat_ops_db.permissions import PermissionName
from ccat_ops_db.settings import DEVELOPMENT_TOKEN_KEY
from ccat_ops_db.tokens import create_token

LONGEST_START = 60.0


@contextmanager
def fresh_database() -> Iterator[str]:
    """Give the URL of a migrated database that is dropped afterwards (server of the tests: no fsync)."""
    with shared_services.in_use():
        server = shared_services.running_services().postgresql
        name = f"bench_{secrets.token_hex(6)}"
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        try:
            schema.upgrade(server.url(name))
            yield server.url(name)
        finally:
            with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def token(engine: Engine, scopes: Sequence[PermissionName]) -> str:
    """Return a token with some rights."""
    now = datetime.now(UTC)
    with Session(engine) as session, session.begin():
        user = User(id=new_id(), name="bench", created_at=now)
        session.add_all([user, Role(id="bench"), *(Permission(id=scope) for scope in scopes)])
        session.flush()
        session.add(UserRole(user_id=user.id, role_id="bench"))
        session.add_all([RolePermission(role_id="bench", permission_id=scope) for scope in scopes])
        session.flush()
        return create_token(session, "bench", "bench", scopes, None, None, DEVELOPMENT_TOKEN_KEY, now)


@contextmanager
def api(url: str) -> Iterator[int]:
    """Give the port of an API process on a database."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    environment = {
        **os.environ,
        "CCAT_OPS_DB_ENVIRONMENT": "development",
        "CCAT_OPS_DB_DATABASE_URL": url,
        "CCAT_OPS_DB_API_SITE_ID": "ccat",
        "CCAT_OPS_DB_API_LOG_LEVEL": "error",
        "CCAT_OPS_DB_API_REQUESTS_PER_SECOND": "1000000",
        "CCAT_OPS_DB_API_REQUEST_BURST": "1000000",
    }
    program = Path(sys.executable).with_name("ccat-ops-db-api")
    process = subprocess.Popen([program, "--host", "127.0.0.1", "--port", str(port)], env=environment)
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + LONGEST_START
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the API did not start")
