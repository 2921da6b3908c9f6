"""Folders of all that a disk can hold, while another process changes them.

What stayed as it was is filed or named, and never both.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ccat_dev_stack.file_permissions import permissions_count
from ccat_ops_db_client import Client
from ccat_ops_db_client.errors import PathReason
from ccat_ops_db_client.filing.filing import Copying, Order, Outcome, file_paths
from ccat_ops_db_client.identity import new_id
from ccat_ops_db_client.paths import name_of
from ccat_ops_db_client.recorder import Recorder

from . import churn
from .conftest import Received, Reply, ScriptedServer, settings_for

JSON = {"Content-Type": "application/json"}


def socket_at(path: Path) -> None:
    """Make a socket; the path of one is short, so it is made by way of its folder."""
    folder = os.open(path.parent, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"/proc/self/fd/{folder}/socket")
    os.rename("socket", path.name, src_dir_fd=folder, dst_dir_fd=folder)
    os.close(folder)


def closed_folder(path: Path, mode: int) -> None:
    """Make a folder with a file in it, which may not be listed, or not be searched."""
    path.mkdir()
    (path / "inside").write_bytes(b"x")
    path.chmod(mode)


def closed_file(path: Path) -> None:
    """Make a file that may not be read."""
    path.write_bytes(b"x")
    path.chmod(0)


def deep_folder(path: Path) -> None:
    """Make a file far below, deeper than a path may be long."""
    path.mkdir()
    folder = os.open(path, os.O_RDONLY)
    for _ in range(30):
        os.mkdir("d" * 200, dir_fd=folder)
        below = os.open("d" * 200, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = below
    os.close(os.open("x", os.O_CREAT, dir_fd=folder))
    os.close(folder)


KINDS: dict[str, Callable[[Path], object]] = {
    "file": lambda path: path.write_bytes(b"content"),
    "empty file": lambda path: path.write_bytes(b""),
    "large file": lambda path: path.write_bytes(b"x" * 3_000_000),
    "empty folder": Path.mkdir,
    "link": lambda path: path.symlink_to("a.fits"),
    "dangling link": lambda path: path.symlink_to("nowhere"),
    "loop": lambda path: path.symlink_to(path.name),
    "link to the folder above": lambda path: path.symlink_to(".."),
    "pipe": os.mkfifo,
    "socket": socket_at,
    "closed file": closed_file,
    "folder that may not be listed": lambda path: closed_folder(path, 0o300),
    "folder that may not be searched": lambda path: closed_folder(path, 0o600),
    "deep folder": deep_folder,
}
NAMES = [
    *(b"a.fits", b"b.fits", b"c d", b".hidden", b"-rf", b"R\xc3\xa9f", b"Re\xcc\x81f", "\u65e5".encode()),
    *(
        b"caf\xe9",
        b"line\nfeed",
        b"esc\x1b[2J",
        b"back\\slash",
        b"%0a",
        b"end ",
        "\u202e".encode(),
        b"x" * 255,
    ),
    *("\u202e".encode(), b"x" * 255),
    *(b".nfs000000000012ab34", b".ccat-ingest-1", b"grow-1.log", b"grow-2.log"),
]
FOLDERS = [b".", b"run", b"run/deep", "e\u0301".encode(), "\u00e9".encode(), b"bad\nfolder", b"run/dir\xe9"]
trees = st.dictionaries(
    st.tuples(st.sampled_from(FOLDERS), st.sampled_from(NAMES)), st.sampled_from(sorted(KINDS)), max_size=14
)


@pytest.fixture(scope="module")
def changing() -> Iterator[Callable[[Path | None], None]]:
    """Have another process change a folder, or none."""
    with subprocess.Popen(
        [sys.executable, churn.__file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        into, answers = process.stdin, process.stdout

        def change(folder: Path | None) -> None:
            into.write(f"{folder or ''}\n")
            into.flush()
            assert answers.readline() == "done\n"

        yield change
        into.close()


@given(tree=trees, copying=st.sampled_from([None, Copying(folder="copies")]))
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_what_stays_is_filed_or_named(
    server: ScriptedServer,
    spool_folder: Path,
    changing: Callable[[Path | None], None],
    tree: dict[tuple[bytes, bytes], str],
    copying: Copying | None,
) -> None:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        top = Path(name) / "top"
        source = Path(name) / "copied" if copying else top
        source.mkdir()
        made = _grown(top, tree)
        changing(top)
        filed, outcome = _filed(server, spool_folder, top, source, copying)
        changing(None)
        try:
            _check(top, made, filed, outcome)
        finally:
            subprocess.run(["chmod", "-R", "u+rwx", top], check=True, stderr=subprocess.DEVNULL)
            subprocess.run(["rm", "-rf", top], check=True)


def _grown(top: Path, tree: dict[tuple[bytes, bytes], str]) -> dict[Path, str]:
    made: dict[Path, str] = {}
    top.mkdir(exist_ok=True)
    for (folder, name), kind in tree.items():
        path = Path(os.fsdecode(os.fsencode(top) + b"/" + folder + b"/" + name))
        path = Path(os.path.normpath(path))
        path.parent.mkdir(parents=True, exist_ok=True)
        KINDS[kind](path)
        made[path] = kind
    return made


def _filed(
    server: ScriptedServer, spool: Path, top: Path, source: Path, copying: Copying | None
) -> tuple[set[Path], Outcome]:
    """File the folder; return also what of it the API was told."""
    told: list[Path] = []
    location = {"id": "s", "site": "ccat", "location_type": "source", "storage_type": "disk"}
    answers = {
        "/api/v1/site": {"id": "ccat"},
        "/api/v1/data-locations": {"items": [{**location, "path": str(source)}]},
        "/api/v1/instruments": {"items": []},
        "/api/v1/raw-data-files": {"items": []},
    }

    def answer(request: Received) -> Reply:
        path = request.path.partition("?")[0]
        if not path.endswith(":bulk"):
            return Reply(200, answers[path], JSON)
        files = [json.loads(line) for line in request.body.splitlines()]
        below = "copies/top/" if copying else ""
        told.extend(top / name_of(file["relative_path"].removeprefix(below)) for file in files)
        return Reply(200, {"filed": len(files), "already_filed": 0}, JSON)

    server.answer = answer
    with Client(settings_for(server.url, spool)) as client, permissions_count():
        recorder = Recorder(client, lambda settings: None)
        outcome = file_paths(recorder, Order(new_id(), "m"), [top], copying=copying)
    assert outcome.filed == len(told) == len(set(told))
    assert (outcome.already_filed, outcome.spooled) == (0, 0)
    return set(told), outcome


def _check(top: Path, made: dict[Path, str], filed: set[Path], outcome: Outcome) -> None:
    named = {entry.path: entry.reason for entry in outcome.left_out}
    assert len(named) == len(outcome.left_out)
    assert not filed & named.keys()
    for path, kind in made.items():
        above = [folder for folder in path.parents if folder in named]
        ways = [path in filed, path in named, path in outcome.ignored, bool(above)]
        if kind == "empty folder":
            assert path not in filed, path
        elif kind == "deep folder":
            assert above or any(path == folder or path in folder.parents for folder in named), path
        else:
            assert sum(ways) == 1, (path, kind, ways)
        if path in filed:
            assert kind in {"file", "empty file", "large file"}, path
    for path in named:
        # What came and went may have changed while it was read; of all else it is known what it is.
        known = any(path == other or other in path.parents or path in other.parents for other in made)
        assert known or named[path] in {PathReason.CHANGED, PathReason.SAME_NAME}, path
        assert path.is_relative_to(top)
    for path in filed:
        assert (
            path in made or path.name.startswith(churn.PASSING) or path.parent.name.startswith(churn.PASSING)
        ), path
