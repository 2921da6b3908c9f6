"""A proxy before the API that answers, in turn, whatever something on the way can answer."""

import contextlib
import http.client
import socket
import socketserver
import threading
from collections.abc import Sequence
from email.message import Message
from io import BufferedIOBase

from .lies import Lie, Turn, answer


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


class LyingProxy:
    """Answers requests to an API of this computer: with each of the lies in turn, or truly.

    Parameters
    ----------
    upstream : int
        Port of the API.
    lies : sequence of Lie
        What is told.
    truth_every : int
        Each so manieth answer is true; so are all when no lie is left.
    port : int
        Where it listens; 0: anywhere.
    """

    def __init__(self, upstream: int, lies: Sequence[Lie] = (), truth_every: int = 3, port: int = 0) -> None:
        self.told: list[str] = []
        self._upstream, self._lies, self._truth_every = upstream, list(lies), truth_every
        self._before, self._count, self._lock = b"", 0, threading.Lock()
        self._last: dict[str, bytes] = {}
        self._end = threading.Event()
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(OSError):
                    outer._answer(self.rfile, self.connection)

        self._server = _Server(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def lies_left(self) -> int:
        """How many lies were not told yet."""
        return len(self._lies)

    def close(self) -> None:
        """End."""
        self._end.set()
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, stream: BufferedIOBase, connection: socket.socket) -> None:
        """Answer the requests of a connection until it is closed."""
        while self._answer_one(stream, connection):
            pass

    def _answer_one(self, stream: BufferedIOBase, connection: socket.socket) -> bool:
        """Answer one request; say whether the connection stays open."""
        line = stream.readline(65_537).decode("latin-1").split(" ")
        if line[0] not in {"GET", "POST"} or self._end.is_set():
            # The end, or not HTTP but TLS, from who followed to https.
            return False
        headers = http.client.parse_headers(stream)
        lie = self._next_lie()
        hears = lie is None or lie.hears
        body = stream.read(int(headers.get("Content-Length", 0))) if hears else b""
        kind, truth = line[1].rpartition(":")[2], b""
        if lie is None or lie.passes_on:
            truth = self._passed_on(line[0], line[1], headers, body)
        if lie is None:
            connection.sendall(truth)
        else:
            self.told.append(f"{lie.name} ({'after' if lie.passes_on else 'without'} asking) to {line[1]}")
            same = self._last.get(kind, b"")
            lie.tell(Turn(connection, line[1], headers.get("Host", ""), truth, self._before, same, self._end))
        if truth:
            self._before = self._last[kind] = truth
        return lie is None or lie.stays

    def _next_lie(self) -> Lie | None:
        with self._lock:
            self._count += 1
            return self._lies.pop(0) if self._lies and self._count % self._truth_every else None

    def _passed_on(self, method: str, path: str, headers: Message, body: bytes) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self._upstream, timeout=60)
        kept = {name: value for name, value in headers.items() if name.lower() != "connection"}
        connection.request(method, path, body, kept)
        found = connection.getresponse()
        content = found.read()
        connection.close()
        other = {
            name.replace("-", "_"): value
            for name, value in found.headers.items()
            if name.lower() not in {"content-type", "content-length", "connection", "transfer-encoding"}
        }
        kind = found.headers.get("Content-Type", "application/octet-stream")
        return answer(found.status, kind, content, **other)
