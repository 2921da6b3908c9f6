"""Four packages at once to an object store and back, by one process, against obstore: time, CPU and memory.

Each case is a process of its own, with what a worker has imported, whose memory can so be told. Both send the
same files of 120 MiB in parts of 8 MiB and read them back; ours also hashes, compares and confirms.
"""

import argparse
import importlib
import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ccat_dev_stack import shared_services
from harness import OUTPUT_FOLDER, Case, measure, report

MIB = 1024 * 1024
COUNT, SIZE = 4, 120 * MIB
MOST_MIB = 200
SERVER = ("endpoint", "bucket", "access_key_id", "secret_access_key")


def main() -> None:
    """Measure both, and the memory of ours."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=OUTPUT_FOLDER / "storing", help="where the files go")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--as-process", choices=sorted(PROCESSES), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.as_process:
        PROCESSES[arguments.as_process](arguments.folder)
        print(next(line for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line))
        return
    make_files(arguments.folder)
    peaks: dict[str, list[int]] = {name: [] for name in PROCESSES}
    with shared_services.in_use():
        server = shared_services.running_services().s3
        bucket = f"bench-{secrets.token_hex(8)}"
        server.make_bucket(bucket)
        facts = (server.endpoint, bucket, server.access_key_id, server.secret_access_key)
        (arguments.folder / "server.json").write_text(json.dumps(dict(zip(SERVER, facts, strict=True))))

        def run(name: str) -> None:
            command = [sys.executable, __file__, "--as-process", name, "--folder", str(arguments.folder)]
            said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
            peaks[name].append(int(said.split()[-2]) // 1024)

        cases = [Case(name, lambda name=name: run(name)) for name in PROCESSES]  # type: ignore[misc]
        try:
            results = measure(cases, arguments.rounds)
        finally:
            server.remove_bucket(bucket)
            shutil.rmtree(arguments.folder)
    total = COUNT * SIZE
    report(
        "storing, 4 packages of 120 MiB at once", cases, results, [], {"MB there and back": 2 * total / 1e6}
    )
    for name, measured in results.items():
        cpu = sum(measured.cpu) / arguments.rounds / (2 * total / 1e9)
        print(f"{name}: CPU {cpu:.2f} core-seconds per GB, peak memory {max(peaks[name])} MiB")
    met = "met" if max(peaks["ours"]) < MOST_MIB else "missed"
    print(f"memory of four transfers less than {MOST_MIB} MiB: {met}\n")


def make_files(folder: Path) -> None:
    """Write the packages."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "credentials" / "bench").mkdir(parents=True)
    for number in range(COUNT):
        (folder / f"{number}.tar").write_bytes(os.urandom(SIZE))


def ours(folder: Path) -> None:
    """Send and read back as a worker does."""
    from ccat_data_transfer.checksums import format_checksum, new_hasher
    from ccat_data_transfer.movers.registry import mover_for
    from ccat_data_transfer.places.credentials import Credentials
    from ccat_data_transfer.storage.interface import Expected, LocationDescription
    from ccat_data_transfer.storage.registry import open_storage

    importlib.import_module("ccat_data_transfer.cli.main")  # what a worker has in memory
    facts = _facts(folder)
    for name in SERVER[2:]:
        (folder / "credentials" / "bench" / name).write_text(facts[name])
    credentials = Credentials(folder / "credentials")
    source = open_storage(LocationDescription("ccat.source", "disk", path=str(folder)), credentials)
    place = LocationDescription(
        "ccat.store", "s3", endpoint=facts["endpoint"], bucket=facts["bucket"], credential="bench"
    )
    store = open_storage(place, credentials)
    mover = mover_for("s3")

    def transfer(number: int) -> None:
        name, target = f"{number}.tar", f"{secrets.token_hex(8)}.tar"
        hasher = new_hasher("xxh3-128")
        with source.open_read(name) as reader:
            buffer = memoryview(bytearray(MIB))
            while count := reader.readinto(buffer):
                hasher.update(buffer[:count])
        whole = Expected(SIZE, format_checksum("xxh3-128", hasher.hexdigest()))
        mover.send(source, name, store, target, whole, work_id="bench", progress=_ignore)
        mover.verify(store, target, whole, _ignore)

    with ThreadPoolExecutor(COUNT) as threads:
        list(threads.map(transfer, range(COUNT)))


def obstore(folder: Path) -> None:
    """Send and read back by a client that neither compares nor confirms."""
    from obstore.store import S3Store

    facts = _facts(folder)
    store = S3Store(
        facts["bucket"],
        endpoint=facts["endpoint"],
        access_key_id=facts["access_key_id"],
        secret_access_key=facts["secret_access_key"],
        region="us-east-1",
        virtual_hosted_style_request=False,
        client_options={"allow_http": True},
    )

    def transfer(number: int) -> None:
        target = f"{secrets.token_hex(8)}.tar"
        store.put(target, folder / f"{number}.tar", chunk_size=8 * MIB, max_concurrency=2)
        for _ in store.get(target).stream(min_chunk_size=8 * MIB):
            pass

    with ThreadPoolExecutor(COUNT) as threads:
        list(threads.map(transfer, range(COUNT)))


PROCESSES: dict[str, Callable[[Path], None]] = {"ours": ours, "obstore": obstore}


def _facts(folder: Path) -> dict[str, str]:
    facts: dict[str, str] = json.loads((folder / "server.json").read_text())
    return facts


def _ignore(_: int) -> None:
    """Take progress without doing anything."""


if __name__ == "__main__":
    main()
