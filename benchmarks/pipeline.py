"""The whole pipeline, source to verified archive, against tar, sha256sum and cp of the same files.

One machine, one disk: files are packaged into the buffer, sent to the archive, read back and verified, and
removed at source and buffer: by the real planner and the real stages, with database and leases. The rival
makes one tar, takes its sha256 and copies it: it checks nothing on arrival and removes nothing.
"""

import argparse
import hashlib
import logging
import os
import secrets
import shutil
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import structlog
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.orm import Session

from ccat_data_transfer.planning.planner import Planner
from ccat_data_transfer.settings import DataTransferSettings
from ccat_data_transfer.work.run import WorkRunner
from ccat_data_transfer.world_real import real_world
from ccat_ops_db.enumerations import ExecutionStatus, Operation
from ccat_ops_db.filing import FileFacts, file_raw_data
from ccat_ops_db.models import (
    ExecutedObsUnit,
    ExecutedObsUnitModule,
    RawDataPackage,
)
from ccat_ops_db.package_state import is_at_source
from ccat_ops_db.settings import synchronous
from harness import OUTPUT_FOLDER, Case, Claim, judge, measure, report
from observatory import LOCATIONS, seed
from servers import fresh_database

MIB = 1024 * 1024
SETS = {"4 files of 256 MiB": (4, 256 * MIB), "4000 files of 16 KiB": (4000, 16 * 1024)}


@dataclass
class Mailbox:
    """Keeps the dispatcher's messages for the loop below."""

    messages: list[tuple[Operation, UUID]] = field(default_factory=list)

    def send(self, queue: str, operation: Operation, work_id: UUID, lasts: float) -> None:
        """Keep one message."""
        self.messages.append((operation, work_id))

    def probe(self) -> None:
        """Take messages."""


class Pipeline:
    """Planner and one worker in this process, over places on one disk."""

    def __init__(self, engine: Engine, root: Path) -> None:
        self._engine = engine
        self._root = root
        self._mailbox = Mailbox()
        settings = DataTransferSettings()
        world = real_world(engine, settings, messenger=self._mailbox)
        for location_id, *_ in LOCATIONS:
            refused = world.adopt_if_new(location_id, "bench")
            if refused is not None:
                raise RuntimeError(refused)
        self._planner = Planner(world, settings)
        self._runner = WorkRunner(world, settings, "bench", threading.Event())

    def archive(self, files: dict[str, tuple[int, str]]) -> None:
        """File the files and work until they are archived and removed."""
        self._file(files)
        self.work()

    def work(self) -> None:
        """Plan and work until what was filed is archived and removed."""
        while True:
            self._planner.run_pass()
            messages, self._mailbox.messages = self._mailbox.messages, []
            if not messages:
                break
            for operation, work_id in messages:
                outcome = self._runner.run(operation, work_id)
                if outcome != "done":
                    raise RuntimeError(f"{operation} ended as {outcome}")
        with Session(self._engine) as session:
            unfinished = select(RawDataPackage.id).where(is_at_source())
            left = session.scalars(unfinished).all()
        if left:
            raise RuntimeError(f"{len(left)} packages are not through")

    def _file(self, files: dict[str, tuple[int, str]]) -> None:
        now = datetime.now(UTC)
        with Session(self._engine) as session, session.begin():
            execution = ExecutedObsUnit(
                site_id="ccat",
                telescope_id="fyst",
                obs_unit_id="bench",
                started_at=now,
                start_received_at=now,
                status=ExecutionStatus.COMPLETED,
                ended_at=now,
                end_received_at=now,
            )
            session.add(execution)
            session.flush()
            session.add(
                ExecutedObsUnitModule(
                    site_id="ccat", executed_obs_unit_id=execution.id, instrument_module_id="chai-lfa"
                )
            )
            facts = [FileFacts(path, size, checksum) for path, (size, checksum) in files.items()]
            file_raw_data(session, execution.id, "chai-lfa", "ccat.raw", facts, now)


def main() -> None:
    """Measure large and small files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=OUTPUT_FOLDER / "pipeline", help="where the files go")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with fresh_database() as url:
        engine = create_engine(synchronous(url))
        seed(engine, arguments.folder)
        pipeline = Pipeline(engine, arguments.folder)
        for title, (count, size) in SETS.items():
            measure_set(title, count, size, pipeline, arguments.folder, arguments.rounds)
        engine.dispose()
    shutil.rmtree(arguments.folder)


def measure_set(title: str, count: int, size: int, pipeline: Pipeline, folder: Path, rounds: int) -> None:
    """Compare on `count` files of `size` bytes, and count what is read and written."""
    master = folder / "master"
    shutil.rmtree(master, ignore_errors=True)
    files = make_files(master, count, size)
    total = count * size

    def ours() -> None:
        run = secrets.token_hex(8)
        (folder / "ccat.raw" / run).mkdir(parents=True)
        for path in files:  # hard links: the source may be removed, the bytes stay for the next round
            os.link(master / path, folder / "ccat.raw" / run / path)
        pipeline.archive({f"{run}/{path}": facts for path, facts in files.items()})

    def rival() -> None:
        subprocess.run(["tar", "-cf", folder / "rival.tar", "-C", master, "."], check=True)
        subprocess.run(["sha256sum", folder / "rival.tar"], check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["cp", folder / "rival.tar", folder / "rival-archive.tar"], check=True)
        subprocess.run(["sync", folder / "rival-archive.tar"], check=True)

    cases = [
        Case("ours: packaged, archived, verified, removed", ours),
        Case("tar, sha256sum, cp, sync", rival),
    ]
    results = measure(cases, rounds)
    speed = Claim("tar, sha256sum, cp", cases[0].name, (cases[1].name,), 1 / 1.3)
    read, written = count_bytes(ours)
    report(f"pipeline, {title}", cases, results, [judge(speed, results)], {"MB": total / 1e6, "files": count})
    cpu = sum(results[cases[0].name].cpu) / rounds / (total / 1e9)
    print(
        f"bytes read per byte {read / total:.2f} (at most 3.2), written {written / total:.2f} (at most 2.1)"
    )
    print(f"CPU {cpu:.2f} core-seconds per GB (at most 3), without the database's own\n")


def count_bytes(run: Callable[[], object]) -> tuple[int, int]:
    """Return what this process read and wrote, by system call, while something ran."""
    before = _io()
    run()
    after = _io()
    return after["rchar"] - before["rchar"], after["wchar"] - before["wchar"]


def make_files(root: Path, count: int, size: int) -> dict[str, tuple[int, str]]:
    """Write files of random bytes; return size and filed checksum by name."""
    root.mkdir(parents=True)
    files = {}
    for number in range(count):
        content = os.urandom(size)
        (root / f"scan-{number:05}.fits").write_bytes(content)
        files[f"scan-{number:05}.fits"] = size, f"sha256:{hashlib.sha256(content).hexdigest()}"
    return files


def _io() -> dict[str, int]:
    lines = Path("/proc/self/io").read_text().splitlines()
    return {name: int(value) for name, value in (line.split(": ") for line in lines)}


if __name__ == "__main__":
    main()
