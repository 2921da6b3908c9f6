"""That an API did not answer, as all processes with the same spool know it.

It is not asked for 5 s, then for twice as long each time, up to a minute. The clock may be set meanwhile:
what seems to last longer than the longest pause is over.
"""

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime

FIRST_PAUSE = 5.0
LONGEST_AWAY = 60.0


@dataclass(frozen=True)
class Away:
    """That an API did not answer: since when, until when it is not asked again, and what answered instead."""

    since: datetime
    until: datetime
    reason: str


def known(database: sqlite3.Connection, api_url: str) -> Away | None:
    """Return that an API did not answer when it was asked last; null if it did, or if that is damaged."""
    row = database.execute("SELECT since, until, reason FROM away WHERE api_url = ?", (api_url,)).fetchone()
    try:
        return Away(_moment(row[0]), _moment(row[1]), str(row[2])) if row else None
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def lasts(away: Away, now: float) -> bool:
    """Say whether it is not to be asked yet; `now` is in seconds since 1970."""
    return now < away.until.timestamp() <= now + LONGEST_AWAY


def mark(database: sqlite3.Connection, api_url: str, reason: str, retry_after: float, now: float) -> None:
    """Note that an API did not answer; `retry_after` is after how many seconds it wants to be asked again."""
    since, pause = now, FIRST_PAUSE
    if before := known(database, api_url):
        since = before.since.timestamp()
        (last,) = database.execute("SELECT pause FROM away WHERE api_url = ?", (api_url,)).fetchone()
        if isinstance(last, float) and last >= FIRST_PAUSE:
            pause = min(2 * last, LONGEST_AWAY)
    until = now + min(max(pause, retry_after), LONGEST_AWAY)
    database.execute(
        "INSERT OR REPLACE INTO away VALUES (?, ?, ?, ?, ?)", (api_url, since, pause, until, reason)
    )


def ask_again(database: sqlite3.Connection, api_url: str) -> None:
    """Let an API be asked at once; if it does not answer, the pauses grow on."""
    database.execute("UPDATE away SET until = 0 WHERE api_url = ?", (api_url,))


def forget(database: sqlite3.Connection, api_url: str) -> None:
    """Note that an API answered."""
    database.execute("DELETE FROM away WHERE api_url = ?", (api_url,))


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
