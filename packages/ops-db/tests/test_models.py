"""Names and types that others rely on."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import JSON, BigInteger, DateTime, TypeDecorator, select, text
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session

from ccat_ops_db import enumerations, models
from ccat_ops_db.identity import new_id, time_of_id
from ccat_ops_db.models.base import snake_case
from ccat_ops_db.replication.classes import LOCAL

from . import rows

DOCUMENTED = {
    "LocationType": {"source", "buffer", "long_term_archive", "processing"},
    "StorageType": {"disk", "s3", "tape"},
    "RouteType": {"direct", "relay", "custom"},
    "Status": {"pending", "scheduled", "in_progress", "completed", "failed"},
    "PackageState": {"waiting", "transferring", "archived", "failed"},
    "PhysicalCopyStatus": {"present", "staged", "deletion_scheduled", "deletion_in_progress", "deleted"},
}
ENTITIES = """
    Observatory Telescope Instrument InstrumentModule InstrumentModuleConfiguration
    ChaiModuleConfiguration PrimeCamModuleConfiguration ObservingProgram SubObservingProgram Source
    FixedSource SolarSystemObject ConstantElevationSource Line ObsMode ObservationConfiguration
    ChaiObservationConfiguration ChaiTiling ChaiInparParameter PrimeCamObservationConfiguration ObsUnit
    PreScheduledSlot ExecutedObsUnit RawDataFile RawDataFileView RawDataPackage RawDataPackageMember
    RawDataPackageMetadata RawDataSeries DataTransferPackage Site DataLocation DiskDataLocation
    S3DataLocation TapeDataLocation FileSystem FileSystemUsage PhysicalCopy RawDataFilePhysicalCopy
    RawDataPackagePhysicalCopy DataTransferRoute DataTransfer LongTermArchiveTransfer StagingJob
    DataTransferLog RetentionPolicy DeletionHold ErrorRecord Event FixityCheck ConfigurationRevision User
    Role Permission ApiToken
""".split()  # noqa: SIM905


@pytest.mark.parametrize("name", DOCUMENTED)
def test_documented_enumerations(name: str) -> None:
    members = getattr(enumerations, name)
    assert {member.value for member in members} >= DOCUMENTED[name]
    assert all(member.name == member.value.upper() for member in members)


@pytest.mark.parametrize("name", ENTITIES)
def test_entity_can_be_imported_from_models(name: str) -> None:
    assert issubclass(getattr(models, name), models.Base)
    assert name in models.__all__


def test_table_names_are_snake_case_of_the_class() -> None:
    assert [snake_case(name) for name in ("ApiToken", "ChaiTiling", "ExecutedObsUnit", "S3DataLocation")] == [
        "api_token",
        "chai_tiling",
        "executed_obs_unit",
        "s3_data_location",
    ]
    assert {"api_token", "chai_tiling", "executed_obs_unit", "s3_data_location"} <= set(
        models.Base.metadata.tables
    )


def test_times_have_a_zone_and_integers_64_bits() -> None:
    for table in models.Base.metadata.sorted_tables:
        for column in table.columns:
            kind = column.type
            if isinstance(kind, TypeDecorator):
                kind = kind.impl_instance
            if isinstance(kind, DateTime):
                assert kind.timezone, f"{table.name}.{column.name}"
            if column.type.python_type is int:
                assert isinstance(kind, BigInteger), f"{table.name}.{column.name}"


def test_every_operational_table_has_an_owner() -> None:
    """A table is reference data (or a part of such), belongs to accounts, or names its owning site."""
    of_the_main_site = {
        "chai_module_configuration", "prime_cam_module_configuration", "fixed_source", "solar_system_object",
        "constant_elevation_source", "chai_observation_configuration", "prime_cam_observation_configuration",
        "chai_tiling", "chai_inpar_parameter", "obs_unit_observation_configuration", "disk_data_location",
        "s3_data_location", "tape_data_location", "data_transfer_route_window", "configuration_revision",
        "role_permission", "user", "user_role",
    }  # fmt: skip
    for table in models.Base.metadata.sorted_tables:
        owned = {"site_id", "retired_at"} & set(table.columns.keys())
        assert owned or table.name in of_the_main_site | set(LOCAL), table.name


def test_documents_are_only_used_where_others_define_the_keys() -> None:
    found = {
        f"{table.name}.{column.name}"
        for table in models.Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, JSON)
    }
    assert found == {
        "observation_configuration.mapping_parameters",
        "obs_unit.mapping_parameters",
        "obs_unit.additional_params",
        "event.details",
        "configuration_revision.content",
    }


def test_naive_time_is_refused(session: Session, world: rows.World) -> None:
    with pytest.raises(StatementError, match="has no zone"):
        session.execute(select(models.Event.id).where(models.Event.occurred_at == datetime(2026, 1, 1)))  # noqa: DTZ001


def test_times_come_back_in_utc(session: Session, world: rows.World) -> None:
    execution = session.get_one(models.ExecutedObsUnit, world.execution)
    execution.started_at = datetime(2026, 11, 21, 9, 0, tzinfo=timezone(timedelta(hours=-3)))
    session.commit()
    session.expire_all()
    stored = session.get_one(models.ExecutedObsUnit, world.execution).started_at
    assert stored.isoformat() == "2026-11-21T12:00:00+00:00"


def test_server_speaks_utc(session: Session) -> None:
    assert session.scalar(text("SHOW timezone")) == "UTC"


def test_relationships_are_loaded_on_request_only() -> None:
    for mapper in models.Base.registry.mappers:
        for relationship in mapper.relationships:
            assert relationship.lazy == "raise", f"{mapper.class_.__name__}.{relationship.key}"


def test_identifiers_are_sorted_by_time() -> None:
    before = datetime.now(UTC)
    identifiers = [new_id() for _ in range(1000)]
    assert identifiers == sorted(identifiers)
    assert {identifier.version for identifier in identifiers} == {7}
    assert abs(time_of_id(identifiers[0]) - before) < timedelta(minutes=1)
