"""What has to be there before the services start. Each step is done again at every start and changes nothing
that is right; killed anywhere, the next start completes it.
"""

import json
import shutil
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from ccat_dev_stack.stack.configuration import (
    DevelopmentPlaces,
    development_configuration,
    places_of,
)
from ccat_dev_stack.stack.environment import read_tokens
from ccat_dev_stack.stack.installation import DATABASE, Installation, load, write_private
from ccat_ops_db.clock import SystemClock
from ccat_ops_db.configuration import apply_configuration
from ccat_ops_db.database_time import database_now
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import ApiToken, Role, User, UserRole
from ccat_ops_db.permissions import PermissionName
from ccat_ops_db.schema import upgrade
from ccat_ops_db.settings import synchronous
from ccat_ops_db.tokens import TokenError, create_token, parse_token

# Name, role and scopes. The instrument may do what instruments do, and no more.
_USERS: tuple[tuple[str, str, tuple[PermissionName, ...]], ...] = (
    ("developer", "admin", tuple(PermissionName)),
    (
        "instrument",
        "service",
        (
            PermissionName.READ_OBSERVATIONS,
            PermissionName.WRITE_OBSERVATIONS,
            PermissionName.READ_DATA,
            PermissionName.WRITE_DATA,
            PermissionName.READ_LOCATIONS,
        ),
    ),
)


def main(path: str) -> None:
    """Bring the installation in a folder into the state that its services need."""
    installation = load(Path(path))
    if installation is None:
        raise SystemExit(f"{path} holds no installation; run make dev-up")
    configuration = development_configuration(installation)
    places = places_of(configuration)
    _say("folders, bucket and credentials")
    make_places(installation, places)
    _say("database and schema")
    _create_database(installation)
    upgrade(installation.database_url)
    engine = create_engine(synchronous(installation.database_url))
    try:
        _say("configuration")
        with Session(engine) as session, session.begin():
            moved = tuple(configuration.entries["data_locations"])
            plan = apply_configuration(
                session, configuration, actor="dev-stack", at=database_now(session), moved=moved
            )
            _say(f"  {len(plan.changes)} changes")
        _say("accounts and tokens")
        with Session(engine) as session, session.begin():
            tokens = make_tokens(session, read_tokens(installation), installation.token_key)
    finally:
        engine.dispose()
    # After the commit: a token that is in the file is in the database.
    write_private(installation.tokens_file, json.dumps(tokens, indent=1) + "\n")
    _say("done")


def make_places(installation: Installation, places: DevelopmentPlaces) -> None:
    """Make the folders, buckets and credentials that the configuration names."""
    for folder in places.folders:
        folder.mkdir(parents=True, exist_ok=True)
    for bucket in places.buckets:
        installation.s3.make_bucket(bucket)
    kept = set(places.credentials)
    for name in kept:
        folder = installation.credentials_folder / name
        write_private(folder / "access_key_id", installation.s3.access_key_id)
        write_private(folder / "secret_access_key", installation.s3.secret_access_key)
    for folder in installation.credentials_folder.iterdir():
        if folder.name not in kept:
            shutil.rmtree(folder)


def _create_database(installation: Installation) -> None:
    with psycopg.connect(installation.postgresql.url(), autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


def make_tokens(session: Session, known: Mapping[str, str], token_key: str) -> dict[str, str]:
    """Return a token of each user of the stack: the one that is known, if it is still good, or a new one."""
    now = database_now(session)
    return {
        name: _valid(session, known.get(name), token_key)
        or _issue(session, token_key, name, role, scopes, now)
        for name, role, scopes in _USERS
    }


def _valid(session: Session, token: str | None, token_key: str) -> str | None:
    """Return a token that the database knows and has not revoked, or None."""
    if token is None:
        return None
    try:
        prefix = parse_token(token, token_key).prefix
    except TokenError:
        return None
    row = session.scalars(select(ApiToken).where(ApiToken.prefix == prefix)).one_or_none()
    return token if row is not None and row.revoked_at is None else None


def _issue(
    session: Session,
    token_key: str,
    name: str,
    role: str,
    scopes: tuple[PermissionName, ...],
    now: datetime,
) -> str:
    user = session.scalars(select(User).where(User.name == name)).one_or_none()
    if user is None:
        if session.get(Role, role) is None:
            raise SystemExit(f"data-center-config has no role {role!r}, which {name} needs")
        user = User(id=new_id(), name=name, full_name=f"{name.capitalize()} of this machine", created_at=now)
        session.add(user)
        session.flush()
        session.add(UserRole(user_id=user.id, role_id=role))
        session.flush()
    return create_token(session, name, "development stack", scopes, None, None, token_key, now)


def _say(text: str) -> None:
    print(f"{SystemClock().utc_now():%Y-%m-%dT%H:%M:%SZ} {text}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
