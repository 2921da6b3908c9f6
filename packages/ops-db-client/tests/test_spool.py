"""The spool: nothing acknowledged is lost, whatever dies, and nothing is recorded twice.

``CCAT_TEST_DEEP=1`` kills at each line instead of some, as `make test-deep` does.
"""

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from threading import Event
from uuid import UUID, uuid4

import pytest

from ccat_dev_stack import ports
from ccat_ops_db_client import spool_listing as listing
from ccat_ops_db_client.errors import (
    ApiError,
    ConflictError,
    InvalidRequestError,
    SpoolError,
)
from ccat_ops_db_client.identity import new_id
from ccat_ops_db_client.recorder import Recorder
from ccat_ops_db_client.records import NewFile
from ccat_ops_db_client.replay import Replay
from ccat_ops_db_client.sending import REFUSALS, concerns_one_execution
from ccat_ops_db_client.spool import Spool
from ccat_ops_db_client.spool_request import SpooledRequest

from .conftest import MakeClient, Received, Reply, ScriptedServer, accept, problem

ANSWER = {
    "id": "0193449b-2b1c-7c3e-8a3f-2f6d6f0c9a11",
    "obs_unit": "O",
    "status": "running",
    "started_at": "2026-11-21T00:00:00Z",
    "modules": ["m"],
}
EXECUTION = UUID(str(ANSWER["id"]))
KEPT = [
    *(problem(status) for status in (401, 403, 404, 405, 429, 500, 503)),
    Reply(200, b"<html><title>Log in</title></html>", {"Content-Type": "text/html"}),
    *(Reply(status, headers={"Location": "https://login.example.org/"}) for status in (301, 302, 308)),
    *(Reply(status, b"<html>", {"Content-Type": "text/html"}) for status in (400, 401, 403, 404, 409, 413)),
    *(Reply(status, {"detail": "of another service"}) for status in (415, 422, 429, 500, 502, 503, 504, 520)),
]
"""Answers that say nothing against a request."""
KILLED = Path(__file__).with_name("killed_at_each_line.py")
DEEP = "CCAT_TEST_DEEP" in os.environ
STEP = 3
"""So many lines later than the last each is killed; what one did before moves the lines of the next."""


def request(url: str = "http://api") -> SpooledRequest:
    return SpooledRequest(str(uuid4()), url, "/api/v1/x", b"{}")


def nowhere() -> str:
    return f"http://127.0.0.1:{ports.free_ports(1)[0]}"


class TestSpool:
    def test_requests_come_back_as_they_went_in_and_in_order(self, spool_folder: Path) -> None:
        spool = Spool(spool_folder)
        requests = [
            SpooledRequest(str(n), "http://api", f"/{n}", bytes([n]), "application/x-ndjson", ("ended_at",))
            for n in range(20)
        ]
        for each in requests:
            spool.append(each)
        found = Spool(spool_folder).waiting()
        assert [(r.idempotency_key, r.path, r.body, r.content_type, r.assumed) for r in found] == [
            (r.idempotency_key, r.path, r.body, r.content_type, r.assumed) for r in requests
        ]
        assert [r.spooled_at for r in found] == [r.spooled_at for r in requests]

    def test_the_same_key_is_kept_once(self, spool_folder: Path) -> None:
        spool, one = Spool(spool_folder), request()
        spool.append(one)
        spool.append(one)
        assert len(spool.waiting()) == 1

    def test_each_api_has_its_own_order(self, spool_folder: Path) -> None:
        spool = Spool(spool_folder)
        first, second = request("http://one"), request("http://two")
        spool.append(first)
        spool.append(second)
        (found,) = spool.next("http://two")
        assert found.idempotency_key == second.idempotency_key
        assert spool.next("http://three") == []
        assert spool.readdress("http://two", "http://one") == 1
        assert [r.api_url for r in spool.waiting()] == ["http://one", "http://one"]

    def test_a_number_is_never_given_twice(self, spool_folder: Path) -> None:
        spool = Spool(spool_folder)
        spool.append(request())
        (first,) = spool.waiting()
        assert spool.remove(first.sequence)
        assert not spool.remove(first.sequence)
        spool.append(request())
        assert spool.waiting()[0].sequence > first.sequence

    def test_looking_at_an_empty_spool_makes_nothing(self, spool_folder: Path) -> None:
        spool = Spool(spool_folder)
        assert spool.waiting() == spool.refused() == []
        assert spool.next("http://api") == []
        assert not spool.remove(1)
        assert not spool_folder.exists()

    def test_only_the_owner_reads_it(self, spool_folder: Path) -> None:
        Spool(spool_folder).append(request())
        assert spool_folder.stat().st_mode & 0o077 == 0

    def test_one_that_cannot_be_written_is_an_error_with_remedy(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(SpoolError, match="CCAT_SPOOL_FOLDER"):
            Spool(tmp_path / "file" / "spool").append(request())

    def test_many_processes_share_it(self, spool_folder: Path) -> None:
        program = [sys.executable, str(KILLED), "append-many", str(spool_folder), "http://api"]
        running = [subprocess.Popen(program, stdout=subprocess.PIPE, text=True) for _ in range(4)]
        keys = [process.communicate()[0].split() for process in running]
        waiting = Spool(spool_folder).waiting()
        assert sorted(r.idempotency_key for r in waiting) == sorted(key for part in keys for key in part)
        assert [len(part) for part in keys] == [25] * 4
        order = [r.idempotency_key for r in waiting]
        for part in keys:
            assert [key for key in order if key in set(part)] == part


class TestRecorder:
    def test_without_api_everything_waits_in_order(
        self, client_of: MakeClient, server: ScriptedServer
    ) -> None:
        recorder = Recorder(client_of(nowhere()))
        execution, receipt = recorder.start("O", ["m"])
        assert receipt.spooled
        assert receipt.answer is None
        assert recorder.file([_file(execution)]).spooled
        assert recorder.finish(execution, "completed").spooled
        start, bulk, finish = recorder.spool.waiting()
        assert json.loads(start.body)["id"] == str(execution)
        assert start.spooled_at.isoformat()[:16] == json.loads(start.body)["started_at"][:16]
        assert json.loads(finish.body)["ended_at"] > json.loads(start.body)["started_at"]

        server.answer = accept
        recorder.spool.readdress(recorder.client.settings.api_url, server.url)
        done = replay_now(Recorder(client_of(server.url)))
        assert (done.sent, done.refused, done.waiting, done.stopped_by) == (3, 0, 0, None)
        assert [r.path for r in server.received] == [start.path, bulk.path, finish.path]
        assert [r.body for r in server.received] == [start.body, bulk.body, finish.body]
        assert recorder.spool.waiting() == []

    def test_with_api_nothing_is_spooled_and_the_client_tells_the_time(
        self, client_of: MakeClient, server: ScriptedServer, spool_folder: Path
    ) -> None:
        server.answer = accept
        recorder = Recorder(client_of(server.url))
        execution, receipt = recorder.start("O", ["m"])
        assert not receipt.spooled
        assert receipt.answer is not None
        recorder.finish(execution, "completed")
        start, finish = [json.loads(request.body) for request in server.received]
        assert start["started_at"] < finish["ended_at"]
        assert not spool_folder.exists()

    def test_new_requests_go_behind_those_of_their_execution(
        self, client_of: MakeClient, server: ScriptedServer
    ) -> None:
        recorder = Recorder(client_of(server.url))
        server.say(problem(500))
        execution, _ = recorder.start("O", ["m"])
        server.received.clear()
        server.answer = accept
        receipt = recorder.file([_file(execution)])
        assert receipt.spooled
        assert receipt.reason is None
        other, sent = recorder.start("O", ["m"])
        assert sent.answer is not None
        assert sent.answer.id == other
        assert replay_now(recorder).sent == 2
        bodies = [r.body for r in server.received]
        assert [str(execution).encode() in body for body in bodies] == [False, True, True]
        assert [r.path.rpartition(":")[2] for r in server.received[1:]] == ["start", "bulk"]

    @pytest.mark.parametrize("reply", KEPT, ids=lambda reply: str(reply.status))
    def test_all_but_a_definite_refusal_is_kept(
        self, client_of: MakeClient, server: ScriptedServer, reply: Reply
    ) -> None:
        server.say(reply)
        recorder = Recorder(client_of(server.url))
        _, receipt = recorder.start("O", ["m"])
        assert receipt.spooled
        assert receipt.reason is not None
        assert len(server.received) == 1
        assert [r.path.rpartition(":")[2] for r in recorder.spool.waiting()] == ["start"]

    def test_silence_is_kept_after_one_attempt(self, client_of: MakeClient, server: ScriptedServer) -> None:
        silence = Event()
        server.say(Reply(silence=silence))
        _, receipt = Recorder(client_of(server.url, spool_after_seconds=0.1)).start("O", ["m"])
        silence.set()
        assert receipt.spooled
        assert len(server.received) == 1

    def test_a_call_has_its_time_once_whatever_is_asked_after_a_conflict(
        self, client_of: MakeClient, server: ScriptedServer
    ) -> None:
        """Two answers that are each nearly late."""
        waits = Event()

        def late(request: Received) -> Reply:
            conflict = b"started_at" in request.body
            waits.wait(0.8)
            return problem(409) if conflict else accept(request)

        server.answer = late
        _, receipt = Recorder(client_of(server.url, spool_after_seconds=1.5)).start("O", ["m"])
        waits.set()
        assert receipt.spooled
        server.answer = accept
        assert replay_now(Recorder(client_of(server.url))).sent == 1

    @pytest.mark.parametrize("status", sorted(REFUSALS))
    def test_a_definite_refusal_is_raised_and_not_kept(
        self, client_of: MakeClient, server: ScriptedServer, status: int
    ) -> None:
        recorder = Recorder(client_of(server.url))
        server.answer = lambda request: problem(404 if request.method == "GET" else status)
        with pytest.raises(ApiError) as raised:
            recorder.start("O", ["m"])
        assert raised.value.status == status
        assert recorder.spool.waiting() == []

    @pytest.mark.parametrize("too_large", [problem(413), Reply(413, b"<html>", {"Server": "a proxy"})])
    def test_a_batch_that_is_too_large_is_halved(
        self, client_of: MakeClient, server: ScriptedServer, too_large: Reply
    ) -> None:
        recorder = Recorder(client_of(server.url))
        server.answer = lambda request: too_large if request.body.count(b"\n") > 2 else accept(request)
        files = [_file(EXECUTION, f"{number}.fits") for number in range(7)]
        receipt = recorder.file(files)
        assert receipt.answer is not None
        assert receipt.answer.filed == 7
        taken = [r for r in server.received if r.body.count(b"\n") <= 2]
        paths = [json.loads(line)["relative_path"] for r in taken for line in r.body.splitlines()]
        assert paths == [file.relative_path for file in files]
        assert len({r.headers["idempotency-key"] for r in server.received}) == len(server.received)

    def test_halves_have_the_same_keys_when_they_are_repeated(
        self, client_of: MakeClient, server: ScriptedServer
    ) -> None:
        recorder = Recorder(client_of(server.url))
        taken: dict[str, bytes] = {}

        def answer(request: Received) -> Reply:
            if request.body.count(b"\n") > 2 or (b"3.fits" in request.body and len(taken) < 2):
                return Reply(413 if request.body.count(b"\n") > 2 else 503)
            assert taken.setdefault(request.headers["idempotency-key"], request.body) == request.body
            return accept(request)

        server.answer = answer
        files = [_file(EXECUTION, f"{number}.fits") for number in range(4)]
        assert recorder.file(files).spooled
        assert len(taken) == 1
        taken["counted"] = b""
        assert replay_now(recorder).sent == 1
        assert len(taken) == 3

    def test_a_single_file_that_is_too_large_is_refused_by_the_api_only(
        self, client_of: MakeClient, server: ScriptedServer
    ) -> None:
        recorder = Recorder(client_of(server.url))
        server.say(problem(413))
        with pytest.raises(InvalidRequestError):
            recorder.file([_file(EXECUTION)])
        server.say(Reply(413))
        assert recorder.file([_file(EXECUTION)]).spooled

    def test_the_lines_of_a_half_are_told_as_those_of_the_whole(
        self, client_of: MakeClient, server: ScriptedServer
    ) -> None:
        def answer(request: Received) -> Reply:
            if request.body.count(b"\n") > 2:
                return Reply(413)
            if b"3.fits" in request.body:
                return problem(422, errors=[{"line": 2, "field": "size", "reason": "is wrong"}])
            return accept(request)

        server.answer = answer
        with pytest.raises(InvalidRequestError) as raised:
            Recorder(client_of(server.url)).file([_file(EXECUTION, f"{n}.fits") for n in range(4)])
        assert [error.line for error in raised.value.errors] == [4]

    def test_a_refused_request_is_set_aside_and_can_be_sent_again(
        self, client_of: MakeClient, server: ScriptedServer
    ) -> None:
        recorder = Recorder(client_of(server.url))
        server.say(Reply(503))
        recorder.start("unknown", ["m"])
        recorder.start("O", ["m"])
        server.answer = lambda request: (
            problem(422, detail="there is no obs unit") if b"unknown" in request.body else accept(request)
        )
        done = replay_now(recorder)
        assert (done.sent, done.refused, done.waiting) == (1, 1, 0)
        (refused,) = listing.refused(recorder.spool)
        assert "there is no obs unit" in (refused.refusal or "")
        server.answer = accept
        assert recorder.spool.take_back_refused() == 1
        assert replay_now(recorder).sent == 1
        assert recorder.spool.refused() == []

    @pytest.mark.parametrize("reply", KEPT, ids=lambda reply: str(reply.status))
    def test_a_failing_service_stops_the_replay_and_loses_nothing(
        self, client_of: MakeClient, server: ScriptedServer, reply: Reply
    ) -> None:
        recorder = Recorder(client_of(server.url))
        server.say(Reply(503))
        recorder.start("O", ["m"])
        recorder.start("O", ["m"])
        server.say(reply)
        server.received.clear()
        done = replay_now(recorder)
        assert (done.sent, done.refused, done.waiting) == (0, 0, 2)
        assert done.stopped_by is not None
        assert len(server.received) == (2 if concerns_one_execution(done.stopped_by) else 1)

    def test_a_start_whose_answer_was_lost_is_the_same_start(
        self, client_of: MakeClient, server: ScriptedServer
    ) -> None:
        """Also if the service does not know it as a repetition, and filled in its own time."""
        recorder = Recorder(client_of(server.url))
        server.say(Reply(201, ANSWER, cut=3))
        recorder.start("O", ["m"], execution_id=EXECUTION)
        server.answer = lambda request: (
            Reply(200, ANSWER) if request.method == "GET" else problem(409, detail="other facts")
        )
        assert replay_now(recorder).sent == 1

    def test_an_end_that_is_there_with_the_same_facts_is_success(
        self, client_of: MakeClient, server: ScriptedServer
    ) -> None:
        recorder = Recorder(client_of(server.url))
        ended = {**ANSWER, "status": "completed", "ended_at": "2026-11-21T01:00:00Z", "mean_pwv": 0.6}
        server.answer = lambda request: Reply(200, ended) if request.method == "GET" else problem(409)
        moment = datetime(2026, 11, 21, 2, tzinfo=timezone(timedelta(hours=1)))
        receipt = recorder.finish(EXECUTION, "completed", ended_at=moment, mean_pwv=0.6)
        assert receipt.answer is not None
        assert receipt.answer.status == "completed"
        with pytest.raises(ConflictError):
            recorder.finish(EXECUTION, "aborted")

    @pytest.mark.parametrize("other", [{"obs_unit": "P"}, {"modules": ["m", "n"]}])
    def test_a_start_with_other_facts_is_refused(
        self, client_of: MakeClient, server: ScriptedServer, other: dict[str, object]
    ) -> None:
        recorder = Recorder(client_of(server.url))
        server.say(Reply(503))
        recorder.start("O", ["m"], execution_id=EXECUTION)
        server.answer = lambda request: (
            Reply(200, {**ANSWER, **other}) if request.method == "GET" else problem(409)
        )
        assert replay_now(recorder).refused == 1

    def test_no_token_is_written(self, client_of: MakeClient, spool_folder: Path) -> None:
        Recorder(client_of(nowhere())).start("O", ["m"])
        assert all(b"ccat_test_token" not in path.read_bytes() for path in spool_folder.iterdir())


class TestKilled:
    """SIGKILL at lines that run in spool and recorder, one after the other."""

    def test_nothing_acknowledged_is_lost_while_the_api_is_away(self, spool_folder: Path) -> None:
        acknowledged = _killed("append", spool_folder, nowhere())
        waiting = Spool(spool_folder).waiting()
        starts = {json.loads(r.body)["id"] for r in waiting}
        assert len(acknowledged) > 3
        assert set(acknowledged) <= starts
        assert len(starts) == len(waiting)

    @pytest.mark.parametrize("step", [3 * STEP, pytest.param(STEP, marks=pytest.mark.long)])
    def test_each_is_recorded_once_when_the_api_is_back(
        self, spool_folder: Path, server: ScriptedServer, client_of: MakeClient, step: int
    ) -> None:
        recorder = Recorder(client_of(server.url))
        server.say(Reply(503))
        acknowledged = {str(recorder.start("O", ["m"])[0]) for _ in range(40)}
        service = _Service()
        server.answer = service.answer
        _killed("replay", spool_folder, server.url, step)
        replay_now(recorder)
        assert recorder.spool.waiting() == recorder.spool.refused() == []
        assert service.started == acknowledged
        assert service.order == sorted(service.order)

    def test_two_replays_at_once_send_each_once(
        self, spool_folder: Path, server: ScriptedServer, client_of: MakeClient
    ) -> None:
        recorder = Recorder(client_of(server.url))
        server.say(Reply(503))
        for _ in range(20):
            recorder.start("O", ["m"])
        server.received.clear()
        server.answer = accept
        recorder.spool.release_lanes(server.url)
        program = [sys.executable, str(KILLED), "replay-all", str(spool_folder), server.url]
        replays = [subprocess.Popen(program) for _ in range(3)]
        assert [replay.wait() for replay in replays] == [0, 0, 0]
        keys = [r.headers["idempotency-key"] for r in server.received]
        assert len(keys) == len(set(keys)) == 20


def replay_now(recorder: Recorder) -> Replay:
    """Send what waits, as somebody who does not want to wait for a pause to end."""
    recorder.spool.release_lanes(recorder.client.settings.api_url)
    return recorder.replay()


class _Service:
    """Remembers what was started, as the real service: the same key or id again changes nothing."""

    def __init__(self) -> None:
        self.started: set[str] = set()
        self.order: list[str] = []

    def answer(self, request: Received) -> Reply:
        identifier = json.loads(request.body)["id"]
        if identifier not in self.started:
            self.started.add(identifier)
            self.order.append(identifier)
        return accept(request)


def _killed(what: str, spool_folder: Path, url: str, step: int = STEP) -> list[str]:
    done = subprocess.run(
        [sys.executable, str(KILLED), what, str(spool_folder), url, "1" if DEEP else str(step)],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().split()


def _file(execution: UUID, relative_path: str = "a.fits") -> NewFile:
    return NewFile(
        id=new_id(),
        execution_id=execution,
        module="m",
        relative_path=relative_path,
        size=1,
        checksum="md5:" + "0" * 32,
        source_location="ccat.chai-raw-data",
    )
