"""A store that misbehaves: passes requests on to a real one, except those that a test lets go wrong."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Request:
    """What came in."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """What the faulty store answers by itself; status 0 breaks the connection."""

    status: int
    code: str = ""

    @property
    def body(self) -> bytes:
        return f"<Error><Code>{self.code}</Code><Message>on purpose</Message></Error>".encode()


Fault = Callable[[Request], Reply | None]


@dataclass
class FaultyStore:
    """Endpoint of the faulty store, and what has reached it."""

    endpoint: str = ""
    fault: Fault = lambda _: None
    requests: list[Request] = field(default_factory=list)
    unheard: tuple[str, ...] = ()
    """Headers that the store does not heed."""

    def count(self, method: str, word: str) -> int:
        """Return how many requests of that method with that word in their target were passed on."""
        return sum(request.method == method and word in request.target for request in self.requests)


@contextmanager
def faulty_store(behind: str) -> Iterator[FaultyStore]:
    """Serve a faulty store in front of a real one."""
    store = FaultyStore()
    address = urlsplit(behind).netloc

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, self.path, headers, body)
            reply = store.fault(request)
            if reply is None:
                store.requests.append(request)
                self._pass_on(request)
            elif reply.status == 0:
                self.close_connection = True
            else:
                self._answer(reply.status, {}, reply.body)

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _serve  # noqa: N815

        def _pass_on(self, request: Request) -> None:
            connection = http.client.HTTPConnection(address, timeout=30)
            connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
            for name, value in request.headers.items():
                if name not in store.unheard:
                    connection.putheader(name, value)
            connection.endheaders(request.body)
            answer = connection.getresponse()
            self._answer(answer.status, dict(answer.getheaders()), answer.read())
            connection.close()

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response_only(status)
            skipped = {"transfer-encoding", "connection"} | (
                set() if self.command == "HEAD" else {"content-length"}
            )
            for name, value in headers.items():
                if name.lower() not in skipped:
                    self.send_header(name, value)
            if self.command != "HEAD":
                self.send_header("content-length", str(len(body)))
            elif not headers:
                self.send_header("content-length", "0")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    store.endpoint = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield store
    finally:
        server.shutdown()
        server.server_close()
