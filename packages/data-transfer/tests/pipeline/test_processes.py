"""Planner and workers as real processes: told to stop, Redis emptied or restarted, the database restarted."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError

from ccat_dev_stack.testing import OwnServer
from ccat_ops_db.enumerations import PhysicalCopyStatus, Status
from ccat_ops_db.models import DataTransfer, DataTransferRoute, PhysicalCopy
from ccat_ops_db.schema import upgrade
from ccat_ops_db.settings import synchronous

COMMAND = Path(sys.executable).parent / "ccat-transfer"


class Processes:
    """Planner and worker of an observatory, started and ended by a test."""

    def __init__(self, folder: Path, database: str, broker: str) -> None:
        self._folder = folder
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("CCAT_")},
            "CCAT_OPS_DB_DATABASE_URL": database,
            "CCAT_DATA_TRANSFER_BROKER_URL": broker,
            "CCAT_DATA_TRANSFER_TICK": "0.5",
            "CCAT_DATA_TRANSFER_REDISPATCH": "1",
            "CCAT_DATA_TRANSFER_HEARTBEAT": "0.5",
            "CCAT_DATA_TRANSFER_LEASE": "10",
            "CCAT_DATA_TRANSFER_BACK_OFF_BASE": "0.5",
        }
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        with (self._folder / f"{arguments[0]}.log").open("ab") as log:
            process = subprocess.Popen(
                [str(COMMAND), *arguments], env=self._environment, stdout=log, stderr=subprocess.STDOUT
            )
        self._running.append(process)
        return process

    def logs(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self._folder.glob("*.log")))

    def end(self) -> None:
        for process in self._running:
            process.kill()
            process.wait()


@pytest.fixture
def start_processes(tmp_path: Path) -> Iterator[Callable[[str, str], Processes]]:
    started: list[Processes] = []

    def start(database: str, broker: str) -> Processes:
        processes = Processes(tmp_path, database, broker)
        started.append(processes)
        return processes

    yield start
    for processes in started:
        processes.end()
        print(processes.logs())


def wait_for(what: str, done: Callable[[], bool], seconds: float = 60) -> None:
    pause = threading.Event()
    for _ in range(int(seconds * 10)):
        try:
            if done():
                return
        except OperationalError:
            pass
        pause.wait(0.1)
    raise AssertionError(f"{what}: not in {seconds} s")


def archived(observatory: Any) -> int:
    return len(
        observatory.rows(PhysicalCopy, data_location_id="cologne.lta", status=PhysicalCopyStatus.VERIFIED)
    )


def test_a_worker_that_is_told_to_stop_hands_back_in_seconds(
    observatory: Any, start_processes: Any, ops_database: str, redis_url: str
) -> None:
    observatory.clock.run_on()
    observatory.change(DataTransferRoute, "ccat-cologne", bytes_per_second=400_000)
    processes = start_processes(ops_database, redis_url)
    planner = processes.start("planner")
    # Told of work that nobody does yet, and then all messages are gone.
    observatory.observe({"2026/a.fits": os.urandom(20_000_000)})
    wait_for("a message", lambda: redis.Redis.from_url(redis_url).dbsize() > 0)
    redis.Redis.from_url(redis_url).flushdb()
    worker = processes.start("worker", "--site", "ccat", "--site", "cologne")
    wait_for("a transfer", lambda: any(row.bytes_done > 0 for row in observatory.rows(DataTransfer)))
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=60) == 0
    [transfer] = observatory.rows(DataTransfer)
    assert transfer.lease_owner is None
    assert (transfer.status, transfer.attempt, transfer.interruptions) in {
        (Status.PENDING, 0, 0),
        (Status.SCHEDULED, 0, 0),
    }
    observatory.change(DataTransferRoute, "ccat-cologne", bytes_per_second=None)
    processes.start("worker", "--site", "ccat", "--site", "cologne")
    wait_for("the archive", lambda: archived(observatory) == 1)
    wait_for("removal at the source", lambda: observatory.files_at("ccat.raw") == [])
    planner.send_signal(signal.SIGTERM)
    assert planner.wait(timeout=60) == 0


def test_redis_and_the_database_may_go_and_come_back(
    start_processes: Any, own_redis: OwnServer, own_postgresql: OwnServer, make_observatory: Any
) -> None:
    own_redis.start()
    own_postgresql.start()
    upgrade(own_postgresql.url)
    engine = create_engine(
        synchronous(own_postgresql.url), pool_pre_ping=True, connect_args={"options": "-c timezone=UTC"}
    )
    observatory = make_observatory(engine)
    observatory.clock.run_on()
    processes = start_processes(own_postgresql.url, own_redis.url)
    planner = processes.start("planner")
    worker = processes.start("worker", "--site", "ccat", "--site", "cologne")
    observatory.observe({"2026/1.fits": b"1" * 1000})
    wait_for("the first", lambda: archived(observatory) == 1)

    own_redis.kill()
    observatory.observe({"2026/2.fits": b"2" * 1000})
    own_redis.start()
    wait_for("the one after Redis came back", lambda: archived(observatory) == 2)

    own_postgresql.kill()
    own_postgresql.start()
    wait_for("the database", lambda: archived(observatory) == 2)
    observatory.observe({"2026/3.fits": b"3" * 1000})
    wait_for("the one after the database came back", lambda: archived(observatory) == 3)
    assert planner.poll() is None
    assert worker.poll() is None
    engine.dispose()


def test_a_worker_that_ends_without_being_told_says_so(
    observatory: Any, start_processes: Any, own_redis: OwnServer, ops_database: str
) -> None:
    own_redis.start()
    broker = redis.Redis.from_url(own_redis.url)
    worker = start_processes(ops_database, own_redis.url).start("worker", "--site", "ccat")
    wait_for("its queues", lambda: any(client["flags"] == "b" for client in broker.client_list()))
    broker.replicaof("127.0.0.1", "1")
    # Either it lives through it, or it ends in a way that a service manager takes for a failure.
    pause = threading.Event()
    for _ in range(100):
        if worker.poll() is not None:
            break
        pause.wait(0.1)
    assert worker.poll() != 0
