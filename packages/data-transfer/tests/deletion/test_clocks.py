"""Clocks of sites that differ by a month: nothing goes on an old proof, and what may go does."""

from typing import Any

from ccat_ops_db.enumerations import Operation

from ..trouble import (
    DAY,
    HOUR,
    allow_deletion,
    freed,
    keep_everything,
    let_pass,
    lost,
    rot,
    runner_with_clock,
)

CONTENTS = {"2026/a.fits": b"a" * 5000}


def archive_with_clock(observatory: Any, ahead: float) -> None:
    """Archive a package, with workers at the archive whose clock is wrong."""
    keep_everything(observatory)
    observatory.observe(CONTENTS)
    run_with_clock(observatory, ahead, passes=20)


def run_with_clock(observatory: Any, ahead: float, passes: int) -> None:
    there = runner_with_clock(observatory, ahead)
    for _ in range(passes):
        observatory.planner.run_pass()
        if not observatory.mailbox.messages:
            return
        messages, observatory.mailbox.messages = observatory.mailbox.messages, []
        for queue, operation, work_id in messages:
            at_archive = queue.startswith("cologne.lta") and operation is Operation.VERIFY
            (there if at_archive else observatory.runner).run(operation, work_id)


def test_an_archive_a_month_ahead(observatory: Any) -> None:
    archive_with_clock(observatory, 30 * DAY)
    rot(observatory.tars_at("cologne.lta")[0])
    observatory.clock.advance(45 * DAY)
    allow_deletion(observatory, "ccat.raw", "ccat.buffer")
    let_pass(observatory, HOUR, HOUR)
    assert lost(observatory, CONTENTS) == []


def test_an_archive_a_month_behind(observatory: Any) -> None:
    archive_with_clock(observatory, -31 * DAY)
    allow_deletion(observatory)
    for _ in range(2):
        run_with_clock(observatory, -31 * DAY, passes=8)
        observatory.clock.advance(HOUR)
    assert freed(observatory)
    assert lost(observatory, CONTENTS) == []
