"""Files as one reads them: a flat view and relationships for reading, on PostgreSQL and in a local file."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session, joinedload, selectinload

from ccat_ops_db import init_ccat_ops_db
from ccat_ops_db.enumerations import FileExceptionKind
from ccat_ops_db.filing import FileFacts, file_again, file_raw_data
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import (
    Base,
    DataLocation,
    ExecutedObsUnit,
    InstrumentModule,
    RawDataFile,
    RawDataFileView,
    RawDataPackage,
    RawDataPackageMember,
    RawDataSeries,
)

from . import rows

SOURCE = "ccat.chai-raw-data"


@pytest.fixture(params=["postgresql", "sqlite"])
def opened(request: pytest.FixtureRequest) -> Iterator[Session]:
    """A session with a file in a tar, one that was left out of it, and one that is in no package yet."""
    if request.param == "postgresql":
        yield _filled(request.getfixturevalue("session"))
        return
    scoped, engine = init_ccat_ops_db(database=":memory:")
    yield _filled(scoped())
    scoped.remove()
    engine.dispose()


def _filled(session: Session) -> Session:
    rows.add_reference_data(session)
    execution = rows.add_execution(session)
    inside, left_out = _file(session, execution, "a.fits", "b.fits")
    package = new_id()
    session.add(
        RawDataPackage(
            id=package,
            site_id="ccat",
            raw_data_series_id=inside.raw_data_series_id,
            first_number=1,
            last_number=2,
            part_number=1,
            created_at=rows.NOW,
            file_count=1,
            payload_bytes=3,
            relative_path=f"2026/11/21/{package}.tar",
            sealed_at=rows.NOW,
            size=10240,
            checksum=rows.XXH3,
            manifest_checksum=rows.SHA256,
            index_checksum=rows.SHA256,
        )
    )
    session.flush()
    session.add(
        RawDataPackageMember(
            raw_data_file_id=inside.id,
            site_id="ccat",
            raw_data_package_id=package,
            tar_offset=1536,
            sha256=bytes(range(32)),
            mtime_ns=1_700_000_000_123_456_789,
        )
    )
    rows.add_exception(session, left_out.id)
    _file(session, execution, "c.fits")
    session.commit()
    session.expire_all()
    return session


def _file(session: Session, execution: Any, *paths: str) -> list[RawDataFile]:
    facts = [FileFacts(path, 3, rows.SHA256) for path in paths]
    return file_raw_data(session, execution, "chai-lfa", SOURCE, facts, rows.NOW)


def test_the_view_has_all_of_a_file_in_one_row(opened: Session) -> None:
    inside, left_out, loose = opened.scalars(select(RawDataFileView).order_by(RawDataFileView.number))
    [package] = opened.scalars(select(RawDataPackage))
    [execution] = opened.scalars(select(ExecutedObsUnit))
    assert [file.relative_path for file in (inside, left_out, loose)] == ["a.fits", "b.fits", "c.fits"]
    assert {
        (file.executed_obs_unit_id, file.instrument_module_id, file.source_location_id)
        for file in (inside, left_out, loose)
    } == {(execution.id, "chai-lfa", SOURCE)}
    assert (inside.raw_data_package_id, inside.tar_offset, inside.left_out) == (package.id, 1536, False)
    assert (inside.sha256, inside.mtime_ns) == (bytes(range(32)), 1_700_000_000_123_456_789)
    assert (left_out.raw_data_package_id, left_out.tar_offset, left_out.left_out) == (package.id, None, True)
    assert (left_out.exception, left_out.decision) == (FileExceptionKind.MISSING, None)
    assert (loose.raw_data_package_id, loose.left_out, loose.exception) == (None, False, None)
    assert (package.executed_obs_unit_id, package.source_location_id) == (execution.id, SOURCE)


def test_relationships_lead_through_the_series_and_the_members(opened: Session) -> None:
    lead = [
        joinedload(RawDataFile.executed_obs_unit),
        joinedload(RawDataFile.instrument_module),
        joinedload(RawDataFile.source_location),
        joinedload(RawDataFile.raw_data_package),
        joinedload(RawDataFile.exception),
    ]
    inside, left_out, _ = opened.scalars(select(RawDataFile).options(*lead).order_by(RawDataFile.number))
    assert (inside.instrument_module.id, inside.source_location.id) == ("chai-lfa", SOURCE)
    assert inside.raw_data_package is not None
    assert (left_out.raw_data_package, inside.exception) == (None, None)
    assert left_out.exception is not None
    assert left_out.exception.detail == "it is not there"
    package = opened.scalars(
        select(RawDataPackage).options(
            joinedload(RawDataPackage.executed_obs_unit),
            joinedload(RawDataPackage.instrument_module),
            joinedload(RawDataPackage.source_location),
            selectinload(RawDataPackage.raw_data_files),
        )
    ).one()
    assert package.executed_obs_unit is inside.executed_obs_unit
    assert (package.instrument_module.id, package.source_location.id) == ("chai-lfa", SOURCE)
    assert package.raw_data_files == [inside]


@pytest.mark.parametrize("model", [ExecutedObsUnit, InstrumentModule, DataLocation])
def test_lists_of_files(opened: Session, model: Any) -> None:
    found = opened.scalars(select(model).options(selectinload(model.raw_data_files))).all()
    paths = [file.relative_path for each in found for file in each.raw_data_files]
    assert paths == ["a.fits", "b.fits", "c.fits"]


def test_the_packages_of_an_execution(opened: Session) -> None:
    lists = selectinload(ExecutedObsUnit.raw_data_packages)
    execution = opened.scalars(select(ExecutedObsUnit).options(lists)).one()
    assert [package.part_number for package in execution.raw_data_packages] == [1]


def test_what_is_filed_anew_has_the_next_revision_and_number(opened: Session) -> None:
    old = opened.scalars(select(RawDataFile).where(RawDataFile.relative_path == "b.fits")).one()
    new = file_again(opened, old, 4, rows.SHA256, rows.NOW)
    assert (new.revision, new.number, new.size, old.size) == (2, 4, 4, 3)
    series = opened.scalars(select(RawDataSeries)).one()
    assert (series.filed_count, series.filed_bytes) == (4, 13)


def test_relationships_through_others_write_nothing(opened: Session) -> None:
    """They are for reading: what is changed in them is changed nowhere."""
    through = {"raw_data_series", "raw_data_package_member"}
    for mapper in Base.registry.mappers:
        for relationship in inspect(mapper).relationships:
            if relationship.secondary is not None and relationship.secondary.name in through:
                assert relationship.viewonly, relationship
    execution = opened.scalars(
        select(ExecutedObsUnit).options(selectinload(ExecutedObsUnit.raw_data_files))
    ).one()
    execution.raw_data_files.clear()
    file = opened.scalars(select(RawDataFile).where(RawDataFile.relative_path == "a.fits")).one()
    file.raw_data_package = None
    opened.commit()
    assert opened.query(RawDataSeries).count() == 1
    assert opened.query(RawDataPackageMember).count() == 1
