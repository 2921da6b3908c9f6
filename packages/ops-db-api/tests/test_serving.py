"""The process: listens where it is told to, and ends in time when it is asked to."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy.orm import Session

from ccat_ops_db.permissions import PermissionName

from . import seed

GRACE_SECONDS = 60
"""A limit for a busy machine; that ten seconds do is what the tests of the images ask."""
LIMIT_SECONDS = 60


@pytest.fixture
def port() -> int:
    """A port that is free on every address."""
    with socket.socket() as probe:
        probe.bind(("0.0.0.0", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def process(database: str, redis_url: str, port: int, tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """The service with every setting given, on all addresses."""
    interface = tmp_path / "interface"
    interface.mkdir()
    (interface / "index.html").write_text("<!doctype html><title>The interface</title>")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CCAT_")} | {
        "CCAT_OPS_DB_ENVIRONMENT": "production",
        "CCAT_OPS_DB_DATABASE_URL": database,
        "CCAT_OPS_DB_TOKEN_KEY": seed.KEY,
        "CCAT_OPS_DB_API_SITE_ID": "ccat",
        "CCAT_OPS_DB_API_SERVED_SITES": "ccat,cologne",
        "CCAT_OPS_DB_API_DATA_SERVER_SECRET": "s" * 32,
        "CCAT_OPS_DB_API_SIGNED_URL_LIFETIME": "600",
        "CCAT_OPS_DB_API_REDIS_URL": redis_url,
        "CCAT_OPS_DB_API_DATABASE_POOL_SIZE": "3",
        "CCAT_OPS_DB_API_STATEMENT_TIMEOUT": "20",
        "CCAT_OPS_DB_API_BULK_TIMEOUT": "60",
        "CCAT_OPS_DB_API_MAX_BODY_BYTES": "100000",
        "CCAT_OPS_DB_API_MAX_BULK_BODY_BYTES": "10000000",
        "CCAT_OPS_DB_API_UPLOAD_IDLE_TIMEOUT": "120",
        "CCAT_OPS_DB_API_REQUESTS_PER_SECOND": "100",
        "CCAT_OPS_DB_API_REQUEST_BURST": "100",
        "CCAT_OPS_DB_API_SESSION_REQUESTS_PER_SECOND": "30",
        "CCAT_OPS_DB_API_SESSION_REQUEST_BURST": "60",
        "CCAT_OPS_DB_API_PUBLIC_ORIGINS": "https://data.example.org",
        "CCAT_OPS_DB_API_UI_FOLDER": str(interface),
        "CCAT_OPS_DB_API_LOG_LEVEL": "warning",
    }
    program = Path(sys.executable).with_name("ccat-ops-db-api")
    with (tmp_path / "log").open("wb") as log:
        started = subprocess.Popen(
            [program, "--host", "0.0.0.0", "--port", str(port)], env=environment, stdout=log, stderr=log
        )
    limit = time.monotonic() + LIMIT_SECONDS
    try:
        while not _is_ready(port):
            assert started.poll() is None, (tmp_path / "log").read_text()
            assert time.monotonic() < limit, (tmp_path / "log").read_text()
            threading.Event().wait(0.05)
        yield started
    finally:
        started.kill()
        started.wait()


@pytest.mark.long
def test_ends_in_time_with_requests_that_do_not_end(
    process: "subprocess.Popen[bytes]", port: int, session: Session
) -> None:
    token = seed.token(session, tuple(PermissionName))
    session.commit()
    with contextlib.ExitStack() as connections:
        idle = connections.enter_context(socket.create_connection(("127.0.0.1", port)))
        idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: api\r\n\r\n")
        assert idle.recv(100).startswith(b"HTTP/1.1 200")
        stuck = connections.enter_context(socket.create_connection(("127.0.0.1", port)))
        stuck.sendall(
            b"POST /api/v1/raw-data-files:bulk HTTP/1.1\r\nHost: api\r\nExpect: 100-continue\r\n"
            b"Content-Type: application/x-ndjson\r\nContent-Length: 1000000\r\n"
            b"Authorization: Bearer " + token.encode() + b"\r\n\r\n"
        )
        # It has begun to read the body, which never comes.
        assert stuck.recv(100).startswith(b"HTTP/1.1 100")
        process.send_signal(signal.SIGTERM)
        assert process.wait(GRACE_SECONDS) in (0, -signal.SIGTERM)


def _is_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=10).status_code == 200
    except httpx.TransportError:
        return False
