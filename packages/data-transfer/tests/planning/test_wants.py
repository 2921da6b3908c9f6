"""Which copies are wanted where, and by which way they come: around what is closed, away from what is bad."""

import json
from typing import Any

from sqlalchemy import update

from ccat_ops_db.enumerations import LocationType, Operation
from ccat_ops_db.models import (
    DataLocation,
    DataTransfer,
    DataTransferPackage,
    Event,
    ObsUnit,
    RetentionPolicy,
)

from ..more_places import add_archive, add_route, add_site, give_copy
from ..trouble import (
    DAY,
    HOUR,
    close_route,
    files_below,
    freed,
    have_read,
    keep_everything,
    let_pass,
    lost,
    packages,
    rot,
    state,
    work_rows,
    work_states,
)

CONTENTS = {"2026/a.fits": b"a" * 5000}


def test_a_cut_route_is_replaced(observatory: Any) -> None:
    add_route(observatory, "second", "ccat", "cologne.lta", priority=-1)
    observatory.observe(CONTENTS)
    observatory.run_until(lambda: work_states(observatory, Operation.TRANSFER) != [])
    close_route(observatory, "ccat-cologne", "the cable is cut for weeks")
    observatory.mailbox.messages.clear()
    let_pass(observatory, HOUR, DAY)
    assert state(observatory, "cologne.lta") == "verified"


def test_what_has_a_part_at_its_destination_goes_on_there(observatory: Any) -> None:
    add_route(observatory, "second", "ccat", "cologne.lta", priority=-1)
    observatory.observe(CONTENTS)
    observatory.run_until(lambda: work_states(observatory, Operation.TRANSFER) != [])
    observatory.mailbox.messages.clear()
    with observatory.sessions.begin() as session:
        session.execute(update(DataTransfer).values(status="pending", partial_bytes=1000))
    close_route(observatory, "ccat-cologne", "the cable is cut for hours")
    let_pass(observatory, HOUR, HOUR)
    [transfer] = work_rows(observatory, Operation.TRANSFER)
    assert (transfer.data_transfer_route_id, str(transfer.status)) == ("ccat-cologne", "pending")


def test_a_short_trouble_reroutes_nothing(observatory: Any) -> None:
    add_route(observatory, "second", "ccat", "cologne.lta", priority=-1)
    observatory.observe(CONTENTS)
    observatory.run_until(lambda: work_states(observatory, Operation.TRANSFER) != [])
    observatory.mailbox.messages.clear()
    close_route(observatory, "ccat-cologne", "the cable is moved")
    let_pass(observatory, 25 * 60)
    [transfer] = work_rows(observatory, Operation.TRANSFER)
    assert (transfer.data_transfer_route_id, transfer.sent_at) == ("ccat-cologne", None)
    let_pass(observatory, 10 * 60)
    [transfer] = work_rows(observatory, Operation.TRANSFER)
    assert transfer.data_transfer_route_id == "second"
    [batch] = observatory.rows(DataTransferPackage)
    assert (batch.data_transfer_route_id, batch.package_count) == ("second", 1)
    assert any(event.action == "transfer.rerouted" for event in observatory.rows(Event))


def test_a_bad_first_source_is_replaced_by_a_buffer(observatory: Any) -> None:
    keep_everything(observatory)
    observatory.observe(CONTENTS)
    observatory.run()
    rot(observatory.tars_at("cologne.lta")[0])
    observatory.stage(packages(observatory)[0])
    let_pass(observatory, HOUR, DAY)
    assert [path.read_bytes() for path in observatory.files_at("cologne.processing")] == [b"a" * 5000]
    assert lost(observatory, CONTENTS) == []


def test_a_bad_first_source_is_replaced(observatory: Any) -> None:
    observatory.observe(CONTENTS)
    observatory.run()
    add_archive(observatory, "cologne.lta-two", priority=-5)
    [first] = observatory.tars_at("cologne.lta")
    give_copy(observatory, packages(observatory)[0], "cologne.lta-two", first.read_bytes())
    rot(first)
    observatory.stage(packages(observatory)[0])
    let_pass(observatory, HOUR, HOUR, DAY, DAY)
    assert [path.read_bytes() for path in observatory.files_at("cologne.processing")] == [b"a" * 5000]


def test_one_planner_per_site_never_alternates(observatory: Any) -> None:
    keep_everything(observatory)
    observatory.observe(CONTENTS)
    observatory.run()
    have_read(observatory, "cologne.lta")
    rot(observatory.tars_at("cologne.lta")[0])
    # By two readings, so that the copy is known to be bad, and nothing more.
    for _ in range(2):
        observatory.planner.run_pass()
        observatory.deliver()
        observatory.clock.advance(901)
    assert state(observatory, "cologne.lta") == "corrupt"
    of_the_telescope = observatory.new_planner(sites=["ccat"])
    of_the_telescope.run_pass()
    assert [of_the_telescope.run_pass() for _ in range(4)] == [0] * 4


def test_the_shipped_configuration_ends_with_empty_buffers(observatory: Any) -> None:
    observatory.change(RetentionPolicy, "when-archived", min_archive_copies=2)
    add_site(observatory, "us")
    observatory.add_buffer("us.buffer")
    observatory.add_location("us.lta", LocationType.LONG_TERM_ARCHIVE)
    for origin, destination in (("ccat", "us"), ("cologne", "us"), ("us", "cologne")):
        add_route(observatory, f"{origin}-{destination}", origin, f"{destination}.buffer", priority=-1)
    observatory.observe(CONTENTS)
    let_pass(observatory, HOUR, DAY, DAY)
    assert freed(observatory, "ccat.raw", "ccat.buffer", "cologne.buffer", "us.buffer")
    assert len(observatory.tars_at("cologne.lta")) == len(observatory.tars_at("us.lta")) == 1


def test_two_archives_one_crossing(observatory: Any) -> None:
    observatory.change(RetentionPolicy, "when-archived", min_archive_copies=2)
    add_site(observatory, "us")
    observatory.add_buffer("us.buffer")
    observatory.add_location("us.lta", LocationType.LONG_TERM_ARCHIVE)
    add_route(observatory, "ccat-us", "ccat", "us.buffer", priority=-1)
    add_route(observatory, "cologne-us", "cologne", "us.buffer")
    observatory.observe(CONTENTS)
    let_pass(observatory, HOUR, DAY)
    hops = [
        (row.source_location_id, row.destination_location_id)
        for row in work_rows(observatory, Operation.TRANSFER)
    ]
    assert hops == [("ccat.buffer", "cologne.buffer"), ("cologne.lta", "us.buffer")]
    assert freed(observatory, "ccat.raw", "ccat.buffer", "cologne.buffer", "us.buffer")


def test_a_second_archive_beside_the_first_gets_its_copy(observatory: Any) -> None:
    observatory.change(RetentionPolicy, "when-archived", min_archive_copies=2)
    add_archive(observatory, "cologne.lta-two", priority=-5)
    observatory.observe(CONTENTS)
    let_pass(observatory, HOUR, DAY)
    assert len(observatory.tars_at("cologne.lta")) == len(observatory.tars_at("cologne.lta-two")) == 1
    assert freed(observatory, "ccat.raw", "ccat.buffer", "cologne.buffer")


def test_an_archive_that_lost_its_copy_gets_it_from_another(observatory: Any) -> None:
    observatory.change(RetentionPolicy, "when-archived", min_archive_copies=2)
    add_site(observatory, "us")
    observatory.add_location("us.lta", LocationType.LONG_TERM_ARCHIVE)
    add_route(observatory, "cologne-us", "cologne", "us.lta")
    observatory.observe(CONTENTS)
    let_pass(observatory, HOUR, DAY)
    assert freed(observatory, "ccat.raw", "ccat.buffer", "cologne.buffer")
    have_read(observatory, "us.lta")
    rot(observatory.tars_at("us.lta")[0])
    let_pass(observatory, HOUR, DAY)
    assert len(observatory.tars_at("us.lta")) == 1
    assert observatory.copy_at("us.lta").status == "verified"


def test_what_still_lies_at_its_source_follows_a_stricter_policy(observatory: Any) -> None:
    observatory.change(RetentionPolicy, "when-archived", retention_time=7 * DAY)
    observatory.observe(CONTENTS)
    let_pass(observatory, HOUR)
    add_site(observatory, "us")
    observatory.add_location("us.lta", LocationType.LONG_TERM_ARCHIVE)
    add_route(observatory, "cologne-us", "cologne", "us.lta")
    observatory.change(RetentionPolicy, "when-archived", min_archive_copies=2)
    let_pass(observatory, HOUR, 7 * DAY, DAY)
    assert state(observatory, "us.lta") == "verified"
    assert freed(observatory, "ccat.raw", "ccat.buffer", "cologne.buffer")


def test_an_archive_says_what_further_archives_wait_for(observatory: Any) -> None:
    observatory.change(RetentionPolicy, "when-archived", min_archive_copies=2)
    observatory.observe(CONTENTS)
    let_pass(observatory, HOUR)
    assert observatory.copy_at("cologne.lta").waiting_reason == "no_archive"
    assert "no_archive" in observatory.reasons(packages(observatory)[0].id)
    add_site(observatory, "us")
    observatory.add_location("us.lta", LocationType.LONG_TERM_ARCHIVE)
    let_pass(observatory, HOUR)
    assert observatory.copy_at("cologne.lta").waiting_reason == "no_route"
    add_route(observatory, "cologne-us", "cologne", "us.lta")
    let_pass(observatory, HOUR, DAY)
    assert observatory.copy_at("cologne.lta").waiting_reason is None
    assert state(observatory, "us.lta") == "verified"
    assert freed(observatory, "ccat.raw", "ccat.buffer", "cologne.buffer")


def test_the_priority_of_the_obs_unit_goes_to_all_its_work(observatory: Any) -> None:
    observatory.change(ObsUnit, "IRC10216_CO43", priority=7)
    keep_everything(observatory)
    observatory.observe(CONTENTS)
    observatory.run()
    assert {row.priority for row in work_rows(observatory)} == {7}


def test_a_package_says_when_its_data_end(observatory: Any) -> None:
    execution = observatory.start()
    observatory.file(execution, CONTENTS)
    let_pass(observatory, HOUR + 100)
    observatory.finish(execution)
    let_pass(observatory, HOUR)
    [described] = [path for path in files_below(observatory.folder("cologne.lta")) if "metadata" in path.name]
    assert json.loads(described.read_text())["t_max"] is not None


def test_late_files_share_a_package(observatory: Any) -> None:
    observatory.change(DataLocation, "ccat.raw", settle_time=60)
    execution = observatory.start()
    observatory.finish(execution)
    for number in range(6):
        observatory.file(execution, {f"2026/{number}.fits": b"x"})
        observatory.planner.run_pass()
        assert observatory.reasons(execution) == {"files_may_follow"}
        observatory.clock.advance(59)
    assert packages(observatory) == []
    observatory.clock.advance(1)
    observatory.planner.run_pass()
    assert [package.file_count for package in packages(observatory)] == [6]
    assert "files_may_follow" not in observatory.reasons(execution)


def test_late_files_wait_no_longer_than_their_age_allows(observatory: Any) -> None:
    observatory.change(DataLocation, "ccat.raw", settle_time=60, package_age_limit=100)
    execution = observatory.start()
    observatory.finish(execution)
    for number in range(3):
        observatory.file(execution, {f"2026/{number}.fits": b"x"})
        observatory.planner.run_pass()
        assert packages(observatory) == []
        observatory.clock.advance(40)
    observatory.planner.run_pass()
    assert [package.file_count for package in packages(observatory)] == [3]
