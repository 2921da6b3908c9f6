"""Holds and suspensions that run out are ended by the planner of their site, once."""

from datetime import timedelta
from typing import Any

from ccat_ops_db.models import DataLocation, SuspensionEnd

from ..trouble import HOUR


def test_a_suspension_ends_when_its_time_is_over(observatory: Any) -> None:
    """`ccat` made it: no other site ends it."""
    observatory.suspend(DataLocation, "ccat.raw", until=observatory.clock.now + timedelta(hours=1))
    observatory.observe({"2026/a.fits": b"a" * 1000})
    observatory.run()
    assert observatory.tars_at("cologne.lta") == []
    observatory.clock.advance(HOUR + 1)
    observatory.new_planner(sites=["cologne"]).run_pass()
    assert observatory.rows(SuspensionEnd) == []
    observatory.planner.run_pass()
    [end] = observatory.rows(SuspensionEnd)
    assert (end.site_id, end.caller, end.reason) == ("ccat", "planner", "its time is over")
    observatory.run()
    assert observatory.tars_at("cologne.lta") != []
