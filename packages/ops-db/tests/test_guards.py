"""What PostgreSQL itself refuses: facts that change, events that are rewritten, rows without proof."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ccat_dev_stack.proofs import lease_deletion
from ccat_ops_db import models
from ccat_ops_db.database_time import database_now
from ccat_ops_db.enumerations import (
    Finding,
    PhysicalCopyStatus,
    ReadingMethod,
    Severity,
    Status,
    TransferMethod,
)
from ccat_ops_db.events import record_error, record_event, resolve_errors
from ccat_ops_db.guards import RANGE_FACTS, SEALED_FACTS
from ccat_ops_db.identity import new_id
from ccat_ops_db.replication.classes import OWNED

from . import rows

OTHER_VALUES: dict[str, Any] = {
    "part_number": 99,
    "first_number": 99,
    "last_number": 99,
    "relative_path": "elsewhere",
    "size": 99,
    "file_count": 99,
    "payload_bytes": 99,
    "checksum": "md5:" + "f" * 32,
    "manifest_checksum": "sha256:" + "f" * 64,
    "index_checksum": "sha256:" + "f" * 64,
}
TIMES = {"created_at", "sealed_at"}


def _other(column: str) -> Any:
    if column in TIMES:
        return "2020-01-01T00:00:00Z"
    if column in {"id", "raw_data_series_id"}:
        return new_id()
    return OTHER_VALUES[column]


@pytest.mark.parametrize("column", [*RANGE_FACTS, *SEALED_FACTS])
def test_sealed_package_keeps_its_facts(session: Session, world: rows.World, column: str) -> None:
    statement = text(f"UPDATE raw_data_package SET {column} = :value WHERE id = :id")
    with pytest.raises(IntegrityError, match="facts cannot change"):
        session.execute(statement, {"value": _other(column), "id": world.package})


@pytest.mark.parametrize("column", RANGE_FACTS)
def test_package_keeps_its_range_before_it_is_sealed(
    session: Session, world: rows.World, column: str
) -> None:
    package = rows.add_package(session, world.execution, part=2, sealed=False)
    statement = text(f"UPDATE raw_data_package SET {column} = :value WHERE id = :id")
    with pytest.raises(IntegrityError, match="facts cannot change"):
        session.execute(statement, {"value": _other(column), "id": package})


@pytest.mark.parametrize("table", ["raw_data_file", "raw_data_package_member"])
def test_files_and_members_are_only_added(session: Session, world: rows.World, table: str) -> None:
    for statement in (f"UPDATE {table} SET site_id = site_id", f"DELETE FROM {table}"):
        with pytest.raises(IntegrityError, match="append-only"), session.begin_nested():
            session.execute(text(statement))


def test_evidence_is_only_added(session: Session, world: rows.World) -> None:
    proof = rows.add_verification(session, world.copy)
    session.add(
        models.MemberFinding(
            site_id="ccat", verification_id=proof.id, raw_data_file_id=world.file, checksum_found=rows.SHA256
        )
    )
    session.flush()
    for table in ("verification", "member_finding"):
        for statement in (f"UPDATE {table} SET site_id = site_id", f"DELETE FROM {table}"):
            with pytest.raises(IntegrityError, match="append-only"), session.begin_nested():
                session.execute(text(statement))
        with pytest.raises(IntegrityError, match="has rows of every site"), session.begin_nested():
            session.execute(text(f"TRUNCATE {table} CASCADE"))


NO_EVIDENCE: dict[str, dict[str, Any]] = {
    "right without identity": {"identity": None},
    "right without checksum": {"checksum_found": None},
    "right without size": {"size_found": None},
    "right without proof": {"proved_at": None},
    "proof by looking": {"method": ReadingMethod.UNCHANGED},
    "proof by wrong bytes": {"finding": Finding.OTHER_CHECKSUM},
    "missing, and something": {"finding": Finding.MISSING, "proved_at": None},
    "number zero": {"number": 0},
    "checksum in upper case": {"checksum_found": "md5:" + "F" * 32},
    "checksum of a wrong length": {"checksum_found": "sha256:" + "0" * 63},
    "checksum without algorithm": {"checksum_found": "0" * 64},
    "checksum with an unknown algorithm": {"checksum_found": "sha1:" + "0" * 40},
    "checksum with a newline": {"checksum_found": "md5:" + "0" * 32 + "\n"},
    "of another site": {"site_id": "cologne"},
    "read less than nothing": {"bytes_read": -1},
    "number of another": {"number": 1},
}


@pytest.mark.parametrize("other", NO_EVIDENCE.values(), ids=NO_EVIDENCE.keys())
def test_what_says_nothing_is_no_evidence(session: Session, world: rows.World, other: dict[str, Any]) -> None:
    rows.add_verification(session, world.copy)
    with pytest.raises(IntegrityError), session.begin_nested():
        rows.add_verification(session, world.copy, **other)
    rows.add_verification(session, world.copy)


@pytest.mark.parametrize("first", [1, 3, 4])
def test_a_package_takes_the_next_range(session: Session, world: rows.World, first: int) -> None:
    for path in ("b", "c", "d"):
        rows.add_file(session, world.execution, path)
    statement = text(
        "INSERT INTO raw_data_package (id, site_id, raw_data_series_id, first_number, last_number,"
        " part_number, created_at, file_count, payload_bytes, relative_path)"
        " SELECT CAST(:id AS uuid), site_id, id, :first, 4, 2, now(), 1, 3, 'x/' || :id || '.tar'"
        " FROM raw_data_series"
    )
    with pytest.raises(IntegrityError, match="the next of its series is 2"), session.begin_nested():
        session.execute(statement, {"id": str(new_id()), "first": first})
    session.execute(statement, {"id": str(new_id()), "first": 2})
    counted = select(models.RawDataSeries.packaged_count, models.RawDataSeries.oldest_unpackaged_at)
    assert session.execute(counted).one() == (4, None)


def test_a_package_takes_no_more_than_is_filed(session: Session, world: rows.World) -> None:
    series = session.scalars(select(models.RawDataSeries)).one()
    identifier = new_id()
    session.add(
        models.RawDataPackage(
            id=identifier,
            site_id="ccat",
            raw_data_series_id=series.id,
            first_number=2,
            last_number=2,
            part_number=2,
            created_at=rows.NOW,
            file_count=1,
            payload_bytes=0,
            relative_path=f"x/{identifier}.tar",
        )
    )
    with pytest.raises(IntegrityError, match="packaged_was_filed"):
        session.flush()


def test_orm_cannot_change_a_sealed_package_either(session: Session, world: rows.World) -> None:
    package = session.get_one(models.RawDataPackage, world.package)
    package.size = 1
    with pytest.raises(IntegrityError, match="facts cannot change"):
        session.flush()


def test_unsealed_package_may_be_sealed_once(session: Session, world: rows.World) -> None:
    package = rows.add_package(session, world.execution, part=2, sealed=False)
    seal = text(
        "UPDATE raw_data_package SET sealed_at = :at, size = 1, checksum = :x, manifest_checksum = :s,"
        " index_checksum = :s WHERE id = :id"
    )
    values = {"at": rows.NOW, "x": rows.XXH3, "s": rows.SHA256, "id": package}
    session.execute(seal, values)
    session.execute(seal, values)  # the same again is no change
    with pytest.raises(IntegrityError, match="facts cannot change"):
        session.execute(seal, values | {"x": rows.SHA256})


def test_a_package_is_never_deleted(session: Session, world: rows.World) -> None:
    for package in (world.package, rows.add_package(session, world.execution, part=2, sealed=False)):
        with pytest.raises(IntegrityError, match="is never deleted"), session.begin_nested():
            session.execute(text("DELETE FROM raw_data_package WHERE id = :id"), {"id": package})


def test_events_are_only_appended(session: Session, world: rows.World) -> None:
    record_event(
        session,
        site_id="ccat",
        at=rows.NOW,
        actor="somebody",
        action="package.sealed",
        subject_type="raw_data_package",
        subject_id=world.package,
        message="sealed",
    )
    for statement in ("UPDATE event SET actor = 'nobody'", "DELETE FROM event"):
        with pytest.raises(IntegrityError, match="append-only"), session.begin_nested():
            session.execute(text(statement))
    assert session.scalars(select(models.Event.actor)).all() == ["somebody"]


def test_same_error_counts_up_and_a_new_one_after_it_was_resolved_is_new(
    session: Session, world: rows.World
) -> None:
    def again() -> None:
        record_error(
            session,
            site_id="ccat",
            at=rows.NOW,
            severity=Severity.ERROR,
            category="checksum_mismatch",
            subject_type="raw_data_package",
            subject_id=world.package,
            message="wrong",
        )

    again()
    again()
    assert session.scalars(select(models.ErrorRecord.count)).all() == [2]
    resolve_errors(session, subject_type="raw_data_package", subject_id=world.package, at=rows.NOW)
    again()
    assert sorted(session.scalars(select(models.ErrorRecord.count))) == [1, 2]


@pytest.mark.parametrize(("acts_for", "closed"), [("", {"ccat", "cologne"}), ("ccat", {"ccat"})])
def test_only_own_errors_are_closed(
    session: Session, world: rows.World, acts_for: str, closed: set[str]
) -> None:
    for site in ("ccat", "cologne"):
        record_error(
            session,
            site_id=site,
            at=rows.NOW,
            severity=Severity.ERROR,
            category="checksum_mismatch",
            subject_type="physical_copy",
            subject_id=world.copy,
            message="wrong",
        )
    session.execute(text(f"SET LOCAL ccat.acts_for = '{acts_for}'"))
    resolve_errors(session, subject_type="physical_copy", subject_id=world.copy, at=rows.NOW)
    over = select(models.ErrorRecord.site_id).where(models.ErrorRecord.resolved_at.is_not(None))
    assert set(session.scalars(over)) == closed


SITE = "INSERT INTO site (id, name, time_zone, enabled, main) VALUES ('{}', 'A', 'UTC', true, false)"
REFUSED = {
    "deleted without a time": "UPDATE physical_copy SET deleted_at = now()",
    "negative size": "UPDATE physical_copy SET size = -1",
    "copy of nothing": "UPDATE physical_copy SET raw_data_package_id = NULL",
    "second main site": "UPDATE site SET main = true",
    "upper-case site": SITE.format("A"),
    "dot in a site": SITE.format("a.b"),
    "location whose id is not site and name": "UPDATE data_location SET name = 'other'",
    "watermarks out of order": "UPDATE data_location SET watermark_low = 99",
    "relative folder": "UPDATE disk_data_location SET path = 'data'",
    "ended before started": "UPDATE executed_obs_unit SET ended_at = started_at - interval '1 second'",
    "policy without archive": (
        "INSERT INTO retention_policy (id, trigger, min_archive_copies, max_proof_age, retention_time,"
        " grace_period, confirm_by) VALUES ('a', 'when_archived', 0, 1, 0, 0, 'unchanged')"
    ),
    "staging job for nothing": "UPDATE staging_job SET executed_obs_unit_id = NULL",
    "route to itself": "UPDATE data_transfer_route SET destination_site_id = origin_site_id",
    "relay without a site": "UPDATE data_transfer_route SET route_type = 'relay'",
    "declination beyond the pole": "UPDATE fixed_source SET declination = 91",
    "unknown location type": "UPDATE data_location SET location_type = 'attic'",
}


@pytest.mark.parametrize("statement", REFUSED.values(), ids=REFUSED.keys())
def test_raw_sql_cannot_write_it(session: Session, world: rows.World, statement: str) -> None:
    with pytest.raises(IntegrityError):
        session.execute(text(statement))


def test_path_at_a_location_belongs_to_one_living_copy(session: Session, world: rows.World) -> None:
    copy = session.get_one(models.PhysicalCopy, world.copy)
    session.add(
        models.RawDataPackagePhysicalCopy(
            id=new_id(),
            site_id=copy.site_id,
            raw_data_package_id=world.package,
            data_location_id=copy.data_location_id,
            relative_path=copy.relative_path,
            size=1,
            created_at=rows.NOW,
        )
    )
    with pytest.raises(IntegrityError, match="uq_physical_copy_tar_path"):
        session.flush()


def test_job_stages_a_package_once(session: Session, world: rows.World) -> None:
    def item() -> models.StagingItem:
        return models.StagingItem(
            site_id="cologne",
            created_at=rows.NOW,
            staging_job_id=world.job,
            raw_data_package_id=world.package,
            destination_location_id=world.processing,
        )

    session.add(item())
    session.flush()
    session.add(item())
    with pytest.raises(IntegrityError, match="uq_staging_item_of_job"):
        session.flush()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE physical_copy SET status = 'deletion_scheduled' WHERE data_location_id = 'cologne.lta'",
        "UPDATE physical_copy SET relative_path = 'other.tar' WHERE data_location_id = 'cologne.lta'",
        "UPDATE physical_copy SET form = 'files' WHERE data_location_id = 'cologne.lta'",
        "UPDATE physical_copy SET relative_path = 'a.g2.tar', generation = 2"
        " WHERE data_location_id = 'cologne.lta'",
        "UPDATE physical_copy SET data_location_id = 'cologne.input-buffer'"
        " WHERE data_location_id = 'cologne.lta'",
        "UPDATE physical_copy SET raw_data_package_id = gen_random_uuid()"
        " WHERE data_location_id = 'cologne.lta'",
        "DELETE FROM physical_copy WHERE data_location_id = 'cologne.lta'",
        "TRUNCATE physical_copy CASCADE",
    ],
)
def test_an_archived_copy_is_guarded(session: Session, world: rows.World, statement: str) -> None:
    rows.add_copy(session, world.package, "cologne.lta")
    with pytest.raises(IntegrityError):
        session.execute(text(statement))


def give_up(session: Session, copy: UUID, *states: PhysicalCopyStatus) -> None:
    for status in states:
        session.execute(
            update(models.PhysicalCopy)
            .where(models.PhysicalCopy.id == copy)
            .values(status=status)
            .execution_options(synchronize_session=False)
        )


SCHEDULED, IN_PROGRESS = PhysicalCopyStatus.DELETION_SCHEDULED, PhysicalCopyStatus.DELETION_IN_PROGRESS


@pytest.mark.parametrize(
    ("days", "is_bad", "goes"),
    [(6.9, False, False), (7.1, False, True), (13.9, True, False), (14.1, True, True)],
)
def test_an_archive_copy_waits(
    session: Session, world: rows.World, days: float, is_bad: bool, goes: bool
) -> None:
    copy = session.get_one(models.PhysicalCopy, rows.add_copy(session, world.package, "cologne.lta"))
    if is_bad:
        bad = {"number": 2, "finding": Finding.OTHER_CHECKSUM, "proved_at": None}
        rows.add_verification(session, copy.id, **bad)
    lease_deletion(session, copy, database_now(session) - timedelta(days=days))
    give_up(session, copy.id, SCHEDULED)
    if goes:
        give_up(session, copy.id, IN_PROGRESS)
        return
    with pytest.raises(IntegrityError, match="physical_copy_given_up"):
        give_up(session, copy.id, IN_PROGRESS)


@pytest.mark.parametrize("place", ["ccat.output-buffer", "cologne.lta"])
@pytest.mark.parametrize(
    "lost",
    [
        {"status": Status.PENDING, "lease_owner": None, "lease_expires_at": None},
        {"lease_expires_at": rows.NOW},
        {"status": Status.COMPLETED, "finished_at": rows.NOW},
    ],
    ids=["nobody's", "lapsed", "done"],
)
def test_bytes_are_given_up_by_who_has_the_deletion_in_hand(
    session: Session, world: rows.World, place: str, lost: dict[str, Any]
) -> None:
    copy = session.get_one(models.PhysicalCopy, rows.add_copy(session, world.package, place))
    deletion = lease_deletion(session, copy, rows.NOW - timedelta(days=100))
    give_up(session, copy.id, SCHEDULED)
    session.execute(update(models.Deletion).where(models.Deletion.id == deletion.id).values(**lost))
    with pytest.raises(IntegrityError, match="physical_copy_given_up"):
        give_up(session, copy.id, IN_PROGRESS)


OF_COLOGNE = {
    "insert": "INSERT INTO place_ability (data_location_id, site_id, ability, works, probed_at)"
    " VALUES ('cologne.lta', 'cologne', 'flock', true, now())",
    "update": "UPDATE staging_job SET reason = 'another'",
    "delete": "DELETE FROM staging_job",
    "backfill": "UPDATE error_record SET message = 'another'",
    "upsert": "INSERT INTO place_ability (data_location_id, site_id, ability, works, probed_at)"
    " VALUES ('ccat.output-buffer', 'ccat', 'flock', true, now()),"
    " ('cologne.lta', 'cologne', 'flock', true, now())"
    " ON CONFLICT (data_location_id, ability, site_id) DO UPDATE SET works = false",
}
"""Statements that write, among others, rows that Cologne owns."""


@pytest.fixture
def two_sites(session: Session, world: rows.World) -> Session:
    """A session on a database with rows of two sites."""
    session.add(
        models.DataTransferRoute(
            id="cologne-ccat",
            origin_site_id="cologne",
            destination_site_id="ccat",
            method=TransferMethod.POSIX,
        )
    )
    for site in ("ccat", "cologne"):
        record_error(
            session,
            site_id=site,
            at=rows.NOW,
            severity=Severity.ERROR,
            category="no_space",
            subject_type="site",
            subject_id=site,
            message="full",
        )
    session.flush()
    return session


def _becomes_database_of(session: Session, site: str, *, main: bool = False) -> None:
    session.execute(delete(models.DatabaseSite))
    session.add(models.DatabaseSite(site_id=site, is_main=main))
    session.flush()


@pytest.mark.parametrize("statement", OF_COLOGNE.values(), ids=OF_COLOGNE.keys())
class TestOwner:
    def test_one_database_for_all_writes_rows_of_all(self, two_sites: Session, statement: str) -> None:
        two_sites.execute(text(statement))

    def test_other_databases_do_not_write_it(self, two_sites: Session, statement: str) -> None:
        _becomes_database_of(two_sites, "ccat")
        with pytest.raises(IntegrityError, match="a row of site cologne is not written here"):
            two_sites.execute(text(statement))

    def test_sessions_that_act_for_others_do_not_write_it(self, two_sites: Session, statement: str) -> None:
        two_sites.execute(text("SET LOCAL ccat.acts_for = 'ccat,us'"))
        with pytest.raises(IntegrityError, match="a row of site cologne is not written here"):
            two_sites.execute(text(statement))

    def test_sessions_that_act_for_it_too_write_it(self, two_sites: Session, statement: str) -> None:
        two_sites.execute(text("SET LOCAL ccat.acts_for = 'ccat,cologne'"))
        two_sites.execute(text(statement))


def test_a_session_cannot_act_for_a_site_that_the_database_does_not_have(two_sites: Session) -> None:
    _becomes_database_of(two_sites, "ccat")
    two_sites.execute(text("SET LOCAL ccat.acts_for = 'ccat,cologne'"))
    with pytest.raises(IntegrityError, match="a row of site cologne is not written here"):
        two_sites.execute(text(OF_COLOGNE["delete"]))


def test_a_database_writes_its_own_rows(two_sites: Session) -> None:
    _becomes_database_of(two_sites, "ccat")
    own = "WHERE site_id IN (SELECT site_id FROM database_site)"
    two_sites.execute(text(f"UPDATE error_record SET message = 'mended' {own}"))
    two_sites.execute(text("UPDATE error_record SET message = 'mended' WHERE false"))
    mended = select(models.ErrorRecord.site_id).where(models.ErrorRecord.message == "mended")
    assert two_sites.scalars(mended).all() == ["ccat"]


@pytest.mark.parametrize("table", OWNED)
def test_no_owned_table_is_truncated(session: Session, table: str) -> None:
    with pytest.raises(IntegrityError, match="never truncated"):
        session.execute(text(f"TRUNCATE {table} CASCADE"))


def test_a_row_keeps_its_owner(two_sites: Session) -> None:
    with pytest.raises(IntegrityError, match="of site ccat cannot become one of site cologne"):
        two_sites.execute(text("UPDATE error_record SET site_id = 'cologne'"))


def test_a_copy_belongs_to_the_site_of_its_place(session: Session, world: rows.World) -> None:
    session.add(
        models.RawDataPackagePhysicalCopy(
            id=new_id(),
            site_id="ccat",
            raw_data_package_id=world.package,
            data_location_id="cologne.lta",
            relative_path="a.tar",
            size=1,
            created_at=rows.NOW,
        )
    )
    with pytest.raises(IntegrityError, match="fk_physical_copy_data_location_id_site_id"):
        session.flush()


REFERENCE_CHANGES = {
    "insert": "INSERT INTO role (id) VALUES ('guest')",
    "update": "UPDATE site SET name = 'elsewhere'",
    "delete": "DELETE FROM telescope WHERE false",
    "truncate": "TRUNCATE obs_mode CASCADE",
}


@pytest.mark.parametrize("statement", REFERENCE_CHANGES.values(), ids=REFERENCE_CHANGES.keys())
def test_reference_data_is_changed_at_the_main_site_only(
    session: Session, world: rows.World, statement: str
) -> None:
    _becomes_database_of(session, "cologne", main=True)
    with session.begin_nested() as changes:
        if "TRUNCATE" not in statement:  # there are obs units, which are never truncated
            session.execute(text(statement))
        changes.rollback()
    _becomes_database_of(session, "ccat")
    with pytest.raises(IntegrityError, match="reference data, which only the database of the main site"):
        session.execute(text(statement))


class TestArrival:
    """A session that applies rows of other sites, as replication does."""

    BRING = (
        "INSERT INTO event (id, site_id, occurred_at, actor, action, subject_type, subject_id, message)"
        " VALUES (:id, :site, now(), 'a', 'a', 'site', 'a', 'a')"
    )

    def _bring(self, session: Session, site: str, *links: models.LinkRole) -> None:
        _becomes_database_of(session, "ccat")
        session.add_all(links)
        session.flush()
        session.execute(text("SET LOCAL session_replication_role = replica"))
        key = new_id()
        session.execute(text(self.BRING), {"id": key, "site": site})
        session.execute(text("UPDATE event SET message = 'b' WHERE id = :id"), {"id": key})
        session.execute(text("DELETE FROM event WHERE id = :id"), {"id": key})

    def _link(self, session: Session, site: str, *, recovers: bool = False) -> models.LinkRole:
        role = session.scalar(text("SELECT current_user"))
        return models.LinkRole(role=role, site_id=site, recovers=recovers)

    @pytest.mark.parametrize("allowed", ["cologne", "*"])
    def test_rows_of_another_site_come_by_their_link(self, session: Session, allowed: str) -> None:
        self._bring(session, "cologne", self._link(session, allowed))

    def test_rows_come_by_no_other_link(self, session: Session) -> None:
        with pytest.raises(IntegrityError, match="may not bring a row of site cologne here"):
            self._bring(session, "cologne", self._link(session, "us"))

    def test_without_links_nothing_comes(self, session: Session) -> None:
        with pytest.raises(IntegrityError, match="may not bring a row of site cologne here"):
            self._bring(session, "cologne")

    @pytest.mark.parametrize("allowed", ["ccat", "*"])
    def test_own_rows_come_from_nowhere(self, session: Session, allowed: str) -> None:
        with pytest.raises(IntegrityError, match="may not bring a row of site ccat here"):
            self._bring(session, "ccat", self._link(session, allowed))

    def test_own_rows_come_back_after_a_loss(self, session: Session) -> None:
        self._bring(session, "ccat", self._link(session, "ccat", recovers=True))
