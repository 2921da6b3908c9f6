"""Placing, reading and copying files."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from ccat_dev_stack.file_permissions import permissions_count
from ccat_ops_db_client.checksums import Algorithm
from ccat_ops_db_client.errors import FileChangedError, PathError, PathReason
from ccat_ops_db_client.filing.ingest import ingest
from ccat_ops_db_client.filing.left_out import LeftOut
from ccat_ops_db_client.filing.placing import Placed, apart, place_copies, place_where_they_are, same_name
from ccat_ops_db_client.filing.read import ReadFile, checksum_of, each_in_threads
from ccat_ops_db_client.filing.scan import FoundFile, scan
from ccat_ops_db_client.filing.sources import Source, place_of, source_for
from ccat_ops_db_client.paths import MAX_PATH_BYTES

from .checks import write

XXH3 = Algorithm.XXH3_128


def nothing(count: int) -> None:
    del count


def found(path: Path) -> FoundFile:
    (file,) = scan([path]).files
    return file


class TestPlace:
    def test_the_innermost_location_counts(self, tmp_path: Path) -> None:
        sources = [Source("ccat.all", tmp_path), Source("ccat.chai", tmp_path / "chai")]
        assert place_of(tmp_path / "chai" / "a" / "b.fits", sources) == (sources[1], "a/b.fits")
        assert place_of(tmp_path / "chai2" / "b.fits", sources) == (sources[0], "chai2/b.fits")

    def test_outside_every_location_the_folders_are_named(self, tmp_path: Path) -> None:
        file = found(write(tmp_path / "elsewhere" / "b.fits"))
        inside = found(write(tmp_path / "chai" / "b.fits"))
        sources = [Source("ccat.chai", tmp_path / "chai"), Source("ccat.prime", tmp_path / "prime")]
        placed, (left_out,) = place_where_they_are([file, inside], sources)
        assert placed == [Placed(inside, sources[0], "b.fits")]
        assert (left_out.path, left_out.reason) == (file.path, PathReason.OUTSIDE)
        assert f"ccat.chai is {tmp_path / 'chai'}" in left_out.message
        assert f"ccat.prime is {tmp_path / 'prime'}" in left_out.message
        assert "--ingest" in left_out.remedy

    def test_a_link_out_of_the_location_does_not_help(self, tmp_path: Path) -> None:
        write(tmp_path / "elsewhere" / "b.fits")
        (tmp_path / "chai").mkdir()
        (tmp_path / "chai" / "way-out").symlink_to(tmp_path / "elsewhere")
        files = scan([tmp_path / "chai" / "way-out" / "b.fits"]).files
        placed, (left_out,) = place_where_they_are(files, [Source("ccat.chai", tmp_path / "chai")])
        assert placed == []
        assert left_out.reason is PathReason.OUTSIDE

    def test_a_path_in_the_location_that_is_too_long_is_left_out(self, tmp_path: Path) -> None:
        file = found(write(tmp_path / "a.fits"))
        folder = "/".join("x" * (MAX_PATH_BYTES // 2 - 2))
        placed, (left_out,) = place_copies([file], Source("ccat.chai", tmp_path), folder)
        assert placed == []
        assert left_out.reason is PathReason.NAME

    @pytest.mark.parametrize("names", [("R\u00e9f.fits", "Re\u0301f.fits"), ("R\u00e9f/a", "Re\u0301f/a")])
    def test_names_that_differ_in_their_unicode_form_are_one(
        self, tmp_path: Path, names: tuple[str, str]
    ) -> None:
        for name in (*names, "c.fits"):
            write(tmp_path / name)
        source = Source("ccat.chai", tmp_path)
        placed, _ = place_where_they_are(scan([tmp_path]).files, [source])
        alone, (group,) = apart(placed)
        assert [item.relative_path for item in alone] == ["c.fits"]
        assert {item.relative_path for item in group} == set(names)
        first, second = group
        said = same_name(first, second, other_is_filed=False)
        assert (said.path, said.reason) == (first.file.path, PathReason.SAME_NAME)
        assert r"R\xe9f" in said.message
        assert r"Re\u0301f" in said.message
        assert "Unicode form" in said.message
        assert same_name(first, second, other_is_filed=True).remedy == "rename the first"

    def test_copies_must_not_meet(self, tmp_path: Path) -> None:
        files = [found(write(tmp_path / "one" / "a.fits")), found(write(tmp_path / "two" / "a.fits"))]
        placed, _ = place_copies(files, Source("ccat.chai", tmp_path), "x")
        alone, (group,) = apart(placed)
        assert alone == []
        said = same_name(group[0], group[1], other_is_filed=False)
        assert "would both become x/a.fits" in said.message
        assert "--into" in said.remedy

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
        files = scan([tmp_path]).files
        told: list[int] = []
        results = list(each_in_threads(files, _checksum, told.append))
        assert [isinstance(result, ReadFile) and result.file for result in results] == files
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

    def test_a_file_that_changed_does_not_keep_the_others(self, tmp_path: Path) -> None:
        for number in range(20):
            write(tmp_path / f"{number:02}", b"x" * 100_000)
        files = scan([tmp_path]).files
        write(tmp_path / "03", b"longer" * 100_000)
        results = list(each_in_threads(files, _checksum, nothing))
        assert [result.file.path.name for result in results if isinstance(result, ReadFile)] == [
            f"{number:02}" for number in range(20) if number != 3
        ]
        left_out = results[3]
        assert isinstance(left_out, LeftOut)
        assert (left_out.path.name, left_out.reason) == ("03", PathReason.CHANGED)
        assert "03 changed while it was read" in left_out.message

    def test_a_file_that_cannot_be_read_does_not_keep_the_others(self, tmp_path: Path) -> None:
        for name in "abc":
            write(tmp_path / name)
        files = scan([tmp_path]).files
        (tmp_path / "b").chmod(0)
        with permissions_count():
            results = list(each_in_threads(files, _checksum, nothing))
        assert [type(result) for result in results] == [ReadFile, LeftOut, ReadFile]
        assert isinstance(results[1], LeftOut)
        assert results[1].reason is PathReason.UNREADABLE
        assert "Permission denied" in results[1].message

    def test_a_defect_stops_the_threads(self, tmp_path: Path) -> None:
        for number in range(20):
            write(tmp_path / f"{number:02}", b"x" * 100_000)

        def work(file: FoundFile, advance: Callable[[int], None]) -> ReadFile:
            if file.path.name == "03":
                raise ZeroDivisionError
            return _checksum(file, advance)

        with pytest.raises(ZeroDivisionError):
            list(each_in_threads(scan([tmp_path]).files, work, nothing))

    def test_what_is_gone_before_it_is_read_is_left_out_if_it_was_named(self, tmp_path: Path) -> None:
        for name in ("run/a", "run/x.tmp", "run/z", "argument"):
            write(tmp_path / name)
        files = scan([tmp_path / "run", tmp_path / "argument"]).files

        def read(file: FoundFile, advance: Callable[[int], None]) -> ReadFile:
            if file.path.name in {"x.tmp", "argument"}:
                file.path.unlink()
            return _checksum(file, advance)

        argument, a, temporary, z = each_in_threads(files, read, nothing)
        assert [result.file.path.name for result in (a, z) if isinstance(result, ReadFile)] == ["a", "z"]
        assert temporary is None
        assert isinstance(argument, LeftOut)
        assert argument.reason is PathReason.MISSING
        assert "argument is gone" in argument.message


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
            "ingest(scan([Path(sys.argv[1])]).files[0], top / 'a.fits', top, Algorithm.XXH3_128,"
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


def _checksum(file: FoundFile, advance: Callable[[int], None]) -> ReadFile:
    return ReadFile(file, checksum_of(file, XXH3, advance))


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
