"""The tables of the spool."""

import sqlite3

VERSION = 2

REQUEST_COLUMNS = (
    "idempotency_key",
    "api_url",
    "lane",
    "path",
    "content_type",
    "body",
    "assumed",
    "spooled_at",
)
"""What a request is, as text but for the body; their order is that of the statements that insert."""

Row = tuple[str | bytes, ...]
"""A request in the order of `REQUEST_COLUMNS`."""

INSERT = (
    f"INSERT INTO request ({', '.join(REQUEST_COLUMNS)}) VALUES ({', '.join('?' * len(REQUEST_COLUMNS))})"
    " ON CONFLICT (idempotency_key) DO NOTHING"
)

THIS_REQUEST = "sequence = ? AND +idempotency_key = ?"
"""Not by way of the index of keys: were that damaged, it would never be found, and be sent for ever."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS request (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    idempotency_key TEXT NOT NULL UNIQUE,
    api_url TEXT NOT NULL,
    lane TEXT NOT NULL,
    path TEXT NOT NULL,
    content_type TEXT NOT NULL,
    body BLOB NOT NULL,
    assumed TEXT NOT NULL,
    spooled_at TEXT NOT NULL,
    refusal TEXT
);
CREATE INDEX IF NOT EXISTS waiting ON request (api_url, lane, sequence) WHERE refusal IS NULL;
CREATE INDEX IF NOT EXISTS refused ON request (sequence) WHERE refusal IS NOT NULL;
CREATE TABLE IF NOT EXISTS lane (
    api_url TEXT NOT NULL,
    lane TEXT NOT NULL,
    turn INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    tried_at REAL NOT NULL DEFAULT 0,
    held_seconds REAL NOT NULL DEFAULT 0,
    next_attempt_at REAL NOT NULL DEFAULT 0,
    parked INTEGER NOT NULL DEFAULT 0,
    reason TEXT,
    PRIMARY KEY (api_url, lane)
);
CREATE INDEX IF NOT EXISTS turn ON lane (api_url, turn);
CREATE INDEX IF NOT EXISTS due ON lane (api_url, parked, next_attempt_at);
CREATE TABLE IF NOT EXISTS away (
    api_url TEXT PRIMARY KEY,
    since REAL NOT NULL,
    pause REAL NOT NULL,
    until REAL NOT NULL,
    reason TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS lease (
    name TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    machine TEXT NOT NULL,
    process TEXT NOT NULL,
    beat INTEGER NOT NULL,
    expires_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS lease_seen (
    name TEXT NOT NULL,
    machine TEXT NOT NULL,
    holder TEXT NOT NULL,
    beat INTEGER NOT NULL,
    seen_at REAL NOT NULL,
    PRIMARY KEY (name, machine)
)
"""

NO_INSERTS = "".join(
    f";CREATE TRIGGER no_{table} BEFORE INSERT ON {table}"
    " BEGIN SELECT RAISE(ABORT, 'an insert would be lost'); END"
    for table in ("request", "lane", "away", "lease", "lease_seen")
)
"""For tables in memory: what is put into them is gone a moment later."""

FILL_LANES = (
    "INSERT INTO lane (api_url, lane, turn) SELECT api_url, lane, min(sequence) FROM request"
    " WHERE refusal IS NULL GROUP BY api_url, lane ON CONFLICT (api_url, lane) DO NOTHING"
)
"""Every lane in which something waits has a row, and no other."""


def make_tables(database: sqlite3.Connection) -> None:
    """Make the tables of a new file, all or none."""
    database.execute("BEGIN IMMEDIATE")
    for statement in SCHEMA.split(";"):
        database.execute(statement)
    database.execute(f"PRAGMA user_version = {VERSION}")
    database.execute("COMMIT")
