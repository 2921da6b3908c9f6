"""What can happen to an observatory, and what its users see of it: tests say both in these words.

Names of tables, columns and states that the engine may give up stand here, and not in the tests that use it.
"""

import os
import shutil
import tarfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ccat_data_transfer.checksums import format_checksum, new_hasher
from ccat_data_transfer.evidence.doubts import doubt_place as doubt_place_of
from ccat_data_transfer.failures import Configuration, Failure, classify
from ccat_data_transfer.places.credentials import Credentials
from ccat_data_transfer.planning.tar_names import next_tar
from ccat_data_transfer.planning.verifying import open_check, register_copy
from ccat_data_transfer.storage.names import MARKER_NAME
from ccat_data_transfer.storage.s3_errors import Refusal, failure_of
from ccat_data_transfer.work.kinds import KINDS
from ccat_data_transfer.work.run import WorkRunner
from ccat_data_transfer.work.worker import Worker
from ccat_ops_db.deletions import copies_of_deletion, undelete
from ccat_ops_db.enumerations import (
    CallerKind,
    CheckReason,
    CopyKind,
    DeletionMode,
    DeletionTrigger,
    DoubtCause,
    Finding,
    Operation,
    PhysicalCopyStatus,
)
from ccat_ops_db.evidence import READABLE
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import (
    DataLocation,
    DataTransferRoute,
    DiskDataLocation,
    PhysicalCopy,
    RawDataPackage,
    RetentionPolicy,
    Verification,
)

from .small_observatory import FragilePlaces, WrongClock

HOUR = 3600
DAY = 86400
NOT_ARCHIVES = ("ccat.raw", "ccat.buffer", "cologne.buffer")


# What passes: time, and what others do in it.


def let_pass(observatory: Any, *seconds: float) -> None:
    """Plan and work until nothing is left to do now, then and after each span of time."""
    observatory.run()
    for span in seconds:
        observatory.clock.advance(span)
        observatory.run()


def while_it_sleeps(observatory: Any, *seconds: float, owner: str = "worker-2") -> None:
    """Let a worker at a crash point sleep longer than its lease; another one does all there is."""
    messages, observatory.mailbox.messages = observatory.mailbox.messages, []
    second = observatory.new_runner(owner)
    for span in (observatory.settings.lease + 10, *seconds):
        observatory.clock.advance(span)
        plan_and_work(observatory, second)
    observatory.mailbox.messages += messages


def plan_and_work(observatory: Any, runner: WorkRunner | None = None, passes: int = 30) -> None:
    """Plan and have one worker do it, at most so many times."""
    for _ in range(passes):
        observatory.planner.run_pass()
        if not observatory.mailbox.messages:
            return
        observatory.deliver(runner)


def runner_with_clock(observatory: Any, ahead: float, owner: str = "another-clock") -> WorkRunner:
    """Return a worker whose own clock is ahead of everybody else's, or behind, and goes on with theirs."""
    runner: WorkRunner = observatory.new_runner(
        owner, WrongClock(observatory.clock, timedelta(seconds=ahead))
    )
    return runner


def fragile_runner(
    observatory: Any, location: str, failure: Failure, owner: str = "other-host-1-0"
) -> WorkRunner:
    """Return a worker on a host of its own, where one place cannot be used."""
    places = FragilePlaces(observatory.sessions, Credentials(observatory.settings.credentials_folder))
    places.broken[location] = failure
    return WorkRunner(
        observatory.world_with(places=places), observatory.settings, owner, observatory.stopping
    )


def outcome_of(call: Callable[[], object]) -> object:
    """Return what a call returns, or the name of what it raises."""
    try:
        return call()
    except Exception as error:
        return f"raises {type(error).__name__}"


def wait_until(done: Callable[[], object], seconds: float) -> bool:
    """Wait for a condition; tell whether it came about in time."""
    pause = threading.Event()
    for _ in range(int(seconds * 50)):
        if done():
            return True
        pause.wait(0.02)
    return False


@contextmanager
def measuring(observatory: Any, *locations: str) -> Iterator[None]:
    """Have a worker of some locations measure how full they are, as it does while it runs."""
    worker = Worker(
        observatory.world,
        observatory.settings,
        locations=locations,
        sites=(),
        operations=(),
    )
    thread = threading.Thread(target=worker._measure, daemon=True)
    thread.start()
    try:
        yield
    finally:
        worker._stop()
        thread.join(10)


# What people do.


def keep_everything(observatory: Any) -> None:
    """Delete nothing anywhere."""
    for location in NOT_ARCHIVES:
        observatory.change(DataLocation, location, deletion_mode=DeletionMode.DRY_RUN)


def allow_deletion(observatory: Any, *locations: str) -> None:
    """Delete what may go at these locations, or everywhere."""
    for location in locations or NOT_ARCHIVES:
        observatory.change(DataLocation, location, deletion_mode=DeletionMode.ENABLED)


def have_read(observatory: Any, location: str) -> None:
    """Ask for all bytes of every readable tar at a location to be read."""
    with observatory.sessions.begin() as session:
        for copy in observatory.rows(PhysicalCopy, data_location_id=location):
            if copy.status in READABLE:
                open_check(
                    session,
                    copy.id,
                    site_id=copy.site_id,
                    data_location_id=location,
                    reason=CheckReason.REQUEST,
                    priority=0,
                    size=copy.size,
                    at=observatory.clock.now,
                )


def doubt_place(observatory: Any, location: str) -> None:
    """Say that a location is not to be believed."""
    with observatory.sessions.begin() as session:
        doubt_place_of(
            session,
            location,
            DoubtCause.PERSON,
            "a controller that returns other bytes",
            "somebody",
            caller_kind=CallerKind.COMMAND,
        )


def close_route(observatory: Any, route: str, reason: str) -> None:
    """Close a route until somebody opens it."""
    observatory.suspend(DataTransferRoute, route, reason)


def under_pressure(observatory: Any, *locations: str) -> None:
    """Delete at some locations when they are full, and only then."""
    with observatory.sessions.begin() as session:
        session.add(
            RetentionPolicy(id="pressure", trigger=DeletionTrigger.UNDER_PRESSURE, min_archive_copies=1)
        )
    for location in locations:
        observatory.change(DataLocation, location, retention_policy_id="pressure")
    allow_deletion(observatory, *locations)


def set_folder(observatory: Any, location: str, folder: Path) -> None:
    """Have a location on disk be another folder."""
    observatory.change(DiskDataLocation, location, path=str(folder))


def register_again(observatory: Any, location: str) -> None:
    """Say that the tar at a location was bad, and that another one came, which nobody read yet."""
    copy = observatory.copy_at(location)
    observatory.change(PhysicalCopy, copy.id, status=PhysicalCopyStatus.CORRUPT)
    find_bad(observatory, copy)
    with observatory.sessions.begin() as session:
        name = next_tar(session, copy.raw_data_package_id, location)
        register_copy(
            session,
            copy.raw_data_package_id,
            site_id=copy.site_id,
            location_id=location,
            relative_path=name.path,
            generation=name.generation,
            size=copy.size,
            at=observatory.clock.now,
        )


def find_bad(observatory: Any, copy: Any) -> None:
    """Write down that a copy was read and is not what it was."""
    [*_, newest] = observatory.rows(Verification, physical_copy_id=copy.id)
    facts = {column.name: getattr(newest, column.name) for column in Verification.__table__.columns}
    bad = {"finding": Finding.OTHER_CHECKSUM, "checksum_found": "xxh3-128:" + "0" * 32, "proved_at": None}
    with observatory.sessions.begin() as session:
        session.add(Verification(**facts | bad | {"id": new_id(), "number": newest.number + 1}))


def give_back(observatory: Any, location: str) -> None:
    """Give back the tar at a location whose deletion was cancelled in its grace period."""
    copy = observatory.copy_at(location)
    with observatory.sessions.begin() as session:
        session.execute(
            undelete(copies_of_deletion(copy.raw_data_package_id, location, CopyKind.RAW_DATA_PACKAGE, None))
        )


# What happens to bytes.


def rot(path: Path) -> None:
    """Change bytes and nothing else, as a disk does: not even the time of the file."""
    times = path.stat()
    with path.open("r+b") as file:
        file.seek(times.st_size // 2)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 1]))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


@contextmanager
def unmounted(folder: Path) -> Iterator[None]:
    """Take a disk away: its mount point is an empty folder; what is written there is hidden afterwards."""
    disk = folder.with_name(f"{folder.name} (disk)")
    folder.rename(disk)
    folder.mkdir()
    try:
        yield
    finally:
        folder.rename(below_the_mount(folder))
        disk.rename(folder)


def below_the_mount(folder: Path) -> Path:
    """Return where a test finds what was written to a mount point without its disk."""
    return folder.with_name(f"{folder.name} (below the mount)")


def exchange_for_a_copy(folder: Path) -> None:
    """Put a copy of a disk in its place, made by a program that keeps names, bytes and times."""
    original = folder.with_name(f"{folder.name} (original)")
    folder.rename(original)
    shutil.copytree(original, folder, copy_function=shutil.copy2)


# What is there to see.


def files_below(folder: Path) -> list[Path]:
    """Return every file below a folder, but markers."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in found if path.name != MARKER_NAME)


def content_of(path: Path) -> bytes | None:
    """Return the bytes of a file, null if there is none."""
    return path.read_bytes() if path.is_file() else None


def lost(observatory: Any, contents: Mapping[str, bytes]) -> list[str]:
    """Return the files whose bytes are neither at their source nor in a true tar of the archive."""
    sealed = {package.checksum for package in packages(observatory)}
    archived = [_members(tar) for tar in observatory.tars_at("cologne.lta") if _checksum(tar) in sealed]
    return [
        path
        for path, content in contents.items()
        if content_of(observatory.folder("ccat.raw") / path) != content
        and not any(members.get(path) == content for members in archived)
    ]


def state(observatory: Any, location: str) -> str:
    """Return the state of the newest copy at a location, as it is shown; ``none`` if there never was one."""
    copies = observatory.rows(PhysicalCopy, data_location_id=location)
    return str(copies[-1].status) if copies else "none"


def states(observatory: Any, location: str) -> list[str]:
    """Return the states of all copies at a location, as they are shown."""
    return sorted(str(copy.status) for copy in observatory.rows(PhysicalCopy, data_location_id=location))


def work_rows(observatory: Any, *operations: Operation) -> list[Any]:
    """Return the work of some operations, or of all."""
    return [
        row for operation in operations or tuple(KINDS) for row in observatory.rows(KINDS[operation].table)
    ]


def work_states(observatory: Any, *operations: Operation) -> list[str]:
    """Return the states of the work of some operations, or of all."""
    return sorted(str(row.status) for row in work_rows(observatory, *operations))


def freed(observatory: Any, *locations: str) -> bool:
    """Tell whether locations, or all but the archive, have no file any more."""
    return not any(observatory.files_at(location) for location in locations or NOT_ARCHIVES)


def texts(observatory: Any, subject: object) -> str:
    """Return everything that ``why`` says of something."""
    found = observatory.why(subject)
    return "\n".join(str(part) for part in (found, *found.steps))


def answer_of_store(status: int, code: str) -> Failure:
    """Return what the engine makes of an answer of a store."""
    answer = Refusal(status, code, "on purpose")
    return failure_of(answer, bucket="bucket", credential="archive", path=None)


def lacking_credential() -> Failure:
    """Return what the engine makes of a credential that the deployment does not supply."""
    with pytest.raises(Configuration) as raised:
        Credentials(Path("/nonexistent")).s3("archive")
    return raised.value


def class_of(error: BaseException) -> str:
    """Return what the engine makes of an error."""
    return classify(error).failure_class.value


def true_tars_in_store(observatory: Any) -> int:
    """Return how many true tars a store has."""
    sealed = {package.checksum for package in packages(observatory)}
    store = observatory.places.storage("cologne.store")
    found = [info for info in store.list() if info.path.endswith(".tar")]
    return sum(_checksum_of(store.read_range(info.path, 0, info.size)) in sealed for info in found)


def packages(observatory: Any) -> list[Any]:
    """Return the packages in the order in which they were made."""
    return list(observatory.rows(RawDataPackage))


def _checksum(tar: Path) -> str:
    return _checksum_of(tar.read_bytes())


def _checksum_of(content: bytes) -> str:
    hasher = new_hasher("xxh3-128")
    hasher.update(content)
    return format_checksum("xxh3-128", hasher.hexdigest())


def _members(tar: Path) -> dict[str, bytes]:
    with tarfile.open(tar) as opened:
        return {
            member.name.partition("/data/")[2]: file.read()
            for member in opened
            if (file := opened.extractfile(member)) is not None
        }
