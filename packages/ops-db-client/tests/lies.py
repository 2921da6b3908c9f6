"""What something between a client and the API can answer instead of it."""

import contextlib
import gzip
import itertools
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, partial

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
    before, same : bytes
        The API's last answer to another request, and to another of the same kind.
    end : Event
        Is set when the proxy ends.
    """

    connection: socket.socket
    path: str
    host: str
    truth: bytes
    before: bytes
    same: bytes
    end: threading.Event


Tell = Callable[[Turn], object]


@dataclass(frozen=True)
class Lie:
    """What is answered instead of the truth.

    Attributes
    ----------
    name : str
        What it is.
    passes_on : bool
        Whether the API is asked all the same.
    tell : callable
        Answers.
    hears : bool
        Whether the body of the request is read before.
    stays : bool
        Whether the connection stays open for further requests.
    """

    name: str
    passes_on: bool
    tell: Tell
    hears: bool = True
    stays: bool = False


def answer(status: int, kind: str, body: bytes, **headers: str) -> bytes:
    """Return an HTTP answer."""
    given = {"Content-Type": kind, "Content-Length": str(len(body)), **headers}
    lines = [b"HTTP/1.1 %d %s" % (status, _REASON)]
    lines += [f"{name.replace('_', '-')}: {value}".encode("latin-1") for name, value in given.items()]
    return b"\r\n".join([*lines, b"", b""]) + body


def every_lie(statuses: Iterable[int]) -> list[Lie]:
    """Return all lies; those of a status alternate in their document, and in whether the API was asked."""
    return [
        *_of_statuses(statuses),
        *_of_documents(),
        *_of_redirects(),
        *_of_problems(),
        *_of_the_truth(),
        *_of_connections(),
    ]


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
        "a bomb of gzip": answer(200, json_type, _bomb(), Content_Encoding="gzip"),
        "a bomb of deflate": answer(502, "text/html", _bomb(), Content_Encoding="gzip, deflate"),
        "a bomb in its transfer": answer(200, json_type, _bomb(), Transfer_Encoding="gzip, chunked"),
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


def _of_redirects() -> Iterator[Lie]:
    places = {
        "nowhere": "http://[::1",
        "another host": "http://127.0.0.1:1/api/v1/executed-obs-units:start",
        "a path": "/login",
        "a file": "file:///etc/passwd",
        "itself": "",
    }
    for status in (301, 302, 303, 307, 308):
        for name, place in places.items():
            yield Lie(f"{status} to {name}", False, partial(_redirect, status=status, place=place))
        yield Lie(f"{status} to no place", True, _say(answer(status, "text/html", LOGIN)))


def _redirect(turn: Turn, status: int, place: str) -> None:
    turn.connection.sendall(answer(status, "text/html", b"", Location=place or turn.path))


def _of_problems() -> Iterator[Lie]:
    """Yield problem documents of the API that refuse nothing, and refusals that are not quite the API's."""
    for passes_on in (False, True):
        for status in (401, 403, 404, 405, 406, 412, 428, 429, 500, 501, 502, 503, 504):
            yield Lie(f"a problem of ours with {status}", passes_on, _say(_problem(status)))
        for status in (400, 409, 413, 415, 422):
            for name, text in {
                "without the id of a request": _problem(status, request_id=None),
                "of another site": _problem(status, type="https://example.org/problems/conflict"),
                "as JSON": _problem(status, kind="application/json"),
                "as a page": _problem(status, kind="text/html"),
                "cut": _problem(status)[:-5],
            }.items():
                yield Lie(f"a refusal with {status} {name}", passes_on, _say(text))


def _problem(status: int, kind: str = "application/problem+json", **members: object) -> bytes:
    document = {
        "type": "https://data-center.ccatobservatory.org/problems/whatever",
        "title": "Whatever",
        "status": status,
        "detail": "whatever",
        "request_id": "7",
        **members,
    }
    return answer(status, kind, json.dumps(document).encode())


def _of_the_truth() -> Iterator[Lie]:
    """Yield what becomes of the true answer on its way: the API has done what it was asked for."""
    for name, end in {
        "in its status": lambda truth: 11,
        "after its status": lambda truth: truth.index(b"\r\n") + 2,
        "in the name of a header": lambda truth: truth.index(b"\r\n") + 5,
        "in a header": lambda truth: truth.index(b": ") + 4,
        "before the last line of its head": lambda truth: truth.index(b"\r\n\r\n") + 2,
        "after its head": lambda truth: truth.index(b"\r\n\r\n") + 4,
        "after a byte of its body": lambda truth: truth.index(b"\r\n\r\n") + 5,
        "in its middle": lambda truth: (truth.index(b"\r\n\r\n") + len(truth)) // 2,
        "before its last byte": lambda truth: len(truth) - 1,
    }.items():
        yield Lie(f"the true answer, cut {name}", True, partial(_cut, end=end, how=_nothing))
        yield Lie(f"the true answer, reset {name}", True, partial(_cut, end=end, how=_reset))
        yield Lie(f"the true answer, silent {name}", True, partial(_cut, end=end, how=_silent))
        yield Lie(f"the true answer, left {name}", True, partial(_cut, end=end, how=_nothing), stays=True)
    for kind in ("text/plain", "text/html", "application/octet-stream", "image/png", "", "\x00"):
        yield Lie(f"the true answer as {kind!r}", True, partial(_of_kind, kind=kind))
    for status in (200, 202, 203, 204, 206, 207, 226, 299, 304, 400, 404, 500, 503):
        yield Lie(f"the true answer with {status}", True, partial(_with_status, status=status))
    yield Lie("the true answer from its end", True, lambda turn: turn.connection.sendall(turn.truth[::-1]))
    yield Lie("the true answer twice", True, lambda turn: turn.connection.sendall(2 * turn.truth), stays=True)


def _cut(turn: Turn, end: Callable[[bytes], int], how: Tell) -> None:
    turn.connection.sendall(turn.truth[: end(turn.truth)])
    how(turn)


def _of_kind(turn: Turn, kind: str) -> None:
    head, _, body = turn.truth.partition(b"\r\n\r\n")
    turn.connection.sendall(answer(int(head.split(b" ")[1]), kind, body))


def _with_status(turn: Turn, status: int) -> None:
    body = turn.truth.partition(b"\r\n\r\n")[2]
    turn.connection.sendall(answer(status, "application/json", body))


def _of_connections() -> Iterator[Lie]:
    for passes_on in (False, True):
        yield Lie("the connection is cut", passes_on, _nothing)
        yield Lie("the connection is reset", passes_on, _reset)
        yield Lie("silence", passes_on, _silent)
        yield Lie("a huge document", passes_on, _huge)
        yield Lie("a document without end", passes_on, without_end)
        yield Lie("a document that trickles", passes_on, trickling)
        yield Lie("a redirect to https that is not there", passes_on, _to_https)
        yield Lie("the answer to the request before", passes_on, _say_before)
        yield Lie("the answer to another of its kind", passes_on, _say_same, stays=True)
    yield Lie("the connection is cut before the body came", False, _nothing, hears=False)
    yield Lie("the connection is reset before the body came", False, _reset, hears=False)
    yield Lie("an answer before the body came", False, _say(_problem(500)), hears=False)


def _nothing(turn: Turn) -> None:
    del turn


def _say_before(turn: Turn) -> None:
    turn.connection.sendall(turn.before)


def _say_same(turn: Turn) -> None:
    turn.connection.sendall(turn.same)


@cache
def _bomb() -> bytes:
    return gzip.compress(bytes(50_000_000))


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
