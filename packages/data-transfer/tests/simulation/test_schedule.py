"""Turns: one task runs at a time, the first in virtual time; who is killed has no effect any more."""

import pytest

from ccat_data_transfer.simulation.bytes import Content
from ccat_data_transfer.simulation.disk_storage import SimulatedDiskStorage
from ccat_data_transfer.simulation.disks import Disk, Host
from ccat_data_transfer.simulation.links import Links
from ccat_data_transfer.simulation.schedule import Process, Schedule

from ..places.conftest import expected


def test_who_is_first_in_virtual_time_is_next() -> None:
    schedule, seen = Schedule(0), []

    def wait(name: str, seconds: float) -> None:
        schedule.sleep(seconds)
        seen.append((name, schedule.now))

    for name, seconds in (("late", 30), ("soon", 2), ("later", 100)):
        schedule.spawn(Process(name), name, lambda name=name, seconds=seconds: wait(name, seconds))  # type: ignore[misc]
    schedule.run(50)
    assert seen == [("soon", 2), ("late", 30)]
    assert schedule.now == 50
    schedule.run(50)
    assert seen[-1] == ("later", 100)


def test_an_event_ends_a_wait_before_its_time() -> None:
    schedule, seen = Schedule(0), []
    event = schedule.new_event()

    def wait() -> None:
        seen.append((event.wait(100), schedule.now))

    def happen() -> None:
        schedule.sleep(7)
        event.set()

    schedule.spawn(Process("waiting"), "wait", wait)
    schedule.spawn(Process("other"), "happen", happen)
    schedule.run(1000)
    assert seen == [(True, 7)]


def _order(seed: int) -> tuple[list[str], str]:
    schedule, seen = Schedule(seed), []

    def run(name: str) -> None:
        for _ in range(5):
            schedule.pass_on("turn")
            seen.append(name)

    for name in "abc":
        schedule.spawn(Process(name), name, lambda name=name: run(name))  # type: ignore[misc]
    schedule.run(1)
    return seen, schedule.trace


def test_the_seed_decides_among_equals() -> None:
    assert _order(1) == _order(1)
    assert len({tuple(_order(seed)[0]) for seed in range(5)}) > 1
    assert _order(1)[1] != _order(2)[1]


def test_who_is_stopped_goes_on_later_and_the_others_meanwhile() -> None:
    schedule, seen = Schedule(0), []
    stopped = Process("stopped")

    def tell(name: str) -> None:
        for _ in range(3):
            schedule.sleep(1)
            seen.append((name, schedule.now))

    schedule.spawn(stopped, "tell", lambda: tell("stopped"))
    schedule.spawn(Process("other"), "tell", lambda: tell("other"))
    schedule.pause(stopped, 60)
    schedule.run(100)
    others, later = [("other", at) for at in (1, 2, 3)], [("stopped", at) for at in (61, 62, 63)]
    assert seen == others + later


def test_what_a_killed_process_tidies_up_reaches_nothing() -> None:
    schedule, tried = Schedule(0), []
    host = Host("host", "ccat", lambda: 0)
    disk = host.mounts["/data"] = Disk("ccat.raw", lambda: 0)
    process = Process("killed")
    place = SimulatedDiskStorage(
        "ccat.raw", host, "/data", schedule, Links(schedule), process, lambda _: None
    )
    disk.write(disk.create("kept.fits"), Content.of(b"x"))

    def work() -> None:
        try:
            with place.open_upload("new.tar", "work", expected(b"abc")) as upload:
                upload.write(b"ab")
                schedule.sleep(100)
        finally:
            tried.append("to tidy up")
            with place.removing() as remove:
                remove("kept.fits")

    schedule.spawn(process, "work", work)
    schedule.spawn(Process("killer"), "kill", lambda: schedule.kill(process), after=10)
    schedule.run(200)
    assert tried == ["to tidy up"]
    assert "kept.fits" in disk.names
    [partial] = [inode for path, inode in disk.names.items() if ".partial-" in path]
    assert (partial.content.literal, partial.locked_by) == (b"ab", None)


def test_an_error_of_a_task_ends_the_run() -> None:
    schedule = Schedule(0)

    def fail() -> None:
        raise ValueError("on purpose")

    schedule.spawn(Process("failing"), "fail", fail)
    with pytest.raises(ValueError, match="on purpose"):
        schedule.run(1)


def test_equal_bytes_have_equal_checksums_however_they_were_cut() -> None:
    whole = Content.new("2026/a.fits", 10**12)
    again = whole.part(0, 5) + whole.part(5, 10**9) + whole.part(10**9, 10**12)
    assert again == whole
    assert again.checksum("sha256") == whole.checksum("sha256")
    damaged = whole.damaged(17, "one")
    assert damaged.size == whole.size
    assert damaged.checksum("sha256") != whole.checksum("sha256")
    assert Content.new("2026/b.fits", 10**12).checksum("sha256") != whole.checksum("sha256")


def test_a_power_cut_takes_what_was_not_made_to_last() -> None:
    disk = Disk("disk", lambda: 0)
    for name in ("synced", "named", "neither"):
        inode = disk.create(f"folder/{name}")
        disk.write(inode, Content.of(b"content"))
        if name == "synced":
            disk.sync(inode)
        if name != "neither":
            disk.sync_folder(f"folder/{name}")
    disk.lose_power()
    assert {path: inode.content.literal for path, inode in disk.names.items()} == {
        "folder/synced": b"content",
        "folder/named": b"",
    }
