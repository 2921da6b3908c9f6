"""Accounts of people and machines."""

import re
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ccat_ops_db.models import Role, User, UserRole

ACCOUNT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,99}")


class AccountError(ValueError):
    """An account cannot be made or closed; the message says why."""


def create_user(
    session: Session,
    name: str,
    roles: Iterable[str],
    at: datetime,
    *,
    full_name: str | None = None,
    email: str | None = None,
) -> User:
    """Add an account with its roles to the caller's transaction.

    Raises
    ------
    AccountError
        If the name cannot be one or is taken, or a role does not exist.
    """
    if not ACCOUNT_NAME.fullmatch(name):
        raise AccountError(f"{name!r} cannot be a login name: letters, digits and . _ @ -, at most 100")
    if session.scalars(select(User.id).where(User.name == name)).first() is not None:
        raise AccountError(f"there is an account {name!r} already")
    wanted = sorted(set(roles))
    known = set(session.scalars(select(Role.id).where(Role.id.in_(wanted), Role.retired_at.is_(None))))
    if unknown := [role for role in wanted if role not in known]:
        raise AccountError(f"there is no role {', '.join(map(repr, unknown))}")
    user = User(name=name, full_name=full_name, email=email, created_at=at)
    session.add(user)
    session.flush()
    session.add_all(UserRole(user_id=user.id, role_id=role) for role in wanted)
    session.flush()
    return user


def close_account(session: Session, name: str, at: datetime) -> User:
    """Close an account; its tokens are not valid any more. Closing it again changes nothing.

    Raises
    ------
    AccountError
        If there is no such account.
    """
    user = session.scalars(select(User).where(User.name == name)).one_or_none()
    if user is None:
        raise AccountError(f"there is no account {name!r}")
    if user.disabled_at is None:
        user.disabled_at = at
        session.flush()
    return user
