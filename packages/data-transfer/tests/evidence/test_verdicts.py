"""When a copy is called missing or corrupt: after two readings, at a place that is to be believed."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from ccat_data_transfer.storage.interface import Storage
from ccat_data_transfer.storage.names import MARKER_NAME
from ccat_data_transfer.work.run import WorkRunner
from ccat_ops_db.enumerations import CheckReason, Operation, PackageState, Severity
from ccat_ops_db.evidence import trusted
from ccat_ops_db.models import (
    DataLocation,
    Doubt,
    DoubtAnswer,
    ErrorRecord,
    Event,
    FixityCheck,
    PhysicalCopy,
    RawDataPackage,
    Verification,
)
from ccat_ops_db.package_state import package_state

from ..trouble import (
    HOUR,
    doubt_place,
    have_read,
    keep_everything,
    let_pass,
    lost,
    plan_and_work,
    rot,
    states,
    unmounted,
)

BAD = {"missing", "corrupt"}
CONTENTS = {"2026/a.fits": b"a" * 3000}
MINUTE = 60


def verdicts(observatory: Any) -> list[str]:
    """Return the verdicts of copies, in order."""
    return [it.action for it in observatory.rows(Event) if it.action in ("copy.corrupt", "copy.missing")]


def readers(observatory: Any) -> list[str]:
    """Return who read the copies at the archive, in order."""
    copies = [copy.id for copy in observatory.rows(PhysicalCopy, data_location_id="cologne.lta")]
    return [it.worker for it in observatory.rows(Verification) if it.physical_copy_id in copies]


def archive_some(observatory: Any, count: int) -> None:
    """Archive some packages, and keep everything everywhere."""
    keep_everything(observatory)
    for number in range(count):
        observatory.observe({f"2026/{number}.fits": b"x" * 3000})
    observatory.run()


def counted(observatory: Any) -> list[bool]:
    """Tell of each copy at the archive whether it counts."""
    with observatory.sessions() as session:
        at_archive = PhysicalCopy.data_location_id == "cologne.lta"
        return list(session.scalars(select(trusted()).where(at_archive).order_by(PhysicalCopy.id)))


def is_archived(observatory: Any) -> bool:
    """Tell whether every package is archived."""
    with observatory.sessions() as session:
        found = session.scalars(select(package_state()).select_from(RawDataPackage))
        return set(found) == {PackageState.ARCHIVED}


@pytest.fixture
def archived(observatory: Any) -> Any:
    """An observatory with one archived package, which keeps everything."""
    keep_everything(observatory)
    observatory.observe(CONTENTS)
    observatory.run()
    assert states(observatory, "cologne.lta") == ["verified"]
    return observatory


def test_nothing_is_missing_at_a_wrong_place(archived: Any) -> None:
    have_read(archived, "cologne.lta")
    with unmounted(archived.folder("cologne.lta")):
        for _ in range(2):
            archived.planner.run_pass()
            archived.deliver()
            assert not BAD & set(states(archived, "cologne.lta"))
            archived.clock.advance(HOUR)


def test_nothing_is_missing_where_the_marker_went_too(archived: Any) -> None:
    """A share that is empty from the moment on in which it was looked at."""
    away = archived.folder("cologne.lta").with_name("what was there")
    away.mkdir()

    def open_and_lose(location_id: str) -> Storage:
        storage: Storage = archived.places.storage(location_id)
        for path in list(archived.folder("cologne.lta").iterdir()):
            path.rename(away / path.name)
        return storage

    have_read(archived, "cologne.lta")
    archived.planner.run_pass()
    world = replace(archived.world, storage=open_and_lose)
    archived.deliver(WorkRunner(world, archived.settings, "worker-2", archived.stopping))
    assert (away / MARKER_NAME).exists()
    assert len(readers(archived)) == 1, "nothing was found out about the copy"


def test_one_bad_reading_is_no_verdict(archived: Any) -> None:
    [tar] = archived.tars_at("cologne.lta")
    have_read(archived, "cologne.lta")
    archived.planner.run_pass()
    rot(tar)
    archived.deliver()
    assert tar.exists(), "nothing is moved away"
    assert not is_archived(archived)
    rot(tar)
    let_pass(archived, 16 * MINUTE)
    assert not verdicts(archived)
    assert is_archived(archived)
    [warning] = [error for error in archived.rows(ErrorRecord) if error.resolved_at is None]
    assert (warning.category, warning.severity) == ("readings_differ", Severity.WARNING)
    assert readers(archived) == ["worker-1", "worker-1", "worker-2"]


def test_two_processes_make_a_verdict(archived: Any) -> None:
    rot(archived.tars_at("cologne.lta")[0])
    have_read(archived, "cologne.lta")
    let_pass(archived, 14 * MINUTE)
    assert len(readers(archived)) == 2, "an archive is given a quarter of an hour"
    assert "second_reading" in archived.reasons(archived.rows(FixityCheck, status="pending")[0].id)
    let_pass(archived, 2 * MINUTE)
    assert verdicts(archived) == ["copy.corrupt"]
    assert readers(archived)[1:3] == ["worker-1", "worker-2"]


def test_the_same_process_only_after_six_hours(archived: Any) -> None:
    rot(archived.tars_at("cologne.lta")[0])
    have_read(archived, "cologne.lta")
    for _ in range(23):
        plan_and_work(archived, archived.runner)
        archived.clock.advance(HOUR / 4)
    assert len(readers(archived)) == 2
    archived.clock.advance(HOUR / 2)
    plan_and_work(archived, archived.runner)
    assert verdicts(archived) == ["copy.corrupt"]
    assert readers(archived)[1:3] == ["worker-1", "worker-1"]


def test_a_second_reading_holds_no_slot_of_others(archived: Any) -> None:
    """Whoever may not do it gives it back, and reads other copies meanwhile."""
    rot(archived.tars_at("cologne.lta")[0])
    archived.change(DataLocation, "cologne.lta", concurrency=1)
    have_read(archived, "cologne.lta")
    plan_and_work(archived, archived.runner)
    archived.clock.advance(HOUR / 4)
    archived.observe({"2026/b.fits": b"b" * 3000})
    plan_and_work(archived, archived.runner)
    assert sorted(states(archived, "cologne.lta")) == ["verified", "verified"]
    assert len(readers(archived)) == 3


@pytest.mark.long
def test_twelve_bad_copies_read_slowly_condemn_the_place_and_no_copy(observatory: Any) -> None:
    keep_everything(observatory)
    for number in range(12):
        observatory.observe({f"2026/{number}.fits": b"x" * 3000})
    observatory.run()
    have_read(observatory, "cologne.lta")
    tars = observatory.tars_at("cologne.lta")
    for tar in tars:
        rot(tar)
    # What lies at the place is read one after the other, as long as 50 GB take.
    for _ in range(6):
        observatory.planner.run_pass()
        asked = [message for message in observatory.mailbox.messages if message[1] is Operation.VERIFY]
        observatory.mailbox.messages.clear()
        for _, operation, work_id in asked[:2]:
            observatory.runner.run(operation, work_id)
            observatory.clock.advance(160)
    assert [tar for tar in tars if not tar.exists()] == []
    assert not BAD & set(states(observatory, "cologne.lta"))
    assert "location_suspect" in observatory.reasons("cologne.lta")
    assert not any(counted(observatory))


@pytest.mark.parametrize("others", [0, pytest.param(12, marks=pytest.mark.long)])
def test_three_rotten_copies_get_verdicts_after_the_sample(observatory: Any, others: int) -> None:
    """Also at a place that has no others: decoys tell that it is sound."""
    archive_some(observatory, 3 + others)
    tars = observatory.tars_at("cologne.lta")
    for tar in tars[:3]:
        rot(tar)
    have_read(observatory, "cologne.lta")
    let_pass(observatory)
    assert not verdicts(observatory)
    let_pass(observatory, 16 * MINUTE)
    assert verdicts(observatory) == ["copy.corrupt"] * 3
    [answer] = observatory.rows(DoubtAnswer)
    assert (answer.sample_read, answer.sample_right) == (10, 10)
    assert any(it.action == "location.trusted" for it in observatory.rows(Event))
    let_pass(observatory, HOUR)
    assert counted(observatory) == [False] * 3 + [True] * (others + 3)
    assert is_archived(observatory)
    assert not [path for path in observatory.files_at("cologne.lta") if "decoy" in path.name]


def test_verdicts_wait_for_a_reading_after_the_doubt(observatory: Any) -> None:
    """A controller returns other bytes for a while: what was read meanwhile condemns nothing."""
    archive_some(observatory, 12)
    tars = observatory.tars_at("cologne.lta")
    for _ in range(2):
        for tar in tars:
            rot(tar)
        if _ == 0:
            have_read(observatory, "cologne.lta")
            let_pass(observatory, 16 * MINUTE)
            assert not verdicts(observatory)
            assert not any(counted(observatory))
    let_pass(observatory, HOUR, HOUR)
    assert not verdicts(observatory)
    assert all(counted(observatory))
    read = [it.sample_right for it in observatory.rows(DoubtAnswer) if it.sample_read is not None]
    assert read == [10]


@pytest.mark.long
def test_samples_become_rarer(observatory: Any) -> None:
    archive_some(observatory, 12)
    for tar in observatory.tars_at("cologne.lta"):
        rot(tar)
    have_read(observatory, "cologne.lta")
    let_pass(observatory, *([HOUR / 4] * 14))
    drawn = {it.created_at for it in observatory.rows(FixityCheck) if it.reason is CheckReason.SAMPLE}
    first, *rest = sorted(drawn)
    assert [(at - first).total_seconds() / HOUR for at in rest] == [1, 3]
    assert not verdicts(observatory)


def test_what_arrives_bad_and_second_readings_make_no_place_doubtful(observatory: Any) -> None:
    archive_some(observatory, 2)
    for tar in observatory.tars_at("cologne.lta"):
        rot(tar)
    have_read(observatory, "cologne.lta")
    let_pass(observatory, 16 * MINUTE)
    assert verdicts(observatory) == ["copy.corrupt"] * 2
    assert observatory.rows(Doubt) == []


def test_no_verdict_falls_at_a_doubted_place(archived: Any) -> None:
    [tar] = archived.tars_at("cologne.lta")
    tar.unlink()
    have_read(archived, "cologne.lta")
    let_pass(archived)
    archived.clock.advance(16 * MINUTE)
    archived.planner.run_pass()
    doubt_place(archived, "cologne.lta")
    assert archived.deliver() == ["done"], "the second reading, which was under way"
    assert not BAD & set(states(archived, "cologne.lta"))
    assert lost(archived, CONTENTS) == []
