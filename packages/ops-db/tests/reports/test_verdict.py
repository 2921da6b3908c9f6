"""The verdict and what needs somebody: what a person reads at three in the morning."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.orm import Session

from ccat_dev_stack.proofs import measure_place
from ccat_ops_db import models
from ccat_ops_db.enumerations import ExecutionStatus, PhysicalCopyStatus, Severity, Status
from ccat_ops_db.error_catalogue import error_entry
from ccat_ops_db.events import record_error, record_event
from ccat_ops_db.identity import new_id
from ccat_ops_db.reports.attention_item import Attention
from ccat_ops_db.reports.open_work import open_work
from ccat_ops_db.reports.open_work_groups import GroupBy, open_work_groups
from ccat_ops_db.reports.status import StatusReport, status_report
from ccat_ops_db.waiting import Turn, WaitingReason
from ccat_ops_db.waiting_catalogue import CATALOGUE

from .. import rows

NOW = rows.NOW
LONG_AGO = NOW - timedelta(hours=4)


def report_of(session: Session, later: timedelta = timedelta()) -> StatusReport:
    session.flush()
    return status_report(session, "ccat", NOW + later)


def one(report: StatusReport, rule: str) -> Attention:
    (item,) = [item for item in report.attention if item.rule == rule]
    return item


def filed(session: Session, world: rows.World, at: Any, files: int = 12, size: int = 3_440_000_000) -> None:
    record_event(
        session,
        site_id="ccat",
        at=at,
        actor="chai",
        action="raw_data_files.filed",
        subject_type="executed_obs_unit",
        subject_id=world.execution,
        message="filed",
        details={"files": files, "bytes": size},
    )


def usage(session: Session, location: str, *percent: float, hour: int = 2) -> None:
    """Say how full a location was, the last figure now and the others an hour apart before."""
    for hours, used in enumerate(reversed(percent)):
        at = NOW - timedelta(minutes=1) - timedelta(hours=hours * hour)
        measure_place(session, location, at, int(used * 1e10), 10**12)


def archive(session: Session, world: rows.World) -> None:
    rows.add_copy(session, world.package, world.archive)


def waiting_transfer(session: Session, world: rows.World, reason: str, since: Any) -> Any:
    row = rows.add_row(session, world, "data_transfer", Status.PENDING)
    row.waiting_reason, row.waiting_since, row.bytes_total = reason, since, 2_000_000_000
    session.flush()
    return row


def fail(session: Session, world: rows.World, table: str, category: str = "bucket_missing") -> Any:
    row = rows.add_row(session, world, table, Status.FAILED)
    row.error_category, row.finished_at, row.bytes_total = category, NOW - timedelta(hours=1), 10**9
    session.flush()
    return row


def _doubt(session: Session, location: str) -> None:
    session.add(rows.doubt(location, LONG_AGO, "6 copies failed within 10 min"))


class TestGreen:
    def test_an_empty_installation(self, session: Session) -> None:
        report = report_of(session)
        assert report.verdict.level == "green"
        assert report.verdict.sentence == "All is well: nothing has been filed yet."
        assert report.attention == []

    def test_a_night_that_is_archived(self, session: Session, world: rows.World) -> None:
        archive(session, world)
        filed(session, world, NOW - timedelta(hours=1))
        assert report_of(session).verdict.sentence == (
            "All is well: 12 files (3.44 GB) filed since the night began, every package is archived."
        )

    def test_a_night_that_is_on_its_way(self, session: Session, world: rows.World) -> None:
        archive(session, world)
        filed(session, world, NOW - timedelta(hours=1))
        waiting = waiting_transfer(session, world, "concurrency_limit", NOW)
        sentence = (
            "All is well: 12 files (3.44 GB) filed since the night began, 1 package on the way to the archive"
        )
        assert report_of(session).verdict.sentence == f"{sentence}."
        waiting.waiting_reason = "route_disabled"
        assert report_of(session).verdict.sentence == f"{sentence}, 1 unit of work waits for somebody."

    def test_says_what_happens_next(self, session: Session, world: rows.World) -> None:
        row = waiting_transfer(session, world, "back_off", NOW)
        row.next_attempt_at = NOW + timedelta(minutes=3)
        following = report_of(session).verdict.next
        assert following is not None
        assert (following.text, following.at) == (
            f"1 transfer over {world.route}: the work is tried again by itself,"
            " after pauses that grow up to half an hour.",
            NOW + timedelta(minutes=3),
        )

    def test_what_a_person_cancelled_is_no_alarm(self, session: Session, world: rows.World) -> None:
        rows.add_row(session, world, "data_transfer", Status.CANCELLED)
        assert report_of(session).verdict.level == "green"


class TestAct:
    def test_a_buffer_that_fills_while_its_route_is_down(self, session: Session, world: rows.World) -> None:
        usage(session, world.buffer, 70, 88)
        waiting_transfer(session, world, "route_circuit_open", NOW - timedelta(hours=2))
        session.add(rows.outage("route", world.route, "ccat", NOW + timedelta(seconds=50)))
        report = report_of(session)
        assert report.verdict.level == "act"
        assert report.verdict.sentence == (
            "The route ccat-cologne is paused after 5 failures in a row;"
            " ccat.output-buffer is 88 % full and full in 1 h 19 min."
        )
        circuit, filling, *_ = report.attention
        assert filling.cause is not None
        assert (filling.cause.collection, filling.cause.id) == ("routes", world.route)
        assert (filling.turn, filling.remedy) == (
            Turn.SITE,
            f"Call those who look after {world.route}, and have it mended first."
            " Free or add space if that takes longer.",
        )
        assert filling.why == (
            "Its high watermark is 85 %, and it is not falling:"
            " the route ccat-cologne, by which 1 package leaves, is paused."
        )
        assert circuit.why == "1 transfer (2 GB) waits for it."
        assert (circuit.where, circuit.turn, circuit.since) == (world.route, "site", NOW - timedelta(hours=2))
        assert circuit.next_at == NOW + timedelta(seconds=50)
        assert report.verdict.next is not None
        assert report.verdict.next.at == circuit.next_at
        assert report.verdict.next.text == (
            f"{world.route}: one transfer tries the route when the pause ends."
            " If it succeeds, the others follow."
        )
        step = {step.step: step for step in report.flow}["buffer"]
        assert step.stopped_by is not None
        assert (step.stopped_by.reason, step.stopped_by.where) == ("route_circuit_open", world.route)

    @pytest.mark.parametrize(
        ("before", "said"),
        [
            (20, "for 6 d 5 h more; then ccat.chai-raw-data is full, too."),
            (25, ": 750 GB are free at its sources."),
        ],
    )
    def test_says_how_long_observing_can_go_on(
        self, session: Session, world: rows.World, before: float, said: str
    ) -> None:
        usage(session, world.buffer, 70, 88)
        usage(session, "ccat.chai-raw-data", before, 25, hour=10)
        assert (
            f"Observing can go on{' ' if before == 20 else ''}{said}"
            in one(report_of(session), "location_filling").next
        )

    def test_what_was_tried_waits_for_its_route_like_the_others(
        self, session: Session, world: rows.World
    ) -> None:
        waiting_transfer(session, world, "route_circuit_open", NOW - timedelta(hours=2))
        waiting_transfer(session, world, "back_off", NOW - timedelta(minutes=10))
        session.add(rows.outage("route", world.route, "ccat", NOW + timedelta(seconds=50)))
        report = report_of(session)
        assert one(report, "circuit_open").count == 2
        stopped = {step.step: step for step in report.flow}["buffer"].stopped_by
        assert stopped is not None
        assert stopped.count == 2

    @pytest.mark.parametrize(("percent", "when"), [((70, 80), " in 59 min"), ((84, 86), "")])
    def test_new_packages_stop_before_the_reserve(
        self, session: Session, world: rows.World, percent: tuple[float, float], when: str
    ) -> None:
        usage(session, world.buffer, *percent)
        location = models.DataLocation.__table__
        session.execute(
            update(location).where(location.c.id == world.buffer).values(reserve_bytes=15 * 10**10)
        )
        report = report_of(session)
        assert report.verdict.level == "act"
        assert report.verdict.sentence == (
            f"ccat.output-buffer is {percent[1]} % full, no room for new packages{when}."
        )
        assert one(report, "location_filling").why.endswith(
            " 150 GB of it is kept free for what is under way."
        )

    def test_what_lies_there_waits_for_an_archive_in_doubt(self, session: Session, world: rows.World) -> None:
        usage(session, "cologne.input-buffer", 70, 80)
        row = rows.add_row(session, world, "long_term_archive_transfer", Status.PENDING)
        row.waiting_reason, row.waiting_since = "location_suspect", NOW
        _doubt(session, world.archive)
        assert one(report_of(session), "location_filling").why == (
            "It fills faster than it is freed:"
            " the location cologne.lta, to which 1 package goes, is in doubt."
        )

    def test_what_has_a_deadline_comes_first_but_for_its_cause(
        self, session: Session, world: rows.World
    ) -> None:
        fail(session, world, "data_transfer")
        rows.add_copy(session, world.package, world.archive, PhysicalCopyStatus.CORRUPT)
        _doubt(session, world.archive)
        usage(session, world.buffer, 70, 88)
        waiting_transfer(session, world, "route_circuit_open", NOW)
        session.add(rows.outage("route", world.route, "ccat", NOW))
        report = report_of(session)
        assert [item.rule for item in report.attention] == [
            "circuit_open",
            "location_filling",
            "location_suspect",
            "given_up",
        ]
        assert one(report, "location_suspect").next == (
            f"{CATALOGUE[WaitingReason.LOCATION_SUSPECT].next} Once cologne.lta is trusted again, each copy"
            " that is corrupt or missing there is written again from another verified copy, where there is"
            " one."
        )
        assert report.verdict.sentence.endswith("; 2 more to act on.")

    def test_transfers_that_were_given_up(self, session: Session, world: rows.World) -> None:
        for _ in range(3):
            fail(session, world, "data_transfer")
        fail(session, world, "long_term_archive_transfer", "unheard_of")
        report = report_of(session)
        assert report.verdict.sentence == (
            "3 transfers (3 GB) given up; 1 transfer into an archive (1 GB) given up."
        )
        item = report.attention[0]
        assert (item.why, item.turn) == ("The bucket of the location does not exist.", "operator")
        assert item.remedy == "Make the bucket, or correct the bucket of the location. Then retry it."
        assert item.next == (
            "Nothing changes until somebody acts. What was to be sent stays where it is meanwhile."
        )
        assert item.action is not None
        assert (item.action.verb, item.action.collection) == ("retry", "open-work")
        assert item.action.filter == {"kind": "data_transfer", "reason": "given_up"}

    def test_what_was_given_up_for_several_causes_names_them(
        self, session: Session, world: rows.World
    ) -> None:
        for category in ("bucket_missing", "bucket_missing", "store_has_other_bytes"):
            fail(session, world, "data_transfer", category)
        item = one(report_of(session), "given_up")
        assert item.why == "The last errors: 2 × Bucket is missing and 1 × Store has other bytes."
        assert item.remedy == "Open each, remove the cause that its error names, then retry it."

    @pytest.mark.parametrize("status", [PhysicalCopyStatus.CORRUPT, PhysicalCopyStatus.MISSING])
    def test_bad_copies_at_an_archive(
        self, session: Session, world: rows.World, status: PhysicalCopyStatus
    ) -> None:
        rows.add_copy(session, world.package, world.archive, status)
        report = report_of(session)
        assert report.verdict.sentence == f"1 {status} copy at the archive cologne.lta."
        item = one(report, "bad_archive_copy")
        assert item.subjects is not None
        assert item.next == "Each is written again from another verified copy, where there is one."

    def test_a_location_in_doubt(self, session: Session, world: rows.World) -> None:
        _doubt(session, world.archive)
        report = report_of(session)
        assert report.verdict.sentence == "cologne.lta is in doubt."
        item = one(report, "location_suspect")
        assert item.since == LONG_AGO
        assert item.next.startswith("Ten copies there are read")
        assert item.remedy == (
            "Check the storage. When it is sound again, run: ccat-transfer trust cologne.lta --reason TEXT."
        )
        assert (item.turn, item.where) == (Turn.SITE, "cologne.lta")

    def test_a_location_in_doubt_is_spoken_of_in_one_way(self) -> None:
        waiting, error = CATALOGUE[WaitingReason.LOCATION_SUSPECT], error_entry("location_suspect")
        assert error is not None
        assert (waiting.meaning, waiting.remedy, waiting.next, waiting.turn) == (
            error.meaning,
            error.remedy,
            error.next,
            error.turn,
        )

    def test_a_package_that_cannot_be_made_is_told_of_files(
        self, session: Session, world: rows.World
    ) -> None:
        fail(session, world, "package_creation", "source_missing")
        item = one(report_of(session), "given_up")
        assert item.why == "A file that was to be packaged is not at its source any more."
        assert "copy" not in item.remedy
        assert item.turn is Turn.INSTRUMENT

    @pytest.mark.parametrize(
        ("table", "category", "turn"),
        [
            ("package_creation", "source_missing", Turn.INSTRUMENT),
            ("data_transfer", "unheard_of", Turn.OPERATOR),
            # By itself goes on only what was not given up.
            ("data_transfer", "worker_lost", Turn.OPERATOR),
        ],
    )
    def test_everybody_says_the_same_of_whose_turn_it_is(
        self, session: Session, world: rows.World, table: str, category: str, turn: Turn
    ) -> None:
        fail(session, world, table, category)
        found = open_work(NOW)
        row = session.execute(select(found.c.turn).where(found.c.error_category == category)).one()
        work = open_work_groups(session, GroupBy.PLACE, found, [found.c.error_category == category])
        assert [one(report_of(session), "given_up").turn, row.turn, work.groups[0].turn] == [turn] * 3

    def test_many_things_name_the_first_two(self, session: Session, world: rows.World) -> None:
        for table in ("data_transfer", "deletion", "fixity_check", "staging_item"):
            fail(session, world, table)
        assert report_of(session).verdict.sentence == (
            "1 transfer (1 GB) given up; 1 verification (1 GB) given up; 2 more to act on."
        )

    def test_workers_that_fell_silent_while_work_waits(self, session: Session, world: rows.World) -> None:
        measure_place(session, world.buffer, NOW - timedelta(minutes=25), 1, 10**12)
        waiting_transfer(session, world, "no_worker", NOW - timedelta(minutes=20))
        report = report_of(session)
        assert report.verdict.sentence == "No worker at ccat has been heard of for 25 min."
        assert one(report, "no_worker_seen").why == "1 transfer (2 GB) waits for it."
        assert [(sign.what, sign.site) for sign in report.signs_of_life] == [("workers", "ccat")]

    def test_new_work_that_no_planner_sees(self, session: Session, world: rows.World) -> None:
        row = rows.add_row(session, world, "data_transfer", Status.PENDING)
        row.created_at = NOW - timedelta(minutes=12)
        assert report_of(session).verdict.sentence == "No planner has looked at new work for 12 min."

    def test_a_route_over_which_nothing_moves(self, session: Session, world: rows.World) -> None:
        waiting_transfer(session, world, "no_space_at_destination", LONG_AGO)
        report = report_of(session)
        assert report.verdict.sentence == (
            "Nothing moves over the route ccat-cologne, and 1 transfer (2 GB) waits for it."
        )
        moving = rows.add_row(session, world, "data_transfer", Status.IN_PROGRESS)
        moving.progressed_at = NOW - timedelta(minutes=1)
        assert report_of(session).attention == []

    @pytest.mark.parametrize(("severity", "level"), [(Severity.CRITICAL, "act"), (Severity.ERROR, "watch")])
    def test_errors_that_nobody_has_acknowledged(
        self, session: Session, world: rows.World, severity: Severity, level: str
    ) -> None:
        record_error(
            session,
            site_id="ccat",
            at=LONG_AGO,
            severity=severity,
            category="copy_checksum",
            subject_type="physical_copy",
            subject_id=world.copy,
            message="the copy has another checksum",
            data_location_id=world.buffer,
        )
        report = report_of(session)
        assert report.verdict.level == level
        item = one(report, "unacknowledged_errors")
        assert (item.why, item.where) == ("the copy has another checksum", world.buffer)
        assert item.action is not None
        assert item.action.verb == "acknowledge"
        said = {"site_id": "cologne", "caller_kind": "session", "caller": "me", "created_at": NOW}
        error = session.query(models.ErrorRecord).one()
        seen = models.ErrorAcknowledgement(error_record_id=error.id, **said)
        session.add(seen)
        session.flush()
        assert report_of(session).attention == []
        session.add(models.ErrorAcknowledgementEnd(error_acknowledgement_id=seen.id, **said))
        session.flush()
        assert one(report_of(session), "unacknowledged_errors")

    def test_one_trouble_is_told_once(self, session: Session, world: rows.World) -> None:
        failed = fail(session, world, "data_transfer")
        _doubt(session, world.archive)
        session.add(rows.outage("route", world.route, "ccat", NOW))
        told = [
            ("data_transfer", str(failed.id), "bucket_missing", None),
            ("data_transfer_route", world.route, "timeout", None),
            ("data_location", world.archive, "location_suspect", world.archive),
            ("physical_copy", str(world.copy), "copy_size", world.archive),
        ]
        for subject, identifier, category, location in told:
            record_error(
                session,
                site_id="ccat",
                at=LONG_AGO,
                severity=Severity.CRITICAL,
                category=category,
                subject_type=subject,
                subject_id=identifier,
                message="it failed",
                data_location_id=location,
            )
        rules = [item.rule for item in report_of(session).attention]
        assert rules == ["location_suspect", "given_up", "circuit_open"]


class TestWatch:
    def test_nothing_heard_from_the_telescope(self, session: Session, world: rows.World) -> None:
        archive(session, world)
        filed(session, world, NOW - timedelta(hours=3, minutes=10))
        report = report_of(session)
        assert report.verdict.level == "watch"
        assert report.verdict.sentence == "Nothing was heard from the telescope for 3 h 10 min."
        assert [sign.at for sign in report.signs_of_life] == [NOW - timedelta(hours=3, minutes=10)]

    def test_a_suspension_that_was_forgotten(self, session: Session, world: rows.World) -> None:
        rows.suspend(session, models.DataTransferRoute, world.route, NOW - timedelta(hours=30))
        report = report_of(session)
        assert report.verdict.sentence == "The route ccat-cologne has been suspended for 1 d 6 h."
        item = one(report, "long_suspension")
        assert item.why == "me: new disks"
        assert item.action is not None
        assert (item.action.verb, item.action.collection, item.action.id) == ("resume", "routes", world.route)

    def test_an_execution_without_an_end(self, session: Session, world: rows.World) -> None:
        execution = rows.add_execution(session, ExecutionStatus.RUNNING)
        session.execute(
            update(models.ExecutedObsUnit)
            .where(models.ExecutedObsUnit.id == execution)
            .values(started_at=NOW - timedelta(hours=25))
        )
        assert report_of(session).verdict.sentence == "1 execution running for more than a day."

    def test_packages_that_are_not_archived_after_a_day(self, session: Session, world: rows.World) -> None:
        report = report_of(session, timedelta(hours=26))
        assert report.verdict.sentence == "1 package (3 B) not archived after a day."
        archive(session, world)
        assert report_of(session, timedelta(hours=26)).attention == []

    def test_a_location_that_is_full_and_not_falling(self, session: Session, world: rows.World) -> None:
        usage(session, world.archive, 90, 90)
        report = report_of(session)
        assert report.verdict.sentence == "cologne.lta is 90 % full."
        usage(session, world.buffer, 95, 90)
        assert len(report_of(session).attention) == 1, "one that empties is well"

    @pytest.mark.parametrize(("days", "level"), [(2, "watch"), (6, "green")])
    def test_a_token_that_ends(self, session: Session, world: rows.World, days: int, level: str) -> None:
        user = models.User(id=new_id(), name="chai", created_at=NOW)
        session.add(user)
        session.flush()
        session.add(
            models.ApiToken(
                id=new_id(),
                site_id="cologne",
                user_id=user.id,
                name="filing",
                prefix="p",
                secret_hash="h",
                created_at=NOW,
                expires_at=NOW + timedelta(days=days),
            )
        )
        report = report_of(session)
        assert report.verdict.level == level
        assert one(report, "token_ends").title == f"The token filing of chai ends in {days} d"


class TestFlowAndToday:
    def test_counts_what_is_at_each_step(self, session: Session, world: rows.World) -> None:
        rows.add_package(session, world.execution, part=50, sealed=False)
        moving = rows.add_row(session, world, "data_transfer", Status.IN_PROGRESS)
        rows.add_file(session, world.execution, "loose.fits")
        moving.bytes_total = 500
        rows.add_copy(session, world.package, world.archive, PhysicalCopyStatus.PRESENT)
        report = report_of(session)
        steps = {step.step: step for step in report.flow}
        assert list(steps) == ["source", "buffer", "link", "archive", "verified", "removed"]
        assert (steps["source"].packages, steps["source"].bytes) == (1, 6)
        assert (steps["link"].packages, steps["link"].bytes, steps["link"].moving) == (1, 500, 1)
        assert (steps["verified"].packages, steps["verified"].bytes) == (1, 10240)
        assert all(step.stopped_by is None for step in report.flow)

    def test_a_step_with_nothing_at_it_has_not_stopped(self, session: Session, world: rows.World) -> None:
        waiting_transfer(session, world, "route_circuit_open", LONG_AGO)
        fail(session, world, "data_transfer")
        steps = {step.step: step for step in report_of(session).flow}
        assert [name for name, step in steps.items() if step.stopped_by is not None] == ["buffer"]
        assert [steps[name].given_up for name in ("buffer", "link")] == [1, 0]

    def test_measures_what_passed_in_the_last_hour(self, session: Session, world: rows.World) -> None:
        for minutes in (30, 90):
            record_event(
                session,
                site_id="ccat",
                at=NOW - timedelta(minutes=minutes),
                actor="worker",
                action="transfer.sent",
                subject_type="raw_data_package",
                subject_id=world.package,
                message="sent",
            )
        rates = {step.step: step.rate for step in report_of(session).flow}
        assert rates["buffer"] == rates["link"] == pytest.approx(10240 / 3600)
        assert rates["archive"] == 0

    def test_today_begins_at_noon_at_the_telescope(self, session: Session, world: rows.World) -> None:
        filed(session, world, NOW - timedelta(minutes=10), files=3, size=7200)
        filed(session, world, NOW - timedelta(hours=30))
        today = report_of(session).today
        assert (today.night.isoformat(), today.files, today.bytes) == ("2026-11-20", 3, 7200)
        assert today.recent_bytes_per_second == 2.0
        assert today.last_filed_at == NOW - timedelta(minutes=10)


@pytest.mark.parametrize("many", [1, 20])
def test_the_number_of_statements_does_not_depend_on_what_is_there(
    session: Session, world: rows.World, many: int
) -> None:
    for _ in range(many):
        waiting_transfer(session, world, "link_window_closed", NOW)
        fail(session, world, "deletion")
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    connection = session.connection()
    event.listen(connection, "before_cursor_execute", note)
    report_of(session)
    event.remove(connection, "before_cursor_execute", note)
    assert len(statements) == 25
