"""Of a spooled bulk filing that the API refuses in part, only the refused lines are set aside."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from ccat_ops_db.models import RawDataFile
from ccat_ops_db_client import Client, NewFile
from ccat_ops_db_client.identity import new_id
from ccat_ops_db_client.recorder import Recorder
from ccat_ops_db_client.spool_listing import refused as listed

from . import seed
from .conftest import Api, MakeClient, Received, Reply, ScriptedServer, accept, problem, settings_for

KILLED = Path(__file__).with_name("killed_at_each_line.py")


class Service:
    """Files lines as the API does, all of a request or none, and refuses some.

    Parameters
    ----------
    wrong : callable
        Says of a path whether it is refused.
    """

    def __init__(self, wrong: Callable[[str], bool] = lambda path: "wrong" in path) -> None:
        self.wrong = wrong
        self.away = False
        self.filed: dict[str, str] = {}
        self.requests = 0
        self.others: list[str] = []

    def __call__(self, request: Received) -> Reply:
        if self.away:
            return Reply(503)
        if not request.path.endswith(":bulk"):
            self.others.append(request.path.rpartition(":")[2])
            return accept(request)
        self.requests += 1
        lines = [json.loads(line) for line in request.body.splitlines()]
        errors = [
            {"line": number, "field": "checksum", "reason": f"{line['relative_path']!r} has another"}
            for number, line in enumerate(lines, 1)
            if self.wrong(line["relative_path"])
        ]
        if errors:
            return problem(409, errors=errors[:100], remedy="Rename it.")
        for line in lines:
            assert self.filed.setdefault(line["relative_path"], line["id"]) == line["id"]
        return accept(request)


def file_of(execution: UUID, name: str, **facts: str) -> NewFile:
    return NewFile(
        **{
            "id": new_id(),
            "execution_id": execution,
            "module": "m",
            "relative_path": name,
            "size": 1,
            "checksum": "md5:" + "0" * 32,
            "source_location": "ccat.chai-raw-data",
            **facts,
        }
    )


def paths(body: bytes) -> list[str]:
    return [json.loads(line)["relative_path"] for line in body.splitlines()]


def refusals(recorder: Recorder) -> list[str]:
    return [entry.refusal or "" for entry in listed(recorder.spool)]


@pytest.fixture
def service(server: ScriptedServer) -> Service:
    answering = Service()
    server.answer = answering
    return answering


@pytest.fixture
def recorder(client_of: MakeClient, server: ScriptedServer) -> Recorder:
    return Recorder(client_of(server.url))


def spool_filings(recorder: Recorder, service: Service, *filings: list[str]) -> UUID:
    """Start, file and finish while the API is away, and let it be back."""
    service.away = True
    execution, _ = recorder.start("O", ["m"])
    for names in filings:
        assert recorder.file([file_of(execution, name) for name in names]).spooled
    recorder.finish(execution, "completed")
    service.away = False
    recorder.spool.release_lanes(recorder.client.settings.api_url)
    return execution


def test_they_alone_are_set_aside_with_their_reasons(recorder: Recorder, service: Service) -> None:
    spool_filings(recorder, service, ["a", "wrong 1", "b", "wrong 2", "c"])
    done = recorder.replay()
    assert (done.sent, done.refused, done.waiting, done.stopped_by) == (2, 1, 0, None)
    assert list(service.filed) == ["a", "b", "c"]
    assert service.others == ["start", "finish"]
    (refused,) = recorder.spool.refused()
    assert paths(refused.body) == ["wrong 1", "wrong 2"]
    (entry,) = refusals(recorder)
    assert entry == (
        "2 of 5 files were refused: checksum: 'wrong 1' has another; checksum: 'wrong 2' has another."
        " Rename it."
    )


def test_of_several_filings_each_has_its_own(recorder: Recorder, service: Service) -> None:
    spool_filings(recorder, service, ["a", "wrong 1"], ["b"], ["wrong 2"], ["c", "d"])
    done = recorder.replay()
    assert (done.sent, done.refused, done.waiting) == (4, 2, 0)
    assert list(service.filed) == ["a", "b", "c", "d"]
    assert service.requests == 2
    assert [paths(each.body) for each in recorder.spool.refused()] == [["wrong 1"], ["wrong 2"]]


def test_when_the_cause_is_mended_they_are_sent_again(recorder: Recorder, service: Service) -> None:
    spool_filings(recorder, service, ["a", "wrong 1", "wrong 2"], ["wrong 3"])
    recorder.replay()
    service.wrong = lambda path: path == "wrong 2"
    assert recorder.spool.take_back_refused() == 2
    done = recorder.replay()
    assert (done.sent, done.refused, done.waiting) == (1, 1, 0)
    service.wrong = lambda path: False
    recorder.spool.take_back_refused()
    assert recorder.replay().sent == 1
    assert list(service.filed) == ["a", "wrong 1", "wrong 3", "wrong 2"]
    assert recorder.spool.refused() == []


def test_more_than_a_problem_names(recorder: Recorder, service: Service) -> None:
    spool_filings(recorder, service, [f"{'wrong' if n % 2 else 'good'} {n}" for n in range(500)])
    assert recorder.replay().refused == 1
    assert len(service.filed) == 250
    (refused,) = recorder.spool.refused()
    assert paths(refused.body) == [f"wrong {n}" for n in range(1, 500, 2)]


def test_what_is_wrong_with_a_place_is_asked_once(
    recorder: Recorder, server: ScriptedServer, service: Service
) -> None:
    """Of lines with the same execution, module and location the API names the first."""
    execution = spool_filings(recorder, service, ["a"])
    service.away = True
    recorder.file([file_of(execution, f"x{n}", module="unknown" if n % 3 else "m") for n in range(30)])
    service.away = False

    def answer(request: Received) -> Reply:
        at = next((n for n, line in enumerate(request.body.splitlines(), 1) if b"unknown" in line), None)
        if at is None:
            return service(request)
        return problem(422, errors=[{"line": at, "field": "module", "reason": "there is no such module"}])

    server.answer = answer
    recorder.spool.release_lanes(server.url)
    server.received.clear()
    done = recorder.replay()
    assert (done.sent, done.refused) == (3, 1)
    assert len(server.received) == 5
    assert list(service.filed) == ["a", *(f"x{n}" for n in range(0, 30, 3))]
    (reason,) = refusals(recorder)
    assert reason.startswith("20 of 30 files were refused: module: there is no such module (x1, x2, x4,")


@pytest.mark.parametrize("line", [0, 4, 10**9, None])
def test_a_refusal_that_names_no_line_of_it_is_one_of_all(
    recorder: Recorder, server: ScriptedServer, service: Service, line: int | None
) -> None:
    spool_filings(recorder, service, ["a", "b", "c"])
    server.answer = lambda request: (
        problem(422, errors=[{"line": line, "field": "x", "reason": "y"}])
        if request.path.endswith(":bulk")
        else accept(request)
    )
    assert recorder.replay().refused == 1
    (refused,) = recorder.spool.refused()
    assert paths(refused.body) == ["a", "b", "c"]


def test_when_the_api_goes_away_between_all_waits_as_it_was(
    recorder: Recorder, server: ScriptedServer, service: Service
) -> None:
    spool_filings(recorder, service, ["a", "wrong", "b"])
    server.answer = lambda request: (
        Reply(503) if request.path.endswith(":bulk") and b"wrong" not in request.body else service(request)
    )
    done = recorder.replay()
    assert (done.refused, done.waiting) == (0, 2)
    assert [paths(r.body) for r in recorder.spool.waiting() if "bulk" in r.path] == [["a", "wrong", "b"]]
    server.answer = service
    recorder.spool.release_lanes(server.url)
    done = recorder.replay()
    assert (done.sent, done.refused, done.waiting) == (1, 1, 0)
    assert list(service.filed) == ["a", "b"]


def test_killed_at_each_line_nothing_is_lost_or_doubled(
    recorder: Recorder, server: ScriptedServer, service: Service, spool_folder: Path
) -> None:
    spool_filings(recorder, service, ["a", "wrong 1", "b"], ["c", "wrong 2"])
    done = subprocess.run(
        [sys.executable, str(KILLED), "replay", str(spool_folder), server.url, "1", "replay"],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    recorder.spool.release_lanes(server.url)
    recorder.replay()
    assert list(service.filed) == ["a", "b", "c"]
    assert recorder.spool.waiting() == []
    assert [paths(each.body) for each in recorder.spool.refused()] == [["wrong 1"], ["wrong 2"]]


def test_the_real_api_files_the_others(client: Client, api: Api, spool_folder: Path) -> None:
    folder, location = str(uuid4()), seed.SOURCE

    def files(*names: str, **facts: str) -> list[NewFile]:
        of_chai = {"module": "chai-lfa", "source_location": location, **facts}
        return [file_of(execution, f"{folder}/{name}", **of_chai) for name in names]

    recorder = Recorder(client)
    execution, _ = recorder.start(seed.OBS_UNIT, ["chai-lfa"])
    recorder.file(files("there"))
    with Client(settings_for("http://127.0.0.1:1", spool_folder)) as away:
        offline = Recorder(away)
        offline.file(files("there", checksum="md5:" + "1" * 32) + files("new 1"))
        offline.file(files("new 2", "lost") + files("new 3", module="no-module"))
        offline.spool.readdress("http://127.0.0.1:1", api.url)
    done = recorder.replay()
    assert (done.sent, done.refused, done.waiting) == (0, 2, 0)
    first, second = refusals(recorder)
    assert first.startswith(f"1 of 2 files were refused: checksum: '{folder}/there' is filed already")
    assert second.startswith(
        f"1 of 3 files were refused: module: there is no instrument module 'no-module' ({folder}/new 3). "
    )
    with api.session() as session:
        found = select(RawDataFile.relative_path).where(RawDataFile.relative_path.startswith(folder))
        assert sorted(session.scalars(found)) == [
            f"{folder}/{n}" for n in ("lost", "new 1", "new 2", "there")
        ]
