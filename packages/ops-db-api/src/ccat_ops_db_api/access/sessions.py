"""Sessions: made by signing in, ended by leaving them, by time, and with their token."""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from ccat_ops_db.database_time import ops_now, time_after
from ccat_ops_db.enumerations import SignInWay
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import UserSession

IDLE_END = timedelta(hours=24)
"""A session that is not used so long ends."""
LONGEST = timedelta(days=7)
"""However much it is used, it ends."""
LAST_USE_PERIOD = timedelta(minutes=5)
"""A use is written if the last one that was written is older."""
MOST = 100
"""Sessions of one user by one way and token; whoever signs in again and again ends the least used ones."""


class Signing(NamedTuple):
    """Who signs in and how; from a token: which, and its end."""

    user_id: UUID
    way: SignInWay
    token_id: UUID | None = None
    token_ends: datetime | None = None


async def make_session(
    session: AsyncSession, signing: Signing, secret_hash: str, replaced_hash: str | None, now: datetime
) -> None:
    """Add a session to the transaction, in place of the one that the browser had.

    Parameters
    ----------
    session : AsyncSession
        Transaction of the request.
    signing : Signing
        Who signs in and how. The session does not last longer than a token that it is made from.
    secret_hash : str
        Hash of its cookie.
    replaced_hash : str or None
        Hash of the cookie that the browser had; its session ends.
    now : datetime
        Now.
    """
    if replaced_hash is not None:
        await session.execute(delete(UserSession).where(UserSession.secret_hash == replaced_hash))
    too_many = (
        select(UserSession.id)
        .where(
            UserSession.user_id == signing.user_id,
            UserSession.way == signing.way,
            UserSession.api_token_id.is_not_distinct_from(signing.token_id),
        )
        .order_by(UserSession.last_used_at.desc(), UserSession.id.desc())
        .offset(MOST - 1)
    )
    await session.execute(delete(UserSession).where(UserSession.id.in_(too_many)))
    ends = now + LONGEST
    await session.execute(
        insert(UserSession).values(
            id=new_id(),
            user_id=signing.user_id,
            way=signing.way,
            api_token_id=signing.token_id,
            secret_hash=secret_hash,
            created_at=now,
            expires_at=ends if signing.token_ends is None else min(ends, signing.token_ends),
            last_used_at=now,
        )
    )


async def end_session(session: AsyncSession, session_id: UUID) -> None:
    """End a session; ending it again changes nothing."""
    await session.execute(delete(UserSession).where(UserSession.id == session_id))


async def forget_ended_sessions(session: AsyncSession) -> None:
    """Remove sessions that have ended by time."""
    ended = or_(UserSession.expires_at <= ops_now(), UserSession.last_used_at <= time_after(-IDLE_END))
    await session.execute(delete(UserSession).where(ended))
