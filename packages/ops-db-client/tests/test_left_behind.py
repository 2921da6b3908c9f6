"""What processes leave that are killed while they write a file is cleared; what living ones write is not."""

import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from ccat_ops_db_client import Client, network_file_systems
from ccat_ops_db_client.checksums import Algorithm
from ccat_ops_db_client.errors import SpoolError
from ccat_ops_db_client.filing import filing, ingest
from ccat_ops_db_client.filing.filing import Copying, Order
from ccat_ops_db_client.recorder import Recorder
from ccat_ops_db_client.spool import Spool
from ccat_ops_db_client.spool_file import NAME

from .conftest import Api, MakeClient
from .seed import OBS_UNIT
from .test_lanes import wait_for
from .test_spool_faults import filled, keys

WRITER = """
import os, signal, sqlite3, sys
from pathlib import Path
from ccat_ops_db_client.checksums import Algorithm
from ccat_ops_db_client.filing import ingest, scan, sources
from ccat_ops_db_client.spool import Spool
from ccat_ops_db_client.spool_file import NAME
from ccat_ops_db_client.spool_request import SpooledRequest

what, folder, fault = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
spool = Spool(folder)

def interrupt(module, name, matters):
    function = getattr(module, name)
    def interrupted(*arguments):
        if matters(arguments):
            setattr(module, name, function)
            os.kill(os.getpid(), fault)
        return function(*arguments)
    setattr(module, name, interrupted)

def leads_to(suffix):
    return lambda arguments: str(arguments[1]).endswith(suffix)

if what == "a request":
    interrupt(Path, "rename", leads_to(".request"))
    spool.append_beside(SpooledRequest("late", "http://api", "/late", b"{}", lane="l"))
elif what == "the reserve":
    (folder / "reserve").unlink()
    interrupt(Path, "rename", leads_to("reserve"))
    spool.append(SpooledRequest("late", "http://api", "/late", b"{}", lane="l"))
elif what == "the places":
    interrupt(Path, "replace", leads_to(".json"))
    sources._remember(folder / "source-locations.json", b"[]")
elif what == "a new spool":
    with sqlite3.connect(folder / NAME) as database:
        database.execute("PRAGMA user_version = 1")
    interrupt(Path, "rename", leads_to(".replacement"))
    try:
        spool.waiting()
    except Exception:
        pass
else:
    interrupt(os, "link", lambda arguments: True)
    original = folder / "original"
    original.write_bytes(b"x")
    (found,) = scan.scan([original]).files
    ingest.ingest(found, folder / "copies" / "copy", folder, Algorithm.MD5, lambda count: None)
"""
LEFT = {
    "a request": "incoming/*.part",
    "the reserve": "reserve.*.part",
    "the places": "*.json.*.part",
    "a new spool": "*.new-*",
}
each = pytest.mark.parametrize("what", LEFT)


def write(what: str, folder: Path, fault: signal.Signals) -> "subprocess.Popen[bytes]":
    """Let a process write, which is killed or stopped when all but the name is there."""
    writer = subprocess.Popen([sys.executable, "-c", WRITER, what, str(folder), str(int(fault))])
    if fault == signal.SIGKILL:
        assert writer.wait() == -signal.SIGKILL
    else:
        wait_for(lambda: " T " in Path(f"/proc/{writer.pid}/stat").read_text())
    return writer


def go_on(writer: "subprocess.Popen[bytes]") -> None:
    writer.send_signal(signal.SIGCONT)
    assert writer.wait() == 0


@each
def test_the_next_one_that_sends_clears_it(what: str, spool_folder: Path, client_of: MakeClient) -> None:
    before = filled(spool_folder, 3)
    write(what, spool_folder, signal.SIGKILL)
    assert list(spool_folder.glob(LEFT[what]))
    recorder = Recorder(client_of("http://127.0.0.1:1"))
    # That the spool is of an older version is said.
    with suppress(SpoolError):
        recorder.replay()
    assert not list(spool_folder.glob(LEFT[what]))
    assert not list(spool_folder.glob("*.copy-*"))
    assert keys(Spool(spool_folder)) == before


@each
def test_what_a_living_process_writes_is_left_alone(what: str, spool_folder: Path) -> None:
    before = filled(spool_folder, 3)
    writer = write(what, spool_folder, signal.SIGSTOP)
    left = list(spool_folder.glob(LEFT[what]))
    assert left
    Spool(spool_folder, patience=0.1).clear_abandoned()
    assert list(spool_folder.glob(LEFT[what])) == left
    go_on(writer)
    assert not list(spool_folder.glob(LEFT[what]))
    late = ["late"] if what in {"a request", "the reserve"} else []
    assert keys(Spool(spool_folder)) == [*before, *late]


def test_where_other_computers_write_all_is_left(
    spool_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody here knows whether they live."""
    filled(spool_folder, 1)
    (spool_folder / "incoming").mkdir()
    left = [spool_folder / name for name in ("incoming/1.part", "reserve.1.part", f"{NAME}.new-1")]
    for path in left:
        path.touch()
    (tmp_path / "mounts").write_text("1 0 0:1 / / rw - nfs4 server:/ rw\n")
    with monkeypatch.context() as on_network:
        on_network.setattr(network_file_systems, "MOUNTS", tmp_path / "mounts")
        Spool(spool_folder).clear_abandoned()
        assert [path for path in left if path.exists()] == left
    Spool(spool_folder).clear_abandoned()
    assert [path for path in left if path.exists()] == []


def test_a_copy_is_cleared_by_the_next_that_comes_there(tmp_path: Path) -> None:
    """Its original may be gone, so that nobody ever begins it again."""
    copies = tmp_path / "copies"
    write("a copy", tmp_path, signal.SIGKILL)
    assert list(copies.glob(".ccat-ingest-*"))
    ingest.clear_copies([copies], tmp_path)
    assert list(copies.iterdir()) == []
    writer = write("a copy", tmp_path, signal.SIGSTOP)
    ingest.clear_copies([copies], tmp_path)
    assert list(copies.glob(".ccat-ingest-*"))
    go_on(writer)
    assert [path.name for path in copies.iterdir()] == ["copy"]


def test_nothing_outside_of_the_location_is_cleared(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / ".ccat-ingest-1").touch()
    (tmp_path / "location").mkdir()
    (tmp_path / "location" / "link").symlink_to(tmp_path / "outside")
    ingest.clear_copies([tmp_path / "location" / "link"], tmp_path / "location")
    assert list((tmp_path / "outside").iterdir()) == [tmp_path / "outside" / ".ccat-ingest-1"]


def test_the_command_clears_copies(client: Client, api: Api, tmp_path: Path) -> None:
    recorder = Recorder(client)
    execution, _ = recorder.start(OBS_UNIT, ["chai-lfa"])
    (tmp_path / "a.fits").write_bytes(b"a")
    folder = api.source / tmp_path.name
    folder.mkdir()
    (folder / ".ccat-ingest-1").touch()
    order = Order(execution, "chai-lfa", Algorithm.MD5)
    outcome = filing.file_paths(recorder, order, [tmp_path / "a.fits"], copying=Copying(None, tmp_path.name))
    assert outcome.filed == 1
    assert [path.name for path in folder.iterdir()] == ["a.fits"]
