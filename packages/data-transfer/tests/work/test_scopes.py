"""What a failure belongs to, and what people are told of it."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from ccat_ops_db.models import (
    DataTransfer,
    DataTransferLog,
    Deletion,
    ErrorRecord,
    Event,
    FixityCheck,
    LongTermArchiveTransfer,
    PackageCreation,
    PhysicalCopy,
    RawDataPackage,
    StagingItem,
)

from ..small_observatory import SmallObservatory

POISON = "12'); DROP TABLE site; -- caf\u00e9"

Raise = Callable[[SmallObservatory], None]


def ask_the_database(statement: str) -> Raise:
    def ask(observatory: SmallObservatory) -> None:
        with observatory.sessions.begin() as session:
            session.execute(text(statement), {"poison": POISON})

    return ask


def raise_it(error: Exception) -> Raise:
    def raise_(observatory: SmallObservatory) -> None:
        raise error

    return raise_


def decode(observatory: SmallObservatory) -> None:
    (POISON.encode("latin-1") + b"\xff").decode()


# What is raised, and what is not known of it: its type, or None where it has a class of its own.
UNFORESEEN: dict[str, tuple[Raise, str | None]] = {
    "value": (ask_the_database("SELECT CAST(CAST(:poison AS text) AS bigint)"), "DataError"),
    "rule": (
        ask_the_database("INSERT INTO site (id, name, main) VALUES (:poison, NULL, false)"),
        "IntegrityError",
    ),
    "schema": (ask_the_database("SELECT :poison FROM nowhere"), "ProgrammingError"),
    "statement": (ask_the_database("SELEKT :poison"), "ProgrammingError"),
    "function": (
        ask_the_database("DO $$ BEGIN RAISE EXCEPTION 'SELECT 12''); DROP TABLE site'; END $$"),
        "ProgrammingError",
    ),
    "timeout": (
        ask_the_database("SET LOCAL statement_timeout = 1; SELECT pg_sleep(9)"),
        None,
    ),
    "key": (raise_it(KeyError(POISON)), "KeyError"),
    "lines": (raise_it(RuntimeError(f"Traceback (most recent call last):\n{POISON}\n")), "RuntimeError"),
    "bytes": (decode, "UnicodeDecodeError"),
    "system": (raise_it(OSError(POISON)), None),
    "slow": (raise_it(TimeoutError(POISON)), None),
    "cut": (raise_it(ConnectionResetError(POISON)), None),
}

STAGES = {
    "packaging": PackageCreation,
    "moving": DataTransfer,
    "verifying": FixityCheck,
    "archiving": LongTermArchiveTransfer,
    "staging": StagingItem,
    "deleting": Deletion,
}


@pytest.mark.parametrize("stage", STAGES)
def test_messages_never_show_sql(
    observatory: SmallObservatory, at_crash_points: Any, tmp_path: Path, stage: str
) -> None:
    """Each stage fails in each way that nobody foresaw; what people read are our words only."""
    observatory.settings.log_folder = tmp_path / "logs"
    raising: list[str] = list(UNFORESEEN)
    raised: list[str] = []
    hook = at_crash_points(lambda name: None)

    def reach(name: str) -> None:
        if name == f"{stage}.before_commit" and raising:
            raised.append(raising.pop())
            UNFORESEEN[raised[-1]][0](observatory)

    hook.reach = reach
    observatory.observe({"2026/a.fits": b"a" * 1000})
    model, told = STAGES[stage], []
    for _ in range(400):
        observatory.planner.run_pass()
        if stage == "staging" and observatory.tars_at("cologne.lta") and not observatory.rows(StagingItem):
            observatory.stage(observatory.rows(RawDataPackage)[0])
        messages, observatory.mailbox.messages = observatory.mailbox.messages, []
        for _, operation, work_id in messages:
            before = len(raised)
            observatory.runner.run(operation, work_id)
            if len(raised) > before:
                told.append(read_by_people(observatory, model, work_id))
                try_again(observatory, model)
        observatory.clock.advance(observatory.settings.back_off_limit)
        if not raising:
            break
    assert sorted(raised) == sorted(UNFORESEEN)
    for how, texts in zip(raised, told, strict=True):
        its_type = UNFORESEEN[how][1]
        for one in texts:
            assert not re.search(r"DROP|SELE|INSERT|nowhere|caf|sqlalche|psycopg|Traceback|SQL:", one), one
            assert "\n" not in one
        if its_type is not None:
            found = re.fullmatch(rf"unexpected: {its_type} in \w+, log ([0-9a-f-]+)", texts[0])
            assert found, texts[0]
            assert content_of_log(observatory, found[1], tmp_path / "logs", its_type)


def read_by_people(observatory: SmallObservatory, model: type[Any], work_id: UUID) -> list[str]:
    """Return every text that API, commands and interface take their words from."""
    [row] = observatory.rows(model, id=work_id)
    steps = observatory.why(row.id).steps
    waiting = [copy.waiting_detail for copy in observatory.rows(PhysicalCopy)]
    errors = [error.message for error in observatory.rows(ErrorRecord) if error.resolved_at is None]
    events = [event.message for event in observatory.rows(Event)]
    texts = [row.error_message, row.waiting_detail, *errors, *events, *waiting]
    texts += [part for step in steps for part in (step.what, step.detail, step.remedy)]
    return [one for one in texts if one]


def try_again(observatory: SmallObservatory, model: type[Any]) -> None:
    """Retry what was given up, and forget its errors: the next ones are looked at by themselves."""
    with observatory.sessions.begin() as session:
        session.execute(
            text(
                f"UPDATE {model.__tablename__} SET status = 'pending', finished_at = NULL, attempt = 0"
                " WHERE status = 'failed'"
            )
        )
        session.execute(text("UPDATE error_record SET resolved_at = last_seen_at"))


def content_of_log(observatory: SmallObservatory, log_id: str, folder: Path, its_type: str) -> bool:
    """Tell whether the log is found by its id, in the database and among the files, and says all."""
    [row] = [row for row in observatory.rows(DataTransferLog) if str(row.id) == log_id]
    [file] = folder.rglob(f"*{log_id}*")
    assert str(file) == row.path
    entries = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    tracebacks = "".join(entry.get("traceback", "") for entry in entries)
    return its_type in tracebacks and "Traceback" in tracebacks
