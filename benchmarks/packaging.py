"""Package writing against GNU tar, Python's tarfile and sha256sum.

Everything is read from the page cache and written over an existing file without fsync, by all alike: programs
are compared, not the disk. Ours includes SHA-256 and the filed checksum of each file and xxh3-128 of the tar;
tar and tarfile compute nothing.
"""

import argparse
import os
import random
import subprocess
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from ccat_data_transfer.checksums import format_checksum, new_hasher
from ccat_data_transfer.package_format import PackageContents, SourceFile, write_tar
from ccat_data_transfer.storage.root_folder import RootFolder
from harness import OUTPUT_FOLDER, Case, Claim, judge, measure, report

MIB = 1024 * 1024
SETS = {
    "2 files of 256 MiB": (2, 256 * MIB),
    "512 files of 1 MiB": (512, MIB),
    "8000 files of 16 KiB": (8000, 16 * 1024),
}


def main() -> None:
    """Measure every set of files and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=OUTPUT_FOLDER / "packaging", help="where the files go")
    parser.add_argument("--rounds", type=int, default=10)
    arguments = parser.parse_args()
    for title, (count, size) in SETS.items():
        measure_set(title, count, size, arguments.folder, arguments.rounds)


def measure_set(title: str, count: int, size: int, folder: Path, rounds: int) -> None:
    """Compare all programs on `count` files of `size` bytes."""
    root = folder / title.replace(" ", "-")
    make_files(root, count, size)
    contents = PackageContents(UUID(int=0), datetime(2026, 11, 21, tzinfo=UTC), file_all(root), {})
    target = os.open(folder / "target.tar", os.O_RDWR | os.O_CREAT, 0o644)
    listing = b"\0".join(os.fsencode(root / file.path) for file in contents.files)

    def in_place(run: Callable[[], object]) -> Callable[[], object]:
        def from_the_start() -> object:
            os.lseek(target, 0, os.SEEK_SET)
            return run()

        return from_the_start

    def gnu_tar() -> None:
        subprocess.run(["tar", "-cf", "-", "-C", root, "."], stdout=target, check=True)

    def python_tarfile() -> None:
        with (
            open(target, "wb", closefd=False) as file,
            tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive,
        ):
            archive.add(root, ".")

    def sha256sum() -> None:
        share = max(1, min(500, count // (os.cpu_count() or 1)))
        parallel = ["xargs", "-0", f"-P{os.cpu_count()}", f"-n{share}", "sha256sum"]
        subprocess.run(parallel, input=listing, stdout=subprocess.DEVNULL, check=True)

    def tar_then_sha256sum() -> None:
        gnu_tar()
        sha256sum()

    cases = [
        Case("ours", in_place(lambda: write_tar(contents, RootFolder(root), target))),
        Case("GNU tar", in_place(gnu_tar)),
        Case("Python tarfile", in_place(python_tarfile)),
        Case("sha256sum, all cores", sha256sum),
        Case("GNU tar, then sha256sum", in_place(tar_then_sha256sum)),
        Case("read", lambda: read_all(root, contents), is_floor=True),
        Case("write", in_place(lambda: write_bytes(target, count * size)), is_floor=True),
    ]
    results = measure(cases, rounds)
    both = Claim("GNU tar, then sha256sum", "ours", ("GNU tar, then sha256sum",), 1.0)
    if size >= MIB:
        slower = Claim(
            "the slower of GNU tar and sha256sum", "ours", ("GNU tar", "sha256sum, all cores"), 0.8
        )
        claims = [slower, both]
    else:
        claims = [
            Claim("Python tarfile", "ours", ("Python tarfile",), 2.5),
            Claim("GNU tar", "ours", ("GNU tar",), 0.25),
            both,
        ]
    verdicts = [judge(claim, results) for claim in claims]
    report(f"packaging, {title}", cases, results, verdicts, {"MB": count * size / 1e6, "files": count})
    os.close(target)


def make_files(root: Path, count: int, size: int) -> None:
    """Make files of random bytes, 500 to a folder, unless an earlier run made them."""
    chance = random.Random(0)
    for number in range(count):
        path = root / f"{number // 500:03d}" / f"scan {number:06d}.dat"
        if not path.exists() or path.stat().st_size != size:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                for _ in range(0, size, 16 * MIB):
                    file.write(chance.randbytes(min(size, 16 * MIB)))


def file_all(root: Path) -> list[SourceFile]:
    """Return what filing knows of each file."""
    files = []
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        hasher = new_hasher("xxh3-128")
        hasher.update(path.read_bytes())
        checksum = format_checksum("xxh3-128", hasher.hexdigest())
        files.append(SourceFile(str(path.relative_to(root)), path.stat().st_size, checksum))
    return files


def read_all(root: Path, contents: PackageContents) -> None:
    """Read every file into one buffer."""
    buffer = memoryview(bytearray(4 * MIB))
    for file in contents.files:
        descriptor = os.open(root / file.path, os.O_RDONLY)
        while os.readv(descriptor, [buffer]):
            pass
        os.close(descriptor)


def write_bytes(descriptor: int, size: int) -> None:
    """Write that many bytes from one buffer."""
    buffer = memoryview(bytes(4 * MIB))
    while size > 0:
        size -= os.write(descriptor, buffer[:size])


if __name__ == "__main__":
    main()
