"""Publishing: safe to repeat after a crash at any line, and between a stale and a new worker."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ccat_data_transfer.package_format import (
    file_chunks,
    publish,
    remove_leftovers,
    temporary_path,
    verify_package,
    write_package,
)
from ccat_data_transfer.package_format.durable import new_file
from ccat_data_transfer.storage.root_folder import RootFolder

from .conftest import MakeContents, MakeTree


def test_publish_gives_the_name(tmp_path: Path) -> None:
    temporary = tmp_path / "t.part"
    temporary.write_bytes(b"x")
    publish(RootFolder(tmp_path), "t.part", "t")
    assert {path.name for path in tmp_path.iterdir()} == {"t"}


def test_publish_twice_is_harmless(tmp_path: Path) -> None:
    temporary = tmp_path / "t.part"
    temporary.write_bytes(b"x")
    publish(RootFolder(tmp_path), "t.part", "t")
    publish(RootFolder(tmp_path), "t.part", "t")
    assert (tmp_path / "t").read_bytes() == b"x"


def test_publish_keeps_what_an_earlier_attempt_published(tmp_path: Path) -> None:
    (tmp_path / "t").write_bytes(b"earlier")
    (tmp_path / "t.part").write_bytes(b"later")
    publish(RootFolder(tmp_path), "t.part", "t")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"t": b"earlier"}


def test_publish_of_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        publish(RootFolder(tmp_path), "t.part", "t")


def test_a_leftover_is_replaced_and_its_writer_keeps_its_own_file(tmp_path: Path) -> None:
    path, root = tmp_path / "t.part", RootFolder(tmp_path)
    with new_file(root, "t.part") as stale:
        os.write(stale, b"old old old")
        with new_file(root, "t.part") as fresh:
            os.write(fresh, b"new")
            os.write(stale, b"still writing")
    assert path.read_bytes() == b"new"


def test_a_link_in_the_place_of_a_leftover_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_bytes(b"old")
    (tmp_path / "t.part").symlink_to(tmp_path / "precious")
    with new_file(RootFolder(tmp_path), "t.part") as descriptor:
        os.write(descriptor, b"new")
    assert (tmp_path / "precious").read_bytes() == b"old"


def test_leftovers_of_earlier_attempts_go_and_nothing_else(tmp_path: Path) -> None:
    for attempt in ("1-aa", "2-aa", "10-aa", "10-bb", "11-cc"):
        (tmp_path / temporary_path("p.tar", attempt)).write_bytes(b"")
    (tmp_path / temporary_path("p.tar", "3-aa")).mkdir()
    (tmp_path / temporary_path("p.tar", "3-aa") / "0").write_bytes(b"")
    others = [tmp_path / name for name in ("p.tar", "p_tar.1.part", temporary_path("other.tar", "1-aa"))]
    for other in others:
        other.write_bytes(b"")
    remove_leftovers(RootFolder(tmp_path), "p.tar", "10-aa")
    assert set(tmp_path.iterdir()) == {*others, tmp_path / temporary_path("p.tar", "10-aa")}
    remove_leftovers(RootFolder(tmp_path), "no such folder/p.tar", "1-aa")


def test_kill_in_the_middle_of_writing(
    make_tree: MakeTree, make_contents: MakeContents, source: Path, tmp_path: Path
) -> None:
    """The killed writer leaves only a temporary file; the next attempt removes it and succeeds."""
    make_tree({"a": b"a", "large": bytes(40_000_000)})
    contents = make_contents()
    target = tmp_path / "packages" / "p.tar"
    program = f"""
import sys
from datetime import datetime
from uuid import UUID
from ccat_data_transfer.package_format import *
from ccat_data_transfer.storage.root_folder import RootFolder

def stop_in_the_middle(written):
    if written > 10_000_000:
        print("in the middle", flush=True)
        sys.stdin.read()

files = {[(file.path, file.size, file.checksum) for file in contents.files]!r}
contents = PackageContents(
    UUID({str(contents.package_id)!r}),
    datetime.fromisoformat({contents.created.isoformat()!r}),
    [SourceFile(*file) for file in files],
    {dict(contents.description)!r},
)
temporary = temporary_path("packages/p.tar", "1-aa")
write_package(
    contents, RootFolder({str(source)!r}), RootFolder({str(tmp_path)!r}), temporary, stop_in_the_middle
)
"""
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "in the middle\n"
        writer.send_signal(signal.SIGKILL)
    assert [path.name for path in target.parent.iterdir()] == [".p.tar.1-aa.part"]
    root, path = RootFolder(tmp_path), "packages/p.tar"
    assert 0 < (tmp_path / temporary_path(path, "1-aa")).stat().st_size < 40_000_000

    remove_leftovers(root, path, "2-aa")
    written = write_package(contents, RootFolder(source), root, temporary_path(path, "2-aa"))
    publish(root, temporary_path(path, "2-aa"), path)
    assert [path.name for path in target.parent.iterdir()] == ["p.tar"]
    assert verify_package(file_chunks(target), written.checksum).size == written.size
