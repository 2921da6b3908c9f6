"""Pods are killed while files flow: everything is archived once and equal."""

import pytest
from harness.ccat import Ccat
from harness.deployment import Deployment
from harness.flow import LARGE_BYTES, LARGER_BYTES, Flowing, NothingLost, let_flow, wait_for_work, work
from harness.journey import NewFolder
from harness.kubernetes import Site
from harness.waiting import wait_until

KILLED = (
    "worker-telescope",
    "worker-archive",
    "planner",
    "ops-db-api",
    "postgresql",
    "redis",
    "s3",
)
WORK_OF = {"worker-telescope": "package_creation", "worker-archive": "fixity_check"}


@pytest.fixture(scope="module")
def flowing(
    site: Site, deployment: Deployment, instrument: Ccat, new_folder: NewFolder
) -> dict[str, Flowing]:
    """Observations one after the other; in each all pods of something are killed once it is finished."""
    observations = {}
    for component in KILLED:
        size = LARGER_BYTES if component in WORK_OF else LARGE_BYTES
        observations[component] = let_flow(f"killed-{component}", deployment, instrument, new_folder, size)
        if component in WORK_OF:
            wait_for_work(site.database_url, WORK_OF[component], observations[component].execution_id)
        # As the kernel does when memory is short.
        site.kill(component)
        # The next one is filed while this one flows; what is asked of the API has to wait for it.
        wait_until("the API answers", site.is_up, 180)
    return observations


@pytest.mark.parametrize("killed", KILLED)
def test_everything_is_archived_once_and_equal(
    killed: str, flowing: dict[str, Flowing], nothing_lost: NothingLost
) -> None:
    nothing_lost(flowing[killed])


@pytest.mark.parametrize("component", WORK_OF)
def test_workers_were_killed_in_the_middle_of_their_work(
    component: str, flowing: dict[str, Flowing], site: Site, ccat: Ccat
) -> None:
    """Otherwise nothing is proved: work was leased again after its worker died."""
    rows = work(site.database_url, WORK_OF[component], flowing[component].execution_id)
    assert any(fencing >= 2 for _, fencing in rows), rows


def test_everything_is_ready_again(flowing: dict[str, Flowing], site: Site) -> None:
    assert flowing
    site.wait_ready()
