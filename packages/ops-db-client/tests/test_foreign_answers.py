"""Answers that something on the way can give, and that must not be taken for the API's."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ccat_dev_stack import ports
from ccat_ops_db_client import AsyncClient, Settings, calls
from ccat_ops_db_client.errors import ApiAwayError, UnexpectedAnswerError
from ccat_ops_db_client.identity import new_id
from ccat_ops_db_client.policy import Bounds
from ccat_ops_db_client.recorder import Receipt, Recorder
from ccat_ops_db_client.records import NewFile

from .conftest import MakeClient, Reply, ScriptedServer, accept, problem
from .lies import Lie, trickling, without_end
from .lying_proxy import LyingProxy

EXECUTION = new_id()
START = calls.start_execution("O", ["m"], execution_id=EXECUTION)
OTHER = {"obs_unit": "O", "status": "running", "started_at": "2026-11-21T00:00:00Z", "modules": ["m"]}
NAME = {"id": str(EXECUTION)}


def files(count: int) -> list[NewFile]:
    return [
        NewFile(
            id=new_id(),
            execution_id=EXECUTION,
            module="m",
            relative_path=f"{number}.fits",
            size=1,
            checksum="md5:" + "0" * 32,
            source_location="ccat.raw",
        )
        for number in range(count)
    ]


@pytest.fixture
def recorder(server: ScriptedServer, client_of: MakeClient) -> Recorder:
    return Recorder(client_of(server.url))


@pytest.mark.parametrize("charset", ["base64", "rot13", "unicode_escape", "utf-16", "of-nobody"])
def test_a_page_is_named_whatever_it_says_of_its_letters(
    server: ScriptedServer, client_of: MakeClient, charset: str
) -> None:
    page = b"<html><title>Please log in</title></html>"
    server.say(Reply(500, page, {"Content-Type": f"text/html; charset={charset}"}))
    with pytest.raises(UnexpectedAnswerError, match="Please log in"):
        client_of(server.url).send(START)


class TestAnswersToOtherRequests:
    @pytest.mark.parametrize(
        ("record", "answer"),
        [
            (lambda it: it.start("O", ["m"], execution_id=EXECUTION)[1], {**OTHER, "id": str(new_id())}),
            (
                lambda it: it.finish(EXECUTION, "completed"),
                {**OTHER, "id": str(new_id()), "status": "completed"},
            ),
            # The answer to the start.
            (lambda it: it.finish(EXECUTION, "completed"), {**OTHER, **NAME}),
            (lambda it: it.file(files(3)), {"filed": 1, "already_filed": 1}),
            (lambda it: it.file(files(3)), {"filed": 0, "already_filed": 0}),
        ],
    )
    def test_they_are_no_answers(
        self,
        recorder: Recorder,
        server: ScriptedServer,
        record: Callable[[Recorder], Receipt[object]],
        answer: dict[str, object],
    ) -> None:
        server.say(Reply(200, answer))
        receipt = record(recorder)
        assert receipt.spooled
        assert "another request" in str(receipt.reason)

    @pytest.mark.parametrize(
        "reply", [Reply(200, {"filed": 3, "already_filed": 0}), problem(422, errors=[{"line": 1}])]
    )
    def test_an_answer_or_refusal_that_only_differs_in_its_key_is_none(
        self, recorder: Recorder, server: ScriptedServer, reply: Reply
    ) -> None:
        reply.headers["Idempotency-Key"] = str(new_id())
        server.say(reply)
        receipt = recorder.file(files(3))
        assert receipt.spooled
        assert "another request" in str(receipt.reason)
        server.answer = lambda request: Reply(
            200,
            {"filed": 3, "already_filed": 0},
            {"Idempotency-Key": request.headers["idempotency-key"]},
        )
        recorder.spool.release_lanes(server.url)
        assert recorder.replay().sent == 1

    def test_nor_are_they_in_a_replay(self, recorder: Recorder, server: ScriptedServer) -> None:
        server.say(Reply(503))
        recorder.start("O", ["m"], execution_id=EXECUTION)
        recorder.spool.release_lanes(server.url)
        server.say(Reply(200, {**OTHER, "id": str(new_id())}))
        assert recorder.replay().waiting == 1
        recorder.spool.release_lanes(server.url)
        server.say(Reply(200, {**OTHER, **NAME}))
        assert recorder.replay().sent == 1


@pytest.fixture
def proxy() -> Iterator[Callable[[Lie], LyingProxy]]:
    """Make a proxy that always tells the same lie."""
    made: list[LyingProxy] = []

    def make(lie: Lie) -> LyingProxy:
        made.append(LyingProxy(ports.free_ports(1)[0], [lie] * 100, truth_every=1000))
        return made[-1]

    yield make
    for opened in made:
        opened.close()


MakeProxy = Callable[[Lie], LyingProxy]


class TestAnswersWithoutEnd:
    """They never end by themselves: these tests end because the client does."""

    @pytest.mark.parametrize("lie", [Lie("fast", False, without_end), Lie("slowly", False, trickling)])
    @pytest.mark.parametrize(
        "record",
        [
            lambda it: it.start("O", ["m"], execution_id=EXECUTION)[1],
            lambda it: it.file(files(3)),
        ],
    )
    def test_what_is_recorded_waits(
        self,
        proxy: MakeProxy,
        client_of: MakeClient,
        lie: Lie,
        record: Callable[[Recorder], Receipt[object]],
    ) -> None:
        client = client_of(proxy(lie).url, spool_after_seconds=1)
        assert record(Recorder(client)).spooled

    async def test_the_asynchronous_client_ends_them_too(self, proxy: MakeProxy) -> None:
        url = proxy(Lie("fast", False, without_end)).url
        async with AsyncClient(Settings(api_url=url)) as client:
            with pytest.raises(ApiAwayError):
                await client.send(START, bounds=Bounds(0, silence=1, answer_bytes=1000))


def test_an_https_that_is_not_there_is_not_used_again(
    proxy: MakeProxy, server: ScriptedServer, client_of: MakeClient
) -> None:
    told: list[str] = []
    client = client_of(server.url)
    client._on_moved = told.append
    server.answer = lambda request: Reply(
        308, headers={"Location": f"https://127.0.0.1:{server.url.rpartition(':')[2]}{request.path}"}
    )
    for _ in range(2):
        with pytest.raises(ApiAwayError):
            client.send(START, retry_seconds=0)
    assert len(server.received) == 2
    assert told == []
    server.answer = accept
    assert client.send(START).obs_unit == "O"


@pytest.mark.needs_mount
def test_a_name_server_that_is_silent_keeps_nothing_waiting(tmp_path: Path) -> None:
    """Neither a start nor the end of the program; the next ones do not even ask."""
    command = [
        *("unshare", "--mount", "--net", *(() if os.geteuid() == 0 else ("--user", "--map-root-user"))),
        *(sys.executable, str(Path(__file__).with_name("silent_name_server.py")), str(tmp_path)),
    ]
    # It is looked for much longer.
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    found = json.loads(done.stdout)
    assert found["asked"]
    assert found["spooled"] == [True] * 3
    assert "did not answer in time" in found["reasons"][0]
