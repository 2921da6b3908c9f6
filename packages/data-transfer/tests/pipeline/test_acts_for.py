"""Planners and workers whose sessions may write only rows of their own site, as if each had a database."""

from collections.abc import Iterator
from typing import Any

import pytest
import structlog.testing
from sqlalchemy import create_engine

from ccat_data_transfer.planning.planner import Planner
from ccat_data_transfer.work.run import WorkRunner
from ccat_ops_db.enumerations import PhysicalCopyStatus, Status
from ccat_ops_db.models import DataLocation, PhysicalCopy, RawDataPackage, StagingItem
from ccat_ops_db.settings import synchronous

from .. import trouble
from ..small_observatory import SmallObservatory

SITES = ("ccat", "cologne")
CONTENTS = {"2026/scan 1.fits": b"one" * 1000, "empty.dat": b""}


@pytest.fixture
def sites(
    observatory: SmallObservatory, ops_database: str
) -> Iterator[dict[str, tuple[Planner, WorkRunner]]]:
    """A planner and a worker of each site, which act for it alone."""
    made, engines = {}, []
    for site in SITES:
        options = f"-c timezone=UTC -c ccat.acts_for={site}"
        engine = create_engine(synchronous(ops_database), connect_args={"options": options})
        engines.append(engine)
        settings = observatory.settings.model_copy(update={"sites": [site]})
        world = observatory.world_with(engine=engine)
        runner = WorkRunner(world, settings, f"worker-{site}", observatory.stopping)
        made[site] = Planner(world, settings), runner
    yield made
    for engine in engines:
        engine.dispose()


def run(observatory: SmallObservatory, sites: dict[str, tuple[Planner, WorkRunner]]) -> list[str]:
    """Plan and work at all sites until nothing is left to do now; return how the work ended."""
    ends: list[str] = []
    for _ in range(60):
        for planner, _runner in sites.values():
            planner.run_pass()
        messages, observatory.mailbox.messages = observatory.mailbox.messages, []
        if not messages:
            return ends
        for queue, operation, work_id in messages:
            [site] = [site for site in SITES if f"{site}." in queue]
            ends.append(sites[site][1].run(operation, work_id))
    raise AssertionError(f"still busy: {observatory.mailbox.messages}")


def test_the_main_job_writes_no_row_of_another_site(observatory: SmallObservatory, sites: Any) -> None:
    observatory.observe(CONTENTS)
    assert set(run(observatory, sites)) == {"done"}
    states = {copy.data_location_id: copy.status for copy in observatory.rows(PhysicalCopy)}
    assert states.pop("cologne.lta") is PhysicalCopyStatus.VERIFIED
    assert set(states.values()) == {PhysicalCopyStatus.DELETED}
    [package] = observatory.rows(RawDataPackage)
    observatory.stage(package)
    assert set(run(observatory, sites)) == {"done"}
    assert [item.status for item in observatory.rows(StagingItem)] == [Status.COMPLETED]


@pytest.mark.xfail(
    strict=True, reason="the planner of the reading site locks a copy of another site: it has to be claimed"
)
def test_a_copy_of_another_site_is_staged(observatory: SmallObservatory, sites: Any) -> None:
    trouble.keep_everything(observatory)
    observatory.observe(CONTENTS)
    run(observatory, sites)
    trouble.have_read(observatory, "ccat.buffer")
    run(observatory, sites)
    for location in ("cologne.lta", "cologne.buffer"):
        observatory.change(DataLocation, location, enabled=False)
    [package] = observatory.rows(RawDataPackage)
    observatory.stage(package)
    with structlog.testing.capture_logs():  # a stage that fails would fail the test in its own way
        run(observatory, sites)
    assert [item.status for item in observatory.rows(StagingItem)] == [Status.COMPLETED]
