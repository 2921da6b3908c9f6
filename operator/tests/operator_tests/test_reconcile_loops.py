"""What the log has of an API server that is away: that it went and not each time that it was asked."""

import asyncio

import pytest
import structlog
from structlog.testing import LogCapture

from ccat_operator.handlers import reconcile_loops
from ccat_operator.handlers.cluster import ClusterError
from ccat_operator.handlers.reconcile_loops import ReconcileLoops

AWAY, BUSY, WELL = ClusterError(0, "no answer"), ClusterError(429, "too many requests"), None


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> LogCapture:
    """What the loops log, however other tests have set logging up."""
    capture = LogCapture()
    log = structlog.wrap_logger(None, [capture], structlog.make_filtering_bound_logger(0))
    monkeypatch.setattr(structlog, "get_logger", lambda: log)
    return capture


async def test_an_outage_is_logged_once(monkeypatch: pytest.MonkeyPatch, logged: LogCapture) -> None:
    monkeypatch.setattr(reconcile_loops, "AFTER_FAILURE", 0.0)
    answers = [AWAY, AWAY, AWAY, BUSY, WELL, WELL, AWAY, AWAY]
    over = asyncio.Event()

    async def look(_: str) -> float:
        if not answers:
            over.set()
            return 3600
        if error := answers.pop(0):
            raise error
        return 0

    loops = ReconcileLoops(look)
    loops.seen("site/main", {}, 1)
    await asyncio.wait_for(over.wait(), 30)
    await loops.stop()
    told = [(one["event"], one["log_level"], one.get("status")) for one in logged.entries]
    assert told == [
        ("cluster.refused", "warning", 0),
        ("cluster.refused", "warning", 429),
        ("cluster.answers", "info", None),
        ("cluster.refused", "warning", 0),
        ("cluster.answers", "info", None),
    ]


async def test_what_nobody_expected_is_logged_whole(
    monkeypatch: pytest.MonkeyPatch, logged: LogCapture
) -> None:
    monkeypatch.setattr(reconcile_loops, "AFTER_FAILURE", 0.0)
    over = asyncio.Event()

    async def look(_: str) -> float:
        over.set()
        raise KeyError("what")

    loops = ReconcileLoops(look)
    loops.seen("site/main", {}, 1)
    await asyncio.wait_for(over.wait(), 30)
    await asyncio.sleep(0)
    await loops.stop()
    assert logged.entries[0]["event"] == "reconcile.broke_off"
    assert logged.entries[0]["exc_info"]
