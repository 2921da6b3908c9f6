"""A scripted server for what a real one does rarely, and the real API on a real database for the rest."""

import json
import os
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import NullPool, create_engine
from sqlalchemy.orm import Session

from ccat_dev_stack import ports
from ccat_dev_stack.services.postgresql import Postgresql
from ccat_dev_stack.testing import process_database
from ccat_ops_db.settings import synchronous
from ccat_ops_db_client import Client, Settings
from ccat_ops_db_client.commands.main import main

from . import seed
from .certificates import write_certificate

TOKEN = "ccat_test_token"


@dataclass
class Received:
    """A request as the scripted server received it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    peer: int = 0
    """Port from which it came; that of the connection."""


@dataclass
class Reply:
    """What the scripted server answers.

    `cut` closes the connection after so many bytes of the body; with `silence` nothing is
    answered, until the event comes.
    """

    status: int = 200
    body: Any = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    silence: threading.Event | None = None

    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


def problem(status: int, slug: str = "some-problem", detail: str = "what is wrong", **members: Any) -> Reply:
    """Return a problem document of the API."""
    document = {
        "type": f"https://data-center.ccatobservatory.org/problems/{slug}",
        "title": "A problem",
        "status": status,
        "detail": detail,
        "instance": "/api/v1/x",
        "request_id": "r1",
        **members,
    }
    return Reply(status, document, {"Content-Type": "application/problem+json"})


def accept(request: Received) -> Reply:
    """Answer a start, finish or bulk filing as the API does when it takes it."""
    if request.path.endswith(":bulk"):
        return Reply(200, {"filed": request.body.count(b"\n"), "already_filed": 0})
    facts = json.loads(request.body)
    execution = {"obs_unit": "O", "started_at": "2026-11-21T00:00:00Z", "modules": ["m"]}
    execution["id"] = facts.get("id") or request.path.rsplit("/", 1)[-1].partition(":")[0]
    execution["status"] = facts.get("status", "running")
    return Reply(201, execution)


class ScriptedServer:
    """Answers by a function, and remembers what it was asked; by TLS if it has a certificate with its key."""

    def __init__(self, certificate: Path | None = None) -> None:
        self.received: list[Received] = []
        self.answer: Callable[[Received], Reply] = lambda request: Reply(404)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Received(self.command, self.path, headers, body, self.client_address[1])
                outer.received.append(request)
                reply = outer.answer(request)
                if reply.silence is not None:
                    reply.silence.wait(60)
                    self.close_connection = True
                    return
                content = reply.content()
                self.send_response(reply.status)
                for name, value in {"Content-Length": str(len(content)), **reply.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content[: reply.cut])
                if reply.cut is not None:
                    self.close_connection = True

            do_GET = do_POST = handle_any  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        scheme = "http"
        if certificate is not None:
            scheme, context = "https", ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"{scheme}://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def say(self, *replies: Reply) -> None:
        """Answer with these one after the other, the last one for ever."""
        waiting = list(replies)
        self.answer = lambda request: waiting.pop(0) if len(waiting) > 1 else waiting[0]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    scripted = ScriptedServer()
    yield scripted
    scripted.close()


@pytest.fixture
def other_server() -> Iterator[ScriptedServer]:
    scripted = ScriptedServer()
    yield scripted
    scripted.close()


@pytest.fixture
def secure_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedServer]:
    """A scripted server with a certificate that is trusted here."""
    certificate = write_certificate(tmp_path / "certificate.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    scripted = ScriptedServer(certificate)
    yield scripted
    scripted.close()


class MakeClient(Protocol):
    def __call__(self, url: str, **settings: Any) -> Client: ...


@pytest.fixture
def spool_folder(tmp_path: Path) -> Iterator[Path]:
    """In memory where that is possible: what a killed process wrote is there without any sync."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else tmp_path) as folder:
        yield Path(folder) / "spool"


@pytest.fixture
def client_of(spool_folder: Path) -> Iterator[MakeClient]:
    """Make a client of a scripted server."""
    opened: list[Client] = []

    def make(url: str, **settings: Any) -> Client:
        client = Client(settings_for(url, **{"spool_folder": spool_folder, **settings}))
        opened.append(client)
        return client

    yield make
    for client in opened:
        client.close()


def settings_for(url: str, spool_folder: Path, token: str = TOKEN, **values: Any) -> Settings:
    return Settings(
        api_url=url,
        api_token=SecretStr(token),
        spool_folder=spool_folder,
        **{"retry_seconds": 5, "spool_after_seconds": 20, "replay_in_background": False, **values},
    )


class Api:
    """The real API in a process of its own, which tests may stop and start; it is imported once."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self.database_url = database_url
        self.folder = folder
        self.port, self.data_server_port = ports.free_ports(2)
        self.url = f"http://127.0.0.1:{self.port}"
        self.token = ""
        self.running = False
        self._host: subprocess.Popen[str] | None = None

    @property
    def source(self) -> Path:
        """Folder of CHAI's source location."""
        return self.folder / seed.SOURCE

    def session(self) -> Session:
        engine = create_engine(synchronous(self.database_url), poolclass=NullPool)
        return Session(engine)

    def start(self) -> None:
        if self._host is None:
            self._host = self._begin_host()
        self._tell("start")
        self.running = True
        self._wait_until_ready()

    def stop(self) -> None:
        """Kill it."""
        if self.running:
            self._tell("kill")
            self.running = False

    def close(self) -> None:
        """Kill it and what starts it."""
        if self._host is not None:
            self._host.communicate()

    def _begin_host(self) -> "subprocess.Popen[str]":
        environment = {
            **os.environ,
            "CCAT_OPS_DB_DATABASE_URL": self.database_url,
            "CCAT_OPS_DB_TOKEN_KEY": seed.TOKEN_KEY,
            "CCAT_OPS_DB_API_SITE_ID": "ccat",
        }
        with (self.folder / "api.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.api_host", str(self.port)],
                env=environment,
                cwd=Path(__file__).parents[1],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def _tell(self, what: str) -> None:
        assert self._host is not None
        assert self._host.stdin is not None
        assert self._host.stdout is not None
        self._host.stdin.write(f"{what}\n")
        self._host.stdin.flush()
        if not self._host.stdout.readline():
            raise self._not_started()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"{self.url}/healthz").is_success:
                    return
            except httpx.TransportError:
                threading.Event().wait(0.05)
        raise self._not_started()

    def _not_started(self) -> RuntimeError:
        return RuntimeError(f"the API did not start: {(self.folder / 'api.log').read_text()}")


@pytest.fixture(scope="session")
def api_server(
    postgresql_server: Postgresql, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Api]:
    """The real API with reference data, for all tests of a process."""
    folder = tmp_path_factory.mktemp("observatory")
    with process_database(postgresql_server, migrated_template) as url:
        api = Api(url, folder)
        with api.session() as session:
            seed.reference_data(session, folder, f"http://127.0.0.1:{api.data_server_port}")
            api.token = seed.token(session)
            session.commit()
        api.start()
        yield api
        api.close()


@pytest.fixture
def api(api_server: Api) -> Iterator[Api]:
    """The real API; running again after the test, whatever the test did."""
    yield api_server
    if not api_server.running:
        api_server.start()


@pytest.fixture
def client(api: Api, spool_folder: Path) -> Iterator[Client]:
    """A client of the real API that may do everything."""
    with Client(settings_for(api.url, spool_folder, token=api.token)) as opened:
        yield opened


@dataclass
class Ran:
    """A finished command."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class RunCcat(Protocol):
    def __call__(self, *arguments: object, **environment: str) -> Ran: ...


@pytest.fixture
def ccat(
    api: Api, spool_folder: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> RunCcat:
    """Run the command in this process, which is much faster than in one of its own."""

    def run(*arguments: object, **environment: str) -> Ran:
        with monkeypatch.context() as patch:
            for name, value in {**ccat_environment(api, spool_folder), **environment}.items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["ccat", *map(str, arguments)])
            capsysbinary.readouterr()
            try:
                main()
            except SystemExit as exit_:
                status = exit_.code
            printed = capsysbinary.readouterr()
        return Ran(int(status or 0), printed.out.decode(), printed.err.decode())

    return run


@pytest.fixture
def execution(ccat: RunCcat) -> str:
    """The id of an observation that has begun."""
    return ccat("obs", "start", "--obs-unit", seed.OBS_UNIT, "--module", "chai-lfa").out.strip()


def ccat_environment(api: Api, spool_folder: Path) -> dict[str, str]:
    """Return the settings of the command."""
    return {
        "CCAT_API_URL": api.url,
        "CCAT_API_TOKEN": api.token,
        "CCAT_SPOOL_FOLDER": str(spool_folder),
        "CCAT_RETRY_SECONDS": "5",
        "CCAT_SPOOL_AFTER_SECONDS": "20",
        "CCAT_REPLAY_IN_BACKGROUND": "false",
    }
