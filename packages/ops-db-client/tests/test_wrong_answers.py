"""Answers that no API gives: whatever comes, a start and a filing are kept, and a read says what it met."""

import json
import socket
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ccat_ops_db_client import AsyncClient, Settings, calls, http_messages, policy, sending
from ccat_ops_db_client.commands import polling
from ccat_ops_db_client.errors import ApiAwayError, CcatError, UnexpectedAnswerError
from ccat_ops_db_client.identity import new_id
from ccat_ops_db_client.limits import Limit
from ccat_ops_db_client.policy import Bounds
from ccat_ops_db_client.recorder import Recorder

from .certificates import write_certificate
from .conftest import MakeClient, Ran, Received, Reply, RunCcat, ScriptedServer, problem, settings_for
from .raw_server import RawServer, Talk
from .test_lanes import file_of, wait_for

EXECUTION = UUID("0193449b-2b1c-7c3e-8a3f-2f6d6f0c9a11")
ANSWER = {"obs_unit": "O", "status": "running", "started_at": "2026-11-21T00:00:00Z", "modules": ["m"]}
OK = b"HTTP/1.1 201 Created\r\n"
JSON = b"Content-Type: application/json\r\n"
HTML = b"Content-Type: text/html"
NOT_FOUND = b"HTTP/1.1 404 Not Found\r\n"
SITE = calls.site().path
DOCUMENT = json.dumps({**ANSWER, "id": str(UUID(int=1))}).encode()


def length(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n" % len(body) + body


Unending = Callable[[RawServer, socket.socket], None]


def endless(first: bytes, piece: bytes) -> Unending:
    def talk(_: RawServer, connection: socket.socket) -> None:
        connection.sendall(first)
        while True:
            connection.sendall(piece)

    return talk


def drip(first: bytes, piece: bytes) -> Unending:
    def talk(server: RawServer, connection: socket.socket) -> None:
        connection.sendall(first)
        server.drip(connection, piece)

    return talk


FIXED = {
    "nothing": b"",
    "half a status line": b"HTTP/1.1 20",
    "no HTTP": b"220 mail.example.org ESMTP\r\n",
    "HTTP/0.9": b"<html>hello</html>",
    "HTTP/2 by surprise": b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + bytes(18),
    "a bad status": b"HTTP/1.1 999999 What\r\n\r\n",
    "status 100 and no more": b"HTTP/1.1 100 Continue\r\n\r\n",
    "status 101": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    "no content": b"HTTP/1.1 204 No Content\r\n\r\n",
    "an empty document": OK + JSON + length(b""),
    "no JSON": OK + JSON + length(b"hello"),
    "half a document": OK + JSON + length(DOCUMENT)[:-9],
    "HTTP/1.0, cut": b"HTTP/1.0 201 Created\r\n" + JSON + b"\r\n" + DOCUMENT[:-9],
    "too short a length": OK + JSON + b"Content-Length: 5\r\n\r\n" + DOCUMENT,
    "two lengths": OK + JSON + b"Content-Length: 5\r\nContent-Length: 9\r\n\r\n" + DOCUMENT,
    "a negative length": OK + JSON + b"Content-Length: -5\r\n\r\n" + DOCUMENT,
    "a bad chunk": OK + JSON + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + DOCUMENT,
    "invalid UTF-8": OK + JSON + length(DOCUMENT.replace(b'"O"', b'"\xff\xfe"')),
    "a deep document": OK + JSON + length(b"[" * 200_000),
    "an endless number": OK + JSON + length(b"1" * 50_000),
    "a document of somebody else": OK + JSON + length(DOCUMENT),
    "gzip that is none": OK + JSON + b"Content-Encoding: gzip\r\n" + length(b"hello"),
    "an unknown encoding": OK + JSON + b"Content-Encoding: aes128gcm\r\n" + length(DOCUMENT),
    "a header that is no text": NOT_FOUND + b"Server: \xff\xfe\xfd\r\n" + HTML + b"\r\n" + length(b"x"),
    "a redirect nowhere": b"HTTP/1.1 302 Found\r\nLocation: http://[::1\r\nContent-Length: 0\r\n\r\n",
    "a redirect to a file": b"HTTP/1.1 307 Go\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n",
    "a redirect to a port that is none": b"HTTP/1.1 308 Go\r\nLocation: https://127.0.0.1:99999"
    b"/api/v1/executed-obs-units:start\r\nContent-Length: 0\r\n\r\n",
    "Retry-After of another calendar": b"HTTP/1.1 503 No\r\nRetry-After: Fri, 31 Dec 9999999 23:59:59 +9999"
    + b"\r\n"
    + length(b""),
    **{
        f"a page in {charset}": NOT_FOUND
        + HTML
        + b"; charset=%s\r\n" % charset.encode()
        + length(b"<p>x\xff</p>")
        for charset in ("zip", "hex", "idna", "punycode", "rot13", "undefined", "utf-7", "unheard-of", "\xff")
    },
    "a problem of ours whose parts are not": b"HTTP/1.1 422 No\r\nContent-Type: application/problem+json\r\n"
    + length(
        json.dumps(
            {
                "type": "https://data-center.ccatobservatory.org/problems/x",
                "detail": {"a": 1},
                "errors": [{"line": "x", "field": 7}, 3],
                "retry": [],
                "request_id": 5,
            }
        ).encode()
    ),
}


def bomb() -> bytes:
    """Return 300 MB of zeros as gzip; after the first piece all are alike."""
    packer = zlib.compressobj(9, wbits=31)
    first, next_ = (packer.compress(bytes(10**6)) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    return first + 299 * next_


BOMB = bomb()
UNENDING: dict[str, Unending] = {
    "headers that drip": drip(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
    "a body that drips": drip(OK + JSON + b"\r\n", b" "),
    "chunks that drip": drip(OK + JSON + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "continuations that drip": drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a body without end": endless(OK + JSON + b"\r\n", b" " * 65536),
    "headers without end": endless(OK, b"X: y\r\n" * 1000),
    "silence": lambda server, connection: server.wait_for_the_end(connection),
    "a bomb": lambda server, connection: connection.sendall(
        OK + JSON + b"Content-Encoding: gzip\r\n" + length(BOMB)
    ),
}


@pytest.fixture
def raw() -> Iterator[Callable[[Talk], RawServer]]:
    opened: list[RawServer] = []

    def make(talk: Talk) -> RawServer:
        opened.append(RawServer(talk))
        return opened[-1]

    yield make
    for server in opened:
        server.close()


@pytest.mark.parametrize("answer", FIXED)
def test_a_start_and_a_filing_are_kept(
    raw: Callable[[Talk], RawServer], client_of: MakeClient, answer: str
) -> None:
    server = raw(lambda connection: connection.sendall(FIXED[answer]))
    recorder = Recorder(client_of(server.url))
    execution, receipt = recorder.start("O", ["m"])
    assert receipt.spooled
    assert receipt.reason is not None
    recorder.spool.ask_again(server.url)
    assert recorder.file([file_of(new_id())]).spooled
    assert len(server.requests) == 2
    with pytest.raises(CcatError):
        recorder.client.send(calls.progress(execution), retry_seconds=0.01)


@pytest.mark.parametrize("answer", UNENDING)
def test_what_does_not_end_is_ended(
    raw: Callable[[Talk], RawServer], client_of: MakeClient, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    monkeypatch.setattr(sending, "SILENCE_SECONDS", 0.3)
    servers: list[RawServer] = []
    servers.append(raw(lambda connection: UNENDING[answer](servers[0], connection)))
    recorder = Recorder(client_of(servers[0].url, spool_after_seconds=0.3))
    assert recorder.start("O", ["m"])[1].spooled
    recorder.spool.ask_again(servers[0].url)
    assert recorder.file([file_of(new_id())]).spooled
    # Neither a connection nor a thread stays behind.
    wait_for(lambda: servers[0].open == 0)
    wait_for(lambda: not any(thread.name == "ccat-request" for thread in threading.enumerate()))


@pytest.mark.parametrize("answer", ["a body that drips", "a body without end", "headers that drip"])
async def test_the_asynchronous_client_ends_it_too(
    raw: Callable[[Talk], RawServer], spool_folder: Path, answer: str
) -> None:
    servers: list[RawServer] = []
    servers.append(raw(lambda connection: UNENDING[answer](servers[0], connection)))
    async with AsyncClient(settings_for(servers[0].url, spool_folder)) as client:
        with pytest.raises(ApiAwayError):
            await client.send(calls.site(), bounds=Bounds(0, attempt=0.3))


def test_a_long_answer_is_given_up(raw: Callable[[Talk], RawServer], client_of: MakeClient) -> None:
    body = json.dumps({"id": "x" * 200_000}).encode()
    server = raw(lambda connection: connection.sendall(OK + JSON + length(body)))
    with pytest.raises(ApiAwayError, match="bytes"):
        client_of(server.url).send(calls.site(), bounds=Bounds(0, answer_bytes=100_000))


@pytest.mark.parametrize(
    "wrong", [{"id": str(UUID(int=1))}, {"status": "aborted"}, {"filed": 7}, {"already_filed": -1}]
)
def test_the_answer_to_another_request_is_none(
    client_of: MakeClient, server: ScriptedServer, wrong: dict[str, object]
) -> None:
    def answer(request: Received) -> Reply:
        if request.path.endswith(":bulk"):
            return Reply(200, {"filed": 1, "already_filed": 0, **wrong})
        identifier = json.loads(request.body).get("id") or request.path.rpartition("/")[2].partition(":")[0]
        return Reply(201, {**ANSWER, "status": "completed", "id": identifier, **wrong})

    server.answer = answer
    recorder = Recorder(client_of(server.url))
    execution = new_id()
    if "filed" in wrong or "already_filed" in wrong:
        assert recorder.file([file_of(execution)]).spooled
    else:
        assert recorder.finish(execution, "completed").spooled


def test_a_gateway_that_sends_to_https_in_vain_is_not_followed_for_good(
    client_of: MakeClient, server: ScriptedServer
) -> None:
    """It answers for a while; afterwards the API is where it was."""
    host = server.url.removeprefix("http://")
    server.answer = lambda request: Reply(301, headers={"Location": f"https://{host}{request.path}"})
    client = client_of(server.url)
    with pytest.raises(ApiAwayError):
        client.send(calls.site(), retry_seconds=0.01)
    server.say(Reply(200, {"id": "ccat"}))
    assert client.site().id == "ccat"


def test_a_defect_below_does_not_lose_a_start(
    client_of: MakeClient, monkeypatch: pytest.MonkeyPatch, server: ScriptedServer
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("can't start new thread")

    client = client_of(server.url)
    monkeypatch.setattr(threading.Thread, "start", fail)
    _, receipt = Recorder(client).start("O", ["m"])
    assert receipt.spooled
    assert "can't start new thread" in str(receipt.reason)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    status=st.integers(200, 599),
    headers=st.dictionaries(
        st.sampled_from(["content-type", "retry-after", "location", "server", "content-encoding"]),
        st.one_of(
            st.sampled_from(["application/problem+json", "application/json", "text/html; charset=zip"]),
            st.sampled_from([f"https://{host}{SITE}" for host in ("api", "[::1", "xn--", "api:99999", "")]),
            st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"])),
        ),
    ),
    document=st.one_of(
        st.binary(),
        st.fixed_dictionaries(
            {"type": st.just("https://data-center.ccatobservatory.org/problems/x")},
            optional={
                name: st.recursive(
                    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
                    lambda inner: st.one_of(
                        st.lists(inner),
                        st.dictionaries(st.sampled_from(["field", "reason", "line", "may"]), inner),
                    ),
                    max_leaves=5,
                )
                for name in ("detail", "title", "errors", "retry", "remedy", "request_id")
            },
        ).map(lambda document: json.dumps(document).encode()),
    ),
)
@example(308, {"location": f"https://xn--{SITE}"}, b"")
@example(308, {"location": f"https://api:99999{SITE}"}, b"")
def test_every_answer_is_an_answer_or_an_error_of_ours(
    status: int, headers: dict[str, str], document: bytes
) -> None:
    client_settings = Settings(api_url="http://api")
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    steps = policy.answer(
        calls.site(), client_settings, client_settings.api_url, Bounds(0), policy.say_nothing
    )
    step = next(steps)
    with suppress(CcatError, httpx.DecodingError, StopIteration):
        while isinstance(step, policy.Send):
            response = httpx.Response(status, headers=encoded, request=step.request)
            body = http_messages.Body(response, Limit(60, 10**9))
            body.add(document)
            step = steps.send(body.response())


def test_the_token_goes_nowhere_else(
    client_of: MakeClient, server: ScriptedServer, other_server: ScriptedServer
) -> None:
    for status in (301, 302, 303, 307, 308):
        server.say(Reply(status, headers={"Location": f"{other_server.url}/api/v1/site"}))
        recorder = Recorder(client_of(server.url))
        recorder.spool.ask_again(server.url)
        assert recorder.start("O", ["m"])[1].spooled
        with pytest.raises(UnexpectedAnswerError, match=f"{status}.*to {other_server.url}"):
            recorder.client.send(calls.site(), retry_seconds=0.01)
    assert other_server.received == []


@pytest.mark.parametrize("valid_for", [timedelta(hours=-1), timedelta(hours=1)], ids=["expired", "of nobody"])
def test_a_certificate_that_is_none_is_named(
    client_of: MakeClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, valid_for: timedelta
) -> None:
    certificate = write_certificate(tmp_path / "server.pem", valid_for)
    trusted = certificate if valid_for < timedelta() else write_certificate(tmp_path / "other.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    secure = ScriptedServer(certificate)
    _, receipt = Recorder(client_of(secure.url)).start("O", ["m"])
    secure.close()
    assert receipt.spooled
    assert "CERTIFICATE_VERIFY_FAILED" in str(receipt.reason)
    assert secure.received == []


class TestWaiting:
    """``ccat wait`` goes on whatever answers in place of the API, up to its limit."""

    LOGIN = Reply(200, b"<html><title>Log in</title></html>", {"Content-Type": "text/html"})
    PASSING = (
        Reply(404, b"default backend - 404", {"Content-Type": "text/plain"}),
        Reply(502, b"<html>", {"Content-Type": "text/html"}),
        Reply(403, b"<html>", {"Content-Type": "text/html"}),
        Reply(302, headers={"Location": "https://login.example.org/"}),
        Reply(
            200, {"id": str(UUID(int=1)), "status": "completed", "archived": True, "removed_at_source": True}
        ),
        problem(500),
        LOGIN,
    )

    def run(self, ccat: RunCcat, server: ScriptedServer, *arguments: object) -> Ran:
        return ccat(
            "wait", "--execution", EXECUTION, "--for", "archived", *arguments, CCAT_API_URL=server.url
        )

    def test_it_goes_on(self, ccat: RunCcat, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(polling, "LONGEST_PAUSE", 0.01)
        done = {"id": str(EXECUTION), "status": "completed", "archived": True, "removed_at_source": False}
        server.say(*self.PASSING, Reply(200, done))
        ran = self.run(ccat, server, "--timeout", "60")
        assert (ran.status, ran.out) == (0, "archived: 0 files, 0 B, 0 packages\n")
        assert "404 Not Found, text/plain, " in ran.err
        assert "'default backend - 404'; trying again" in ran.err

    def test_at_its_limit_it_says_what_answered(
        self, ccat: RunCcat, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(polling, "LONGEST_PAUSE", 0.01)
        server.say(self.LOGIN)
        ran = self.run(ccat, server, "--timeout", "0.2")
        assert ran.status == 1
        assert "'Log in'" in ran.err.splitlines()[-1]
        assert len(server.received) > 1

    def test_silence_ends_at_its_limit(
        self, ccat: RunCcat, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(polling, "SHORTEST_ATTEMPT", 0.2)
        silence = threading.Event()
        server.say(Reply(silence=silence))
        ran = self.run(ccat, server, "--timeout", "0.1")
        assert not silence.is_set()
        silence.set()
        assert ran.status == 1
        assert "did not answer in time" in ran.err

    def test_a_question_says_what_answered(self, ccat: RunCcat, server: ScriptedServer) -> None:
        server.say(self.PASSING[0])
        ran = ccat("why", EXECUTION, CCAT_API_URL=server.url)
        assert ran.status == 1
        assert "404 Not Found, text/plain, " in ran.err
        assert "'default backend - 404'" in ran.err
