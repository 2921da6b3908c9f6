"""What may become of the file of the spool, of its disk and of those who use it; nothing kept may be lost."""

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
import time_machine

from ccat_dev_stack.file_permissions import permissions_count
from ccat_ops_db.permissions import PermissionName
from ccat_ops_db_client import Client, calls, spool_incoming
from ccat_ops_db_client import spool_listing as listing
from ccat_ops_db_client.background import is_at_work, replay_until_empty
from ccat_ops_db_client.calls import NDJSON
from ccat_ops_db_client.errors import ConflictError, InvalidRequestError, SpoolError
from ccat_ops_db_client.identity import new_id
from ccat_ops_db_client.recorder import Recorder
from ccat_ops_db_client.spool import Spool
from ccat_ops_db_client.spool_file import NAME
from ccat_ops_db_client.spool_incoming import Incoming
from ccat_ops_db_client.spool_request import SpooledRequest
from ccat_ops_db_client.spool_tables import VERSION

from . import seed
from .conftest import Api, MakeClient, Received, Reply, ScriptedServer, accept, settings_for
from .seed import OBS_UNIT
from .test_lanes import wait_for

FULL_DISK = Path(__file__).with_name("full_disk.py")
HOLDER = """
import os, signal, sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute(sys.argv[2])
database.execute("SELECT * FROM request").fetchone()
print("holds", flush=True)
os.kill(os.getpid(), signal.SIGSTOP)
database.execute("ROLLBACK")
"""
LEASE_HOLDER = """
import sys
from pathlib import Path
from ccat_ops_db_client.spool import Spool
with Spool(Path(sys.argv[1])).lease("x", 0) as lease:
    print(lease is not None, flush=True)
    sys.stdin.read()
"""
DIES_WHILE_IT_REPLACES = """
import os, sqlite3, sys
from pathlib import Path
from ccat_ops_db_client.spool import Spool
from ccat_ops_db_client.spool_file import NAME
from ccat_ops_db_client.spool_request import SpooledRequest

spool = Spool(Path(sys.argv[1]))
for key in sys.argv[2:]:
    spool.append(SpooledRequest(key, "http://api", "/x", b"{}"))
other = sqlite3.connect(spool.folder / NAME, isolation_level=None)
other.execute("PRAGMA user_version = 1")
rename = Path.rename

def rename_or_die(path, target):
    if Path(target).name == NAME:
        os._exit(0)
    return rename(path, target)

Path.rename = rename_or_die
spool.waiting()
"""
FIRST_VERSION = """
CREATE TABLE request (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, idempotency_key TEXT NOT NULL UNIQUE, api_url TEXT NOT NULL,
    lane TEXT NOT NULL, path TEXT NOT NULL, content_type TEXT NOT NULL, body BLOB NOT NULL,
    assumed TEXT NOT NULL, spooled_at TEXT NOT NULL, refusal TEXT);
INSERT INTO request VALUES
    (7, '0193449b-2b1c-4c3e-8a3f-2f6d6f0c9a11', 'http://api', 'l', '/x', 'application/json', X'7b7d', '[]',
     '2026-11-21T00:00:00+00:00', NULL),
    (9, '0193449b-2b1c-4c3e-8a3f-2f6d6f0c9a12', 'http://api', 'l', '/x', 'application/json', X'7b7d', '[]',
     '2026-11-21T00:00:00+00:00', 'no');
PRAGMA user_version = 1;
"""


def request(number: int = 0, lane: str = "l", size: int = 2) -> SpooledRequest:
    return SpooledRequest(str(uuid4()), "http://api", f"/{number}", b"x" * size, lane=lane)


def filled(folder: Path, count: int, size: int = 300) -> list[str]:
    spool = Spool(folder)
    requests = [request(number, lane=str(number % 7), size=size) for number in range(count)]
    for each in requests:
        spool.append(each)
    return [each.idempotency_key for each in requests]


def keys(spool: Spool) -> list[str]:
    return [each.idempotency_key for each in spool.waiting()]


def damage(path: Path, how: str) -> None:
    content, chance = bytearray(path.read_bytes()), random.Random(7)
    match how:
        case "random bytes":
            content = bytearray(chance.randbytes(len(content)))
        case "cut to a half":
            del content[len(content) // 2 // 4096 * 4096 :]
        case "cut in a page":
            del content[len(content) // 2 + 77 :]
        case "a bad page":
            middle = len(content) // 2 // 4096 * 4096
            content[middle : middle + 4096] = chance.randbytes(4096)
        case "a bad schema":
            content = content.replace(b"INDEX refused", b"INDE\xd8 refused")
        case "a bad header":
            content[:100] = chance.randbytes(100)
    path.write_bytes(content)


class TestDamaged:
    @pytest.mark.parametrize(
        ("how", "saved"),
        [
            ("random bytes", 0),
            ("a bad header", 0),
            ("cut to a half", 30),
            ("cut in a page", 30),
            ("a bad page", 150),
            ("a bad schema", 0),
        ],
    )
    def test_what_can_be_read_is_saved_and_all_is_kept(
        self, spool_folder: Path, client_of: MakeClient, server: ScriptedServer, how: str, saved: int
    ) -> None:
        before = filled(spool_folder, 200)
        damage(spool_folder / NAME, how)
        damaged = (spool_folder / NAME).stat()
        spool = Spool(spool_folder)
        for _ in range(2):
            # Each is kept, also the one that meets the damage.
            spool.append(request())
            try:
                found = keys(spool)
            except SpoolError:
                found = keys(spool)
        assert len(set(found) & set(before)) >= saved
        assert [key for key in found if key in set(before)] == [key for key in before if key in set(found)]
        assert len(found) == len(set(found) & set(before)) + 2
        (kept,) = spool.unreadable()
        assert os.path.samestat(kept.stat(), damaged)

    def test_a_start_is_recorded_past_the_damage(
        self, spool_folder: Path, client_of: MakeClient, server: ScriptedServer
    ) -> None:
        filled(spool_folder, 3)
        damage(spool_folder / NAME, "random bytes")
        server.answer = accept
        recorder = Recorder(client_of(server.url))
        _, receipt = recorder.start("O", ["m"])
        assert receipt.spooled
        assert "damaged" in str(receipt.reason)
        assert recorder.replay().sent == 1
        assert not recorder.start("O", ["m"])[1].spooled

    def test_that_of_an_older_version_is_taken_over(self, spool_folder: Path) -> None:
        spool_folder.mkdir()
        with closing(sqlite3.connect(spool_folder / NAME)) as database:
            database.executescript(FIRST_VERSION)
        spool = Spool(spool_folder)
        with pytest.raises(SpoolError, match="older version"):
            spool.waiting()
        assert [(each.sequence, each.idempotency_key[-2:]) for each in spool.waiting()] == [(7, "11")]
        assert [(each.sequence, each.refusal) for each in listing.refused(spool)] == [(9, "no")]
        assert spool.next("http://api") == spool.waiting()

    def test_who_dies_while_the_file_is_replaced_loses_nothing(self, spool_folder: Path) -> None:
        """What was in the log only had gone with it, and the old file was without it."""
        before = [str(uuid4()) for _ in range(3)]
        command = [sys.executable, "-c", DIES_WHILE_IT_REPLACES, str(spool_folder), *before]
        subprocess.run(command, check=True)
        spool = Spool(spool_folder)
        spool.append(late := request())
        assert keys(spool) == [*before, late.idempotency_key]
        assert len(spool.unreadable()) == 1
        assert not list(spool_folder.glob("*.replacement"))

    def test_that_of_a_newer_version_is_left_alone(
        self, spool_folder: Path, client_of: MakeClient, server: ScriptedServer
    ) -> None:
        filled(spool_folder, 3)
        with closing(sqlite3.connect(spool_folder / NAME)) as database:
            database.execute(f"PRAGMA user_version = {VERSION + 1}")
        content = (spool_folder / NAME).read_bytes()
        _, receipt = Recorder(client_of(server.url)).start("O", ["m"])
        assert receipt.spooled
        assert "newer version" in str(receipt.reason)
        assert (spool_folder / NAME).read_bytes() == content
        with closing(sqlite3.connect(spool_folder / NAME)) as database:
            database.execute(f"PRAGMA user_version = {VERSION}")
        assert len(Spool(spool_folder).waiting()) == 4

    def test_what_is_kept_beside_has_the_order_in_which_it_came(
        self, spool_folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Also when the clock was set meanwhile: nothing that is made from the time or by chance counts."""
        ids = iter([UUID(int=number) for number in range(9, 0, -1)])
        monkeypatch.setattr(spool_incoming, "uuid4", lambda: next(ids))
        spool = Spool(spool_folder)
        kept = [request(number) for number in range(4)]
        for each in kept:
            spool.append_beside(each)
        assert keys(spool) == [each.idempotency_key for each in kept]

    def test_a_name_that_was_passed_over_is_not_overtaken(
        self, spool_folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A folder is not read at one moment: the first look may miss what came before what it sees."""
        spool = Spool(spool_folder)
        for number in range(3):
            spool.append_beside(request(number))
        looked: list[list[str]] = []
        scandir = os.scandir

        def missing_one(folder: Path) -> list[os.DirEntry[str]]:
            entries = sorted(scandir(folder), key=lambda entry: entry.name)
            looked.append([entry.name for entry in entries])
            return entries[1:2] if len(looked) == 1 else entries

        monkeypatch.setattr(os, "scandir", missing_one)
        assert [path.name for path in Incoming(spool_folder).files()] == looked[0][:2]

    @pytest.mark.parametrize("content", [b"", b"{}", b"[]\n", b"\xff\xfe\n", b'{"size": 9}\nx'])
    def test_what_is_no_request_is_named(self, spool_folder: Path, content: bytes) -> None:
        spool = Spool(spool_folder)
        spool.append_beside(request())
        (spool_folder / "incoming" / "0.request").write_bytes(content)
        assert len(spool.waiting()) == 1
        assert [path.name for path in spool.unreadable()] == ["0.unreadable"]

    @pytest.mark.parametrize(
        "column", ["idempotency_key", "path", "content_type", "body", "assumed", "spooled_at"]
    )
    def test_one_damaged_request_holds_no_other(
        self, spool_folder: Path, client_of: MakeClient, server: ScriptedServer, column: str
    ) -> None:
        """The file itself is sound: SQLite does not see it."""
        server.say(Reply(503))
        recorder = Recorder(client_of(server.url))
        damaged, _ = recorder.start("O", ["m"])
        good, _ = recorder.start("O", ["m"])
        with closing(sqlite3.connect(spool_folder / NAME, isolation_level=None)) as database:
            database.execute(f"UPDATE request SET {column} = CAST(X'fffe7b' AS TEXT) WHERE sequence = 1")
        server.answer = accept
        server.received.clear()
        recorder.spool.release_lanes(server.url)
        done = recorder.replay()
        sent = [json.loads(received.body)["id"] for received in server.received]
        if column in {"assumed", "spooled_at"}:
            assert (done.sent, sent) == (2, [str(damaged), str(good)])
            return
        assert (done.sent, done.refused, done.waiting, sent) == (1, 1, 0, [str(good)])
        (entry,) = listing.refused(recorder.spool)
        assert entry.refusal is not None
        assert "damaged" in entry.refusal
        assert recorder.spool.remove(entry.sequence)

    @pytest.mark.parametrize(
        ("column", "value"),
        [
            ("path", "replace(path, 'x', char(8))"),
            ("path", "'x'"),
            ("content_type", "'application/x-ndjsoo'"),
            ("idempotency_key", "CAST(idempotency_key AS BLOB)"),
            ("idempotency_key", "replace(idempotency_key, '-', char(13))"),
        ],
    )
    def test_one_that_can_be_no_request_holds_no_other(
        self, spool_folder: Path, client_of: MakeClient, server: ScriptedServer, column: str, value: str
    ) -> None:
        """A bit is enough; what is made of it would not even be sent, or be taken for an API that is away."""
        server.say(Reply(503))
        recorder = Recorder(client_of(server.url))
        recorder.start("O", ["m"])
        good, _ = recorder.start("O", ["m"])
        with closing(sqlite3.connect(spool_folder / NAME, isolation_level=None)) as database:
            database.execute(f"UPDATE request SET {column} = {value} WHERE sequence = 1")
        server.answer = lambda received: accept(received) if len(server.received) < 9 else Reply(503)
        server.received.clear()
        recorder.spool.release_lanes(server.url)
        done = recorder.replay()
        assert (done.sent, done.refused, done.waiting) == (1, 1, 0)
        assert [json.loads(received.body)["id"] for received in server.received] == [str(good)]
        (entry,) = listing.refused(recorder.spool)
        assert "damaged" in str(entry.refusal)

    @pytest.mark.parametrize("column", ["since", "pause", "until", "reason"])
    @pytest.mark.parametrize("value", ["'x'", "X'ff'", "9e999", "-9e999", "253402300800.0", "-9e15"])
    def test_a_damaged_note_that_the_api_is_away_keeps_nothing_from_being_recorded(
        self, spool_folder: Path, client_of: MakeClient, server: ScriptedServer, column: str, value: str
    ) -> None:
        server.say(Reply(503))
        recorder = Recorder(client_of(server.url))
        recorder.start("O", ["m"])
        with closing(sqlite3.connect(spool_folder / NAME, isolation_level=None)) as database:
            database.execute(f"UPDATE away SET {column} = {value}")
        assert recorder.start("O", ["m"])[1].spooled
        recorder.spool.ask_again(server.url)
        assert recorder.start("O", ["m"])[1].spooled
        away = recorder.spool.counts_as_away(server.url)
        assert away is not None
        assert away.reason
        server.answer = accept
        assert replay_now(recorder) == 3

    def test_a_time_that_is_no_text_is_shown(self, spool_folder: Path) -> None:
        filled(spool_folder, 1)
        with closing(sqlite3.connect(spool_folder / NAME, isolation_level=None)) as database:
            database.execute("UPDATE request SET spooled_at = X'ff'")
        (entry,) = listing.waiting(Spool(spool_folder))
        assert entry.spooled_at == datetime.fromtimestamp(0, UTC)

    @pytest.mark.parametrize(
        "damage",
        [
            "UPDATE lane SET parked = 'x'",
            "UPDATE lane SET lane = 'another' WHERE turn = 1",
            "DELETE FROM lane",
            "UPDATE request SET lane = 'another' WHERE sequence = 1",
        ],
    )
    def test_a_damaged_lane_holds_no_other(
        self, spool_folder: Path, client_of: MakeClient, server: ScriptedServer, damage: str
    ) -> None:
        server.say(Reply(503))
        recorder = Recorder(client_of(server.url))
        started = [str(recorder.start("O", ["m"])[0]) for _ in range(3)]
        with closing(sqlite3.connect(spool_folder / NAME, isolation_level=None)) as database:
            database.execute(damage)
        server.answer = accept
        server.received.clear()
        recorder.spool.release_lanes(server.url)
        assert recorder.replay().waiting == 0
        assert sorted(json.loads(received.body)["id"] for received in server.received) == started

    def test_a_damaged_index_lets_nothing_be_sent_for_ever(
        self, spool_folder: Path, server: ScriptedServer
    ) -> None:
        server.say(Reply(503))
        settings, path = settings_for(server.url, spool_folder), spool_folder / NAME
        with Client(settings) as client:
            started = [str(Recorder(client).start("O", ["m"])[0]) for _ in range(2)]
        with closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        content, first = path.read_bytes(), Spool(spool_folder).waiting()[0].idempotency_key
        for at in (at for at in range(len(content)) if content.startswith(first.encode(), at)):
            path.write_bytes(content[:at] + b"x" + content[at + 1 :])
            with closing(sqlite3.connect(path)) as database:
                rows = database.execute("SELECT idempotency_key FROM request NOT INDEXED ORDER BY sequence")
                (sound,) = database.execute("PRAGMA integrity_check(1)").fetchone()
                if rows.fetchone() == (first,) and sound != "ok":
                    break
        else:
            pytest.fail("nothing in the file is the index")
        server.received.clear()
        server.answer = lambda received: accept(received) if len(server.received) < 9 else Reply(503)
        with Client(settings) as client:
            recorder = Recorder(client)
            recorder.spool.ask_again(server.url)
            for _ in range(3):
                # SQLite may find the damage when it takes the first out.
                with suppress(SpoolError):
                    recorder.replay()
        assert recorder.spool.waiting() == []
        assert {json.loads(received.body)["id"] for received in server.received} == set(started)
        assert len(server.received) < 9

    def test_a_lane_without_requests_ends_no_replay(
        self, spool_folder: Path, client_of: MakeClient, server: ScriptedServer
    ) -> None:
        """In the background, where nobody releases what is held."""
        server.say(Reply(503))
        recorder = Recorder(client_of(server.url))
        for _ in range(3):
            recorder.start("O", ["m"])
        with closing(sqlite3.connect(spool_folder / NAME, isolation_level=None)) as database:
            database.execute("UPDATE lane SET lane = 'another' WHERE turn = 1")
        server.answer = accept
        recorder.spool.ask_again(server.url)
        assert recorder.replay().sent == 3

    def test_many_processes_meet_the_damage_at_once(self, spool_folder: Path) -> None:
        before = filled(spool_folder, 200)
        damage(spool_folder / NAME, "a bad page")
        program = (
            "import sys; from pathlib import Path; from uuid import uuid4\n"
            "from ccat_ops_db_client.spool import Spool\n"
            "from ccat_ops_db_client.spool_request import SpooledRequest\n"
            "for _ in range(5):\n"
            "    request = SpooledRequest(str(uuid4()), 'http://api', '/', b'')\n"
            "    Spool(Path(sys.argv[1])).append(request); print(request.idempotency_key)\n"
            "    try: Spool(Path(sys.argv[1])).waiting()\n"
            "    except Exception: pass\n"
        )
        command = [sys.executable, "-c", program, str(spool_folder)]
        running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
        acknowledged = [key for process in running for key in process.communicate()[0].split()]
        assert len(acknowledged) == 20
        found = keys(Spool(spool_folder))
        assert set(acknowledged) <= set(found)
        assert len(set(found) & set(before)) > 150
        assert len(Spool(spool_folder).unreadable()) == 1


class TestStopped:
    """Another process was stopped in the middle, and has the file."""

    @pytest.mark.parametrize("begin", ["BEGIN", "BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
    def test_a_call_is_kept_and_order_too(
        self, spool_folder: Path, client_of: MakeClient, server: ScriptedServer, begin: str
    ) -> None:
        client = client_of(server.url)
        recorder = Recorder(client)
        recorder.spool = Spool(spool_folder, patience=0.1)
        server.say(Reply(503))
        execution, _ = recorder.start("O", ["m"])
        with stopped_holder(spool_folder, begin) as holder:
            assert recorder.finish(execution, "completed").spooled
            assert recorder.start("O", ["m"])[1].spooled
            holder.send_signal(signal.SIGCONT)
            holder.wait()
        server.answer = accept
        server.received.clear()
        assert replay_now(recorder) == 3
        assert [r.path.rpartition(":")[2] for r in server.received] == ["start", "finish", "start"]

    def test_one_that_is_killed_leaves_nothing_half(self, spool_folder: Path) -> None:
        before = filled(spool_folder, 3)
        spool = Spool(spool_folder, patience=0.1)
        with stopped_holder(spool_folder, "BEGIN EXCLUSIVE") as holder:
            spool.append(late := request())
            holder.kill()
            holder.wait()
        assert keys(spool) == [*before, late.idempotency_key]
        assert not list((spool_folder / "incoming").iterdir())


class TestDisk:
    @pytest.mark.needs_mount
    def test_a_full_disk_loses_nothing_that_was_kept(self, tmp_path: Path, server: ScriptedServer) -> None:
        taken: list[str] = []

        def answer(received: Received) -> Reply:
            if b'"O"' not in received.body and not taken:
                return Reply(503)
            taken.append(json.loads(received.body)["id"])
            return accept(received)

        server.answer = answer
        # The second is another process: it holds no lease that could not be given back.
        script = (
            'mount -t tmpfs -o size=1536k small-disk "$2"'
            ' && "$0" "$1" record "$2" "$3" && "$0" "$1" replay "$2" "$3"'
        )
        command = [
            *("unshare", "--mount", *(() if os.geteuid() == 0 else ("--user", "--map-root-user"))),
            *("sh", "-c", script, sys.executable, str(FULL_DISK), str(tmp_path), server.url),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        first, left = done.stdout.splitlines()
        report = json.loads(first)
        assert len(report["kept"]) > 10
        assert report["waiting"] == report["kept"]
        # With the API there nothing needs the disk.
        assert report["recorded_while_full"]
        assert left == "0"
        assert list(dict.fromkeys(taken[1:])) == report["kept"]

    def test_one_that_may_not_be_written_or_read_is_passed_by(
        self, tmp_path: Path, client_of: MakeClient, server: ScriptedServer
    ) -> None:
        server.answer = accept
        for mode, with_file in ((0o500, True), (0o000, True), (0o500, False)):
            folder = tmp_path / f"{mode:o}{with_file}"
            folder.mkdir()
            if with_file:
                filled(folder, 1)
                (folder / NAME).chmod(0o400)
            with permissions_count():
                folder.chmod(mode)
                recorder = Recorder(client_of(server.url, spool_folder=folder))
                assert recorder.start("O", ["m"])[1].answer is not None
                server.say(Reply(503))
                with pytest.raises(SpoolError, match="CCAT_SPOOL_FOLDER"):
                    recorder.start("O", ["m"])
                server.answer = accept
                folder.chmod(0o700)

    def test_a_symbolic_link_leads_there(self, tmp_path: Path) -> None:
        (tmp_path / "real").mkdir()
        (tmp_path / "link").symlink_to("real")
        before = filled(tmp_path / "link", 2)
        assert keys(Spool(tmp_path / "real")) == before
        (tmp_path / "nowhere").symlink_to("gone")
        with pytest.raises(SpoolError):
            Spool(tmp_path / "nowhere").append(request())

    def test_it_shrinks_when_it_is_empty(
        self, spool_folder: Path, client_of: MakeClient, server: ScriptedServer
    ) -> None:
        recorder = Recorder(client_of(server.url))
        server.say(Reply(503))
        for _ in range(60):
            recorder.start("O", [f"{number}{'x' * 190}" for number in range(100)])
        assert size_of(spool_folder) > 900_000
        server.answer = accept
        assert replay_now(recorder) == 60
        assert size_of(spool_folder) < 200_000

    @pytest.mark.parametrize("replaced", [False, True])
    def test_one_that_is_taken_away_from_the_background_is_left_alone(
        self, spool_folder: Path, server: ScriptedServer, replaced: bool
    ) -> None:
        settings = settings_for(server.url, spool_folder)
        with Client(settings) as client:
            recorder = Recorder(client)
            server.say(Reply(503))
            for _ in range(5):
                recorder.start("O", ["m"])

        def answer(received: Received) -> Reply:
            if spool_folder.exists():
                shutil.move(spool_folder, spool_folder.with_name("moved"))
                if replaced:
                    filled(spool_folder, 2)
            return accept(received)

        server.received.clear()
        server.answer = answer
        recorder.spool.release_lanes(server.url)
        replay_until_empty(settings)
        assert len(server.received) == 1
        assert spool_folder.exists() == replaced
        assert len(Spool(spool_folder).waiting()) == (2 if replaced else 0)
        assert len(Spool(spool_folder.with_name("moved")).waiting()) == 5


class TestLeases:
    @pytest.mark.needs_mount
    def test_a_container_is_not_taken_for_dead(self, spool_folder: Path) -> None:
        """One with the same host name, on the same computer, whose numbers of processes mean nothing here."""
        spool = Spool(spool_folder)
        command = [
            *("unshare", *(() if os.geteuid() == 0 else ("--user", "--map-root-user"))),
            *("--pid", "--fork", "--mount-proc", "--kill-child"),
            *(sys.executable, "-c", LEASE_HOLDER, str(spool_folder)),
        ]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "True\n"
            assert spool.is_leased("x")
            with spool.lease("x", 0) as lease:
                assert lease is None
            holder.communicate("")
        assert not spool.is_leased("x")

    def test_what_comes_while_the_background_ends_is_sent(
        self, server: ScriptedServer, spool_folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings = settings_for(server.url, spool_folder)
        server.say(Reply(503))
        with Client(settings) as client:
            Recorder(client).start("O", ["m"])
        server.answer = accept
        spool = Spool(spool_folder)
        spool.release_lanes(server.url)
        found_empty: list[bool] = []
        late = SpooledRequest(str(uuid4()), server.url, "/api/v1/x:bulk", b"{}\n", NDJSON)
        due_in = Spool.due_in

        def due_in_then_late(asked: Spool, api_url: str) -> float | None:
            pause = due_in(asked, api_url)
            if pause is None and not found_empty:
                found_empty.append(is_at_work(spool, api_url))
                spool.append(late)
            return pause

        monkeypatch.setattr(Spool, "due_in", due_in_then_late)
        replay_until_empty(settings)
        assert found_empty == [True]
        assert spool.waiting() == []

    def test_each_api_has_its_own_background(
        self, server: ScriptedServer, other_server: ScriptedServer, spool_folder: Path
    ) -> None:
        for each in (server, other_server):
            each.say(Reply(503))
            with Client(settings_for(each.url, spool_folder)) as client:
                Recorder(client).start("O", ["m"])
            each.answer = accept
        spool = Spool(spool_folder)
        spool.release_lanes(other_server.url)
        with spool.lease(f"background {server.url}", 0):
            replay_until_empty(settings_for(other_server.url, spool_folder))
        assert [each.api_url for each in spool.waiting()] == [server.url]


class TestInTheWay:
    """Nothing that fails beside the recording makes it fail."""

    def test_no_process_for_the_background(self, server: ScriptedServer, client_of: MakeClient) -> None:
        def fail(settings: object) -> None:
            raise BlockingIOError(11, "Resource temporarily unavailable")

        recorder = Recorder(client_of(server.url, replay_in_background=True), fail)
        server.say(Reply(503))
        assert recorder.start("O", ["m"])[1].spooled
        server.answer = accept
        recorder.spool.ask_again(server.url)
        assert recorder.start("O", ["m"])[1].answer is not None

    def test_what_was_kept_stays_kept_when_the_rest_cannot_be_written(
        self, server: ScriptedServer, client_of: MakeClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object) -> None:
            raise SpoolError("the disk is full")

        for name in ("mark_away", "mark_present"):
            monkeypatch.setattr(Spool, name, fail)
        recorder = Recorder(client_of(server.url))
        server.say(Reply(503))
        assert recorder.start("O", ["m"])[1].spooled
        server.answer = accept
        assert recorder.start("O", ["m"])[1].answer is not None


def replay_now(recorder: Recorder) -> int:
    recorder.spool.release_lanes(recorder.client.settings.api_url)
    return recorder.replay().sent


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob(f"{NAME}*"))


@contextmanager
def stopped_holder(folder: Path, begin: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLDER, str(folder / NAME), begin]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "holds\n"
        wait_for(lambda: " T " in Path(f"/proc/{holder.pid}/stat").read_text())
        try:
            yield holder
        finally:
            holder.kill()


class TestClocks:
    """Of a computer whose clock is wrong, or is set while something waits."""

    def test_an_end_before_the_start_is_dated_by_the_service(
        self, api: Api, client: Client, spool_folder: Path
    ) -> None:
        """The clock here was set back by years after the start."""
        recorder = Recorder(client)
        execution, receipt = recorder.start(OBS_UNIT, ["chai-lfa"])
        assert receipt.answer is not None
        late = calls.finish_execution(execution, "completed", ended_at=datetime(2001, 1, 1, tzinfo=UTC))
        recorder.spool.append(
            SpooledRequest(
                late.idempotency_key or "",
                api.url,
                late.path,
                late.body or b"",
                assumed=("ended_at",),
                lane=str(execution),
            )
        )
        done = recorder.replay()
        assert (done.sent, done.refused) == (1, 0)
        ended = client.execution(execution)
        assert ended.status == "completed"
        assert ended.ended_at is not None
        assert ended.ended_at >= ended.started_at

    @pytest.mark.parametrize("year", [1800, 2001, 2500])
    def test_what_a_wrong_clock_says_refuses_nothing(self, client: Client, year: int) -> None:
        """A start in another age, and an end before the start: the service dates them."""
        recorder = Recorder(client)
        with time_machine.travel(datetime(year, 1, 1, tzinfo=UTC)):
            early, started = recorder.start(OBS_UNIT, ["chai-lfa"])
        ordinary, _ = recorder.start(OBS_UNIT, ["chai-lfa"])
        with time_machine.travel(datetime(min(year, 2001), 1, 1, tzinfo=UTC)):
            ended = [recorder.finish(execution, "completed").answer for execution in (early, ordinary)]
        assert started.answer is not None
        for answer in ended:
            assert answer is not None
            assert answer.status == "completed"
            assert answer.ended_at is not None
            assert answer.ended_at >= answer.started_at

    def test_a_start_and_an_end_may_be_repeated(self, api: Api, spool_folder: Path) -> None:
        """At another time, and by who may not read."""
        with api.session() as session:
            writer = seed.token(session, (PermissionName.WRITE_OBSERVATIONS,))
            session.commit()
        with Client(settings_for(api.url, spool_folder, token=writer)) as client:
            recorder, execution = Recorder(client), new_id()
            for _ in range(2):
                _, started = recorder.start(OBS_UNIT, ["chai-lfa"], execution_id=execution)
                assert started.answer is not None
                assert started.answer.status == "running"
            for _ in range(2):
                ended = recorder.finish(execution, "completed")
                assert ended.answer is not None
                assert ended.answer.status == "completed"
            with pytest.raises(ConflictError):
                recorder.finish(execution, "aborted")

    @pytest.mark.parametrize("what", ["start", "finish"])
    def test_what_a_slow_service_takes_late_has_the_time_of_the_call(
        self, api: Api, client: Client, client_of: MakeClient, server: ScriptedServer, what: str
    ) -> None:
        """The first attempt is given up, and reaches the API when the call has long ended."""
        let_go, taken = threading.Event(), threading.Event()

        def late(request: Received) -> Reply:
            first = not server.received[1:]
            if first:
                let_go.wait(60)
            answered = httpx.request(
                request.method,
                f"{api.url}{request.path}",
                content=request.body,
                headers={name: value for name, value in request.headers.items() if name != "host"},
            )
            if first:
                taken.set()
            return Reply(
                answered.status_code, answered.content, {"Content-Type": answered.headers["content-type"]}
            )

        server.answer = late
        hurried = Recorder(client_of(server.url, token=api.token, spool_after_seconds=0.2))
        execution = new_id()
        if what == "finish":
            Recorder(client).start(OBS_UNIT, ["chai-lfa"], execution_id=execution)
        begin = datetime.now(UTC)
        if what == "start":
            _, receipt = hurried.start(OBS_UNIT, ["chai-lfa"], execution_id=execution)
        else:
            receipt = hurried.finish(execution, "completed")
        end = datetime.now(UTC)
        assert receipt.spooled
        let_go.set()
        assert taken.wait(60)
        assert replay_now(Recorder(client_of(server.url, token=api.token))) == 1
        known = client.execution(execution)
        moment = known.started_at if what == "start" else known.ended_at
        assert moment is not None
        assert begin <= moment <= end

    def test_an_end_that_somebody_gave_is_refused(self, client: Client) -> None:
        recorder = Recorder(client)
        execution, _ = recorder.start(OBS_UNIT, ["chai-lfa"])
        with pytest.raises(InvalidRequestError, match="before the start"):
            recorder.finish(execution, "completed", ended_at=datetime(2001, 1, 1, tzinfo=UTC))

    @pytest.mark.parametrize("jump", [-1e9, -3600.0, 3600.0, 1e9])
    def test_every_lane_gets_its_turn_and_is_parked_after_an_hour(
        self, spool_folder: Path, jump: float
    ) -> None:
        now = [1_800_000_000.0]
        spool = Spool(spool_folder, lambda: now[0])
        for lane in ("a", "b", "c"):
            spool.append(request(lane=lane))
        turns, attempts = [], 0
        for _ in range(6):
            (first,) = spool.next("http://api")
            turns.append(first.lane)
            spool.pass_over(first, "a firewall")
            now[0] += jump / 6
        assert turns == ["a", "b", "c"] * 2
        (first,) = spool.next("http://api")
        while not next(entry.parked for entry in listing.waiting(spool) if entry.lane == "a"):
            attempts += 1
            assert attempts < 40
            now[0] += jump if attempts == 3 else 400
            spool.hold(first, "it fails")
        # Twelve attempts and an hour of pauses, whatever the clock said in between.
        assert 12 <= attempts <= 14

    def test_away_lasts_no_longer_than_it_may(self, spool_folder: Path) -> None:
        now = [1_800_000_000.0]
        spool = Spool(spool_folder, lambda: now[0])
        now[0] += 3e8
        spool.mark_away("http://api", "silence", retry_after=1e12)
        now[0] -= 3e8
        assert spool.counts_as_away("http://api") is None
