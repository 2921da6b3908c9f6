"""The file of the spool: which journal it has, and who may have it open."""

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import rmtree
from uuid import uuid4

import pytest

from ccat_ops_db_client import network_file_systems
from ccat_ops_db_client.errors import SpoolError
from ccat_ops_db_client.spool import Spool
from ccat_ops_db_client.spool_file import NAME, SpoolFile
from ccat_ops_db_client.spool_lease import take_lease
from ccat_ops_db_client.spool_request import SpooledRequest, row_of
from ccat_ops_db_client.spool_tables import FILL_LANES, INSERT

API = "http://api"

FORKED = """
import os, signal, subprocess, sys
from pathlib import Path
from ccat_ops_db_client.spool import Spool
from ccat_ops_db_client.spool_request import SpooledRequest

def append(key):
    spool.append(SpooledRequest(key, "http://api", "/x", b"{}"))

spool = Spool(Path(sys.argv[1]))
append("before")
go_on, parent_ended = os.pipe()
if os.fork():
    append("parent")
    sys.exit()
os.close(parent_ended)
os.read(go_on, 1)
append("child")
# Another process opens and closes the file while the child has it open.
subprocess.run([sys.executable, "-c", sys.argv[2], sys.argv[1]], check=True)
append("child again")
os.kill(os.getpid(), signal.SIGKILL)
"""
LOOK = """
import sys
from pathlib import Path
from ccat_ops_db_client.spool import Spool

Spool(Path(sys.argv[1])).waiting()
"""


def request(key: str | None = None) -> SpooledRequest:
    return SpooledRequest(key or str(uuid4()), API, "/api/v1/x", b"{}")


def mounted(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"22 1 0:4 / / rw - {kind} somewhere rw\n")
    monkeypatch.setattr(network_file_systems, "MOUNTS", mounts)


def journal(folder: Path) -> str:
    database = sqlite3.connect(folder / NAME)
    try:
        return str(database.execute("PRAGMA journal_mode").fetchone()[0])
    finally:
        database.close()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("ext4", "wal"), ("xfs", "wal"), ("tmpfs", "wal"), ("nfs4", "delete"), ("fuse.unheard-of", "delete")],
)
def test_only_a_disk_of_this_computer_gets_a_write_ahead_log(
    tmp_path: Path, spool_folder: Path, monkeypatch: pytest.MonkeyPatch, kind: str, expected: str
) -> None:
    mounted(tmp_path, kind, monkeypatch)
    Spool(spool_folder).append(request())
    assert journal(spool_folder) == expected


def test_a_spool_that_moved_to_the_network_loses_its_write_ahead_log(
    tmp_path: Path, spool_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounted(tmp_path, "ext4", monkeypatch)
    Spool(spool_folder).append(request("a"))
    mounted(tmp_path, "nfs4", monkeypatch)
    spool = Spool(spool_folder)
    spool.append(request("b"))
    assert journal(spool_folder) == "delete"
    assert [waiting.idempotency_key for waiting in spool.waiting()] == ["a", "b"]


def test_it_is_kept_open(spool_folder: Path) -> None:
    file = SpoolFile(spool_folder)
    with file.change() as first:
        pass
    with file.read() as second:
        assert second is first


def test_a_file_that_was_removed_is_not_written_to(spool_folder: Path) -> None:
    spool = Spool(spool_folder)
    spool.append(request("lost with the folder"))
    rmtree(spool_folder)
    assert spool.waiting() == []
    spool.append(request("kept"))
    assert [waiting.idempotency_key for waiting in Spool(spool_folder).waiting()] == ["kept"]


def test_where_there_is_none_nothing_is_lost_by_an_insert(spool_folder: Path) -> None:
    """Without a file changes are made in memory, where there is nothing to change."""
    spool = Spool(spool_folder)
    with spool.change() as database:
        assert database.execute("DELETE FROM request").rowcount == 0
        database.execute(FILL_LANES)
    assert spool.take_back_refused() == spool.readdress("http://old", API) == 0
    row = row_of(request())
    with pytest.raises(SpoolError, match="which is not there"), spool.change() as database:
        database.execute(INSERT, row)
    with pytest.raises(SpoolError, match="what is recorded next makes a new one"):
        take_lease(spool.change, spool.change, "x", 0)
    assert not spool_folder.exists()


def test_what_fails_leaves_nothing(spool_folder: Path) -> None:
    file = SpoolFile(spool_folder)

    def fail() -> None:
        with file.change() as database:
            database.execute("INSERT INTO away VALUES ('x', 0, 0, 0, '')")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with file.read() as database:
        assert database.execute("SELECT count(*) FROM away").fetchone() == (0,)


def test_threads_share_it(spool_folder: Path) -> None:
    spool = Spool(spool_folder)
    keys = [str(number) for number in range(50)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda key: spool.append(request(key)), keys))
    assert sorted(waiting.idempotency_key for waiting in spool.waiting()) == sorted(keys)


def test_a_forked_process_goes_on_alone(spool_folder: Path) -> None:
    command = [sys.executable, "-c", FORKED, str(spool_folder), LOOK]
    # The output ends with the last of the two processes.
    subprocess.run(command, check=True, timeout=60, capture_output=True)
    with SpoolFile(spool_folder).read() as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    kept = {waiting.idempotency_key for waiting in Spool(spool_folder).waiting()}
    assert kept == {"before", "parent", "child", "child again"}
