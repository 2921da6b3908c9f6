"""Requests and answers: retries, problem documents, redirects."""

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event
from uuid import UUID

import httpx
import pytest

from ccat_dev_stack import ports
from ccat_ops_db_client import AsyncClient, Client, calls
from ccat_ops_db_client.errors import (
    ApiError,
    AuthenticationError,
    CcatError,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    ServerFailureError,
    UnavailableError,
    UnexpectedAnswerError,
    UnreachableError,
)
from ccat_ops_db_client.http_messages import secure_address
from ccat_ops_db_client.policy import Bounds, Pauses
from ccat_ops_db_client.recorder import Recorder, pages
from ccat_ops_db_client.records import Execution

from .conftest import MakeClient, Received, Reply, ScriptedServer, problem, settings_for

EXECUTION = UUID("0193449b-2b1c-7c3e-8a3f-2f6d6f0c9a11")
ANSWER = {"id": str(EXECUTION), "obs_unit": "O", "status": "running", "started_at": "2026-11-21T00:00:00Z"}
Start = Callable[[str, Path], Execution]


def _start_synchronously(url: str, spool: Path) -> Execution:
    with Client(settings_for(url, spool)) as client:
        return client.start_execution("O", ["chai-lfa"], execution_id=EXECUTION)


def _start_asynchronously(url: str, spool: Path) -> Execution:
    async def start() -> Execution:
        async with AsyncClient(settings_for(url, spool)) as client:
            return await client.start_execution("O", ["chai-lfa"], execution_id=EXECUTION)

    return asyncio.run(start())


both = pytest.mark.parametrize("start", [_start_synchronously, _start_asynchronously])


@both
def test_writes_carry_token_id_and_key(server: ScriptedServer, tmp_path: Path, start: Start) -> None:
    server.say(Reply(201, ANSWER))
    assert start(server.url, tmp_path).id == EXECUTION
    (request,) = server.received
    assert request.path == "/api/v1/executed-obs-units:start"
    assert request.headers["authorization"] == "Bearer ccat_test_token"
    assert UUID(request.headers["idempotency-key"]).version == 7
    assert str(EXECUTION).encode() in request.body


@both
@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_api_is_asked_again_with_the_same_key(
    server: ScriptedServer, tmp_path: Path, start: Start, status: int
) -> None:
    server.say(Reply(status), Reply(status, headers={"Retry-After": "0"}), Reply(201, ANSWER))
    assert start(server.url, tmp_path).id == EXECUTION
    assert len(server.received) == 3
    assert len({request.headers["idempotency-key"] for request in server.received}) == 1
    assert len({request.body for request in server.received}) == 1


@both
def test_a_broken_connection_is_tried_again(server: ScriptedServer, tmp_path: Path, start: Start) -> None:
    server.say(Reply(201, ANSWER, cut=5), Reply(201, ANSWER))
    assert start(server.url, tmp_path).id == EXECUTION


@both
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvalidRequestError),
        (401, AuthenticationError),
        (403, PermissionDeniedError),
        (404, NotFoundError),
        (409, ConflictError),
        (418, ApiError),
        (422, InvalidRequestError),
        (500, ServerFailureError),
    ],
)
def test_problems_are_typed_and_not_repeated(
    server: ScriptedServer, tmp_path: Path, start: Start, status: int, kind: type[ApiError]
) -> None:
    errors = [{"line": 3, "field": "size", "reason": "is negative"}]
    server.say(problem(status, "some-slug", errors=errors))
    with pytest.raises(kind) as raised:
        start(server.url, tmp_path)
    assert type(raised.value) is kind
    assert raised.value.slug == "some-slug"
    assert raised.value.request_id == "r1"
    assert str(raised.value.errors[0]) == "line 3: size: is negative"
    assert "what is wrong" in str(raised.value)
    assert "is negative" in str(raised.value)
    assert len(server.received) == 1


FOREIGN = [
    Reply(200, b"<html><title>Log in to the Wi-Fi</title></html>", {"Content-Type": "text/html"}),
    Reply(200, b"hello"),
    Reply(200, {"other": 1}),
    Reply(204),
    Reply(301, headers={"Location": "https://login.example.org/api/v1/executed-obs-units:start"}),
    Reply(302, headers={"Location": "/login"}),
    Reply(302),
    Reply(304),
    Reply(308, headers={"Location": "https://127.0.0.1/login"}),
    Reply(400, b"<h1>Bad Request</h1>", {"Content-Type": "text/html"}),
    Reply(401, {}, {"Content-Type": "application/json"}),
    Reply(403, b"<html>Request blocked by firewall</html>", {"Content-Type": "text/html"}),
    Reply(404, b"404 page not found", {"Content-Type": "text/plain"}),
    Reply(409, {"detail": "of something else"}),
    Reply(413, b"<html><title>413 Request Entity Too Large</title></html>", {"Content-Type": "text/html"}),
    Reply(422, {"detail": "of something else"}, {"Content-Type": "application/problem+json"}),
    Reply(422, b"{", {"Content-Type": "application/problem+json"}),
    Reply(422, b"[" * 100_000, {"Content-Type": "application/problem+json"}),
    Reply(500, b"<html>500 Internal Server Error</html>", {"Content-Type": "text/html"}),
    Reply(520, b"error code: 520", {"Server": "a proxy"}),
]


@both
@pytest.mark.parametrize("reply", FOREIGN, ids=lambda reply: str(reply.status))
def test_what_is_not_of_the_api_is_named_and_not_repeated(
    server: ScriptedServer, tmp_path: Path, start: Start, reply: Reply
) -> None:
    server.say(reply)
    with pytest.raises(UnexpectedAnswerError, match="CCAT_API_URL"):
        start(server.url, tmp_path)
    assert len(server.received) == 1


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (FOREIGN[0], ["200", "text/html", "'Log in to the Wi-Fi'"]),
        (FOREIGN[4], ["301", "https://login.example.org/"]),
        (FOREIGN[12], ["404", "text/plain", "'404 page not found'"]),
        (FOREIGN[-1], ["520", "a proxy", "'error code: 520'"]),
    ],
)
def test_its_name_is_what_it_says_of_itself(
    server: ScriptedServer, tmp_path: Path, reply: Reply, words: list[str]
) -> None:
    server.say(reply)
    with pytest.raises(UnexpectedAnswerError) as raised:
        _start_synchronously(server.url, tmp_path)
    for word in words:
        assert word in raised.value.message


@both
def test_an_answer_in_a_broken_encoding_is_no_answer(
    server: ScriptedServer, tmp_path: Path, start: Start
) -> None:
    server.say(Reply(201, b"no gzip", {"Content-Encoding": "gzip"}), Reply(201, ANSWER))
    assert start(server.url, tmp_path).id == EXECUTION


@both
def test_a_problem_says_itself_what_helps(server: ScriptedServer, tmp_path: Path, start: Start) -> None:
    server.say(problem(403, remedy="ask for the role instrument", help="/docs/roles", subject="x"))
    with pytest.raises(PermissionDeniedError) as raised:
        start(server.url, tmp_path)
    assert raised.value.remedy == "ask for the role instrument"


@both
def test_only_what_the_problem_allows_is_repeated(
    server: ScriptedServer, tmp_path: Path, start: Start
) -> None:
    server.say(
        problem(503, "query-too-slow", retry={"may": "after-change", "after_seconds": None}),
        Reply(201, ANSWER),
    )
    with pytest.raises(ApiError) as raised:
        start(server.url, tmp_path)
    assert raised.value.slug == "query-too-slow"
    server.say(problem(503, "busy", retry={"may": "same-request", "after_seconds": 0}), Reply(201, ANSWER))
    assert start(server.url, tmp_path).id == EXECUTION


@both
@pytest.mark.parametrize(
    "variables",
    [
        {"ALL_PROXY": "socks://127.0.0.1:7890"},
        {"ALL_PROXY": "socks5://127.0.0.1:1080"},
        {"HTTP_PROXY": "http://127.0.0.1:1", "http_proxy": "http://127.0.0.1:1"},
        {"NO_PROXY": "::1,localhost", "no_proxy": "[::1]"},
    ],
    ids=lambda variables: next(iter(variables)),
)
def test_proxy_variables_of_a_desktop_are_not_used(
    server: ScriptedServer,
    tmp_path: Path,
    start: Start,
    variables: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    server.say(Reply(201, ANSWER))
    assert start(server.url, tmp_path).id == EXECUTION


def test_a_proxy_is_a_setting(server: ScriptedServer, client_of: MakeClient) -> None:
    server.say(Reply(201, ANSWER))
    client_of("http://api.of.a.site.example", proxy=server.url).start_execution(
        "O", ["m"], execution_id=EXECUTION
    )
    assert server.received[0].path == "http://api.of.a.site.example/api/v1/executed-obs-units:start"


class TestHttps:
    """An API that is only to be asked by https, and says so to those who ask by http."""

    def test_its_redirect_is_followed_and_said_once(
        self, server: ScriptedServer, secure_server: ScriptedServer, spool_folder: Path
    ) -> None:
        server.answer = lambda request: Reply(301, headers={"Location": secure_server.url + request.path})
        secure_server.say(Reply(201, ANSWER))
        said: list[str] = []
        with Client(settings_for(f"{server.url}/data-center", spool_folder), on_moved=said.append) as client:
            for _ in range(2):
                assert client.start_execution("O", ["m"], execution_id=EXECUTION).id == EXECUTION
        assert said == [f"{secure_server.url}/data-center"]
        (asked,) = server.received
        first, second = secure_server.received
        assert first.method == second.method == "POST"
        assert first.path == second.path == "/data-center/api/v1/executed-obs-units:start"
        assert first.body == asked.body
        assert first.headers["idempotency-key"] == asked.headers["idempotency-key"]
        assert first.headers["authorization"] == "Bearer ccat_test_token"

    async def test_the_asynchronous_client_does_the_same(
        self, server: ScriptedServer, secure_server: ScriptedServer, spool_folder: Path
    ) -> None:
        server.answer = lambda request: Reply(308, headers={"Location": secure_server.url + request.path})
        secure_server.say(Reply(201, ANSWER))
        said: list[str] = []
        async with AsyncClient(settings_for(server.url, spool_folder), on_moved=said.append) as client:
            assert (await client.start_execution("O", ["m"], execution_id=EXECUTION)).id == EXECUTION
        assert said == [secure_server.url]

    def test_an_address_without_a_name_keeps_its_brackets(self) -> None:
        request = httpx.Request("GET", "http://[::1]:8000/api/v1/site")
        response = httpx.Response(301, headers={"Location": "https://[::1]/api/v1/site"}, request=request)
        assert secure_address("http://[::1]:8000", request, response) == "https://[::1]:443"

    def test_it_leads_nowhere_else(
        self, server: ScriptedServer, secure_server: ScriptedServer, client_of: MakeClient
    ) -> None:
        elsewhere = secure_server.url.replace("127.0.0.1", "localhost")
        path = "/api/v1/executed-obs-units:start"
        for location in [f"{secure_server.url}/login", elsewhere + path, f"{secure_server.url}{path}?a=b"]:
            server.say(Reply(308, headers={"Location": location}))
            with pytest.raises(UnexpectedAnswerError, match="308"):
                client_of(server.url).start_execution("O", ["m"])
        assert secure_server.received == []


async def test_the_asynchronous_client_looks_names_up(server: ScriptedServer, spool_folder: Path) -> None:
    """One address of the name may take no connections."""
    server.say(Reply(200, {"id": "ccat"}))
    named = settings_for(server.url.replace("127.0.0.1", "localhost"), spool_folder)
    async with AsyncClient(named) as client:
        assert (await client.site()).id == "ccat"
    async with AsyncClient(settings_for("http://nobody.invalid", spool_folder, retry_seconds=0.01)) as client:
        with pytest.raises(UnreachableError, match="cannot be reached"):
            await client.site()


async def test_cookies_of_a_gateway_are_not_collected(server: ScriptedServer, client_of: MakeClient) -> None:
    """One with a name of its own in each answer would fill the memory."""
    names = iter(range(100))
    server.answer = lambda _: Reply(200, {"id": "ccat"}, {"Set-Cookie": f"request-{next(names)}=1; Path=/"})
    client = client_of(server.url)
    async with AsyncClient(client.settings) as other:
        for _ in range(3):
            client.site()
            await other.site()
        assert len(client._http.cookies.jar) == len(other._http.cookies.jar) == 0
    assert not any("cookie" in request.headers for request in server.received)


def test_a_forked_process_has_connections_of_its_own(server: ScriptedServer, client_of: MakeClient) -> None:
    """On one that two share each gets the other's answers, or none."""
    server.say(Reply(200, {"id": "ccat"}))
    client = client_of(server.url)
    client.site()
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            client.site()
            client.site()
            os._exit(0)
        os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    client.site()
    before, first, second, after = (request.peer for request in server.received)
    assert before == after
    assert first == second != before


class TestBounds:
    @pytest.fixture
    def silence(self) -> Iterator[Event]:
        event = Event()
        yield event
        event.set()

    def test_an_attempt_ends_in_time_whatever_it_waits_for(
        self, server: ScriptedServer, client_of: MakeClient, silence: Event
    ) -> None:
        server.say(Reply(silence=silence))
        with pytest.raises(UnreachableError, match="did not answer in time"):
            client_of(server.url).send(calls.status(), bounds=Bounds(0, attempt=0.1))

    async def test_so_does_one_of_the_asynchronous_client(
        self, server: ScriptedServer, tmp_path: Path, silence: Event
    ) -> None:
        server.say(Reply(silence=silence))
        async with AsyncClient(settings_for(server.url, tmp_path)) as client:
            with pytest.raises(UnreachableError, match="did not answer in time"):
                await client.send(calls.status(), bounds=Bounds(0, attempt=0.1))

    def test_an_attempt_ends_after_silence(
        self, server: ScriptedServer, client_of: MakeClient, silence: Event
    ) -> None:
        server.say(Reply(silence=silence))
        with pytest.raises(UnreachableError, match="did not answer in time"):
            client_of(server.url).send(calls.status(), bounds=Bounds(0, silence=0.1))


def test_terminal_sequences_of_a_server_are_not_printed(server: ScriptedServer, tmp_path: Path) -> None:
    server.say(problem(404, detail="no\x1b[2Jsuch\nthing"))
    with pytest.raises(NotFoundError) as raised:
        _start_synchronously(server.url, tmp_path)
    assert "\x1b" not in str(raised.value)
    assert "\n" not in str(raised.value)


def test_an_api_that_stays_away_ends_in_an_error(client_of: MakeClient) -> None:
    nobody = f"http://127.0.0.1:{ports.free_ports(1)[0]}"
    client = client_of(nobody, retry_seconds=0.2)
    with pytest.raises(UnreachableError, match="CCAT_API_URL"):
        client.status()


def test_an_api_that_stays_busy_ends_in_an_error(server: ScriptedServer, client_of: MakeClient) -> None:
    server.say(problem(503, detail="the database does not answer"))
    with pytest.raises(UnavailableError, match="the database does not answer"):
        client_of(server.url, retry_seconds=0.2).status()


def test_retry_after_is_obeyed_with_jitter() -> None:
    away = UnavailableError("busy", status=503, retry_after=7)
    pause = Pauses(100).after(away)
    assert pause is not None
    assert 7 <= pause <= 8
    assert Pauses(5).after(away) is None


def test_pauses_grow_to_a_limit() -> None:
    away = UnavailableError("busy", status=503, retry_after=None)
    pauses = Pauses(100)
    found = [pauses.after(away) or 0 for _ in range(12)]
    assert found[0] <= 0.1
    assert 5 <= min(found[-3:]) <= max(found) <= 10
    assert Pauses(0).after(away) is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("12", 12.0), ("Sat, 21 Nov 2020 00:00:00 GMT", 0.0), ("soon", None), ("-1", None), ("", None)],
)
def test_retry_after_is_read(
    server: ScriptedServer, client_of: MakeClient, header: str, seconds: float | None
) -> None:
    server.say(Reply(503, headers={"Retry-After": header}))
    with pytest.raises(UnavailableError) as raised:
        client_of(server.url).send(calls.status(), retry_seconds=0)
    assert raised.value.retry_after == seconds
    assert len(server.received) == 1


def test_lists_are_read_to_the_end(server: ScriptedServer, client_of: MakeClient) -> None:
    server.say(
        Reply(200, {"items": [{**ANSWER, "obs_unit": "A"}], "next_cursor": "a b+c"}),
        Reply(200, {"items": [{**ANSWER, "obs_unit": "B"}], "next_cursor": None}),
    )
    found = list(client_of(server.url).executions(status="running", source=None))
    assert [execution.obs_unit for execution in found] == ["A", "B"]
    assert server.received[1].path == "/api/v1/executed-obs-units?limit=1000&status=running&cursor=a+b%2Bc"


async def test_a_page_that_comes_again_and_again_is_not_of_the_api(
    server: ScriptedServer, client_of: MakeClient
) -> None:
    """Something on the way keeps answers without regard to what is asked; a list of it would have no end."""
    server.say(Reply(200, {"items": [{**ANSWER, "obs_unit": "A"}], "next_cursor": "a"}))
    client = client_of(server.url)
    with pytest.raises(UnexpectedAnswerError, match="do not end"):
        list(client.executions())
    with pytest.raises(UnexpectedAnswerError, match="do not end"):
        list(pages(Recorder(client).ask, calls.executions()))
    async with AsyncClient(client.settings) as asynchronous:
        with pytest.raises(UnexpectedAnswerError, match="do not end"):
            [each async for each in asynchronous.executions()]
    assert len(server.received) == 6


class TestRedirect:
    """The bytes come from a data server that must not learn the token."""

    def test_another_server_gets_the_range_but_not_the_token(
        self, server: ScriptedServer, other_server: ScriptedServer, client_of: MakeClient
    ) -> None:
        server.say(Reply(307, headers={"Location": f"{other_server.url}/p.tar?signature=s"}))
        other_server.say(Reply(206, b"23"))
        with client_of(server.url).open_content(EXECUTION, first_byte=2, last_byte=3) as response:
            assert response.read() == b"23"
        (asked,) = server.received
        (followed,) = other_server.received
        assert asked.headers["authorization"] == "Bearer ccat_test_token"
        assert "authorization" not in followed.headers
        assert asked.headers["range"] == followed.headers["range"] == "bytes=2-3"
        assert followed.path == "/p.tar?signature=s"
        assert followed.headers["host"] == other_server.url.removeprefix("http://")
        assert followed.headers["accept-encoding"] == "identity"

    def test_another_server_and_back_does_not_get_the_token_again(
        self, server: ScriptedServer, other_server: ScriptedServer, client_of: MakeClient
    ) -> None:
        def answer(request: Received) -> Reply:
            if request.path == "/end":
                return Reply(200, b"x")
            return Reply(307, headers={"Location": f"{other_server.url}/p.tar"})

        server.answer = answer
        other_server.say(Reply(307, headers={"Location": f"{server.url}/end"}))
        with client_of(server.url).open_content(EXECUTION) as response:
            assert response.read() == b"x"
        assert "authorization" not in server.received[-1].headers

    def test_the_same_server_keeps_the_token(self, server: ScriptedServer, client_of: MakeClient) -> None:
        server.say(Reply(307, headers={"Location": "/elsewhere"}), Reply(200, b"x"))
        with client_of(server.url).open_content(EXECUTION) as response:
            assert response.read() == b"x"
        assert server.received[1].headers["authorization"] == "Bearer ccat_test_token"

    @pytest.mark.parametrize("location", ["", "file:///etc/passwd", "ftp://h/x", "http://", "http://[::1"])
    def test_it_leads_only_to_http(
        self, server: ScriptedServer, client_of: MakeClient, location: str
    ) -> None:
        server.say(Reply(307, headers={"Location": location}))
        with (
            pytest.raises(CcatError, match=r"redirects|location header"),
            client_of(server.url).open_content(EXECUTION),
        ):
            pass

    def test_it_does_not_go_on_for_ever(self, server: ScriptedServer, client_of: MakeClient) -> None:
        server.say(Reply(307, headers={"Location": "/again"}))
        with pytest.raises(UnexpectedAnswerError), client_of(server.url).open_content(EXECUTION):
            pass
        assert len(server.received) == 5

    async def test_the_asynchronous_client_does_the_same(
        self, server: ScriptedServer, other_server: ScriptedServer, tmp_path: Path
    ) -> None:
        server.say(Reply(307, headers={"Location": f"{other_server.url}/p.tar"}))
        other_server.say(Reply(206, b"23"))
        async with (
            AsyncClient(settings_for(server.url, tmp_path)) as client,
            client.open_content(EXECUTION, first_byte=2, last_byte=3) as response,
        ):
            assert await response.aread() == b"23"
        assert "authorization" not in other_server.received[0].headers
        assert other_server.received[0].headers["range"] == "bytes=2-3"
