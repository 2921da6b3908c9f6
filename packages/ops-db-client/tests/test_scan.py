"""Which files are found, and what is named of the rest."""

import errno
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ccat_dev_stack.file_permissions import permissions_count
from ccat_ops_db_client.errors import PathReason
from ccat_ops_db_client.filing.scan import scan

from .checks import write


class TestScan:
    def test_folders_are_searched_and_each_file_is_found_once(self, tmp_path: Path) -> None:
        first = write(tmp_path / "run" / "b.fits")
        second = write(tmp_path / "run" / "deep" / "ä b.fits", b"")
        found = scan([tmp_path / "run", first, tmp_path / "run" / "deep" / ".." / "b.fits"])
        assert [(file.path, file.below, file.size) for file in found.files] == [
            (first, "run/b.fits", 4),
            (second, "run/deep/ä b.fits", 0),
        ]

    def test_a_folder_of_the_present_place_is_named_by_its_name(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(tmp_path / "run" / "b.fits")
        monkeypatch.chdir(tmp_path / "run")
        assert [file.below for file in scan([Path()]).files] == ["run/b.fits"]

    def test_a_folder_above_may_be_a_link(self, tmp_path: Path) -> None:
        real = write(tmp_path / "disk7" / "run" / "b.fits")
        (tmp_path / "data").symlink_to(tmp_path / "disk7")
        assert [file.path for file in scan([tmp_path / "data" / "run"]).files] == [real]

    def test_whatever_is_no_file_is_left_out_by_name(self, tmp_path: Path) -> None:
        run = tmp_path / "run"
        fine = write(run / "fine.fits")
        (run / "link.fits").symlink_to(run / "fine.fits")
        (run / "dangling").symlink_to("nowhere")
        (run / "loop").symlink_to("loop")
        (run / "folder-link").symlink_to(tmp_path)
        os.mkfifo(run / "pipe")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(run / "sock"))
            found = scan([run])
        assert [file.path for file in found.files] == [fine]
        kinds = {
            "link.fits": "symbolic link",
            "dangling": "symbolic link",
            "loop": "symbolic link",
            "folder-link": "symbolic link",
            "pipe": "pipe",
            "sock": "socket",
        }
        assert {entry.path: entry.message for entry in found.left_out} == {
            run / name: f"{run / name} is a {kind}" for name, kind in kinds.items()
        }
        assert {entry.reason for entry in found.left_out} == {PathReason.NO_FILE}
        assert all(entry.remedy for entry in found.left_out)

    @pytest.mark.parametrize(
        ("path", "reason"),
        [
            ("/dev/null", PathReason.NO_FILE),
            ("/dev/stdin", PathReason.NO_FILE),
            ("missing", PathReason.MISSING),
            ("a\0b", PathReason.MISSING),
            ("/etc/hostname/x", PathReason.MISSING),
            ("x" * 300, PathReason.UNREADABLE),
        ],
    )
    def test_devices_and_missing_paths_are_left_out(self, path: str, reason: PathReason) -> None:
        found = scan([Path(path)])
        assert found.files == []
        assert [entry.reason for entry in found.left_out] == [reason]

    def test_a_path_through_a_loop_of_links_is_left_out(self, tmp_path: Path) -> None:
        (tmp_path / "loop").symlink_to("loop")
        (left_out,) = scan([tmp_path / "loop" / "a.fits"]).left_out
        assert left_out.reason is PathReason.UNREADABLE

    @pytest.mark.parametrize(
        "name",
        [b"a\nb", b"a\\b", b"caf\xe9", b"a\x1b[2J", b"a%0ab", b"end ", "a\u2028".encode(), b"\xed\xa0\x80"],
    )
    @pytest.mark.parametrize("below", ["", "/x.fits"])
    def test_names_that_cannot_be_filed_are_left_out_once(
        self, tmp_path: Path, name: bytes, below: str
    ) -> None:
        path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
        write(Path(f"{path}{below}"))
        fine = write(tmp_path / "fine.fits")
        found = scan([tmp_path])
        assert [file.path for file in found.files] == [fine]
        (left_out,) = found.left_out
        assert (left_out.path, left_out.reason) == (path, PathReason.NAME)
        assert left_out.message.isprintable()
        assert left_out.remedy == "rename it"

    def test_a_name_that_is_not_utf_8_is_shown_byte_by_byte(self, tmp_path: Path) -> None:
        write(Path(os.fsdecode(os.fsencode(tmp_path) + b"/R\xe9f.fits")))
        (left_out,) = scan([tmp_path]).left_out
        assert r"R\xe9f.fits cannot be filed: its name is not valid UTF-8" in left_out.message

    @pytest.mark.parametrize(("mode", "what"), [(0o000, "folder"), (0o400, "folder"), (0o300, "folder")])
    def test_a_folder_that_cannot_be_read_or_searched_is_named_once(
        self, tmp_path: Path, mode: int, what: str
    ) -> None:
        fine = write(tmp_path / "fine.fits")
        closed = write(tmp_path / what / "a.fits").parent
        write(closed / "b.fits")
        closed.chmod(mode)
        try:
            with permissions_count():
                found = scan([tmp_path])
        finally:
            closed.chmod(0o700)
        assert [file.path for file in found.files] == [fine]
        (left_out,) = found.left_out
        assert (left_out.path, left_out.reason) == (closed, PathReason.UNREADABLE)
        assert "Permission denied" in left_out.message
        assert "may read it" in left_out.remedy

    def test_folders_deeper_than_a_path_may_be_long_are_named(self, tmp_path: Path) -> None:
        fine = write(tmp_path / "fine.fits")
        deepest = os.open(tmp_path, os.O_RDONLY)
        for _ in range(2500):
            os.mkdir("a", dir_fd=deepest)
            below = os.open("a", os.O_RDONLY, dir_fd=deepest)
            os.close(deepest)
            deepest = below
        os.close(os.open("x.fits", os.O_CREAT, dir_fd=deepest))
        os.close(deepest)
        try:
            found = scan([tmp_path])
        finally:
            # It is also deeper than what removes folders of tests can go.
            subprocess.run(["rm", "-rf", tmp_path / "a"], check=True)
        assert [file.path for file in found.files] == [fine]
        (left_out,) = found.left_out
        assert left_out.reason is PathReason.UNREADABLE
        assert "File name too long" in left_out.message
        assert len(left_out.message) < 400

    def test_each_name_of_a_file_is_a_file_and_an_empty_folder_is_nothing(self, tmp_path: Path) -> None:
        first = write(tmp_path / "a.fits")
        second = tmp_path / "b.fits"
        second.hardlink_to(first)
        (tmp_path / "empty" / "deep").mkdir(parents=True)
        found = scan([tmp_path])
        assert [file.path for file in found.files] == [first, second]
        assert found.left_out == []

    def test_what_is_gone_when_it_is_looked_at_is_no_file(self, tmp_path: Path) -> None:
        for number in range(50):
            write(tmp_path / f"{number}.fits")
        stop = threading.Event()

        def write_and_remove() -> None:
            number = 0
            while not stop.is_set():
                number += 1
                write(tmp_path / f"{number % 50}.tmp").unlink()
                folder = tmp_path / f"folder {number % 7}"
                write(folder / "x.tmp").unlink()
                folder.rmdir()

        other = threading.Thread(target=write_and_remove)
        other.start()
        try:
            for _ in range(50):
                names = [file.path.name for file in scan([tmp_path]).files]
                assert sum(name.endswith(".fits") for name in names) == 50
        finally:
            stop.set()
            other.join()

    def test_what_was_named_must_be_there_and_the_rest_is_found(self, tmp_path: Path) -> None:
        fine = write(tmp_path / "fine.fits")
        found = scan([tmp_path / "gone.fits", fine])
        assert [file.path for file in found.files] == [fine]
        (left_out,) = found.left_out
        assert (left_out.path, left_out.reason) == (tmp_path / "gone.fits", PathReason.MISSING)
        assert f"{tmp_path / 'gone.fits'}: No such file" in left_out.message

    def test_what_cannot_be_looked_at_is_named_not_its_folder(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(tmp_path / "a.fits")
        fine = write(tmp_path / "b.fits")
        real = Path.lstat

        def broken(path: Path) -> os.stat_result:
            if path.name == "a.fits":
                raise OSError(errno.EIO, "Input/output error")
            return real(path)

        monkeypatch.setattr(Path, "lstat", broken)
        found = scan([tmp_path])
        assert [file.path for file in found.files] == [fine]
        assert "a.fits cannot be read (Input/output error)" in found.left_out[0].message

    def test_what_nfs_keeps_of_removed_files_is_no_data(self, tmp_path: Path) -> None:
        write(tmp_path / "run" / "a.fits")
        kept = write(tmp_path / "run" / ".nfs000000000012ab3400000001")
        write(tmp_path / "run" / ".nfs-of-somebody")
        found = scan([tmp_path])
        assert [file.path.name for file in found.files] == [".nfs-of-somebody", "a.fits"]
        assert (found.ignored, found.left_out) == ([kept], [])

    @pytest.mark.needs_mount
    def test_what_a_file_system_keeps_for_itself_is_no_data(self, tmp_path: Path) -> None:
        program = (
            "import sys; from pathlib import Path\n"
            "from ccat_ops_db_client.filing.scan import scan\n"
            "disk = Path(sys.argv[1])\n"
            "for name in ('lost+found/#1', 'run/lost+found/b.fits'):\n"
            "    (disk / name).parent.mkdir(parents=True); (disk / name).touch()\n"
            "for arguments in ([disk], [disk / 'lost+found']):\n"
            "    found = scan(arguments)\n"
            "    print([file.below for file in found.files], found.ignored == [disk / 'lost+found'],\n"
            "          found.left_out)\n"
        )
        command = [
            *("unshare", "--mount", *(() if os.geteuid() == 0 else ("--user", "--map-root-user"))),
            *("sh", "-c", 'mount -t tmpfs disk "$1" && exec "$0" -c "$2" "$1"'),
            *(sys.executable, str(tmp_path), program),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.stderr == ""
        whole, named = done.stdout.splitlines()
        assert whole == f"['{tmp_path.name}/run/lost+found/b.fits'] True []"
        assert named == "['lost+found/#1'] False []"

    @pytest.mark.parametrize("locale", ["C", "de_DE.ISO-8859-1", "C.UTF-8"])
    def test_names_are_utf_8_whatever_the_locale(self, tmp_path: Path, locale: str) -> None:
        """Old control computers have a locale that is not UTF-8; their files have the names they have."""
        source = write(tmp_path / "Quelle \xfc" / "R\xe9flexion \u65e5\u672c.fits").parent
        program = (
            "import os, sys; from pathlib import Path\n"
            "from ccat_ops_db_client.filing.placing import place_copies, place_where_they_are\n"
            "from ccat_ops_db_client.filing.scan import scan\n"
            "from ccat_ops_db_client.filing.sources import Source\n"
            "source = Source('s', Path(sys.argv[1]))\n"
            "files = scan([source.folder]).files\n"
            "for [placed], _ in [place_where_they_are(files, [source]),\n"
            "                    place_copies(files, source, sys.argv[2])]:\n"
            "    print(ascii(placed.relative_path), ascii(os.fsencode(placed.target)))\n"
        )
        environment = {**os.environ, "LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
        done = subprocess.run(
            [sys.executable, "-c", program, source, "\xe4"], env=environment, capture_output=True, check=True
        )
        name = "R\xe9flexion \u65e5\u672c.fits"
        copied = f"\xe4/{source.name}/{name}"
        assert done.stdout.decode().splitlines() == [
            f"{name!a} {os.fsencode(source / name)!a}",
            f"{copied!a} {os.fsencode(source / copied)!a}",
        ]

    @pytest.mark.parametrize("name", [".ccat-ingest-0123", ".ccat-place.json"])
    def test_copies_under_way_and_markers_are_no_data(self, tmp_path: Path, name: str) -> None:
        path = write(tmp_path / "run" / name)
        found = scan([tmp_path / "run"])
        assert (found.files, found.left_out, found.ignored) == ([], [], [path])
