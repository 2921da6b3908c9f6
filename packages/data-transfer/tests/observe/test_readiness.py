"""Services started before what they need is there: they stay up, say why, and go on by themselves."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session, sessionmaker

from ccat_data_transfer.observe.probes import serve_probes
from ccat_data_transfer.observe.readiness import (
    WorkPlaces,
    broker_problem,
    database_problem,
    wait_for,
)
from ccat_data_transfer.places.adopt import Asked, adopt
from ccat_data_transfer.places.credentials import Credentials
from ccat_data_transfer.places.open import Places
from ccat_ops_db import schema
from ccat_ops_db.enumerations import LocationType
from ccat_ops_db.models import DiskDataLocation, Site
from ccat_ops_db.settings import synchronous
from ccat_ops_db.signed_urls import DEVELOPMENT_SECRET, sign_url

LIMIT_SECONDS = 60
GRACE_SECONDS = 60
"""A limit for a busy machine; that ten seconds do is what the tests of the images ask."""


class Service:
    """A service that runs as a process, and what it says of itself."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{port}"
        self._log = log

    def readiness(self) -> tuple[int, str]:
        """Return status and text of ``/readyz``; 0 while nobody answers."""
        assert self.process.poll() is None, self._log.read_text()
        try:
            answer = httpx.get(f"{self.url}/readyz", timeout=20)
        except httpx.TransportError:
            return 0, ""
        return answer.status_code, answer.text

    def wait(self, fits: Callable[[int, str], bool]) -> str:
        """Wait until it says what fits."""
        limit = time.monotonic() + LIMIT_SECONDS
        while True:
            status, said = self.readiness()
            if fits(status, said):
                return said
            assert time.monotonic() < limit, (status, said, self._log.read_text())
            threading.Event().wait(0.05)

    def ends_when_asked(self) -> str:
        """Send SIGTERM, require a good end, return the log."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(GRACE_SECONDS) in (0, -signal.SIGTERM), self._log.read_text()
        return self._log.read_text()


@pytest.fixture
def start(tmp_path: Path, postgresql_url: str, redis_url: str) -> Iterator[Any]:
    """Start services on an empty database."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CCAT_")} | {
        "CCAT_OPS_DB_DATABASE_URL": postgresql_url,
        "CCAT_DATA_TRANSFER_BROKER_URL": redis_url,
    }
    running: list[subprocess.Popen[bytes]] = []

    @contextmanager
    def service(*arguments: str) -> Iterator[Service]:
        port = _free_port()
        log = tmp_path / f"{len(running)}.log"
        settings = environment
        if arguments[0] == "data-server":
            arguments += ("--port", str(port))
        else:
            settings = environment | {"CCAT_DATA_TRANSFER_METRICS_PORT": str(port)}
        with log.open("wb") as output:
            process = subprocess.Popen(
                [Path(sys.executable).with_name("ccat-transfer"), *arguments],
                env=settings,
                # Celery says there, as text, that it was asked to end.
                stdout=subprocess.DEVNULL,
                stderr=output,
            )
        running.append(process)
        yield Service(process, port, log)

    yield service
    for process in running:
        process.kill()
        process.wait()


def test_services_wait_for_the_schema_and_go_on(start: Any, postgresql_url: str) -> None:
    with (
        start("planner") as planner,
        start("worker", "--site", "cologne") as worker,
        start("data-server", "--site", "cologne") as data_server,
    ):
        services: list[Service] = [planner, worker, data_server]
        for service in services:
            said = service.wait(lambda status, _: status == 503)
            assert "schema is at nothing, needs at least" in said
        schema.upgrade(postgresql_url)
        planner.wait(lambda status, _: status == 200)
        worker.wait(lambda _, said: "there is no site cologne" in said)
        _set_up_sites(postgresql_url)
        for service in services:
            service.wait(lambda status, _: status == 200)
        _set_revision(postgresql_url, "9999")
        for service in services:
            service.wait(lambda status, _: status == 200)
        logs = [service.ends_when_asked() for service in services]
    for line in "".join(logs).splitlines():
        assert json.loads(line), "a line that is not JSON, for example of a banner"
    assert logs[0].count("service.waiting") == 1, "said once"


@pytest.mark.long
def test_a_download_that_stands_still_does_not_hold_up_the_end(
    start: Any, postgresql_url: str, tmp_path: Path
) -> None:
    schema.upgrade(postgresql_url)
    _set_up_sites(postgresql_url)
    folder = tmp_path / "buffer"
    folder.mkdir()
    engine = create_engine(synchronous(postgresql_url))
    with Session(engine) as session, session.begin():
        session.add(
            DiskDataLocation(
                id="cologne.buffer",
                site_id="cologne",
                name="buffer",
                location_type=LocationType.BUFFER,
                path=str(folder),
            )
        )
    sessions = sessionmaker(engine)
    adopt(sessions, Places(sessions, Credentials(tmp_path)), "cologne.buffer", Asked("test"))
    engine.dispose()
    with (folder / "large.tar").open("wb") as large:
        large.truncate(1 << 30)
    with start("data-server", "--site", "cologne") as server:
        server.wait(lambda status, _: status == 200)
        expires_at = datetime.now(UTC) + timedelta(minutes=5)
        url = sign_url(
            server.url, "cologne.buffer", "large.tar", secret=DEVELOPMENT_SECRET, expires_at=expires_at
        )
        with httpx.stream("GET", url) as answer:
            assert answer.status_code == 200
            server.ends_when_asked()


def test_a_waiting_worker_ends_when_asked(start: Any) -> None:
    with start("worker", "--site", "cologne") as worker:
        worker.wait(lambda status, _: status == 503)
        worker.ends_when_asked()


def test_probes_tell_everything_that_is_missing() -> None:
    missing: dict[str, str | None] = {"database": None, "broker": None}
    checks = {name: lambda name=name: missing[name] for name in missing}
    server = serve_probes(0, checks, "127.0.0.1")
    with httpx.Client(base_url=f"http://127.0.0.1:{server.server_port}") as client:
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").json() == {
            "status": "ready",
            "checks": {"database": "ok", "broker": "ok"},
        }
        missing["broker"] = "it is away"
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["checks"]["broker"]) == (503, "it is away")
        assert "ccat_planner_pass_seconds" in client.get("/metrics").text
        assert client.get("/else").status_code == 404
    server.shutdown()
    server.server_close()


def test_what_is_missing_is_named(ops_database: str, redis_url: str) -> None:
    away = create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none")
    assert "does not answer" in (database_problem(away) or "")
    here = create_engine(synchronous(ops_database))
    nowhere = WorkPlaces(sites=[], locations=["cologne.nowhere"])
    assert database_problem(here) is None
    assert "no location cologne.nowhere; known are none" in (database_problem(here, nowhere) or "")
    here.dispose()
    assert broker_problem(redis_url) is None
    assert "BROKER_URL" in (broker_problem("redis://127.0.0.1:1/0") or "")
    assert "BROKER_URL" in (broker_problem("nonsense") or "")


def test_waiting_can_be_stopped() -> None:
    stopping = threading.Event()
    stopping.set()
    assert not wait_for("nothing", lambda: "something", stopping)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _set_up_sites(url: str) -> None:
    engine = create_engine(synchronous(url))
    with Session(engine) as session, session.begin():
        session.add_all([Site(id="ccat", name="Telescope"), Site(id="cologne", name="Cologne")])
    engine.dispose()


def _set_revision(url: str, revision: str) -> None:
    engine = create_engine(synchronous(url))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :it"), {"it": revision})
    engine.dispose()
