"""``opsdb token``: tokens of machines and scripts."""

from datetime import datetime, timedelta
from typing import Annotated

import typer
from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from ccat_ops_db.commands.configure import AsJson
from ccat_ops_db.commands.database import load_settings, open_session, own_site
from ccat_ops_db.commands.presentation import clear_errors, show_json, show_table
from ccat_ops_db.database_time import database_now
from ccat_ops_db.events import record_event
from ccat_ops_db.models import ApiToken, ApiTokenScope, User
from ccat_ops_db.own_name import own_name
from ccat_ops_db.tokens import TokenError, create_token, revoke_token, token_prefix

app = typer.Typer(no_args_is_help=True, help="Tokens of machines and scripts.")


@app.command()
def create(
    user: Annotated[str, typer.Option(help="Owner; a token never allows more than its owner may.")],
    name: Annotated[str, typer.Option(help="What it is for.")],
    scope: Annotated[list[str], typer.Option(help="Permission, action:resource; several times.")],
    site: Annotated[str | None, typer.Option(help="The only site at which it is valid.")] = None,
    days: Annotated[
        int | None, typer.Option(min=1, help="Valid so long. Default: it does not expire.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a token and print it: it cannot be shown again, only its hash is kept."""
    with clear_errors():
        key = load_settings().key_of_tokens()
        with open_session() as session:
            now = database_now(session)
            expires = now + timedelta(days=days) if days else None
            text = create_token(session, user, name, scope, site, expires, key, now)
            prefix = token_prefix(text)
            _record(session, "token.created", prefix, f"token {name!r} of {user} made", now)
            session.commit()
        if as_json:
            show_json({"token": text, "prefix": prefix, "expires_at": expires})
        else:
            typer.echo(text)


@app.command("list")
def list_tokens(as_json: AsJson = False) -> None:
    """List tokens; their secrets are not kept."""
    with clear_errors():
        with open_session() as session:
            scopes: dict[object, list[str]] = {}
            for token_id, permission in session.execute(
                select(ApiTokenScope.api_token_id, ApiTokenScope.permission_id)
            ):
                scopes.setdefault(token_id, []).append(permission)
            found = session.execute(
                select(ApiToken, User.name)
                .options(undefer(ApiToken.last_used_at), undefer(ApiToken.revoked_at))
                .join(User, User.id == ApiToken.user_id)
                .order_by(ApiToken.created_at)
            ).all()
        rows = [
            {
                "prefix": token.prefix,
                "user": owner,
                "name": token.name,
                "scopes": sorted(scopes.get(token.id, [])),
                "site": token.bound_site_id,
                "created_at": token.created_at,
                "expires_at": token.expires_at,
                "last_used_at": token.last_used_at,
                "revoked_at": token.revoked_at,
            }
            for token, owner in found
        ]
        if as_json:
            show_json(rows)
        else:
            columns = ("prefix", "user", "name", "scopes", "site", "expires_at", "last_used_at", "revoked_at")
            cells = [[_cell(row[column]) for column in columns] for row in rows]
            show_table("Tokens", columns, cells)


@app.command()
def revoke(
    token: Annotated[str, typer.Argument(help="Prefix of the token (ccat_<id>), or the whole of it.")],
) -> None:
    """Revoke a token. Revoking it again changes nothing."""
    with clear_errors(), open_session() as session:
        now = database_now(session)
        prefix = _prefix(token)
        revoked = revoke_token(session, prefix, own_site(session), own_name(), now)
        if revoked is not None:
            _record(session, "token.revoked", prefix, f"token {revoked.name!r} revoked", now)
        session.commit()
        typer.echo(f"{prefix} is revoked")


def _prefix(text: str) -> str:
    try:
        return token_prefix(text)
    except TokenError:
        return text


def _record(session: Session, action: str, prefix: str, message: str, at: datetime) -> None:
    record_event(
        session,
        site_id=own_site(session),
        at=at,
        actor=own_name(),
        action=action,
        subject_type="api_token",
        subject_id=prefix,
        message=message,
    )


def _cell(value: object) -> object:
    if isinstance(value, list):
        return "\n".join(value)
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else value
