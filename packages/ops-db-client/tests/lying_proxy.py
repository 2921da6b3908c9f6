"""A proxy before the API that answers, in turn, whatever something on the way can answer."""

import contextlib
import http.client
import itertools
import json
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from email.message import Message
from io import BufferedIOBase

HUGE_BYTES = 1_000_000_000

LOGIN = b"<html><head><title>Observatory Wi-Fi</title></head><body>Please log in</body></html>"
_REASON = b"Whatever"
_CHUNKED = b"HTTP/1.1 %d X\r\nContent-Type: %s\r\nTransfer-Encoding: chunked\r\n\r\n"


@dataclass(frozen=True)
class Turn:
    """A request, and what is known when it is answered.

    Attributes
    ----------
    connection : socket
        Where the answer goes.
    path : str
        What was asked for.
    host : str
        Who was asked.
    truth : bytes
        The API's answer; empty if it was not asked.
    before : bytes
        The API's last answer to another request.
    end : Event
        Is set when the proxy ends.
    """

    connection: socket.socket
    path: str
    host: str
    truth: bytes
    before: bytes
    end: threading.Event


Tell = Callable[[Turn], object]


@dataclass(frozen=True)
class Lie:
    """What is answered instead of the truth, and whether the API is asked all the same."""

    name: str
    passes_on: bool
    tell: Tell


def answer(status: int, kind: str, body: bytes, **headers: str) -> bytes:
    """Return an HTTP answer."""
    given = {"Content-Type": kind, "Content-Length": str(len(body)), **headers}
    lines = [b"HTTP/1.1 %d %s" % (status, _REASON)]
    lines += [f"{name.replace('_', '-')}: {value}".encode("latin-1") for name, value in given.items()]
    return b"\r\n".join([*lines, b"", b""]) + body


def every_lie(statuses: Iterable[int]) -> list[Lie]:
    """Return all lies; those of a status alternate in their document, and in whether the API was asked."""
    return [*_of_statuses(statuses), *_of_documents(), *_of_connections()]


def _of_statuses(statuses: Iterable[int]) -> Iterator[Lie]:
    documents: Iterator[tuple[str, bytes]] = itertools.cycle(
        [
            ("text/html", LOGIN),
            ("application/json", b"{}"),
            ("application/problem+json", b'{"type": "about:blank", "title": "of somebody else"}'),
            ("text/plain", b""),
            ("application/json", b'{"detail": "Not Found"}'),
        ]
    )
    for number, status in enumerate(statuses):
        kind, body = next(documents)
        headers = {"Location": "https://login.example.org/"} if 300 <= status < 400 else {}
        text = answer(status, kind, body, **headers)
        yield Lie(f"{status} {kind}, {len(body)} bytes", number % 2 == 1, _say(text))


def _of_documents() -> Iterator[Lie]:
    problem = {
        "type": "https://other.example.org/problems/conflict",
        "status": 409,
        "detail": "exists",
        "request_id": "7",
    }
    execution = {"id": "0193449b-2b1c-7c3e-8a3f-2f6d6f0c9a11", "obs_unit": "O", "modules": ["m"]}
    execution |= {"status": "completed", "started_at": "2020-01-01T00:00:00Z"}
    json_type = "application/json"
    for name, text in {
        "a login page with 200": answer(200, "text/html", LOGIN),
        "a login page that says it is JSON": answer(200, json_type, LOGIN),
        "somebody else's 409": answer(409, "application/problem+json", json.dumps(problem).encode()),
        "the 413 of a proxy": answer(413, "text/html", b"<title>413 Request Entity Too Large</title>"),
        "wrong JSON": answer(200, json_type, b"[1, 2, 3]"),
        "JSON without end": answer(200, json_type, b'{"id": "0193449b'),
        "JSON in deep brackets": answer(200, json_type, b"[" * 100_000),
        "another execution": answer(201, json_type, json.dumps(execution).encode()),
        "another filing": answer(200, json_type, b'{"filed": 987654, "already_filed": 0}'),
        "nothing was filed": answer(200, json_type, b'{"filed": 0, "already_filed": 0}'),
        "no document": answer(200, json_type, b""),
        "bytes that are no UTF-8": answer(200, json_type, bytes(range(128, 256)) * 9),
        "a page in a code that is no text": answer(500, "text/html; charset=base64", LOGIN),
        "a page in a code that nobody knows": answer(500, "text/html; charset=\x00%s", LOGIN),
        "a page in utf-16": answer(403, "text/html; charset=utf-16", LOGIN),
        "gzip that is none": answer(200, json_type, LOGIN, Content_Encoding="gzip"),
        "a redirect to nowhere": answer(307, "text/html", b"", Location="http://[::1"),
        "a redirect to itself": answer(308, "text/html", b"", Location="/api/v1/executed-obs-units:start"),
        "wait for a day": answer(503, "text/html", b"", Retry_After="86400"),
        "wait for ever": answer(429, "text/html", b"", Retry_After="9" * 400),
        "wait until a day that is none": answer(503, "text/html", b"", Retry_After="Mon, 99 Foo 9999 99:99"),
        "wait until the end of time": answer(
            503, "text/html", b"", Retry_After="Fri, 31 Dec 9999 23:59:59 -2300"
        ),
        "two lengths": answer(200, json_type, b"{}", content_length="77"),
        "a header that never ends": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1_000_000,
        "bytes that are no HTTP": bytes(range(256)) * 40,
        "an answer of another protocol": b"SSH-2.0-OpenSSH_9.2p1\r\n",
        "a continuation alone": b"HTTP/1.1 100 Continue\r\n\r\n",
    }.items():
        for passes_on in (False, True):
            yield Lie(name, passes_on, _say(text))


def _of_connections() -> Iterator[Lie]:
    for passes_on in (False, True):
        yield Lie("the connection is cut", passes_on, lambda turn: None)
        yield Lie("the connection is reset", passes_on, _reset)
        yield Lie("silence", passes_on, _silent)
        yield Lie("a huge document", passes_on, _huge)
        yield Lie("a document without end", passes_on, without_end)
        yield Lie("a document that trickles", passes_on, trickling)
        yield Lie("a redirect to https that is not there", passes_on, _to_https)
        yield Lie(
            "the answer to the request before", passes_on, lambda turn: turn.connection.sendall(turn.before)
        )
    yield Lie("half the true answer", True, lambda turn: turn.connection.sendall(turn.truth[:-7]))
    yield Lie("the beginning of the true answer", True, lambda turn: turn.connection.sendall(turn.truth[:17]))
    yield Lie("the true answer from its end", True, lambda turn: turn.connection.sendall(turn.truth[::-1]))


def _say(text: bytes) -> Tell:
    return lambda turn: turn.connection.sendall(text)


def _to_https(turn: Turn) -> None:
    place = f"https://{turn.host}{turn.path}"
    turn.connection.sendall(answer(308, "text/html", b"", Location=place))


def _reset(turn: Turn) -> None:
    turn.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _silent(turn: Turn) -> None:
    turn.connection.settimeout(0.1)
    while not turn.end.is_set():
        with contextlib.suppress(TimeoutError):
            if not turn.connection.recv(1):
                return


def _huge(turn: Turn) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    turn.connection.sendall(head % HUGE_BYTES)
    for _ in range(HUGE_BYTES // 0x10000):
        turn.connection.sendall(b" " * 0x10000)


def without_end(turn: Turn) -> None:
    """Answer as fast as can be, until the other side hangs up."""
    turn.connection.sendall(_CHUNKED % (502, b"text/html"))
    while not turn.end.is_set():
        turn.connection.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")


def trickling(turn: Turn) -> None:
    """Answer byte by byte, until the other side hangs up."""
    turn.connection.sendall(_CHUNKED % (200, b"application/json"))
    while not turn.end.wait(0.2):
        turn.connection.sendall(b"1\r\n \r\n")


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
        """Answer one request; then the connection is closed."""
        line = stream.readline(65_537).decode("latin-1").split(" ")
        if line[0] not in {"GET", "POST"}:
            # Not HTTP but TLS, from who followed to https.
            return
        headers = http.client.parse_headers(stream)
        body = stream.read(int(headers.get("Content-Length", 0)))
        lie = self._next_lie()
        truth = b""
        if lie is None or lie.passes_on:
            truth = self._passed_on(line[0], line[1], headers, body)
        if lie is None:
            connection.sendall(truth)
        else:
            self.told.append(f"{lie.name} ({'after' if lie.passes_on else 'without'} asking) to {line[1]}")
            lie.tell(Turn(connection, line[1], headers.get("Host", ""), truth, self._before, self._end))
        self._before = truth or self._before

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
        kind = found.headers.get("Content-Type", "application/octet-stream")
        return answer(found.status, kind, content, Connection="close")
