"""Scanning, placing, reading and copying files."""

import errno
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from ccat_ops_db_client.checksums import Algorithm
from ccat_ops_db_client.errors import FileChangedError, PathError
from ccat_ops_db_client.filing.filing import place_copies, place_where_they_are
from ccat_ops_db_client.filing.ingest import ingest
from ccat_ops_db_client.filing.read import ReadFile, checksum_of, each_in_threads
from ccat_ops_db_client.filing.scan import FoundFile, scan
from ccat_ops_db_client.filing.sources import Source, place_of, source_for

XXH3 = Algorithm.XXH3_128


def nothing(count: int) -> None:
    del count


def found(path: Path) -> FoundFile:
    (file,) = scan([path])
    return file


def write(path: Path, content: bytes = b"data") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


class TestScan:
    def test_folders_are_searched_and_each_file_is_found_once(self, tmp_path: Path) -> None:
        first = write(tmp_path / "run" / "b.fits")
        second = write(tmp_path / "run" / "deep" / "ä b.fits", b"")
        found = scan([tmp_path / "run", first, tmp_path / "run" / "deep" / ".." / "b.fits"])
        assert [(file.path, file.below, file.size) for file in found] == [
            (first, "run/b.fits", 4),
            (second, "run/deep/ä b.fits", 0),
        ]

    def test_a_folder_of_the_present_place_is_named_by_its_name(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(tmp_path / "run" / "b.fits")
        monkeypatch.chdir(tmp_path / "run")
        assert [file.below for file in scan([Path()])] == ["run/b.fits"]

    def test_a_folder_above_may_be_a_link(self, tmp_path: Path) -> None:
        real = write(tmp_path / "disk7" / "run" / "b.fits")
        (tmp_path / "data").symlink_to(tmp_path / "disk7")
        assert [file.path for file in scan([tmp_path / "data" / "run"])] == [real]

    def test_whatever_is_no_file_is_refused_by_name(self, tmp_path: Path) -> None:
        run = tmp_path / "run"
        write(run / "fine.fits")
        (run / "link.fits").symlink_to(run / "fine.fits")
        (run / "dangling").symlink_to("nowhere")
        (run / "folder-link").symlink_to(tmp_path)
        os.mkfifo(run / "pipe")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(run / "sock"))
            with pytest.raises(PathError) as raised:
                scan([run])
        message = str(raised.value)
        assert "nothing was filed" in message
        for name, kind in {
            "link.fits": "symbolic link",
            "dangling": "symbolic link",
            "folder-link": "symbolic link",
            "pipe": "pipe",
            "sock": "socket",
        }.items():
            assert f"{run / name} is a {kind}" in message
        assert "fine.fits" not in message

    @pytest.mark.parametrize("path", ["/dev/null", "/dev/stdin", "missing", "a\0b"])
    def test_devices_and_missing_paths_are_refused(self, path: str) -> None:
        with pytest.raises(PathError):
            scan([Path(path)])

    @pytest.mark.parametrize("name", [b"a\nb", b"a\\b", b"caf\xe9", b"a\x1b[2J", b"a%0ab", b"end "])
    def test_names_that_cannot_be_filed_are_refused(self, tmp_path: Path, name: bytes) -> None:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(b"")
        with pytest.raises(PathError) as raised:
            scan([tmp_path])
        assert str(raised.value).isprintable()

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
                names = [file.path.name for file in scan([tmp_path])]
                assert sum(name.endswith(".fits") for name in names) == 50
        finally:
            stop.set()
            other.join()

    def test_an_argument_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(PathError, match=r"gone\.fits"):
            scan([tmp_path / "gone.fits"])

    def test_what_cannot_be_looked_at_is_named_not_its_folder(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(tmp_path / "a.fits")
        real = Path.lstat

        def broken(path: Path) -> os.stat_result:
            if path.name == "a.fits":
                raise OSError(errno.EIO, "Input/output error")
            return real(path)

        monkeypatch.setattr(Path, "lstat", broken)
        with pytest.raises(PathError, match=r"a\.fits: Input/output error"):
            scan([tmp_path])

    def test_what_nfs_keeps_of_removed_files_is_left_out_and_told(self, tmp_path: Path) -> None:
        write(tmp_path / "run" / "a.fits")
        kept = write(tmp_path / "run" / ".nfs000000000012ab3400000001")
        write(tmp_path / "run" / ".nfs-of-somebody")
        left_out: list[Path] = []
        names = [file.path.name for file in scan([tmp_path], left_out.append)]
        assert names == [".nfs-of-somebody", "a.fits"]
        assert left_out == [kept]

    @pytest.mark.parametrize("locale", ["C", "de_DE.ISO-8859-1", "C.UTF-8"])
    def test_names_are_utf_8_whatever_the_locale(self, tmp_path: Path, locale: str) -> None:
        """Old control computers have a locale that is not UTF-8; their files have the names they have."""
        source = write(tmp_path / "Quelle \xfc" / "R\xe9flexion \u65e5\u672c.fits").parent
        program = (
            "import os, sys; from pathlib import Path\n"
            "from ccat_ops_db_client.filing.filing import place_copies, place_where_they_are\n"
            "from ccat_ops_db_client.filing.scan import scan\n"
            "from ccat_ops_db_client.filing.sources import Source\n"
            "source = Source('s', Path(sys.argv[1]))\n"
            "for placed in [place_where_they_are(scan([source.folder]), [source])[0],\n"
            "               place_copies(scan([source.folder]), source, sys.argv[2])[0]]:\n"
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

    @pytest.mark.parametrize("path", ["R{}f.fits", "R{}f/a.fits"])
    def test_names_that_differ_in_their_unicode_form_are_refused_by_both(
        self, tmp_path: Path, path: str
    ) -> None:
        write(tmp_path / path.format("\u00e9"))
        assert len(scan([tmp_path])) == 1
        write(tmp_path / path.format("e\u0301"))
        with pytest.raises(PathError, match="Unicode form") as raised:
            scan([tmp_path])
        assert path.format("\\xe9") in raised.value.message
        assert path.format("e\\u0301") in raised.value.message

    def test_copies_under_way_are_no_data(self, tmp_path: Path) -> None:
        write(tmp_path / "run" / ".ccat-ingest-0123")
        assert scan([tmp_path / "run"]) == []


class TestPlace:
    def test_the_innermost_location_counts(self, tmp_path: Path) -> None:
        sources = [Source("ccat.all", tmp_path), Source("ccat.chai", tmp_path / "chai")]
        assert place_of(tmp_path / "chai" / "a" / "b.fits", sources) == (sources[1], "a/b.fits")
        assert place_of(tmp_path / "chai2" / "b.fits", sources) == (sources[0], "chai2/b.fits")

    def test_outside_every_location_the_folders_are_named(self, tmp_path: Path) -> None:
        file = found(write(tmp_path / "elsewhere" / "b.fits"))
        sources = [Source("ccat.chai", tmp_path / "chai"), Source("ccat.prime", tmp_path / "prime")]
        with pytest.raises(PathError) as raised:
            place_where_they_are([file], sources)
        assert f"ccat.chai is {tmp_path / 'chai'}" in str(raised.value)
        assert f"ccat.prime is {tmp_path / 'prime'}" in str(raised.value)
        assert "--ingest" in str(raised.value)

    def test_a_link_out_of_the_location_does_not_help(self, tmp_path: Path) -> None:
        write(tmp_path / "elsewhere" / "b.fits")
        (tmp_path / "chai").mkdir()
        (tmp_path / "chai" / "way-out").symlink_to(tmp_path / "elsewhere")
        (file,) = scan([tmp_path / "chai" / "way-out" / "b.fits"])
        with pytest.raises(PathError, match="outside every source location"):
            place_where_they_are([file], [Source("ccat.chai", tmp_path / "chai")])

    def test_copies_must_not_meet(self, tmp_path: Path) -> None:
        files = [found(write(tmp_path / "one" / "a.fits")), found(write(tmp_path / "two" / "a.fits"))]
        with pytest.raises(PathError, match=r"would both become x/a\.fits"):
            place_copies(files, Source("ccat.chai", tmp_path), "x")

    @pytest.mark.parametrize("folder", ["../out", "/abs", "a/../..", "a\nb"])
    def test_copies_stay_in_the_location(self, tmp_path: Path, folder: str) -> None:
        with pytest.raises(PathError):
            place_copies([found(write(tmp_path / "a.fits"))], Source("ccat.chai", tmp_path), folder)

    def test_the_source_location_is_the_instruments(self, tmp_path: Path) -> None:
        chai, prime = Source("ccat.chai", tmp_path, "chai"), Source("ccat.prime", tmp_path, "prime-cam")
        assert source_for("chai", [chai, prime], None) is chai
        assert source_for("chai", [chai, prime], "ccat.prime") is prime
        for instrument, sources, chosen in [
            (None, [chai, prime], None),
            ("chai", [], None),
            ("other", [chai, prime], None),
            ("chai", [chai], "ccat.nowhere"),
        ]:
            with pytest.raises(PathError, match="--location"):
                source_for(instrument, sources, chosen)


class TestRead:
    @pytest.mark.parametrize(
        ("algorithm", "digest"),
        [
            (Algorithm.XXH3_128, "06b05ab6733a618578af5f94892f3950"),
            (Algorithm.SHA256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (Algorithm.BLAKE3, "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"),
            (Algorithm.CRC32C, "364b3fb7"),
            (Algorithm.MD5, "900150983cd24fb0d6963f7d28e17f72"),
        ],
    )
    def test_checksums_are_those_of_the_standards(
        self, tmp_path: Path, algorithm: Algorithm, digest: str
    ) -> None:
        file = found(write(tmp_path / "abc", b"abc"))
        assert checksum_of(file, algorithm, nothing) == f"{algorithm}:{digest}"

    def test_many_files_come_in_order(self, tmp_path: Path) -> None:
        for number in range(50):
            write(tmp_path / f"{number:03}", b"x" * (50 - number) * 10_000)
        files = scan([tmp_path])
        told: list[int] = []
        results = list(
            each_in_threads(
                files, lambda file, advance: ReadFile(file, checksum_of(file, XXH3, advance)), told.append
            )
        )
        assert [result and result.file for result in results] == files
        assert sum(told) == sum(file.size for file in files)

    @pytest.mark.parametrize("change", ["grow", "shrink", "rewrite", "replace", "remove"])
    def test_a_file_that_changes_while_it_is_read_is_noticed(self, tmp_path: Path, change: str) -> None:
        path = write(tmp_path / "a.fits", b"x" * 3_000_000)
        file = found(path)
        changed = threading.Event()

        def change_once(count: int) -> None:
            del count
            if changed.is_set():
                return
            changed.set()
            _change(path, change)

        with pytest.raises(PathError, match=r"a\.fits"):
            checksum_of(file, XXH3, change_once)

    def test_a_file_that_changed_since_the_scan_is_noticed(self, tmp_path: Path) -> None:
        file = found(write(tmp_path / "a.fits"))
        write(tmp_path / "a.fits", b"more data")
        with pytest.raises(FileChangedError):
            checksum_of(file, XXH3, nothing)

    @pytest.mark.parametrize("put", [os.mkfifo, lambda path: path.symlink_to("/etc/passwd")])
    def test_a_name_that_became_something_else_does_not_hang(
        self, tmp_path: Path, put: Callable[[Path], object]
    ) -> None:
        path = write(tmp_path / "a.fits", b"")
        file = found(path)
        path.unlink()
        put(path)
        with pytest.raises(PathError):
            checksum_of(file, XXH3, nothing)

    def test_one_bad_file_stops_the_threads(self, tmp_path: Path) -> None:
        for number in range(20):
            write(tmp_path / f"{number:02}", b"x" * 100_000)
        files = scan([tmp_path])
        write(tmp_path / "03", b"longer" * 100_000)
        results = each_in_threads(
            files, lambda file, advance: ReadFile(file, checksum_of(file, XXH3, advance)), nothing
        )
        with pytest.raises(PathError, match="03 changed while it was read"):
            list(results)

    def test_what_is_gone_before_it_is_read_is_left_out(self, tmp_path: Path) -> None:
        for name in ("run/a", "run/x.tmp", "run/z", "argument"):
            write(tmp_path / name)
        files = scan([tmp_path / "run", tmp_path / "argument"])

        def read(file: FoundFile, advance: Callable[[int], None]) -> ReadFile:
            if file.path.name in {"x.tmp", "argument"}:
                file.path.unlink()
            return ReadFile(file, checksum_of(file, XXH3, advance))

        results = each_in_threads([file for file in files if not file.is_argument], read, nothing)
        assert [result and result.file.path.name for result in results] == ["a", None, "z"]
        with pytest.raises(PathError, match="argument is gone"):
            list(each_in_threads([file for file in files if file.is_argument], read, nothing))


class TestIngest:
    @pytest.fixture
    def top(self, tmp_path: Path) -> Path:
        folder = tmp_path / "source"
        folder.mkdir()
        return folder

    def test_the_copy_is_whole_with_time_and_mode(self, tmp_path: Path, top: Path) -> None:
        path = write(tmp_path / "a.fits", os.urandom(2_500_000))
        os.utime(path, ns=(1_000_000_000_123_456_789, 1_111_111_111_123_456_789))
        path.chmod(0o440)
        copy = ingest(found(path), top / "x" / "a.fits", top, XXH3, nothing)
        target = top / "x" / "a.fits"
        assert target.read_bytes() == path.read_bytes()
        assert target.stat().st_mtime_ns == 1_111_111_111_123_456_789 == copy.file.mtime_ns
        assert target.stat().st_mode & 0o777 == 0o440
        assert copy.checksum == checksum_of(found(path), XXH3, nothing)
        assert [entry.name for entry in (top / "x").iterdir()] == ["a.fits"]

    def test_the_same_again_is_fine_and_other_content_is_not(self, tmp_path: Path, top: Path) -> None:
        path = write(tmp_path / "a.fits", b"one")
        first = ingest(found(path), top / "a.fits", top, XXH3, nothing)
        assert ingest(found(path), top / "a.fits", top, XXH3, nothing) == first
        for other in (b"two", b"longer"):
            write(path, other)
            with pytest.raises(PathError, match="there already with other content"):
                ingest(found(path), top / "a.fits", top, XXH3, nothing)
        assert (top / "a.fits").read_bytes() == b"one"
        assert [entry.name for entry in top.iterdir()] == ["a.fits"]

    def test_nothing_is_written_through_links(self, tmp_path: Path, top: Path) -> None:
        outside = tmp_path / "outside"
        outside.mkdir()
        (top / "way-out").symlink_to(outside)
        (top / "a.fits").symlink_to(outside / "a.fits")
        file = found(write(tmp_path / "a.fits"))
        for target in (top / "way-out" / "a.fits", top / "way-out" / "deep" / "a.fits", top / "a.fits"):
            with pytest.raises(PathError):
                ingest(file, target, top, XXH3, nothing)
        assert list(outside.rglob("*")) == []

    def test_a_changing_file_leaves_nothing(self, tmp_path: Path, top: Path) -> None:
        path = write(tmp_path / "a.fits", b"x" * 3_000_000)
        with pytest.raises(FileChangedError):
            ingest(found(path), top / "a.fits", top, XXH3, lambda count: os.truncate(path, 2))
        assert list(top.iterdir()) == []

    def test_what_a_killed_copy_left_is_used_again(self, tmp_path: Path, top: Path) -> None:
        path = write(tmp_path / "a.fits", b"x" * 3_000_000)
        program = (
            "import os, signal, sys; from pathlib import Path;"
            "from ccat_ops_db_client.filing.ingest import ingest;"
            "from ccat_ops_db_client.filing.scan import scan;"
            "from ccat_ops_db_client.checksums import Algorithm;"
            "top = Path(sys.argv[2]);"
            "ingest(scan([Path(sys.argv[1])])[0], top / 'a.fits', top, Algorithm.XXH3_128,"
            " lambda count: os.kill(os.getpid(), signal.SIGKILL))"
        )
        subprocess.run([sys.executable, "-c", program, path, top], check=False)
        (left,) = top.iterdir()
        assert left.name.startswith(".ccat-ingest-")
        ingest(found(path), top / "a.fits", top, XXH3, nothing)
        assert [entry.name for entry in top.iterdir()] == ["a.fits"]
        assert (top / "a.fits").read_bytes() == path.read_bytes()

    def test_two_at_once_make_one_copy(self, tmp_path: Path, top: Path) -> None:
        path = write(tmp_path / "a.fits", os.urandom(5_000_000))
        outcomes: list[ReadFile] = []
        threads = [
            threading.Thread(
                target=lambda: outcomes.append(ingest(found(path), top / "d" / "a.fits", top, XXH3, nothing))
            )
            for _ in range(6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(outcomes) == 6
        assert len(set(outcomes)) == 1
        assert [entry.name for entry in (top / "d").iterdir()] == ["a.fits"]


def _change(path: Path, change: str) -> None:
    match change:
        case "grow":
            with path.open("ab") as stream:
                stream.write(b"more")
        case "shrink":
            os.truncate(path, 2_000_000)
        case "rewrite":
            path.write_bytes(b"y" * 3_000_000)
            os.utime(path, ns=(0, 0))
        case "replace":
            status = path.stat()
            path.rename(path.with_name("old"))
            path.write_bytes(b"x" * 3_000_000)
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        case "remove":
            path.unlink()
