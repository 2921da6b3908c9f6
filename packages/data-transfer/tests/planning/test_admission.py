"""What may begin: limits hold, what is blocked holds nothing else up, and everybody is told why."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from ccat_data_transfer.planning import moving
from ccat_ops_db.enumerations import (
    CopyKind,
    LocationType,
    PhysicalCopyStatus,
    RouteType,
    Status,
    TransferMethod,
)
from ccat_ops_db.filing import FileFacts, file_raw_data
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import (
    DataLocation,
    DataTransfer,
    DataTransferRoute,
    DataTransferRouteWindow,
    LongTermArchiveTransfer,
    PackageCreation,
    PhysicalCopy,
    RawDataPackage,
    Site,
)

from ..many_rows import packages_like


def observe(observatory: Any, count: int, size: int = 100) -> None:
    for number in range(count):
        observatory.observe({f"2026/{new_id()}-{number}.fits": b"x" * size})


def to_the_buffer(observatory: Any, count: int, size: int = 100) -> list[Any]:
    """Have packages in the telescope's buffer, their way on planned; return their transfers."""
    observe(observatory, count, size)
    observatory.change(DataTransferRoute, "ccat-cologne", concurrency=1000)
    observatory.run_until(lambda: len(observatory.rows(DataTransfer)) == count)
    return list(observatory.rows(DataTransfer))


def test_two_consumers_share_and_limits_hold(observatory: Any) -> None:
    observe(observatory, 6)
    observatory.planner.run_pass()
    assert len(observatory.mailbox.messages) == 4
    waiting = [row for row in observatory.rows(PackageCreation) if row.status is Status.PENDING]
    assert {row.waiting_reason for row in waiting} == {"concurrency_limit"}
    assert "concurrency_limit" in observatory.reasons(waiting[0].raw_data_package_id)
    second = observatory.new_runner("worker-2")
    messages = observatory.mailbox.messages
    for number, (_, operation, work_id) in enumerate(messages):
        assert (observatory.runner, second)[number % 2].run(operation, work_id) == "done"
    observatory.planner.run_pass()
    assert len(observatory.rows(PackageCreation, status=Status.SCHEDULED)) == 2


def test_higher_priority_goes_first_whichever_way_it_goes(observatory: Any) -> None:
    observatory.add_buffer("ccat.buffer-2")
    observe(observatory, 3)
    observatory.change(DataLocation, "ccat.raw", concurrency=1)
    observatory.planner.run_pass()
    observatory.deliver()
    first, second = [row for row in observatory.rows(PackageCreation) if row.status is not Status.COMPLETED]
    observatory.change(
        PackageCreation, second.id, priority=5, destination_location_id="ccat.buffer-2", bytes_total=1
    )
    observatory.planner.run_pass()
    assert [row.id for row in observatory.rows(PackageCreation, status=Status.SCHEDULED)] == [second.id]
    assert first.id != second.id


def test_what_does_not_fit_does_not_hold_up_what_fits(observatory: Any) -> None:
    observe(observatory, 6)
    observatory.suspend(DataLocation, "ccat.raw")
    observatory.planner.run_pass()
    rows = observatory.rows(PackageCreation)
    for row in rows[:5]:
        observatory.change(PackageCreation, row.id, bytes_total=10**9, priority=5)
    observatory.fill("ccat.buffer", used=0, total=10**8)
    observatory.resume(DataLocation, "ccat.raw")
    observatory.planner.run_pass()
    assert [row.id for row in observatory.rows(PackageCreation, status=Status.SCHEDULED)] == [rows[5].id]
    assert observatory.rows(PackageCreation)[0].waiting_reason == "no_space_at_destination"
    assert "no_space_at_destination" in observatory.reasons(rows[0].raw_data_package_id)


def test_space_is_reserved_by_what_is_admitted(observatory: Any) -> None:
    observe(observatory, 3)
    size = 1000 + (1 << 17) + (1 << 13)
    observatory.fill("ccat.buffer", used=0, total=2 * size + 1000)
    observatory.change(DataLocation, "ccat.buffer", reserve_bytes=1000)
    observatory.planner.run_pass()
    states = sorted(row.waiting_reason for row in observatory.rows(PackageCreation))
    assert states == ["dispatched", "dispatched", "no_space_at_destination"]
    observatory.planner.run_pass()
    assert len(observatory.rows(PackageCreation, status=Status.SCHEDULED)) == 2
    # Room appears, it goes on by itself.
    observatory.clock.advance(30)
    observatory.fill("ccat.buffer", used=0, total=10**9)
    observatory.planner.run_pass()
    assert len(observatory.rows(PackageCreation, status=Status.SCHEDULED)) == 3


def test_the_first_item_for_a_disabled_site_blocks_no_other(observatory: Any) -> None:
    add_site(observatory, "us")
    to_the_buffer(observatory, 2)
    for row in observatory.rows(DataTransfer):
        observatory.change(DataTransfer, row.id, status=Status.FAILED)
        observatory.change(DataTransfer, row.id, status=Status.PENDING)
    first, second = observatory.rows(DataTransfer)
    observatory.change(
        DataTransfer,
        first.id,
        destination_location_id="us.buffer",
        data_transfer_route_id="ccat-us",
        priority=10,
        sent_at=None,
    )
    observatory.change(DataTransfer, second.id, destination_location_id="cologne.buffer", sent_at=None)
    observatory.change(DataTransfer, second.id, data_transfer_route_id="ccat-cologne")
    observatory.suspend(Site, "us", "power cut")
    observatory.planner.run_pass()
    assert [row.id for row in observatory.rows(DataTransfer, status=Status.SCHEDULED)] == [second.id]
    assert "power cut" in observatory.why(first.id).summary
    assert observatory.rows(DataTransfer)[0].waiting_reason == "site_disabled"


def add_site(observatory: Any, site_id: str, archive: bool = True) -> None:
    with observatory.sessions.begin() as session:
        session.add(Site(id=site_id, name=site_id))
    observatory.add_buffer(f"{site_id}.buffer")
    if archive:
        observatory.add_location(f"{site_id}.lta", LocationType.LONG_TERM_ARCHIVE)
    add_route(observatory, f"ccat-{site_id}", "ccat", site_id, destination_location_id=f"{site_id}.buffer")


def add_route(observatory: Any, route_id: str, origin: str, destination: str, **values: Any) -> None:
    route = {"route_type": RouteType.DIRECT, "method": TransferMethod.POSIX, **values}
    with observatory.sessions.begin() as session:
        session.add(
            DataTransferRoute(id=route_id, origin_site_id=origin, destination_site_id=destination, **route)
        )


@pytest.mark.parametrize("page", [20, pytest.param(moving.PAGE, marks=pytest.mark.long)])
def test_more_than_a_page_of_blocked_packages_does_not_starve_the_others(
    observatory: Any, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    """Of more than are looked at together that cannot go on, none keeps the youngest from going.

    A page is a thousand, which the long run tries; how many pages there are does not depend on it.
    """
    monkeypatch.setattr(moving, "PAGE", page)
    # The statement is made once, with the page of that time.
    monkeypatch.setattr(moving, "_unplanned", moving._unplanned.__wrapped__)
    to_the_buffer(observatory, 1)
    [package] = observatory.rows(RawDataPackage)
    [original] = observatory.rows(PhysicalCopy, data_location_id="ccat.buffer")
    add_site(observatory, "nowhere", archive=False)
    with observatory.sessions.begin() as session:
        copies = {c.name: getattr(original, c.name) for c in PhysicalCopy.__table__.columns}
        packages = packages_like(session, package, page + page // 5 + 1)
        session.execute(insert(RawDataPackage), packages)
        session.execute(
            insert(PhysicalCopy.__table__),
            [
                {
                    **copies,
                    "id": new_id(),
                    "site_id": "nowhere",
                    "data_location_id": "nowhere.buffer",
                    "raw_data_package_id": row["id"],
                    "relative_path": row["relative_path"],
                    "onward_planned_at": None,
                }
                for row in packages
            ],
        )
    observatory.observe({"2026/youngest.fits": b"y"})
    observatory.run_until(lambda: len(observatory.rows(DataTransfer)) == 2)
    with observatory.sessions() as session:
        blocked = session.execute(
            select(PhysicalCopy.waiting_reason, PhysicalCopy.id).where(
                PhysicalCopy.data_location_id == "nowhere.buffer"
            )
        ).all()
    assert {row.waiting_reason for row in blocked} == {"no_route"}
    assert "no_route" in observatory.reasons(blocked[-1].id)


def test_more_than_a_page_of_packages_without_a_buffer_starve_no_other_site(observatory: Any) -> None:
    observe(observatory, 1)
    observatory.change(DataLocation, "ccat.buffer", read_only=True)
    observatory.planner.run_pass()
    [row] = observatory.rows(PackageCreation)
    assert row.waiting_reason == "no_buffer"
    assert "no_buffer" in observatory.reasons(row.raw_data_package_id)
    [package] = observatory.rows(RawDataPackage)
    observatory.add_location("cologne.raw", LocationType.SOURCE)
    execution = observatory.start_at("cologne")
    with observatory.sessions.begin() as session:
        of_work = {c.name: getattr(row, c.name) for c in PackageCreation.__table__.columns}
        packages = packages_like(session, package, 1100)
        facts = [FileFacts("a", package.payload_bytes, "md5:" + "0" * 32)]
        [file] = file_raw_data(session, execution, "chai-lfa", "cologne.raw", facts)
        in_cologne = {"site_id": "cologne", "source_location_id": "cologne.raw"}
        key, of_file = new_id(), {"raw_data_series_id": file.raw_data_series_id, "site_id": "cologne"}
        numbers = {"first_number": 1, "last_number": 1, "relative_path": f"x/{key}.tar"}
        packages.append(packages[0] | of_file | numbers | {"id": key})
        session.execute(insert(RawDataPackage), packages)
        session.execute(
            insert(PackageCreation.__table__),
            [
                {**of_work, "id": new_id(), "raw_data_package_id": p["id"], "priority": 9}
                for p in packages[:-1]
            ],
        )
        last = {"id": new_id(), "raw_data_package_id": packages[-1]["id"]}
        session.execute(insert(PackageCreation.__table__), [of_work | in_cologne | last])
    observatory.planner.run_pass()
    [creation] = observatory.rows(PackageCreation, site_id="cologne")
    assert creation.destination_location_id == "cologne.buffer"


def test_suspended_means_suspended_also_for_what_was_scheduled(observatory: Any) -> None:
    cases = [
        (DataLocation, "ccat.raw", "location_disabled", True),
        (Site, "ccat", "site_disabled", True),
        (DataLocation, "ccat.raw", "location_disabled", False),
        (Site, "ccat", "site_disabled", False),
    ]
    observe(observatory, 1)
    for model, key, reason, suspended in cases:
        observatory.planner.run_pass()
        assert observatory.rows(PackageCreation)[0].status is Status.SCHEDULED
        if suspended:
            observatory.suspend(model, key)
        else:
            observatory.change(model, key, enabled=False)
        observatory.planner.run_pass()
        [row] = observatory.rows(PackageCreation)
        assert (row.status, row.waiting_reason) == (Status.PENDING, reason)
        assert reason in observatory.reasons(row.raw_data_package_id)
        observatory.mailbox.messages.clear()
        observatory.resume(model, key)
        observatory.change(model, key, enabled=True)
    observatory.run()
    assert observatory.copy_at("cologne.lta").status is PhysicalCopyStatus.VERIFIED


def test_a_route_is_used_in_its_window_only_also_over_midnight(observatory: Any) -> None:
    now = observatory.clock.now.replace(hour=12, minute=0, second=0)
    observatory.clock.now = now + timedelta(days=1)
    with observatory.sessions.begin() as session:
        session.add(
            DataTransferRouteWindow(
                data_transfer_route_id="ccat-cologne",
                opens_at=now.replace(hour=22).time(),
                closes_at=now.replace(hour=4).time(),
            )
        )
    observe(observatory, 1)
    observatory.run()
    copy = observatory.copy_at("ccat.buffer")
    assert copy.waiting_reason == "link_window_closed"
    assert "link_window_closed" in observatory.reasons(copy.raw_data_package_id)
    observatory.clock.now = observatory.clock.now.replace(hour=21, minute=59, second=59)
    observatory.run()
    assert observatory.rows(DataTransfer) == []
    observatory.clock.now += timedelta(hours=5)
    observatory.run_until(lambda: observatory.rows(DataTransfer, status=Status.SCHEDULED) != [])
    observatory.clock.now = observatory.clock.now.replace(hour=4, minute=0, second=0)
    observatory.planner.run_pass()
    [transfer] = observatory.rows(DataTransfer)
    assert (transfer.status, transfer.waiting_reason) == (Status.PENDING, "link_window_closed")
    observatory.suspend(DataTransferRoute, "ccat-cologne")
    observatory.planner.run_pass()
    assert "route_disabled" in observatory.reasons(transfer.id)
    observatory.resume(DataTransferRoute, "ccat-cologne")
    observatory.clock.now += timedelta(hours=20)
    observatory.run()
    assert observatory.copy_at("cologne.lta").status is PhysicalCopyStatus.VERIFIED


def test_work_waits_while_the_place_that_it_reads_from_is_out_of_service(observatory: Any) -> None:
    observe(observatory, 1)
    observatory.run_until(lambda: observatory.rows(LongTermArchiveTransfer) != [])
    observatory.suspend(DataLocation, "cologne.buffer", "fsck")
    observatory.planner.run_pass()
    [row] = observatory.rows(LongTermArchiveTransfer)
    assert (row.status, row.waiting_reason) == (Status.PENDING, "location_disabled")
    assert (
        observatory.rows(PhysicalCopy, kind=CopyKind.RAW_DATA_PACKAGE, data_location_id="cologne.lta") == []
    )
