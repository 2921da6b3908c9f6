"""Conditions keep their time, and every reason is explained."""

import re
from datetime import UTC, datetime

import pytest

from ccat_operator.handlers.events import _ALARMING, changed_conditions
from ccat_operator.reconcile.approval import is_open
from ccat_operator.reconcile.conditions import LONGEST_MESSAGE, Reason, no, settle, yes
from ccat_operator.resources import Condition
from ccat_operator.resources.ops_database import Window

from .conftest import NOW, TESTS

PAGE = TESTS.parents[1] / "docs" / "operate" / "conditions.md"
LATER = datetime(2026, 11, 21, 13, 0, tzinfo=UTC)


def test_every_reason_is_explained_and_no_other() -> None:
    explained = re.findall(r"^\| `(\w+)` \| [^|]+ \| [^|]+ \|$", PAGE.read_text(encoding="utf-8"), re.M)
    reasons = explained[explained.index("Ready") :]
    assert sorted(reasons) == sorted(reason.value for reason in Reason)


def test_every_reason_is_used() -> None:
    code = "".join(path.read_text() for path in (TESTS.parent / "src").rglob("*.py"))
    for reason in Reason:
        assert len(re.findall(rf"\bReason\.{reason.name}\b", code)) > (reason in _ALARMING), reason


def test_condition_keeps_its_time_while_its_status_is_the_same() -> None:
    first = settle([], {"Ready": no(Reason.MIGRATING, "runs")}, NOW, 1)
    second = settle(first, {"Ready": no(Reason.MIGRATION_FAILED, "failed")}, LATER, 2)
    assert second[0].last_transition_time == first[0].last_transition_time
    assert (second[0].reason, second[0].observed_generation) == ("MigrationFailed", 2)
    third = settle(second, {"Ready": yes(Reason.READY, "well")}, LATER, 2)
    assert third[0].last_transition_time == "2026-11-21T13:00:00Z"


def test_conditions_keep_their_order_and_long_messages_are_cut() -> None:
    first = settle([], {"Ready": yes(Reason.READY, ""), "Migrated": yes(Reason.UP_TO_DATE, "")}, NOW, 1)
    second = settle(first, {"Migrated": no(Reason.MIGRATING, "x" * 5000)}, NOW, 1)
    assert [one.type for one in second] == ["Ready", "Migrated"]
    assert len(second[1].message) == LONGEST_MESSAGE


def test_events_tell_what_is_new_once() -> None:
    before = settle([], {"Ready": yes(Reason.READY, ""), "Migrated": yes(Reason.UP_TO_DATE, "")}, NOW, 1)
    waiting = no(Reason.WAITING_FOR_APPROVAL, "approve it")
    found = {
        "Ready": waiting,
        "Migrated": waiting,
        "Approved": waiting,
        "BackedUp": yes(Reason.NOT_NEEDED, ""),
    }
    after = settle(before, found, LATER, 1)
    assert _told(before, after) == ["WaitingForApproval"]
    assert _told(after, after) == []
    assert _told(after, settle(after, {"Ready": no(Reason.SECRET_MISSING, "")}, LATER, 1)) == [
        "SecretMissing"
    ]


def _told(before: list[Condition], after: list[Condition]) -> list[str]:
    return [one.reason for one in changed_conditions(before, after)]


@pytest.mark.parametrize(
    ("start", "end", "at", "opened"),
    [
        ("02:00", "04:00", "01:59", False),
        ("02:00", "04:00", "02:00", True),
        ("02:00", "04:00", "04:00", False),
        ("22:00", "04:00", "21:59", False),
        ("22:00", "04:00", "23:00", True),
        ("22:00", "04:00", "00:00", True),
        ("22:00", "04:00", "04:00", False),
    ],
)
def test_window(start: str, end: str, at: str, opened: bool) -> None:
    hour, minute = map(int, at.split(":"))
    assert is_open(Window(start=start, end=end), NOW.replace(hour=hour, minute=minute)) is opened
    assert is_open(None, NOW)
