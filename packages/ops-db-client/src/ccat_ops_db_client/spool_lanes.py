"""Whose turn it is in the spool: the requests of one execution are a lane, and a lane may be held or parked.

A lane has a row as long as something waits in it. Turns are numbers, not times: a clock that was set changes
no order. A lane that never failed has the number of its first request; one that failed goes behind all
others.
"""

import sqlite3

from .spool_tables import FILL_LANES, THIS_REQUEST

FIRST_HOLD = 5.0
LONGEST_HOLD = 600.0
PARKED_AFTER_ATTEMPTS = 12
PARKED_AFTER_SECONDS = 3600.0

_BEHIND_ALL_NEW = 2**48
_LAST_TURN = (
    f"(SELECT max(max(other.turn), {_BEHIND_ALL_NEW}) + 1 FROM lane AS other"
    " WHERE other.api_url = lane.api_url)"
)


def add(database: sqlite3.Connection, api_url: str, lane: str, sequence: int) -> None:
    """Give a lane its row when its first request comes."""
    database.execute(
        "INSERT INTO lane (api_url, lane, turn) VALUES (?, ?, ?) ON CONFLICT (api_url, lane) DO NOTHING",
        (api_url, lane, sequence),
    )


def has_waiting(database: sqlite3.Connection, api_url: str, lane: str) -> bool:
    """Say whether something waits in a lane."""
    found = database.execute("SELECT 1 FROM lane WHERE api_url = ? AND lane = ?", (api_url, lane))
    return found.fetchone() is not None


def mend(database: sqlite3.Connection) -> None:
    """See to it that every lane in which something waits has a row, and no other; often nothing is to do."""
    database.execute(
        "DELETE FROM lane WHERE NOT EXISTS (SELECT 1 FROM request WHERE request.api_url = lane.api_url"
        " AND request.lane = lane.lane AND refusal IS NULL)"
    )
    database.execute(FILL_LANES)


def next_lane(database: sqlite3.Connection, api_url: str, now: float) -> str | None:
    """Return the lane whose turn it is; null if none is due."""
    row = database.execute(
        "SELECT lane FROM lane WHERE api_url = ? AND NOT parked"
        " AND NOT (next_attempt_at > ? AND next_attempt_at <= ?) ORDER BY turn LIMIT 1",
        (api_url, now, now + LONGEST_HOLD),
    ).fetchone()
    return None if row is None else str(row[0])


def earliest(database: sqlite3.Connection, api_url: str) -> float | None:
    """Return when the first lane is due; null if nothing waits but what is parked."""
    (found,) = database.execute(
        "SELECT min(next_attempt_at) FROM lane WHERE api_url = ? AND parked = 0", (api_url,)
    ).fetchone()
    return None if found is None else float(found)


def settle(database: sqlite3.Connection, api_url: str, lane: str) -> None:
    """Let a lane begin anew after one of its requests went; without requests it has no row."""
    database.execute("DELETE FROM lane WHERE api_url = ? AND lane = ?", (api_url, lane))
    database.execute(
        "INSERT INTO lane (api_url, lane, turn) SELECT api_url, lane, sequence FROM request"
        " WHERE api_url = ? AND lane = ? AND refusal IS NULL ORDER BY sequence LIMIT 1",
        (api_url, lane),
    )


def hold(
    database: sqlite3.Connection, this: tuple[int, str], reason: str, now: float, retry_after: float = 0
) -> None:
    """Hold the lane of a waiting request for a while; after many attempts and an hour it is parked.

    A service that failed may say after how many seconds it can be asked again.
    The hour is that of the pauses between the attempts, each at most as long as a pause can be.
    """
    row = database.execute(
        "SELECT lane.api_url, lane.lane, attempts, tried_at, held_seconds FROM request NATURAL JOIN lane"
        f" WHERE {THIS_REQUEST} AND refusal IS NULL",
        this,
    ).fetchone()
    if row is None:
        return
    api_url, lane, attempts, tried_at, held_seconds = row
    if attempts:
        held_seconds += min(max(now - tried_at, 0.0), LONGEST_HOLD)
    attempts += 1
    pause = min(max(FIRST_HOLD * 2 ** min(attempts - 1, 20), retry_after), LONGEST_HOLD)
    parked = attempts >= PARKED_AFTER_ATTEMPTS and held_seconds >= PARKED_AFTER_SECONDS
    database.execute(
        f"UPDATE lane SET turn = {_LAST_TURN}, attempts = ?, tried_at = ?, held_seconds = ?,"
        " next_attempt_at = ?, parked = ?, reason = ? WHERE api_url = ? AND lane = ?",
        (attempts, now, held_seconds, now + pause, parked, reason, api_url, lane),
    )


def pass_over(database: sqlite3.Connection, this: tuple[int, str], reason: str) -> None:
    """Put the lane of a waiting request behind all others."""
    database.execute(
        f"UPDATE lane SET turn = {_LAST_TURN}, reason = coalesce(reason, ?) WHERE (api_url, lane) IN"
        f" (SELECT api_url, lane FROM request WHERE {THIS_REQUEST} AND refusal IS NULL)",
        (reason, *this),
    )


def release(database: sqlite3.Connection, api_url: str) -> None:
    """Let all lanes be tried at once, also parked ones."""
    database.execute(
        "UPDATE lane SET next_attempt_at = 0, parked = 0"
        " WHERE api_url = ? AND (parked != 0 OR next_attempt_at != 0)",
        (api_url,),
    )
