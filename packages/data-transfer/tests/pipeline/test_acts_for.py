"""Planners and workers whose sessions may write only rows of their own site, as if each had a database."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from ccat_data_transfer.planning.planner import Planner
from ccat_data_transfer.work.run import WorkRunner
from ccat_dev_stack.proofs import lease_deletion
from ccat_ops_db.enumerations import ClaimOutcome, PhysicalCopyStatus, Status
from ccat_ops_db.models import (
    CopyClaim,
    DataLocation,
    Doubt,
    DoubtAnswer,
    PhysicalCopy,
    PhysicalCopyLock,
    RawDataPackage,
    StagingItem,
)
from ccat_ops_db.session import create_engine
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
        engine = create_engine(synchronous(ops_database), acts_for=[site])
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
        touched = sum(planner.run_pass() for planner, _runner in sites.values())
        messages, observatory.mailbox.messages = observatory.mailbox.messages, []
        if not touched and not messages:
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


def test_a_copy_of_another_site_is_staged(observatory: SmallObservatory, sites: Any) -> None:
    stage_from_the_telescope(observatory, sites)
    run(observatory, sites)
    assert [item.status for item in observatory.rows(StagingItem)] == [Status.COMPLETED]
    [claim] = observatory.rows(CopyClaim)
    assert (claim.site_id, claim.copy_site_id) == ("cologne", "ccat")
    assert claim.released_at is not None
    assert observatory.rows(PhysicalCopyLock) == []


def test_a_copy_of_another_site_is_refused_and_another_taken(
    observatory: SmallObservatory, sites: Any
) -> None:
    staged = stage_from_the_telescope(observatory, sites)
    # Decided to go before the telescope's planner answers.
    sites["cologne"][0].run_pass()
    copy = observatory.copy_at("ccat.buffer")
    with observatory.sessions.begin() as session:
        lease_deletion(session, copy, observatory.clock.now)
    for status in (PhysicalCopyStatus.DELETION_SCHEDULED, PhysicalCopyStatus.DELETION_IN_PROGRESS):
        observatory.change(PhysicalCopy, copy.id, status=status)
    sites["ccat"][0].run_pass()
    [answer] = observatory.rows(PhysicalCopyLock)
    assert (answer.outcome, answer.work_id) == (ClaimOutcome.REFUSED, staged)
    sites["cologne"][0].run_pass()
    assert observatory.reasons(staged) == {"no_readable_copy"}
    observatory.change(DataLocation, "cologne.lta", enabled=True)
    run(observatory, sites)
    assert [item.status for item in observatory.rows(StagingItem)] == [Status.COMPLETED]


def test_a_claimed_copy_is_kept_and_freed_by_its_own_site(observatory: SmallObservatory, sites: Any) -> None:
    staged = stage_from_the_telescope(observatory, sites)
    trouble.allow_deletion(observatory, "ccat.buffer")
    for site in ("cologne", "ccat"):
        sites[site][0].run_pass()
    [lock] = observatory.rows(PhysicalCopyLock)
    assert (lock.site_id, lock.work_id, lock.outcome) == ("ccat", staged, ClaimOutcome.GRANTED)
    assert observatory.copy_at("ccat.buffer").waiting_reason == "in_use"
    run(observatory, sites)
    assert observatory.rows(PhysicalCopyLock) == []
    assert trouble.freed(observatory, "ccat.buffer")


def test_a_bad_copy_of_another_site_is_doubted_and_read_there(
    observatory: SmallObservatory, sites: Any
) -> None:
    stage_from_the_telescope(observatory, sites)
    trouble.rot(observatory.tars_at("ccat.buffer")[0])
    run(observatory, sites)
    [doubt] = observatory.rows(Doubt)
    copy = observatory.copy_at("ccat.buffer")
    assert (doubt.site_id, doubt.physical_copy_id) == ("cologne", copy.id)
    assert observatory.rows(DoubtAnswer) == []
    # The one worker there may read it once more when no other has come.
    observatory.clock.advance(6 * 3600 + 60)
    run(observatory, sites)
    copy = observatory.copy_at("ccat.buffer")
    [answer] = observatory.rows(DoubtAnswer)
    assert answer.site_id == "ccat"
    assert copy.status is PhysicalCopyStatus.CORRUPT


def stage_from_the_telescope(observatory: SmallObservatory, sites: Any) -> UUID:
    """Ask for a package whose only copy in service is one of the telescope; return the item."""
    trouble.keep_everything(observatory)
    observatory.observe(CONTENTS)
    run(observatory, sites)
    trouble.have_read(observatory, "ccat.buffer")
    run(observatory, sites)
    for location in ("cologne.lta", "cologne.buffer"):
        observatory.change(DataLocation, location, enabled=False)
    observatory.stage(observatory.rows(RawDataPackage)[0])
    item: UUID = observatory.rows(StagingItem)[0].id
    return item
