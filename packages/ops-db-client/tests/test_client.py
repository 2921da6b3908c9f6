"""Requests and answers: retries, problem documents, redirects."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

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
from ccat_ops_db_client.policy import Pauses
from ccat_ops_db_client.records import Execution

from .conftest import MakeClient, Received, Reply, ScriptedServer, settings_for

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
    problem = {
        "type": "https://data-center.ccatobservatory.org/problems/some-slug",
        "detail": "what is wrong",
        "request_id": "r1",
        "errors": [{"line": 3, "field": "size", "reason": "is negative"}],
    }
    server.say(Reply(status, problem))
    with pytest.raises(kind) as raised:
        start(server.url, tmp_path)
    assert type(raised.value) is kind
    assert raised.value.slug == "some-slug"
    assert raised.value.request_id == "r1"
    assert str(raised.value.errors[0]) == "line 3: size: is negative"
    assert "what is wrong" in str(raised.value)
    assert "is negative" in str(raised.value)
    assert len(server.received) == 1


@both
def test_what_is_no_api_is_an_error(server: ScriptedServer, tmp_path: Path, start: Start) -> None:
    for reply in [Reply(200, b"<html>hello</html>"), Reply(200, {"other": 1}), Reply(302), Reply(304)]:
        server.say(reply)
        with pytest.raises(UnexpectedAnswerError, match="CCAT_API_URL"):
            start(server.url, tmp_path)


def test_terminal_sequences_of_a_server_are_not_printed(server: ScriptedServer, tmp_path: Path) -> None:
    server.say(Reply(404, {"detail": "no\x1b[2Jsuch\nthing"}))
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
    server.say(Reply(503, {"detail": "the database does not answer"}))
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
