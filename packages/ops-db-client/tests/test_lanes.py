"""What waits in the spool: whose turn it is, what holds what, and who sends it."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from time import monotonic
from uuid import UUID

import pytest

from ccat_dev_stack import ports
from ccat_ops_db_client import Client, spool_away, spool_lease
from ccat_ops_db_client import spool_listing as listing
from ccat_ops_db_client.background import (
    end_of_another_way,
    is_at_work,
    replay_in_process,
    replay_in_thread,
    replay_until_empty,
    way_of,
)
from ccat_ops_db_client.errors import AuthenticationError, ConfigurationError, SpoolError
from ccat_ops_db_client.identity import new_id
from ccat_ops_db_client.network_file_systems import network_file_system
from ccat_ops_db_client.recorder import Recorder
from ccat_ops_db_client.records import NewFile
from ccat_ops_db_client.replay import replay
from ccat_ops_db_client.spool import Spool
from ccat_ops_db_client.spool_away import LONGEST_AWAY
from ccat_ops_db_client.spool_lanes import LONGEST_HOLD, PARKED_AFTER_ATTEMPTS, PARKED_AFTER_SECONDS
from ccat_ops_db_client.spool_lease import LEASE_SECONDS, Lease, take_lease

from .conftest import MakeClient, Received, Reply, ScriptedServer, accept, problem, settings_for


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def spool(spool_folder: Path, clock: Clock) -> Spool:
    return Spool(spool_folder, clock)


@pytest.fixture
def client(client_of: MakeClient, server: ScriptedServer) -> Client:
    return client_of(server.url)


@pytest.fixture
def recorder(client: Client, spool: Spool) -> Recorder:
    """A recorder whose spool has the clock of the test."""
    opened = Recorder(client)
    opened.spool = spool
    return opened


def file_of(execution: UUID, name: str = "a.fits") -> NewFile:
    return NewFile(
        id=new_id(),
        execution_id=execution,
        module="m",
        relative_path=name,
        size=1,
        checksum="md5:" + "0" * 32,
        source_location="ccat.chai-raw-data",
    )


def fail_at(unit: str, reply: Reply) -> Callable[[Received], Reply]:
    """Return a service that answers so to what speaks of an obs unit."""
    return lambda request: reply if unit.encode() in request.body else accept(request)


def take(spool: Spool, name: str) -> Lease | None:
    """Take a lease, as a process does that dies with it."""
    return take_lease(spool._begin, spool.change, name, 0)


@contextmanager
def in_another_container(
    monkeypatch: pytest.MonkeyPatch,
    machine: str | None = None,
    process: str | None = None,
    clock: float | None = None,
) -> Iterator[None]:
    with monkeypatch.context() as patch:
        for name, value in (("this_machine", machine), ("this_process", process), ("_since_start", clock)):
            if value is not None:
                patch.setattr(spool_lease, name, lambda value=value: value)
        yield


class TestLanes:
    def test_one_that_fails_holds_no_other(
        self, recorder: Recorder, server: ScriptedServer, clock: Clock
    ) -> None:
        server.answer = fail_at("poison", problem(500))
        poison, _ = recorder.start("poison", ["m"])
        assert recorder.file([file_of(poison)]).spooled
        assert recorder.finish(poison, "completed").spooled
        server.received.clear()
        for _ in range(3):
            clock.now += LONGEST_HOLD
            assert not recorder.start("good", ["m"])[1].spooled
            recorder.replay()
        assert [b"poison" in r.body for r in server.received] == [False, True] * 3
        assert recorder.spool.count(server.url) == 3

    def test_it_is_tried_at_growing_pauses_then_parked(
        self, recorder: Recorder, server: ScriptedServer, clock: Clock
    ) -> None:
        server.answer = fail_at("poison", problem(500))
        recorder.start("poison", ["m"])
        server.received.clear()
        begin, tried = clock.now, []
        while (pause := recorder.spool.due_in(server.url)) is not None:
            assert pause <= LONGEST_HOLD
            clock.now += pause
            recorder.replay()
            tried.append(clock.now - begin)
        assert tried[:4] == pytest.approx([0, 5, 15, 35])
        assert len(tried) >= PARKED_AFTER_ATTEMPTS
        assert tried[-2] < PARKED_AFTER_SECONDS <= tried[-1]
        (parked,) = listing.waiting(recorder.spool)
        assert parked.parked
        assert "what is wrong" in (parked.held_because or "")

        clock.now += 30 * 86_400
        assert recorder.replay().waiting == 1
        assert len(server.received) == len(tried)
        server.answer = accept
        recorder.spool.release_lanes(server.url)
        assert recorder.replay().sent == 1

    def test_a_service_that_failed_says_when_it_can_be_asked_again(
        self, recorder: Recorder, server: ScriptedServer
    ) -> None:
        failed = problem(500)
        failed.headers["Retry-After"] = "60"
        server.say(failed)
        recorder.start("poison", ["m"])
        recorder.replay()
        assert recorder.spool.due_in(server.url) == 60

    def test_what_stays_behind_a_parked_request_follows_when_it_is_discarded(
        self, recorder: Recorder, server: ScriptedServer
    ) -> None:
        server.answer = fail_at("poison", problem(500))
        poison, _ = recorder.start("poison", ["m"])
        recorder.file([file_of(poison)])
        recorder.replay()
        assert recorder.spool.next(server.url) == []
        assert recorder.spool.remove(recorder.spool.waiting()[0].sequence)
        assert recorder.replay().sent == 1

    def test_a_refused_token_stops_all_and_holds_nothing(
        self, recorder: Recorder, server: ScriptedServer
    ) -> None:
        server.say(problem(401))
        for _ in range(2):
            assert isinstance(recorder.start("O", ["m"])[1].reason, AuthenticationError)
        assert len(server.received) == 2
        assert isinstance(recorder.replay().stopped_by, AuthenticationError)
        assert len(server.received) == 3
        server.answer = accept
        assert recorder.replay().sent == 2

    def test_what_a_firewall_does_to_one_lets_the_others_through(
        self, recorder: Recorder, server: ScriptedServer, clock: Clock
    ) -> None:
        server.answer = fail_at("poison", Reply(403, b"<html>", {"Content-Type": "text/html"}))
        for unit in ("poison", "good", "good"):
            recorder.start(unit, ["m"])
        assert recorder.spool.count(server.url) == 3
        for _ in range(4):
            clock.now += LONGEST_AWAY
            recorder.replay()
        assert [b"poison" in r.body for r in recorder.spool.waiting()] == [True]

    def test_files_of_several_executions_are_filed_for_each(
        self, recorder: Recorder, server: ScriptedServer
    ) -> None:
        server.answer = accept
        one, two = new_id(), new_id()
        receipt = recorder.file([file_of(one, "a"), file_of(two, "b"), file_of(one, "c")])
        assert receipt.answer is not None
        assert receipt.answer.filed == 3
        assert [r.body.count(b"\n") for r in server.received] == [2, 1]
        server.say(Reply(503))
        assert recorder.file([file_of(one, "a"), file_of(two, "b")]).spooled
        assert {r.lane for r in recorder.spool.waiting()} == {str(one), str(two)}


class TestAway:
    def test_an_api_that_is_away_is_not_asked_for_a_while(
        self, recorder: Recorder, server: ScriptedServer, clock: Clock, spool_folder: Path, client: Client
    ) -> None:
        server.say(Reply(520))
        _, first = recorder.start("O", ["m"])
        assert first.reason is not None
        pauses = []
        for _ in range(6):
            asked = len(server.received)
            _, receipt = recorder.start("O", ["m"])
            assert receipt.spooled
            assert receipt.reason is not None
            assert receipt.reason.message == first.reason.message
            assert len(server.received) == asked
            pause = recorder.spool.due_in(server.url)
            assert pause is not None
            pauses.append(pause)
            clock.now += pause
            # Another program with the same spool.
            other = Recorder(client)
            other.spool = Spool(spool_folder, clock)
            assert other.replay().sent == 0
            assert len(server.received) == asked + 1
        assert pauses == [5, 10, 20, 40, 60, 60]

        server.answer = accept
        clock.now += LONGEST_AWAY
        assert not recorder.start("O", ["m"])[1].spooled
        assert recorder.spool.away(server.url) is None

    @pytest.mark.parametrize("seconds", [-3600.0, -1e9, 1e9])
    def test_a_clock_that_was_set_keeps_nothing_waiting(
        self, recorder: Recorder, server: ScriptedServer, clock: Clock, seconds: float
    ) -> None:
        server.say(Reply(503))
        recorder.start("O", ["m"])
        server.say(problem(500))
        clock.now += LONGEST_AWAY
        recorder.replay()
        clock.now += seconds
        server.answer = accept
        assert recorder.replay().sent == 1

    def test_the_api_says_when_it_will_be_back(self, recorder: Recorder, server: ScriptedServer) -> None:
        server.say(Reply(503, headers={"Retry-After": "30"}))
        recorder.start("O", ["m"])
        assert recorder.spool.due_in(server.url) == 30


class TestMerging:
    def test_filings_that_follow_each_other_are_one_request(
        self, recorder: Recorder, server: ScriptedServer
    ) -> None:
        server.say(Reply(503))
        execution, _ = recorder.start("O", ["m"])
        for number in range(2500):
            recorder.file([file_of(execution, str(number))])
            if number == 1300:
                recorder.finish(execution, "completed")
        server.received.clear()
        server.answer = accept
        recorder.spool.release_lanes(server.url)
        assert recorder.replay().sent == 2502
        assert [r.path.rpartition(":")[2] for r in server.received] == [
            *("start", "bulk", "bulk", "finish", "bulk", "bulk")
        ]
        lines = [line for r in server.received if r.path.endswith("bulk") for line in r.body.splitlines()]
        assert [line.split(b'"relative_path":"')[1].split(b'"')[0] for line in lines] == [
            str(number).encode() for number in range(2500)
        ]

    def test_the_one_that_is_wrong_is_told(self, recorder: Recorder, server: ScriptedServer) -> None:
        server.say(Reply(503))
        execution = new_id()
        for name in ("a", "wrong", "c"):
            recorder.file([file_of(execution, name)])
        server.answer = fail_at("wrong", problem(422))
        recorder.spool.release_lanes(server.url)
        done = recorder.replay()
        assert (done.sent, done.refused, done.waiting) == (2, 1, 0)
        (refused,) = recorder.spool.refused()
        assert b"wrong" in refused.body


class TestLease:
    def test_one_has_it_at_a_time(self, spool: Spool) -> None:
        with spool.lease("x", 0) as held, spool.lease("x", 0) as other:
            assert held is not None
            assert other is None
            assert spool.is_leased("x")
            assert not spool.is_leased("y")
            assert held.renew()
        assert not spool.is_leased("x")

    def test_that_of_a_dead_process_is_free_at_once(self, spool_folder: Path, spool: Spool) -> None:
        program = (
            "import os, sys; from pathlib import Path; from ccat_ops_db_client.spool import Spool\n"
            "with Spool(Path(sys.argv[1])).lease('x', 0): os.kill(os.getpid(), 9)"
        )
        subprocess.run([sys.executable, "-c", program, str(spool_folder)], check=False)
        with spool.lease("x", 0) as lease:
            assert lease is not None

    def test_that_of_another_machine_ends_when_it_shows_no_life(
        self, spool: Spool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whatever its clock says: that of the other is never compared with ours."""
        here = spool_lease._since_start()
        with in_another_container(monkeypatch, machine="elsewhere/1", clock=here - 1e6):
            lease = take(spool, "x")
            assert lease is not None
        assert take(spool, "x") is None
        monkeypatch.setattr(spool_lease, "_since_start", lambda: here + LEASE_SECONDS - 1)
        with in_another_container(monkeypatch, machine="elsewhere/1", clock=here - 1e6):
            assert lease.renew()
        monkeypatch.setattr(spool_lease, "_since_start", lambda: here + LEASE_SECONDS + 1)
        assert spool.is_leased("x")
        monkeypatch.setattr(spool_lease, "_since_start", lambda: here + 3 * LEASE_SECONDS)
        assert take(spool, "x") is not None
        assert not lease.renew()

    def test_that_of_another_container_of_this_machine_ends_with_its_time(
        self, spool: Spool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It has the same host name and start, but numbers of processes of its own."""
        with in_another_container(monkeypatch, process="pid:[1] 999999999 7"):
            assert take(spool, "x") is not None
        assert spool.is_leased("x")
        assert take(spool, "x") is None
        later = spool_lease._since_start() + LEASE_SECONDS + 1
        monkeypatch.setattr(spool_lease, "_since_start", lambda: later)
        assert take(spool, "x") is not None

    def test_one_that_could_not_be_given_back_is_free_in_its_process(
        self, spool: Spool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The disk was full."""

        @contextmanager
        def full(_: Spool) -> Iterator[None]:
            raise SpoolError("the disk is full")
            yield

        with monkeypatch.context() as patch:
            patch.setattr(Spool, "change", full)
            with spool.lease("x", 0) as lease:
                assert lease is not None
        assert not spool.is_leased("x")
        with spool.lease("x", 0) as again:
            assert again is not None

    def test_a_number_that_was_given_again_is_another_process(
        self, spool: Spool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        numbers, number, _ = spool_lease.this_process().split(" ")
        with in_another_container(monkeypatch, process=f"{numbers} {number} 7"):
            assert take(spool, "x") is not None
        assert not spool.is_leased("x")


class TestBackground:
    def test_a_thread_sends_what_waits_when_the_api_is_back(
        self, server: ScriptedServer, spool_folder: Path
    ) -> None:
        server.say(Reply(503), Reply(503))
        settings = settings_for(server.url, spool_folder, replay_in_background=True)
        with Client(settings) as client:
            recorder = Recorder(client, replay_in_thread)
            assert recorder.start("O", ["m"])[1].spooled
            server.answer = accept
            wait_for(lambda: recorder.spool.count(server.url) == 0)
            wait_for(lambda: not is_at_work(recorder.spool, server.url))

    def test_a_process_outlives_the_command(self, server: ScriptedServer, spool_folder: Path) -> None:
        server.say(problem(500))
        with Client(settings_for(server.url, spool_folder, replay_in_background=True)) as client:
            recorder = Recorder(client, replay_in_process)
            for _ in range(3):
                recorder.start("O", ["m"])
            server.answer = accept
        wait_for(lambda: recorder.spool.count(server.url) == 0)
        wait_for(lambda: not is_at_work(recorder.spool, server.url))
        keys = [r.headers["idempotency-key"] for r in server.received[3:]]
        assert len(keys) == len(set(keys))

    def test_whoever_records_next_sees_to_what_was_left_behind(
        self, server: ScriptedServer, client_of: MakeClient
    ) -> None:
        """The computer went down while something waited; the API is there again when it is up."""
        server.say(problem(500))
        Recorder(client_of(server.url)).start("O", ["m"])
        server.answer = accept
        asked: list[str] = []
        recorder = Recorder(
            client_of(server.url, replay_in_background=True), lambda settings: asked.append(settings.api_url)
        )
        assert not recorder.start("O", ["m"])[1].spooled
        assert asked == [server.url]
        assert recorder.replay().sent == 1
        assert not recorder.start("O", ["m"])[1].spooled
        assert asked == [server.url]

    def test_one_that_asks_in_vain_gives_way(
        self, server: ScriptedServer, spool_folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Its proxy was a wrong one, and was corrected since; it must not find the API away for ever."""
        monkeypatch.setattr(spool_away, "FIRST_PAUSE", 0.1)
        monkeypatch.setattr(spool_away, "LONGEST_AWAY", 0.2)
        server.answer = accept
        settings = settings_for(server.url, spool_folder, replay_in_background=True)
        with Client(settings.model_copy(update={"proxy": "http://127.0.0.1:1"})) as in_vain:
            assert Recorder(in_vain).start("O", ["m"])[1].spooled
        spool = Spool(spool_folder)
        wait_for(lambda: is_at_work(spool, server.url))
        with Client(settings) as client:
            recorder = Recorder(client)

            def is_sent() -> bool:
                recorder.start("O", ["m"])
                return spool.count(server.url) == 0

            wait_for(is_sent)
        wait_for(lambda: not is_at_work(spool, server.url))

    def test_one_that_asks_the_same_way_goes_on(
        self, server: ScriptedServer, spool: Spool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings = settings_for(server.url, tmp_path)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
        with spool.lease(f"background {server.url}", 0, way_of(settings)) as lease:
            assert lease is not None
            assert [lease.renew() for _ in range(5)] == [True] * 5
            monkeypatch.chdir(tmp_path)
            monkeypatch.setenv("SSL_CERT_FILE", "certificate.pem")
            end_of_another_way(spool, settings)
            assert is_at_work(spool, server.url)
            monkeypatch.setenv("SSL_CERT_FILE", "another.pem")
            end_of_another_way(spool, settings)
            assert not is_at_work(spool, server.url)
            assert not lease.renew()

    def test_it_ends_when_the_token_is_refused(self, server: ScriptedServer, spool_folder: Path) -> None:
        server.say(problem(401))
        settings = settings_for(server.url, spool_folder)
        with Client(settings) as client:
            Recorder(client).start("O", ["m"])
        replay_until_empty(settings)
        assert len(server.received) == 2

    def test_it_ends_when_only_parked_requests_are_left(
        self, client: Client, server: ScriptedServer, spool: Spool, clock: Clock, recorder: Recorder
    ) -> None:
        server.say(problem(500))
        recorder.start("O", ["m"])
        while (pause := spool.due_in(server.url)) is not None:
            clock.now += pause
            replay(client, spool)
        asked = len(server.received)
        replay_until_empty(client.settings)
        assert len(server.received) == asked

    def test_there_is_one(self, server: ScriptedServer, spool_folder: Path, spool: Spool) -> None:
        settings = settings_for(server.url, spool_folder)
        with Client(settings) as client:
            server.say(problem(500))
            Recorder(client).start("O", ["m"])
        with spool.lease(f"background {server.url}", 0):
            replay_until_empty(settings)
        assert len(server.received) == 1


class TestFolder:
    MOUNTS = (
        "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
        "30 22 0:40 / /home rw,relatime shared:9 - nfs4 server:/home rw,vers=4.2\n"
        "31 30 8:2 / /home/local\\040disk rw - xfs /dev/sdb1 rw\n"
        "32 22 0:41 / /sshfs rw - fuse.sshfs x: rw\n"
    )

    @pytest.mark.parametrize(
        ("folder", "kind"),
        [
            ("/var/spool/ccat", None),
            ("/home/observer/.local/state/ccat/spool", "nfs4"),
            ("/home/local disk/spool", None),
            ("/homes/spool", None),
            ("/sshfs/spool", "fuse.sshfs"),
        ],
    )
    def test_network_file_systems_are_known(self, tmp_path: Path, folder: str, kind: str | None) -> None:
        mounts = tmp_path / "mountinfo"
        mounts.write_text(self.MOUNTS)
        assert network_file_system(Path(folder), mounts) == kind
        assert network_file_system(Path(folder), tmp_path / "nothing") is None

    def test_a_spool_there_is_refused_unless_it_is_wanted(
        self, tmp_path: Path, client_of: MakeClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        mounts = tmp_path / "mountinfo"
        mounts.write_text("22 1 0:4 / / rw - nfs server:/ rw\n")
        monkeypatch.setattr("ccat_ops_db_client.network_file_systems.MOUNTS", mounts)
        nobody = f"http://127.0.0.1:{ports.free_ports(1)[0]}"
        with pytest.raises(ConfigurationError, match="CCAT_SPOOL_FOLDER"):
            Recorder(client_of(nobody))
        assert Recorder(client_of(nobody, spool_on_network=True)).start("O", ["m"])[1].spooled


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline, pause = monotonic() + seconds, Event()
    while not condition():
        assert monotonic() < deadline
        pause.wait(0.05)
