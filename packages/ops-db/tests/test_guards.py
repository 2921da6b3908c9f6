"""What PostgreSQL itself refuses: facts that change, events that are rewritten, rows without proof."""

from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ccat_ops_db import models
from ccat_ops_db.enumerations import Severity
from ccat_ops_db.events import record_error, record_event, resolve_errors
from ccat_ops_db.guards import FILED_FACTS, MEMBER_FACTS, SEALED_FACTS
from ccat_ops_db.identity import new_id

from . import rows

OTHER_VALUES: dict[str, Any] = {
    "site_id": "cologne",
    "instrument_module_id": "another",
    "part_number": 99,
    "source_location_id": "ccat.output-buffer",
    "relative_path": "elsewhere",
    "size": 99,
    "file_count": 99,
    "payload_bytes": 99,
    "member_offset": 99,
    "file_type": "log",
    "checksum": "md5:" + "f" * 32,
    "manifest_checksum": "sha256:" + "f" * 64,
    "index_checksum": "sha256:" + "f" * 64,
    "member_checksum": "sha256:" + "f" * 64,
    "raw_data_package_id": None,
}
TIMES = {"created_at", "sealed_at", "filed_at", "written_from", "written_until"}


def _other(column: str) -> Any:
    if column in TIMES:
        return "2020-01-01T00:00:00Z"
    if column in {"id", "executed_obs_unit_id"}:
        return new_id()
    return OTHER_VALUES[column]


@pytest.mark.parametrize("column", SEALED_FACTS)
def test_sealed_package_keeps_its_facts(session: Session, world: rows.World, column: str) -> None:
    statement = text(f"UPDATE raw_data_package SET {column} = :value WHERE id = :id")
    with pytest.raises(IntegrityError, match="facts cannot change"):
        session.execute(statement, {"value": _other(column), "id": world.package})


@pytest.mark.parametrize("column", [*FILED_FACTS, *MEMBER_FACTS])
def test_filed_file_keeps_its_facts(session: Session, world: rows.World, column: str) -> None:
    statement = text(f"UPDATE raw_data_file SET {column} = :value WHERE id = :id")
    with pytest.raises(IntegrityError, match="facts cannot change"):
        session.execute(statement, {"value": _other(column), "id": world.file})


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


def test_unpackaged_file_may_be_packaged(session: Session, world: rows.World) -> None:
    file = rows.add_file(session, world.execution, None, "b.fits")
    session.execute(
        update(models.RawDataFile)
        .where(models.RawDataFile.id == file)
        .values(raw_data_package_id=world.package)
    )
    session.execute(
        update(models.RawDataFile).where(models.RawDataFile.id == file).values(raw_data_package_id=None)
    )


def test_what_is_not_a_fact_of_a_sealed_package_may_change(session: Session, world: rows.World) -> None:
    session.execute(update(models.RawDataPackage).values(source_removed_at=rows.NOW))
    assert session.scalar(select(models.RawDataPackage.source_removed_at)) == rows.NOW


def test_sealed_package_and_packaged_file_are_never_deleted(session: Session, world: rows.World) -> None:
    for table, key, reason in (
        ("raw_data_package", world.package, "a sealed package is never deleted"),
        ("raw_data_file", world.file, "a packaged file is never deleted"),
    ):
        with pytest.raises(IntegrityError, match=reason), session.begin_nested():
            session.execute(text(f"DELETE FROM {table} WHERE id = :id"), {"id": key})


def test_file_filed_by_mistake_may_be_deleted_before_it_is_packaged(
    session: Session, world: rows.World
) -> None:
    file = rows.add_file(session, world.execution, None, "mistake.fits")
    session.execute(text("DELETE FROM raw_data_file WHERE id = :id"), {"id": file})
    assert session.scalar(select(models.RawDataFile.id).where(models.RawDataFile.id == file)) is None


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


SITE = "INSERT INTO site (id, name, time_zone, enabled, main) VALUES ('{}', 'A', 'UTC', true, false)"
CHECKSUM = "UPDATE physical_copy SET checksum = '{}'"
REFUSED = {
    "checksum in upper case": CHECKSUM.format("md5:" + "F" * 32),
    "checksum of a wrong length": CHECKSUM.format("sha256:" + "0" * 63),
    "checksum without algorithm": CHECKSUM.format("0" * 64),
    "checksum with an unknown algorithm": CHECKSUM.format("sha1:" + "0" * 40),
    "checksum with a newline": CHECKSUM.format("md5:" + "0" * 32 + "\n"),
    "verified without proof": "UPDATE physical_copy SET verified_at = NULL",
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
        "INSERT INTO retention_policy (id, trigger, min_archive_copies, max_verification_age, retention_time,"
        " grace_period, reconfirmation) VALUES ('a', 'when_archived', 0, 1, 0, 0, 'header')"
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
    second = rows.add_copy(session, world.package, world.buffer)
    with pytest.raises(IntegrityError, match="uq_physical_copy_living_path"):
        session.execute(
            update(models.PhysicalCopy)
            .where(models.PhysicalCopy.id == second)
            .values(relative_path=copy.relative_path)
        )


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


@pytest.mark.xfail(
    strict=True,
    raises=pytest.fail.Exception,
    reason="i1: anybody's SQL can give up, rename or remove an archived copy, and empty the events",
)
@pytest.mark.parametrize(
    "statement",
    [
        "TRUNCATE event",
        "DELETE FROM physical_copy WHERE data_location_id = 'cologne.lta'",
        "UPDATE physical_copy SET status = 'deletion_scheduled' WHERE data_location_id = 'cologne.lta'",
        "UPDATE physical_copy SET relative_path = 'other.tar' WHERE data_location_id = 'cologne.lta'",
    ],
)
def test_an_archived_copy_and_events_are_guarded(session: Session, world: rows.World, statement: str) -> None:
    rows.add_copy(session, world.package, "cologne.lta")
    with pytest.raises(IntegrityError):
        session.execute(text(statement))
