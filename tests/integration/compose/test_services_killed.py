"""Each service is killed once while files flow: everything is archived once and equal."""

from pathlib import Path

import httpx
import psycopg
import pytest
from harness.api import Api
from harness.archive import Archive, object_name
from harness.ccat import Ccat
from harness.compose import ComposeStack
from harness.counting import stem_of
from harness.deployment import Deployment
from harness.flow import (
    LARGE_BYTES,
    LARGER_BYTES,
    Flowing,
    assert_nothing_lost,
    let_flow,
    wait_for_work,
    work,
)
from harness.journey import NewFolder
from harness.observing import wait_removed
from harness.waiting import wait_until

from ccat_ops_db.paths import MARKER_PATH

KILLED = (
    "planner",
    "worker-ccat",
    "worker-cologne",
    "api",
    "redis",
    "postgresql",
    "s3",
    "data-server-ccat",
    "data-server-cologne",
)

WORK_OF = {"worker-ccat": "package_creation", "worker-cologne": "fixity_check"}


@pytest.fixture(scope="module")
def flowing(
    compose_stack: ComposeStack, deployment: Deployment, instrument: Ccat, new_folder: NewFolder
) -> dict[str, Flowing]:
    """Observations one after the other; in each something else dies as soon as it is finished."""
    observations: dict[str, Flowing] = {}
    with Api(deployment, deployment.token) as api:
        for service in KILLED:
            size = LARGER_BYTES if service in WORK_OF else LARGE_BYTES
            flowing = let_flow(f"killed-{service}", deployment, instrument, new_folder, size)
            if service in WORK_OF:
                wait_for_work(_database(compose_stack), WORK_OF[service], flowing.execution_id)
            compose_stack.kill(service)
            compose_stack.start(service)
            observations[service] = flowing
            # The next one is filed while this one flows; what is asked of the API has to wait for it.
            wait_until("the API answers", lambda: _is_up(api), 60)
    return observations


@pytest.mark.parametrize("killed", KILLED)
def test_everything_is_archived_once_and_equal(
    killed: str,
    flowing: dict[str, Flowing],
    compose_stack: ComposeStack,
    deployment: Deployment,
    ccat: Ccat,
    api: Api,
    archive: Archive,
) -> None:
    assert_nothing_lost(flowing[killed], _database(compose_stack), deployment, ccat, api, archive)


@pytest.mark.parametrize("service", WORK_OF)
def test_workers_were_killed_in_the_middle_of_their_work(
    service: str, flowing: dict[str, Flowing], compose_stack: ComposeStack, ccat: Ccat
) -> None:
    """Otherwise nothing is proved: work was leased again after its worker died."""
    execution_id = flowing[service].execution_id
    wait_removed(ccat, execution_id)
    rows = work(_database(compose_stack), WORK_OF[service], execution_id)
    assert any(fencing >= 2 for _, fencing in rows), rows


def test_everything_runs_again_and_serves_what_was_archived(
    flowing: dict[str, Flowing],
    compose_stack: ComposeStack,
    ccat: Ccat,
    api: Api,
    archive: Archive,
    tmp_path: Path,
) -> None:
    compose_stack.wait_well()
    execution_id = flowing["s3"].execution_id
    wait_removed(ccat, execution_id)
    package = api.packages(execution_id)["chai-hfa"]
    ccat("get", package["id"], "-o", tmp_path)
    [got] = tmp_path.glob("*.tar")
    assert got.read_bytes() == archive.read(object_name(package))


def test_nothing_is_in_the_bucket_that_the_database_does_not_know(
    flowing: dict[str, Flowing], ccat: Ccat, compose_stack: ComposeStack, archive: Archive
) -> None:
    for observation in flowing.values():
        wait_removed(ccat, observation.execution_id)
    with psycopg.connect(_database(compose_stack)) as connection:
        rows = connection.execute("SELECT relative_path FROM raw_data_package").fetchall()
    known = {str(path).removesuffix(".tar") for (path,) in rows}
    assert {name for name in archive.names() if stem_of(name) not in known} == {MARKER_PATH}


def _database(stack: ComposeStack) -> str:
    return stack.environment()["CCAT_DATABASE_URL"]


def _is_up(api: Api) -> bool:
    try:
        return api.send("GET", "site").status_code == 200
    except httpx.TransportError:
        return False
