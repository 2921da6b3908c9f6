"""Each service is killed once while files flow: everything is archived once and equal."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest
from harness.api import Api
from harness.archive import Archive, object_name
from harness.ccat import Ccat
from harness.compose import ComposeStack
from harness.counting import assert_archived_once, stem_of
from harness.deployment import Deployment
from harness.journey import NewFolder
from harness.observing import file, start, wait_removed
from harness.trees import Tree
from harness.waiting import wait_for, wait_until

from harness import trees

LARGE_BYTES = 20_000_000
# Takes its workers long enough to be caught at it.
LARGER_BYTES = 300_000_000
SMALL_FILES = 150

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


@dataclass(frozen=True)
class Flowing:
    """An observation during which something died."""

    execution_id: str
    trees: Mapping[str, Tree]


@pytest.fixture(scope="module")
def flowing(
    compose_stack: ComposeStack, deployment: Deployment, instrument: Ccat, new_folder: NewFolder
) -> dict[str, Flowing]:
    """Observations one after the other; in each something else dies as soon as it is finished."""
    observations: dict[str, Flowing] = {}
    with Api(deployment, deployment.token) as api:
        for seed, service in enumerate(KILLED):
            folder = new_folder(f"killed-{service}")
            size = LARGER_BYTES if service in WORK_OF else LARGE_BYTES
            trees.write(folder / "large" / "large.fits", bytes(range(256)) * (size // 256))
            trees.write_many_small_files(folder / "small", SMALL_FILES, seed)
            tops = {"chai-lfa": folder / "large", "chai-hfa": folder / "small"}
            execution_id = start(instrument, *tops)
            file(instrument, execution_id, tops)
            filed = {module: trees.tree(top, deployment.source_folder) for module, top in tops.items()}
            instrument("obs", "finish", execution_id)
            if service in WORK_OF:
                _wait_for_work(compose_stack, WORK_OF[service], execution_id)
            compose_stack.kill(service)
            compose_stack.start(service)
            observations[service] = Flowing(execution_id, filed)
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
    observation = flowing[killed]
    wait_removed(ccat, observation.execution_id)
    database = compose_stack.environment()["CCAT_DATABASE_URL"]
    assert_archived_once(observation.execution_id, observation.trees, database, api, archive)
    for tree in observation.trees.values():
        assert not any((deployment.source_folder / path).exists() for path in tree)


@pytest.mark.parametrize("service", WORK_OF)
def test_workers_were_killed_in_the_middle_of_their_work(
    service: str, flowing: dict[str, Flowing], compose_stack: ComposeStack, ccat: Ccat
) -> None:
    """Otherwise nothing is proved: work was leased again after its worker died."""
    execution_id = flowing[service].execution_id
    wait_removed(ccat, execution_id)
    rows = _work(compose_stack, WORK_OF[service], execution_id)
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
    with psycopg.connect(compose_stack.environment()["CCAT_DATABASE_URL"]) as connection:
        rows = connection.execute("SELECT relative_path FROM raw_data_package").fetchall()
    known = {str(path).removesuffix(".tar") for (path,) in rows}
    assert {name for name in archive.names() if stem_of(name) not in known} == set()


_WORK = {
    "package_creation": """
        SELECT w.status, w.fencing
        FROM package_creation w JOIN raw_data_package p ON p.id = w.raw_data_package_id
        WHERE p.executed_obs_unit_id = %(execution)s AND p.instrument_module_id = 'chai-lfa'
    """,
    "fixity_check": """
        SELECT w.status, w.fencing
        FROM fixity_check w JOIN physical_copy c ON c.id = w.physical_copy_id
        JOIN raw_data_package p ON p.id = c.raw_data_package_id
        WHERE p.executed_obs_unit_id = %(execution)s AND p.instrument_module_id = 'chai-lfa'
        AND c.data_location_id LIKE 'cologne.%%'
    """,
}


def _work(stack: ComposeStack, kind: str, execution_id: str) -> list[tuple[str, int]]:
    with psycopg.connect(stack.environment()["CCAT_DATABASE_URL"]) as connection:
        return connection.execute(_WORK[kind], {"execution": execution_id}).fetchall()


def _wait_for_work(stack: ComposeStack, kind: str, execution_id: str) -> None:
    with psycopg.connect(stack.environment()["CCAT_DATABASE_URL"], autocommit=True) as connection:
        wait_for(
            f"somebody does a {kind} of {execution_id}",
            lambda: connection.execute(_WORK[kind], {"execution": execution_id}).fetchall(),
            lambda rows: any(status == "in_progress" for status, _ in rows),
            limit_seconds=240,
            first_pause=0.001,
        )


def _is_up(api: Api) -> bool:
    try:
        return api.send("GET", "site").status_code == 200
    except httpx.TransportError:
        return False
