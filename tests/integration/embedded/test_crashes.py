"""Whatever dies while files flow, the run completes: nothing is lost, nothing is archived twice.

`make test` has everything die at once, `make test-long` one after the other.
"""

import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest
import redis
from harness.api import Api
from harness.archive import Archive
from harness.ccat import Ccat
from harness.counting import assert_archived_once, stem_of
from harness.deployment import Deployment
from harness.embedded import EmbeddedStack
from harness.flow import LARGE_BYTES, Flowing, assert_nothing_lost, let_flow, work, work_in_hand
from harness.journey import NewFolder
from harness.observing import file, start, wait_removed
from harness.waiting import wait_until

from ccat_ops_db.paths import MARKER_PATH
from harness import trees

# Takes workers that read from memory long enough for a query to find them at it.
CAUGHT_BYTES = 100_000_000

Harm = Callable[[EmbeddedStack, Api, str], None]


def _kill(unit: str) -> Harm:
    def harm(stack: EmbeddedStack, _: Api, __: str) -> None:
        stack.kill(unit)

    return harm


def _kill_at_work(unit: str, kind: str) -> Harm:
    """Kill a worker the moment it has work of a kind on the execution's large package in hand."""

    def harm(stack: EmbeddedStack, _: Api, execution_id: str) -> None:
        with work_in_hand(_database(stack), kind, execution_id):
            stack.kill(unit)

    return harm


def _restart_database(stack: EmbeddedStack, _: Api, __: str) -> None:
    stack.stop("postgresql", signal.SIGINT)


def _flush_redis(stack: EmbeddedStack, _: Api, __: str) -> None:
    with redis.Redis.from_url(stack.environment()["CCAT_REDIS_URL"]) as client:
        # It was killed just before.
        wait_until("Redis answers", lambda: _is_flushed(client), 60)


def _kill_all_but_the_supervisor(stack: EmbeddedStack, _: Api, __: str) -> None:
    for name in stack.units():
        if name not in ("supervisor", "setup"):
            stack.kill_group(name)


HARMS: dict[str, Harm] = {
    "planner": _kill("planner"),
    "worker-ccat": _kill_at_work("worker-ccat", "package_creation"),
    "worker-cologne": _kill_at_work("worker-cologne", "fixity_check"),
    "api": _kill("api"),
    "redis": _kill("redis"),
    "redis-flushed": _flush_redis,
    "postgresql": _kill("postgresql"),
    "postgresql-restarted": _restart_database,
    "seaweedfs": _kill("seaweedfs"),
    "supervisor": _kill("supervisor"),
    "all-at-once": _kill_all_but_the_supervisor,
}

ALWAYS = "all-at-once"


@pytest.fixture(scope="module")
def flowing(
    request: pytest.FixtureRequest,
    stack: EmbeddedStack,
    deployment: Deployment,
    instrument: Ccat,
    new_folder: NewFolder,
) -> dict[str, Flowing]:
    """Observations one after the other; in each something else dies as soon as it is finished."""
    ours = (item for item in request.session.items if item.path == request.path)
    long = any(item.get_closest_marker("long") for item in ours)
    observations: dict[str, Flowing] = {}
    with Api(deployment, deployment.token) as api:
        for name, harm in HARMS.items() if long else [(ALWAYS, HARMS[ALWAYS])]:
            size = CAUGHT_BYTES if name.startswith("worker") else LARGE_BYTES
            flowing = let_flow(f"killed-{name}", deployment, instrument, new_folder, size)
            harm(stack, api, flowing.execution_id)
            observations[name] = flowing
            # The next one is filed while this one flows; the spool takes it if the API is away, but what is
            # asked of the API by other software has to wait for it.
            wait_until("the API answers", lambda: _is_up(api), 60)
    return observations


@pytest.mark.parametrize(
    "killed",
    [name if name == ALWAYS else pytest.param(name, marks=pytest.mark.long) for name in HARMS],
)
def test_the_run_completes_and_each_package_is_archived_once(
    killed: str,
    flowing: dict[str, Flowing],
    stack: EmbeddedStack,
    deployment: Deployment,
    ccat: Ccat,
    api: Api,
    archive: Archive,
) -> None:
    assert_nothing_lost(flowing[killed], _database(stack), deployment, ccat, api, archive)


@pytest.mark.long
def test_workers_were_killed_in_the_middle_of_their_work(
    flowing: dict[str, Flowing], stack: EmbeddedStack, ccat: Ccat
) -> None:
    """Otherwise nothing is proved: work was leased again after its worker died."""
    for killed, kind in (("worker-ccat", "package_creation"), ("worker-cologne", "fixity_check")):
        execution_id = flowing[killed].execution_id
        wait_removed(ccat, execution_id)
        rows = work(_database(stack), kind, execution_id)
        assert any(fencing >= 2 for _, fencing in rows), (kind, rows)


def test_everything_runs_again(flowing: dict[str, Flowing], stack: EmbeddedStack) -> None:
    assert flowing
    stack.wait_settled()


@pytest.mark.long
def test_workers_and_planners_may_be_doubled(
    stack: EmbeddedStack,
    deployment: Deployment,
    instrument: Ccat,
    ccat: Ccat,
    api: Api,
    archive: Archive,
    new_folder: NewFolder,
    tmp_path: Path,
) -> None:
    observations = {}
    with ExitStack() as doubles:
        for number in range(2):
            for name in ("planner", "worker-ccat", "worker-cologne"):
                doubles.enter_context(_double(stack, name, tmp_path / f"{name}-{number}"))
        for number in range(4):
            folder = new_folder(f"doubled-{number}")
            trees.write_many_small_files(folder / "a", 100, seed=number)
            trees.write_many_small_files(folder / "b", 100, seed=100 + number)
            tops = {"chai-lfa": folder / "a", "chai-hfa": folder / "b"}
            execution_id = start(instrument, *tops)
            file(instrument, execution_id, tops)
            filed = {module: trees.tree(top, deployment.source_folder) for module, top in tops.items()}
            instrument("obs", "finish", execution_id)
            observations[execution_id] = filed
        for execution_id in observations:
            wait_removed(ccat, execution_id)
    for execution_id, filed in observations.items():
        assert_archived_once(execution_id, filed, _database(stack), api, archive)


def test_nothing_is_in_the_bucket_that_the_database_does_not_know(
    flowing: dict[str, Flowing], ccat: Ccat, stack: EmbeddedStack, archive: Archive
) -> None:
    for observation in flowing.values():
        wait_removed(ccat, observation.execution_id)
    with psycopg.connect(_database(stack)) as connection:
        rows = connection.execute("SELECT relative_path FROM raw_data_package").fetchall()
    known = {str(path).removesuffix(".tar") for (path,) in rows}
    strange = {name for name in archive.names() if stem_of(name) not in known}
    assert strange == {MARKER_PATH}


def _database(stack: EmbeddedStack) -> str:
    return stack.environment()["CCAT_DATABASE_URL"]


def _is_flushed(client: redis.Redis) -> bool:
    try:
        return bool(client.flushall())
    except redis.ConnectionError:
        return False


def _is_up(api: Api) -> bool:
    try:
        return api.send("GET", "site").status_code == 200
    except httpx.TransportError:
        return False


@contextmanager
def _double(stack: EmbeddedStack, name: str, log: Path) -> Iterator[None]:
    """Run a unit a second time, beside the one of the stack; it has to end when asked to."""
    command, environment, folder = stack.how_it_runs(name)
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield
            assert process.poll() is None, f"{name} ended by itself: {log.read_text()[-4000:]}"
            process.terminate()
            assert process.wait(30) in (0, -signal.SIGTERM), log.read_text()[-4000:]
        finally:
            process.kill()
            process.wait()
