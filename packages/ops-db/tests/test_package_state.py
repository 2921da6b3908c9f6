"""The derived state of a package."""

from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ccat_ops_db import models
from ccat_ops_db.enumerations import DeletionTrigger, LocationType, PackageState, PhysicalCopyStatus, Status
from ccat_ops_db.package_state import package_state

from . import rows


def state(session: Session, package: Any) -> str:
    query = select(package_state()).where(models.RawDataPackage.id == package)
    return session.execute(query).scalar_one()


@pytest.fixture
def package(session: Session, world: rows.World) -> Any:
    return rows.add_package(session, world.execution, part=2)


def test_waiting_at_its_first_location(session: Session, package: Any) -> None:
    assert state(session, package) == PackageState.WAITING
    rows.add_copy(session, package, "ccat.output-buffer", PhysicalCopyStatus.PRESENT)
    assert state(session, package) == PackageState.WAITING


@pytest.mark.parametrize("status", [Status.PENDING, Status.SCHEDULED, Status.IN_PROGRESS, Status.FAILED])
def test_transferring_and_failed(session: Session, package: Any, status: Status) -> None:
    copy = rows.add_copy(session, package, "ccat.output-buffer")
    session.add(
        models.DataTransfer(
            site_id="ccat",
            created_at=rows.NOW,
            raw_data_package_id=package,
            source_copy_id=copy,
            source_location_id="ccat.output-buffer",
            destination_location_id="cologne.input-buffer",
            destination_path=f"2026/11/21/{package}.tar",
            final_site_id="cologne",
            data_transfer_route_id="ccat-cologne",
            status=status,
            lease_owner="a",
            lease_expires_at=rows.NOW,
        )
    )
    session.flush()
    wanted = PackageState.FAILED if status is Status.FAILED else PackageState.TRANSFERRING
    assert state(session, package) == wanted


def test_transferring_between_two_hops(session: Session, package: Any) -> None:
    rows.add_copy(session, package, "ccat.output-buffer")
    rows.add_copy(session, package, "cologne.input-buffer")
    assert state(session, package) == PackageState.TRANSFERRING


@pytest.mark.parametrize(
    ("status", "archived"),
    [
        (PhysicalCopyStatus.VERIFIED, True),
        (PhysicalCopyStatus.PRESENT, False),
        (PhysicalCopyStatus.CORRUPT, False),
        (PhysicalCopyStatus.MISSING, False),
    ],
)
def test_archived_by_verified_copies_only(
    session: Session, package: Any, status: PhysicalCopyStatus, archived: bool
) -> None:
    rows.add_copy(session, package, "cologne.lta", status)
    assert (state(session, package) == PackageState.ARCHIVED) is archived


def test_verified_copy_elsewhere_does_not_archive(session: Session, package: Any) -> None:
    rows.add_copy(session, package, "cologne.processing")
    assert state(session, package) == PackageState.WAITING


def test_archived_as_often_as_the_policy_of_its_source_wants(session: Session, package: Any) -> None:
    session.add(models.RetentionPolicy(id="two", trigger=DeletionTrigger.WHEN_ARCHIVED, min_archive_copies=2))
    session.add(
        models.DiskDataLocation(
            id="ccat.lta",
            site_id="ccat",
            name="lta",
            location_type=LocationType.LONG_TERM_ARCHIVE,
            path="/lta",
        )
    )
    session.flush()
    session.execute(
        update(models.DataLocation)
        .where(models.DataLocation.id == "ccat.chai-raw-data")
        .values(retention_policy_id="two")
    )
    for _ in range(2):  # two copies in one archive are one archive
        rows.add_copy(session, package, "cologne.lta")
        assert state(session, package) != PackageState.ARCHIVED
    rows.add_copy(session, package, "ccat.lta")
    assert state(session, package) == PackageState.ARCHIVED
