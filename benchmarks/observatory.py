"""A small observatory on disk for benchmarks: reference data, and history by the million."""

from pathlib import Path

import psycopg
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ccat_ops_db.enumerations import DeletionMode, DeletionTrigger, LocationType, RouteType, TransferMethod
from ccat_ops_db.models import (
    DataTransferRoute,
    DiskDataLocation,
    FixedSource,
    Instrument,
    InstrumentModule,
    Observatory,
    ObservingProgram,
    ObsUnit,
    RetentionPolicy,
    Site,
    Telescope,
)

LOCATIONS = (
    ("ccat.raw", LocationType.SOURCE, "when-archived"),
    ("ccat.buffer", LocationType.BUFFER, "when-archived"),
    ("cologne.lta", LocationType.LONG_TERM_ARCHIVE, None),
)


def seed(engine: Engine, root: Path) -> None:
    """Write the reference data: source and buffer at the telescope, an archive reached directly."""
    with Session(engine) as session, session.begin():
        steps = (
            [Observatory(id="ccat-observatory", name="CCAT Observatory")],
            [
                Telescope(
                    id="fyst",
                    observatory_id="ccat-observatory",
                    name="FYST",
                    latitude=-22.98,
                    longitude=-67.74,
                    altitude=5600,
                )
            ],
            [Instrument(id="chai", telescope_id="fyst", name="CHAI")],
            [InstrumentModule(id="chai-lfa", instrument_id="chai", name="LFA")],
            [ObservingProgram(id="GEco", name="Galactic Ecology")],
            [FixedSource(id="IRC10216", right_ascension=146.989, declination=13.2788)],
            [ObsUnit(id="bench", observing_program_id="GEco", source_id="IRC10216")],
            [Site(id="ccat", name="CCAT", main=True), Site(id="cologne", name="Cologne")],
            [
                RetentionPolicy(
                    id="when-archived", trigger=DeletionTrigger.WHEN_ARCHIVED, min_archive_copies=1
                )
            ],
            [_location(root, *facts) for facts in LOCATIONS],
            [
                DataTransferRoute(
                    id="ccat-cologne",
                    origin_site_id="ccat",
                    destination_site_id="cologne",
                    route_type=RouteType.DIRECT,
                    method=TransferMethod.POSIX,
                )
            ],
        )
        for rows in steps:
            session.add_all(rows)
            session.flush()


def write_history(url: str, packages: int, files_per_package: int) -> None:
    """Fill the database with packages that were archived long ago and removed at the telescope."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # no triggers, no foreign key checks
        for statement in _HISTORY:
            connection.execute(statement, {"packages": packages, "files": files_per_package})
        connection.execute("VACUUM (ANALYZE)")


def _location(
    root: Path, location_id: str, location_type: LocationType, policy: str | None
) -> DiskDataLocation:
    folder = root / location_id
    folder.mkdir(parents=True, exist_ok=True)
    site_id, name = location_id.split(".")
    return DiskDataLocation(
        id=location_id,
        site_id=site_id,
        name=name,
        location_type=location_type,
        path=str(folder),
        retention_policy_id=policy,
        deletion_mode=DeletionMode.ENABLED,
    )


_EXECUTION = "md5('execution' || p)::uuid"
_PACKAGE = "md5('package' || p)::uuid"
_FILE = "md5('file' || p || '-' || f)::uuid"
_CHECKSUM = "'xxh3-128:' || md5(p::text)"
_SHA256 = "'sha256:' || md5(p::text) || md5(p::text)"
_LONG_AGO = "timestamptz '2026-01-01' + p * interval '1 second'"
_HISTORY = (
    f"""
    INSERT INTO executed_obs_unit (id, site_id, obs_unit_id, status, started_at, ended_at,
        start_received_at)
    SELECT {_EXECUTION}, 'ccat', 'bench', 'completed', {_LONG_AGO}, {_LONG_AGO} + interval '10 minutes',
           {_LONG_AGO}
    FROM generate_series(1, %(packages)s) AS p
    """,
    f"""
    INSERT INTO raw_data_package (id, site_id, executed_obs_unit_id, instrument_module_id, part_number,
        source_location_id, created_at, file_count, payload_bytes, relative_path, sealed_at, size, checksum,
        manifest_checksum, index_checksum, source_removed_at)
    SELECT {_PACKAGE}, 'ccat', {_EXECUTION}, 'chai-lfa', 1, 'ccat.raw', {_LONG_AGO}, %(files)s, 1000000,
           '2026/01/01/' || {_PACKAGE} || '.tar', {_LONG_AGO}, 1050000, {_CHECKSUM}, {_SHA256}, {_SHA256},
           {_LONG_AGO}
    FROM generate_series(1, %(packages)s) AS p
    """,
    f"""
    INSERT INTO raw_data_file (id, site_id, executed_obs_unit_id, instrument_module_id, relative_path, size,
        checksum, source_location_id, filed_at, raw_data_package_id, member_offset, member_checksum)
    SELECT {_FILE}, 'ccat', {_EXECUTION}, 'chai-lfa', 'scan-' || p || '/' || f || '.fits', 20000, {_SHA256},
           'ccat.raw', {_LONG_AGO}, {_PACKAGE}, f * 20480, {_SHA256}
    FROM generate_series(1, %(packages)s) AS p, generate_series(1, %(files)s) AS f
    """,
    f"""
    INSERT INTO physical_copy (id, site_id, kind, raw_data_file_id, data_location_id, relative_path, status,
        size, created_at, deleted_at)
    SELECT md5('copy' || p || '-' || f)::uuid, 'ccat', 'raw_data_file', {_FILE}, 'ccat.raw',
           'scan-' || p || '/' || f || '.fits', 'deleted', 20000, {_LONG_AGO}, {_LONG_AGO}
    FROM generate_series(1, %(packages)s) AS p, generate_series(1, %(files)s) AS f
    """,
    f"""
    INSERT INTO physical_copy (id, site_id, kind, raw_data_package_id, data_location_id, relative_path,
        status, size, created_at, checksum, verified_at, verified_by, deleted_at)
    SELECT md5('copy' || place || p)::uuid, split_part(place, '.', 1), 'raw_data_package', {_PACKAGE}, place,
           '2026/01/01/' || {_PACKAGE} || '.tar',
           CASE place WHEN 'cologne.lta' THEN 'verified' ELSE 'deleted' END, 1050000, {_LONG_AGO},
           {_CHECKSUM}, {_LONG_AGO}, 'full_read', CASE place WHEN 'cologne.lta' THEN NULL ELSE {_LONG_AGO} END
    FROM generate_series(1, %(packages)s) AS p, unnest(ARRAY['ccat.buffer', 'cologne.lta']) AS place
    """,
    f"""
    INSERT INTO package_creation (id, site_id, status, priority, created_at, attempt, interruptions, fencing,
        bytes_done, bytes_total, raw_data_package_id, source_location_id, destination_location_id,
        finished_at)
    SELECT md5('creation' || p)::uuid, 'ccat', 'completed', 0, {_LONG_AGO}, 0, 0, 1, 1050000, 1050000,
           {_PACKAGE}, 'ccat.raw', 'ccat.buffer', {_LONG_AGO}
    FROM generate_series(1, %(packages)s) AS p
    """,
)
