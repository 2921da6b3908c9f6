"""Ways between sites: relay, straight into an archive, between given locations; each package is sent once."""

from typing import Any

import pytest

from ccat_ops_db.enumerations import LocationType, PhysicalCopyStatus, RouteType, Status, TransferMethod
from ccat_ops_db.models import DataLocation, DataTransfer, DataTransferRoute, Event, PhysicalCopy, Site

CONTENTS = {"2026/a.fits": b"a" * 10_000}


@pytest.fixture
def three_sites(observatory: Any) -> Any:
    """The telescope reaches Cologne only by way of the ``us`` site, which has an archive of its own."""
    with observatory.sessions.begin() as session:
        session.add(Site(id="us", name="Cornell"))
    observatory.add_buffer("us.buffer")
    observatory.add_location("us.lta", LocationType.LONG_TERM_ARCHIVE)
    observatory.change(
        DataTransferRoute, "ccat-cologne", route_type=RouteType.RELAY, relay_site_id="us", priority=1
    )
    with observatory.sessions.begin() as session:
        session.add(
            DataTransferRoute(
                id="us-cologne",
                origin_site_id="us",
                destination_site_id="cologne",
                route_type=RouteType.DIRECT,
                destination_location_id="cologne.buffer",
                method=TransferMethod.POSIX,
            )
        )
    return observatory


def hops(observatory: Any) -> list[tuple[str, str]]:
    transfers = observatory.rows(DataTransfer)
    assert {transfer.status for transfer in transfers} == {Status.COMPLETED}
    return [(transfer.source_location_id, transfer.destination_location_id) for transfer in transfers]


def test_a_relay_sends_on_and_keeps_nothing(three_sites: Any) -> None:
    three_sites.observe(CONTENTS)
    three_sites.run()
    assert hops(three_sites) == [("ccat.buffer", "us.buffer"), ("us.buffer", "cologne.buffer")]
    assert len(three_sites.tars_at("cologne.lta")) == 1
    assert three_sites.tars_at("us.lta") == three_sites.tars_at("us.buffer") == []
    assert {copy.status for copy in three_sites.rows(PhysicalCopy, data_location_id="us.buffer")} == {
        PhysicalCopyStatus.DELETED
    }


def test_space_at_the_relay_is_reserved(three_sites: Any) -> None:
    """Rucio #7710: a relay filled up because only the end of the way was asked for room."""
    for number in range(3):
        three_sites.observe({f"2026/{number}.fits": b"x" * 10_000})
    three_sites.change(DataLocation, "us.buffer", capacity_bytes=50_000)
    three_sites.fill("us.buffer", used=0, total=10**12)
    three_sites.run_until(lambda: len(three_sites.rows(DataTransfer)) == 3)
    three_sites.planner.run_pass()
    reasons = sorted(row.waiting_reason for row in three_sites.rows(DataTransfer))
    assert reasons.count("no_space_at_destination") >= 1
    assert reasons.count("dispatched") >= 1


def test_the_observatory_sends_once_to_the_preferred_archive_that_is_open(three_sites: Any) -> None:
    with three_sites.sessions.begin() as session:
        session.add(
            DataTransferRoute(
                id="ccat-us",
                origin_site_id="ccat",
                destination_site_id="us",
                route_type=RouteType.DIRECT,
                destination_location_id="us.buffer",
                method=TransferMethod.POSIX,
            )
        )
    three_sites.suspend(DataTransferRoute, "ccat-cologne")
    three_sites.observe(CONTENTS)
    three_sites.run()
    assert hops(three_sites) == [("ccat.buffer", "us.buffer")]
    assert len(three_sites.tars_at("us.lta")) == 1
    sent = [event for event in three_sites.rows(Event) if event.action == "transfer.sent"]
    assert len(sent) == 1


def test_a_direct_route_leads_past_the_buffer_and_leaves_the_metadata_too(observatory: Any) -> None:
    observatory.change(DataTransferRoute, "ccat-cologne", destination_location_id=None)
    observatory.observe(CONTENTS)
    observatory.run()
    assert hops(observatory) == [("ccat.buffer", "cologne.lta")]
    assert [path.suffixes[0] for path in observatory.files_at("cologne.lta")] == [
        ".index",
        ".metadata",
        ".tar",
    ]
    assert observatory.copy_at("cologne.lta").status is PhysicalCopyStatus.VERIFIED
    assert observatory.files_at("ccat.raw") == observatory.files_at("ccat.buffer") == []


def test_a_custom_route_goes_between_its_locations_only(observatory: Any) -> None:
    observatory.add_buffer("ccat.fast")
    observatory.add_buffer("cologne.landing")
    observatory.change(
        DataTransferRoute,
        "ccat-cologne",
        route_type=RouteType.CUSTOM,
        origin_location_id="ccat.fast",
        destination_location_id="cologne.landing",
    )
    observatory.change(DataLocation, "ccat.fast", priority=1)
    observatory.observe(CONTENTS)
    observatory.run()
    assert hops(observatory) == [("ccat.fast", "cologne.landing")]
    assert len(observatory.tars_at("cologne.lta")) == 1


def test_without_an_archive_at_its_end_a_package_waits_and_says_so(observatory: Any) -> None:
    observatory.observe(CONTENTS)
    observatory.run_until(lambda: observatory.rows(DataTransfer) != [])
    observatory.change(DataLocation, "cologne.lta", location_type=LocationType.PROCESSING)
    observatory.run()
    copy = observatory.copy_at("cologne.buffer")
    assert copy.waiting_reason == "no_archive"
    assert "no_archive" in observatory.reasons(copy.raw_data_package_id)
    observatory.change(DataLocation, "cologne.lta", location_type=LocationType.LONG_TERM_ARCHIVE)
    observatory.run()
    assert len(observatory.tars_at("cologne.lta")) == 1


def test_a_hop_that_is_wanted_twice_is_one_transfer(observatory: Any) -> None:
    """Rucio #5177: two requests over one hop fought with each other."""
    observatory.observe(CONTENTS)
    observatory.run_until(lambda: bool(observatory.rows(DataTransfer)))
    copy = observatory.copy_at("ccat.buffer")
    for _ in range(3):
        observatory.change(PhysicalCopy, copy.id, onward_planned_at=None)
        observatory.planner.run_pass()
    assert len(observatory.rows(DataTransfer)) == 1
    observatory.run()
    observatory.change(PhysicalCopy, copy.id, onward_planned_at=None)
    observatory.run()
    assert hops(observatory) == [("ccat.buffer", "cologne.buffer")]
