"""Every way in which a source file can be wrong stops the package and names the file and the reason."""

import gc
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from ccat_data_transfer.package_format import (
    SourceChangedError,
    SourceFile,
    SourceFileError,
    SourceGrownError,
    SourceMismatchError,
    SourceMissingError,
    SourceNotRegularError,
    SourceShortError,
    SourceSymlinkError,
    SourceUnreadableError,
    write_package,
)
from ccat_data_transfer.package_format.pipeline import MemberDigest, TarPipeline
from ccat_data_transfer.storage.root_folder import RootFolder
from ccat_dev_stack.file_permissions import permissions_count

from .conftest import File, MakeContents, MakeTree

SLAB = 2 * 1024 * 1024
TREE = {"a.dat": b"first", "folder/inner/b.dat": b"second", "z.dat": b"last"}
BAD = "folder/inner/b.dat"


@pytest.fixture
def attempt(source: Path, make_contents: MakeContents, tmp_path: Path) -> Callable[..., SourceFileError]:
    """Write the package, which must fail, and return the error."""

    def write(files: list[SourceFile]) -> SourceFileError:
        with pytest.raises(SourceFileError) as caught:
            write_package(make_contents(files), RootFolder(source), RootFolder(tmp_path), "package.tar")
        return caught.value

    return write


Attempt = Callable[[list[SourceFile]], SourceFileError]


def remove(path: Path) -> None:
    path.unlink()


def remove_folder(path: Path) -> None:
    path.unlink()
    path.parent.rmdir()


def folder_becomes_file(path: Path) -> None:
    remove_folder(path)
    path.parent.write_bytes(b"")


def shorten(path: Path) -> None:
    path.write_bytes(b"secon")


def lengthen(path: Path) -> None:
    path.write_bytes(b"second+")


def spoil(path: Path) -> None:
    path.write_bytes(b"secOnd")


def link_to_itself(path: Path) -> None:
    path.unlink()
    path.symlink_to(path)


def link_to_outside(path: Path) -> None:
    outside = path.parents[3] / "outside"
    outside.write_bytes(b"second")
    path.unlink()
    path.symlink_to(outside)


def dangling_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


def linked_folder(path: Path) -> None:
    """The same bytes are behind the link: nothing but the link itself is wrong."""
    moved = path.parents[3] / "moved"
    path.parent.rename(moved)
    path.parent.symlink_to(moved)


def linked_grandparent(path: Path) -> None:
    moved = path.parents[3] / "moved"
    path.parents[1].rename(moved)
    path.parents[1].symlink_to(moved)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def unix_socket(path: Path) -> None:
    path.unlink()
    here = Path.cwd()
    os.chdir(path.parent)  # the names of sockets are short
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path.name)
    finally:
        os.chdir(here)


@pytest.mark.parametrize(
    ("spoiling", "error", "reason"),
    [
        (remove, SourceMissingError, "'b.dat' does not exist"),
        (remove_folder, SourceMissingError, "'inner' does not exist"),
        (folder_becomes_file, SourceMissingError, "'inner' on the way to it is not a folder"),
        (shorten, SourceShortError, "it has 5 bytes, filed were 6"),
        (lengthen, SourceGrownError, "it has 7 bytes, filed were 6"),
        (spoil, SourceMismatchError, "its checksum is xxh3-128:"),
        (link_to_itself, SourceSymlinkError, "'b.dat' is a symbolic link; links are not followed"),
        (link_to_outside, SourceSymlinkError, "'b.dat' is a symbolic link; links are not followed"),
        (dangling_link, SourceSymlinkError, "'b.dat' is a symbolic link; links are not followed"),
        (linked_folder, SourceSymlinkError, "'inner' is a symbolic link; links are not followed"),
        (linked_grandparent, SourceSymlinkError, "'folder' is a symbolic link; links are not followed"),
        (folder, SourceNotRegularError, "it is not a regular file"),
        (pipe, SourceNotRegularError, "it is not a regular file"),
        (unix_socket, SourceNotRegularError, "it is not a regular file"),
    ],
)
def test_a_wrong_file_is_named_with_its_reason(
    spoiling: Callable[[Path], None],
    error: type[SourceFileError],
    reason: str,
    make_tree: MakeTree,
    file: File,
    attempt: Attempt,
    source: Path,
) -> None:
    make_tree(TREE)
    files = file()
    spoiling(source / BAD)
    found = attempt(files)
    assert type(found) is error
    assert found.path == BAD
    assert found.reason.startswith(reason)
    assert str(found).startswith(f"{BAD}: {reason}")


@pytest.mark.parametrize("size", [100, 40_000, 3 * SLAB])
def test_a_wrong_byte_is_found_whatever_the_size(
    size: int, make_tree: MakeTree, file: File, attempt: Attempt, source: Path
) -> None:
    make_tree({"a": b"a", "b": bytes(size), "c": b"c"})
    files = file("blake3")
    rewrite_a_byte(source / "b")
    found = attempt(files)
    assert isinstance(found, SourceMismatchError)
    assert (found.path, found.expected) == ("b", files[1].checksum)
    assert found.actual.startswith("blake3:")


def test_every_error_has_its_own_code() -> None:
    codes = [error.code for error in SourceFileError.__subclasses__()]
    assert len(set(codes)) == len(codes) == 8


def test_a_device_is_not_a_file(attempt: Attempt, make_contents: MakeContents, tmp_path: Path) -> None:
    contents = make_contents([SourceFile("null", 0, "md5:d41d8cd98f00b204e9800998ecf8427e")])
    with pytest.raises(SourceNotRegularError):
        write_package(contents, RootFolder(Path("/dev")), RootFolder(tmp_path), "package.tar")


@pytest.mark.parametrize("place", ["file", "folder"])
def test_a_file_without_permission_is_named(
    place: str, make_tree: MakeTree, source: Path, file: File, attempt: Attempt
) -> None:
    make_tree({"folder/file": b"content"})
    files = file()
    closed = source / "folder/file" if place == "file" else source / "folder"
    closed.chmod(0)
    with permissions_count():
        found = attempt(files)
    closed.chmod(0o700)
    assert isinstance(found, SourceUnreadableError)
    assert str(found).startswith("folder/file: it cannot be opened: Permission")
    assert isinstance(found.__cause__, PermissionError)


def test_a_failing_read_is_named(tmp_path: Path) -> None:
    """A folder can be opened, not read: the cheapest file of which every read fails."""
    descriptor = os.open(tmp_path, os.O_RDONLY)
    sink = os.open(os.devnull, os.O_WRONLY)
    digest = MemberDigest("scan.fits", "md5:d41d8cd98f00b204e9800998ecf8427e")
    try:
        with (
            TarPipeline(sink, lambda written: None) as pipeline,
            pytest.raises(SourceUnreadableError, match=r"scan.fits: it cannot be read: Is a directory"),
        ):
            pipeline.read_from(descriptor, 10, digest)
    finally:
        os.close(descriptor)
        os.close(sink)


def test_a_missing_root_is_no_fault_of_a_file(
    make_tree: MakeTree, make_contents: MakeContents, tmp_path: Path
) -> None:
    make_tree(TREE)
    with pytest.raises(FileNotFoundError):
        write_package(
            make_contents(), RootFolder(tmp_path / "unmounted"), RootFolder(tmp_path), "package.tar"
        )


def test_the_root_itself_may_be_a_link(
    make_tree: MakeTree, make_contents: MakeContents, tmp_path: Path
) -> None:
    make_tree(TREE)
    (tmp_path / "link").symlink_to("source")
    written = write_package(
        make_contents(), RootFolder(tmp_path / "link"), RootFolder(tmp_path), "package.tar"
    )
    assert len(written.index.members) == len(TREE)


def append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def truncate(path: Path) -> None:
    os.truncate(path, SLAB + 5)


def replace_by_a_copy(path: Path) -> None:
    status = path.stat()
    copy = path.with_name("copy")
    copy.write_bytes(path.read_bytes())
    os.utime(copy, ns=(0, status.st_mtime_ns))
    copy.rename(path)


def rewrite_a_byte(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"X")


def touch(path: Path) -> None:
    os.utime(path, ns=(0, 5))


@pytest.mark.parametrize(
    ("change", "error", "reason"),
    [
        (append, SourceGrownError, "bytes, filed were"),
        (truncate, SourceShortError, "while it was read"),
        (replace_by_a_copy, SourceChangedError, "replaced or removed"),
        (remove, SourceChangedError, "replaced or removed"),
        (rewrite_a_byte, SourceChangedError, "written to"),
        (touch, SourceChangedError, "written to"),
    ],
)
def test_a_file_that_changes_while_it_is_read_is_caught(
    change: Callable[[Path], None],
    error: type[SourceFileError],
    reason: str,
    make_tree: MakeTree,
    make_contents: MakeContents,
    source: Path,
    tmp_path: Path,
) -> None:
    make_tree({"growing.dat": bytes(3 * SLAB)})
    contents = make_contents()
    reports: list[int] = []

    def change_once(written: int) -> None:
        if not reports:
            change(source / "growing.dat")
        reports.append(written)

    with pytest.raises(error) as caught:
        write_package(contents, RootFolder(source), RootFolder(tmp_path), "package.tar", change_once)
    assert type(caught.value) is error
    assert caught.value.path == "growing.dat"
    assert reason in caught.value.reason


def test_no_descriptor_and_no_thread_is_left_behind(
    make_tree: MakeTree, file: File, attempt: Attempt, source: Path
) -> None:
    import threading

    make_tree(TREE)
    files = file()
    spoil(source / BAD)
    gc.collect()  # what earlier tests left open
    before = sum(1 for _ in Path("/proc/self/fd").iterdir()), threading.active_count()
    for _ in range(5):
        attempt(files)
    gc.collect()  # an error that pytest caught has the frames in which folders were open
    assert (sum(1 for _ in Path("/proc/self/fd").iterdir()), threading.active_count()) == before
