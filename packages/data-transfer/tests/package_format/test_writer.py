"""What a written package is to programs that are not ours."""

import hashlib
import json
import os
import random
import subprocess
import sys
import tarfile
from pathlib import Path

import bagit
import pytest
import xxhash

from ccat_data_transfer.checksums import ALGORITHMS
from ccat_data_transfer.package_format import (
    WrittenPackage,
    file_chunks,
    file_ranges,
    read_member,
    verify_package,
    write_package,
    write_tar,
)
from ccat_data_transfer.storage.root_folder import RootFolder
from ccat_dev_stack.file_permissions import permissions_count

from .conftest import PACKAGE_ID, File, MakeContents, MakeTree, Write

SLAB = 2 * 1024 * 1024
CHANCE = random.Random(7)

TREE = {
    "plain.fits": CHANCE.randbytes(2880),
    "empty": b"",
    "one block": CHANCE.randbytes(512),
    "2026/11/21/scan 0001 (a).fits": CHANCE.randbytes(100_001),
    "unicode/Orion KL ✶ – été.dat": b"NFC",
    "unicode/e\u0301te\u0301.dat": b"NFD",
    "odd/-dash": b"-",
    "odd/.hidden": b".",
    "odd/~tilde $HOME 'quote' \"double\" *?": b"shell",
    "odd/100% of %20": b"%",
    "long/" + "/".join(["segment-of-some-length"] * 20) + "/" + "n" * 255: b"long",
    "x" * 255: b"name",
    "larger than two slabs": CHANCE.randbytes(2 * SLAB + 12345),
}


def gnu_tar(*arguments: str | Path) -> str:
    done = subprocess.run(["tar", *map(str, arguments)], capture_output=True, check=True)
    assert done.stderr == b""
    return done.stdout.decode()


@pytest.fixture
def bag_folder(make_tree: MakeTree, write: Write, tmp_path: Path) -> Path:
    """Unpack a package of `TREE` with GNU tar."""
    make_tree(TREE)
    package, _ = write()
    gnu_tar("-xf", package, "-C", tmp_path)
    return tmp_path / str(PACKAGE_ID)


def test_gnu_tar_lists_everything_below_one_folder(make_tree: MakeTree, write: Write) -> None:
    make_tree(TREE)
    package, _ = write()
    names = gnu_tar("--quoting-style=literal", "-tf", package).splitlines()
    tags = (
        ["bagit.txt", "ccat/package.json"],
        [
            "manifest-sha256.txt",
            "ccat/index.json",
            "bag-info.txt",
            "tagmanifest-sha256.txt",
        ],
    )
    payload = [f"data/{path}" for path in sorted(TREE, key=str.encode)]
    assert names == [f"{PACKAGE_ID}/{name}" for name in (*tags[0], *payload, *tags[1])]


def test_gnu_tar_restores_bytes_names_and_times(bag_folder: Path, source: Path) -> None:
    found = {str(path.relative_to(bag_folder / "data")): path for path in bag_folder.glob("data/**/*")}
    assert {name for name, path in found.items() if path.is_file()} == set(TREE)
    for name, content in TREE.items():
        assert found[name].read_bytes() == content
        assert found[name].stat().st_mtime_ns == (source / name).stat().st_mtime_ns
        assert found[name].stat().st_mode & 0o777 == 0o644


def test_bagit_accepts(bag_folder: Path) -> None:
    bag = bagit.Bag(str(bag_folder))
    assert bag.validate()
    assert bag.version_info == (1, 0)
    assert bag.info["External-Identifier"] == str(PACKAGE_ID)
    assert bag.info["Bagging-Date"] == "2026-11-21"
    assert bag.info["Payload-Oxum"] == f"{sum(map(len, TREE.values()))}.{len(TREE)}"
    assert bag.info["Source-Organization"] == "CCAT Observatory"
    assert set(bag.tagfile_entries()) == {
        *("bagit.txt", "bag-info.txt", "manifest-sha256.txt", "ccat/package.json", "ccat/index.json")
    }


@pytest.mark.parametrize("manifest", ["manifest-sha256.txt", "tagmanifest-sha256.txt"])
def test_sha256sum_accepts(bag_folder: Path, manifest: str) -> None:
    checked = subprocess.run(
        ["sha256sum", "--check", "--strict", manifest],
        cwd=bag_folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert checked.stderr == ""
    assert all(line.endswith(": OK") for line in checked.stdout.splitlines())


def test_one_changed_byte_is_seen_by_bagit(bag_folder: Path) -> None:
    """The two tests above can fail."""
    with (bag_folder / "data/plain.fits").open("r+b") as file:
        file.write(b"X")
    with pytest.raises(bagit.BagValidationError):
        bagit.Bag(str(bag_folder)).validate()


def test_the_description_is_what_was_given(bag_folder: Path) -> None:
    assert json.loads((bag_folder / "ccat/package.json").read_text()) == {
        "schema": "ccat-package/1",
        "package_id": str(PACKAGE_ID),
        "execution": {"name": "Orion KL ✶"},
    }


def test_the_index_finds_each_file_by_range(make_tree: MakeTree, write: Write) -> None:
    make_tree(TREE)
    package, written = write()
    content = package.read_bytes()
    document = json.loads(written.index_json)
    assert {member["path"] for member in document["members"]} == set(TREE)
    for member in document["members"]:
        found = content[member["offset"] : member["offset"] + member["size"]]
        assert found == TREE[member["path"]]
        assert hashlib.sha256(found).hexdigest() == member["sha256"]
    with tarfile.open(package) as archive:
        inside = archive.extractfile(f"{PACKAGE_ID}/ccat/index.json")
        assert inside is not None
        assert inside.read() == written.index_json


def test_what_is_reported_is_what_lies_on_the_disk(make_tree: MakeTree, write: Write) -> None:
    make_tree(TREE)
    package, written = write()
    assert written.size == package.stat().st_size
    assert written.size % 10240 == 0
    assert written.checksum == f"xxh3-128:{xxhash.xxh3_128_hexdigest(package.read_bytes())}"
    with tarfile.open(package) as archive:
        manifest = archive.extractfile(f"{PACKAGE_ID}/manifest-sha256.txt")
        assert manifest is not None
        assert written.manifest_checksum == f"sha256:{hashlib.sha256(manifest.read()).hexdigest()}"


def test_equal_contents_give_equal_bytes(make_tree: MakeTree, write: Write, source: Path, file: File) -> None:
    make_tree(TREE)
    first, _ = write("first.tar")
    (source / "plain.fits").chmod(0o400)
    (source / "empty").chmod(0o777)
    second, _ = write("second.tar", files=file()[::-1])
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_any_filed_algorithm_is_checked(
    algorithm: str, make_tree: MakeTree, write: Write, file: File
) -> None:
    make_tree(TREE)
    package, _ = write(files=file(algorithm))
    other, _ = write("other.tar")
    assert package.read_bytes() == other.read_bytes()


def test_read_only_files_are_read(make_tree: MakeTree, source: Path, write: Write) -> None:
    make_tree({"read only": b"r"})
    (source / "read only").chmod(0o444)
    with permissions_count():
        _, written = write()
    assert written.index.member("read only").size == 1


def test_sparse_files_are_read_as_zeros(source: Path, write: Write) -> None:
    with (source / "sparse").open("wb") as file:
        file.seek(3 * SLAB)
        file.write(b"end")
    assert (source / "sparse").stat().st_blocks * 512 < 3 * SLAB
    package, written = write()
    with package.open("rb") as tar:
        content = b"".join(read_member(file_ranges(tar.fileno()), written.index.member("sparse")))
    assert content == bytes(3 * SLAB) + b"end"


def test_each_byte_is_read_once_and_written_once(make_tree: MakeTree, write: Write, file: File) -> None:
    make_tree({f"{number}": CHANCE.randbytes(number * 20_000) for number in range(60)})
    files = file()
    before = _bytes_of_this_process()
    _, written = write(files=files)
    after = _bytes_of_this_process()
    data = sum(item.size for item in files)
    slack = 16 * 1024  # /proc/self/io itself, and what the interpreter does beside
    assert data <= after["rchar"] - before["rchar"] <= data + slack
    assert written.size <= after["wchar"] - before["wchar"] <= written.size + slack


@pytest.mark.parametrize("before_the_end", [0, 1, 511, 512, 513, 1024, 1536, 2048, 31_000, 33_000, 40_000])
def test_members_may_end_anywhere_in_a_slab(before_the_end: int, make_tree: MakeTree, write: Write) -> None:
    """The first file ends so long before the end of a slab; what follows then straddles it."""
    first = SLAB - 7 * 512 - before_the_end  # two tag files with headers, and its own of three blocks
    tree = {
        "a": CHANCE.randbytes(first),
        "b": b"",
        "c": CHANCE.randbytes(32 * 1024),
        "d": CHANCE.randbytes(SLAB),
    }
    make_tree(tree)
    package, written = write()
    verified = verify_package(file_chunks(package), written.checksum)
    assert {member.path: member.size for member in verified.index.members} == {
        path: len(content) for path, content in tree.items()
    }


def test_twins_in_two_normal_forms_stay_two_files(make_tree: MakeTree, write: Write, tmp_path: Path) -> None:
    make_tree({"\u00e9": b"NFC", "e\u0301": b"NFD"})
    package, _ = write()
    gnu_tar("-xf", package, "-C", tmp_path)
    data = tmp_path / str(PACKAGE_ID) / "data"
    assert {path.name: path.read_bytes() for path in data.iterdir()} == {"\u00e9": b"NFC", "e\u0301": b"NFD"}


def _bytes_of_this_process() -> dict[str, int]:
    lines = Path("/proc/self/io").read_text().splitlines()
    return {key: int(value) for key, value in (line.split(": ") for line in lines)}


def test_memory_does_not_grow_with_the_file(source: Path, tmp_path: Path) -> None:
    """A worker has 200 MiB; the writer in its own process, with a file larger than that, stays below."""
    size = 400 * 1024**2
    with (source / "large").open("wb") as file:
        file.truncate(size)
    hasher = xxhash.xxh3_128()
    for _ in range(400):
        hasher.update(bytes(1024**2))
    program = f"""
import os, re, sys, uuid
from datetime import UTC, datetime
from pathlib import Path
from ccat_data_transfer.package_format import PackageContents, SourceFile, write_tar
from ccat_data_transfer.storage.root_folder import RootFolder
file = SourceFile("large", {size}, "xxh3-128:{hasher.hexdigest()}")
contents = PackageContents(uuid.UUID(int=1), datetime.now(UTC), [file], {{}})
write_tar(contents, RootFolder(sys.argv[1]), os.open(os.devnull, os.O_WRONLY))
# Not ru_maxrss: that one remembers the process which started this one.
print(re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1])
"""
    done = subprocess.run([sys.executable, "-c", program, source], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 200 * 1024


def test_progress_is_reported_and_reaches_the_data(
    make_tree: MakeTree, make_contents: MakeContents, source: Path, tmp_path: Path
) -> None:
    make_tree({"large": bytes(30 * SLAB)})
    reports: list[int] = []
    written = write_package(
        make_contents(), RootFolder(source), RootFolder(tmp_path), "package.tar", reports.append
    )
    assert reports == sorted(reports)
    assert 20 * SLAB < reports[-1] <= written.size


def test_progress_may_abort(
    make_tree: MakeTree, make_contents: MakeContents, source: Path, tmp_path: Path
) -> None:
    make_tree({"large": bytes(30 * SLAB)})

    def lose_the_lease(written: int) -> None:
        if written > 5 * SLAB:
            raise InterruptedError("lease lost")

    with pytest.raises(InterruptedError, match="lease lost"):
        write_package(
            make_contents(), RootFolder(source), RootFolder(tmp_path), "package.tar", lose_the_lease
        )
    assert (tmp_path / "package.tar").stat().st_size < 20 * SLAB


def test_a_full_target_is_an_error_of_the_system(
    make_tree: MakeTree, make_contents: MakeContents, source: Path
) -> None:
    make_tree({"large": bytes(3 * SLAB)})
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        with pytest.raises(OSError, match="No space left"):
            write_tar(make_contents(), RootFolder(source), full)
    finally:
        os.close(full)


def test_a_pipe_can_be_the_target(make_tree: MakeTree, make_contents: MakeContents, source: Path) -> None:
    make_tree(TREE)
    with subprocess.Popen(["tar", "-t"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as reader:
        assert reader.stdin is not None
        written = write_tar(make_contents(), RootFolder(source), reader.stdin.fileno())
        names, _ = reader.communicate()
    assert isinstance(written, WrittenPackage)
    assert len(names.splitlines()) == len(TREE) + 6
