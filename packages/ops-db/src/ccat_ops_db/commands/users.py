"""``opsdb user``: accounts of people and machines."""

from datetime import datetime
from typing import Annotated

import typer
from sqlalchemy import select
from sqlalchemy.orm import Session

from ccat_ops_db.accounts import close_account, create_user
from ccat_ops_db.commands.configure import AsJson
from ccat_ops_db.commands.database import main_site, open_session
from ccat_ops_db.commands.presentation import clear_errors, show_json, show_table
from ccat_ops_db.database_time import database_now
from ccat_ops_db.events import record_event
from ccat_ops_db.models import User, UserRole
from ccat_ops_db.own_name import own_name

app = typer.Typer(no_args_is_help=True, help="Accounts of people and machines.")


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Login name.")],
    role: Annotated[list[str], typer.Option(help="Role; several times.")],
    full_name: Annotated[str | None, typer.Option(help="Name for display.")] = None,
    email: Annotated[str | None, typer.Option(help="Address for notifications.")] = None,
) -> None:
    """Make an account."""
    with clear_errors():
        with open_session() as session:
            now = database_now(session)
            create_user(session, name, role, now, full_name=full_name, email=email)
            _record(
                session, "user.created", name, f"account made with the roles {', '.join(sorted(role))}", now
            )
            session.commit()
        typer.echo(f"the account {name} is open")


@app.command("list")
def list_users(as_json: AsJson = False) -> None:
    """List accounts and their roles."""
    with clear_errors():
        with open_session() as session:
            roles: dict[object, list[str]] = {}
            for user_id, role in session.execute(select(UserRole.user_id, UserRole.role_id)):
                roles.setdefault(user_id, []).append(role)
            users = session.scalars(select(User).order_by(User.name)).all()
        rows = [
            {
                "name": user.name,
                "full_name": user.full_name,
                "roles": sorted(roles.get(user.id, [])),
                "created_at": user.created_at,
                "disabled_at": user.disabled_at,
            }
            for user in users
        ]
        if as_json:
            show_json(rows)
        else:
            cells = [
                (r["name"], r["full_name"], ", ".join(roles.get(u.id, [])), r["disabled_at"])
                for r, u in zip(rows, users, strict=True)
            ]
            show_table("Accounts", ("name", "full name", "roles", "closed"), cells)


@app.command()
def close(name: Annotated[str, typer.Argument(help="Login name.")]) -> None:
    """Close an account; its tokens are not valid any more."""
    with clear_errors():
        with open_session() as session:
            now = database_now(session)
            user = close_account(session, name, now)
            if user.disabled_at == now:
                _record(session, "user.closed", name, "account closed", now)
            session.commit()
        typer.echo(f"the account {name} is closed")


def _record(session: Session, action: str, name: str, message: str, at: datetime) -> None:
    record_event(
        session,
        site_id=main_site(session),
        at=at,
        actor=own_name(),
        action=action,
        subject_type="user",
        subject_id=name,
        message=message,
    )
