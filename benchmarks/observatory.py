"""A small observatory on disk for benchmarks: reference data, and history by the million."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Engine, create_engine
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
from ccat_ops_db.settings import synchronous

RARE, UNUSED = "rare", "unused"
"""Name of the instrument, the module, the program and the obs unit of a few executions, and of none."""
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
            [Site(id="ccat", name="CCAT", main=True), Site(id="cologne", name="Cologne")],
            [
                Telescope(
                    id="fyst",
                    observatory_id="ccat-observatory",
                    site_id="ccat",
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
    with _bringing_rows(url) as connection:
        for statement in _HISTORY:
            connection.execute(statement, {"packages": packages, "files": files_per_package})


@contextmanager
def _bringing_rows(url: str) -> Iterator[psycopg.Connection[Any]]:
    """Let a connection write rows as if they came from other sites: without guards and foreign key checks.

    Nobody is told of them.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO link_role (role, site_id, recovers) VALUES (current_user, '*', true)"
            " ON CONFLICT DO NOTHING"
        )
        consumers = connection.execute("DELETE FROM change_consumer RETURNING consumer").fetchall()
        connection.execute("SET session_replication_role = replica")
        yield connection
        for (consumer,) in consumers:
            connection.execute("INSERT INTO change_consumer (consumer) VALUES (%s)", (consumer,))
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
        settle_time=0,
    )


def write_open_work(url: str, packages: int, under_way: int) -> None:
    """Let the latest of `packages` packages be under way, and give a few executions another instrument.

    Most wait for the link, some are being sent, some wait to be archived, some are not sealed; one in two
    hundred was given up. Of ten thousand executions one is of another instrument and program, and there
    are an instrument and a program that nobody uses: filters are asked where much, little and nothing fits.
    """
    engine = create_engine(synchronous(url))
    with Session(engine) as session, session.begin():
        for rows in (
            [Instrument(id=name, telescope_id="fyst", name=name) for name in (RARE, UNUSED)],
            [ObservingProgram(id=name, name=name) for name in (RARE, UNUSED)],
            [InstrumentModule(id=name, instrument_id=name, name=name) for name in (RARE, UNUSED)],
            [ObsUnit(id=name, observing_program_id=name, source_id="IRC10216") for name in (RARE, UNUSED)],
        ):
            session.add_all(rows)
            session.flush()
    engine.dispose()
    with _bringing_rows(url) as connection:
        for statement in _UNDER_WAY:
            connection.execute(statement, {"packages": packages, "done": packages - under_way})


_EXECUTION = "md5('execution' || p)::uuid"
_SERIES = "md5('series' || p)::uuid"
_PACKAGE = "md5('package' || p)::uuid"
_FILE = "md5('file' || p || '-' || f)::uuid"
_CHECKSUM = "'xxh3-128:' || md5(p::text)"
_SHA256 = "'sha256:' || md5(p::text) || md5(p::text)"
_FIRST = "timestamptz '2026-01-01'"
_LONG_AGO = f"{_FIRST} + p * interval '1 second'"
_HISTORY = (
    f"""
    INSERT INTO executed_obs_unit (id, site_id, telescope_id, obs_unit_id, status, started_at, ended_at,
        start_received_at)
    SELECT {_EXECUTION}, 'ccat', 'fyst', 'bench', 'completed', {_LONG_AGO},
           {_LONG_AGO} + interval '10 minutes',
           {_LONG_AGO}
    FROM generate_series(1, %(packages)s) AS p
    """,
    f"""
    INSERT INTO executed_obs_unit_module (executed_obs_unit_id, instrument_module_id, site_id)
    SELECT {_EXECUTION}, 'chai-lfa', 'ccat' FROM generate_series(1, %(packages)s) AS p
    """,
    f"""
    INSERT INTO raw_data_series (id, site_id, executed_obs_unit_id, instrument_module_id, source_location_id,
        filed_count, filed_bytes, packaged_count, packaged_bytes, last_filed_at)
    SELECT {_SERIES}, 'ccat', {_EXECUTION}, 'chai-lfa', 'ccat.raw', %(files)s, 1000000, %(files)s, 1000000,
           {_LONG_AGO}
    FROM generate_series(1, %(packages)s) AS p
    """,
    f"""
    INSERT INTO raw_data_package (id, site_id, raw_data_series_id, first_number, last_number, part_number,
        created_at, file_count, payload_bytes, relative_path, sealed_at, size, checksum,
        manifest_checksum, index_checksum)
    SELECT {_PACKAGE}, 'ccat', {_SERIES}, 1, %(files)s, 1, {_LONG_AGO}, %(files)s, 1000000,
           '2026/01/01/' || {_PACKAGE} || '.tar', {_LONG_AGO}, 1050000, {_CHECKSUM}, {_SHA256}, {_SHA256}
    FROM generate_series(1, %(packages)s) AS p
    """,
    f"""
    INSERT INTO raw_data_file (id, site_id, raw_data_series_id, number, revision, relative_path, size,
        checksum, filed_at)
    SELECT {_FILE}, 'ccat', {_SERIES}, f, 1, 'scan-' || p || '/' || f || '.fits', 20000, {_SHA256},
           {_LONG_AGO}
    FROM generate_series(1, %(packages)s) AS p, generate_series(1, %(files)s) AS f
    """,
    f"""
    INSERT INTO raw_data_package_member (raw_data_file_id, site_id, raw_data_package_id, tar_offset, sha256,
        mtime_ns)
    SELECT {_FILE}, 'ccat', {_PACKAGE}, f * 20480, sha256(f::text::bytea), 0
    FROM generate_series(1, %(packages)s) AS p, generate_series(1, %(files)s) AS f
    """,
    f"""
    INSERT INTO physical_copy (id, site_id, kind, form, raw_data_package_id, data_location_id,
        relative_path,
        status, size, created_at, deleted_at)
    SELECT md5('files' || p)::uuid, 'ccat', 'raw_data_package', 'files', {_PACKAGE}, 'ccat.raw',
           '2026/01/01/' || {_PACKAGE}, 'deleted', 1000000, {_LONG_AGO}, {_LONG_AGO}
    FROM generate_series(1, %(packages)s) AS p
    """,
    f"""
    INSERT INTO place_marker (id, site_id, data_location_id, identity, file_system, adopted_at, adopted_by,
        how, to_be_read)
    SELECT md5(id)::uuid, site_id, id, 'disk:1:1', 'bench', {_FIRST}, 'bench', 'automatic', false
    FROM data_location
    """,
    f"""
    INSERT INTO physical_copy (id, site_id, kind, form, raw_data_package_id, data_location_id,
        relative_path,
        status, size, created_at, deleted_at, place_marker_id)
    SELECT md5('copy' || place || p)::uuid, split_part(place, '.', 1), 'raw_data_package', 'tar', {_PACKAGE},
           place,
           '2026/01/01/' || {_PACKAGE} || '.tar',
           CASE place WHEN 'cologne.lta' THEN 'verified' ELSE 'deleted' END, 1050000, {_LONG_AGO},
           CASE place WHEN 'cologne.lta' THEN NULL ELSE {_LONG_AGO} END,
           CASE place WHEN 'cologne.lta' THEN md5(place)::uuid END
    FROM generate_series(1, %(packages)s) AS p, unnest(ARRAY['ccat.buffer', 'cologne.lta']) AS place
    """,
    f"""
    INSERT INTO package_creation (id, site_id, status, priority, created_at, attempt, interruptions,
        dispatches, fencing, bytes_done, bytes_total, raw_data_package_id, source_location_id,
        destination_location_id, finished_at)
    SELECT md5('creation' || p)::uuid, 'ccat', 'completed', 0, {_LONG_AGO}, 0, 0, 0, 1, 1050000, 1050000,
           {_PACKAGE}, 'ccat.raw', 'ccat.buffer', {_LONG_AGO}
    FROM generate_series(1, %(packages)s) AS p
    """,
)

# The latest packages: p counts from the first that is not done; its last digits say what it is at.
_LATEST = "generate_series(%(done)s + 1, %(packages)s) AS p"
_UNDER_WAY = (
    f"""
    UPDATE executed_obs_unit SET obs_unit_id = 'rare'
    WHERE id IN (SELECT {_EXECUTION} FROM generate_series(1, %(packages)s, 10000) AS p)
    """,
    f"""
    UPDATE executed_obs_unit_module SET instrument_module_id = 'rare'
    WHERE executed_obs_unit_id IN (SELECT {_EXECUTION} FROM generate_series(1, %(packages)s, 10000) AS p)
    """,
    f"""
    UPDATE raw_data_series SET instrument_module_id = 'rare'
    WHERE id IN (SELECT {_SERIES} FROM generate_series(1, %(packages)s, 10000) AS p)
    """,
    f"""
    UPDATE executed_obs_unit SET status = 'running', ended_at = NULL
    WHERE id IN (SELECT {_EXECUTION} FROM {_LATEST} WHERE p %% 1000 = 999)
    """,
    f"""
    UPDATE physical_copy SET status = 'present', deleted_at = NULL
    WHERE data_location_id = 'ccat.raw' AND raw_data_package_id IN (SELECT {_PACKAGE} FROM {_LATEST})
    """,
    f"""
    DELETE FROM physical_copy
    WHERE data_location_id = 'cologne.lta' AND raw_data_package_id IN (SELECT {_PACKAGE} FROM {_LATEST})
    """,
    f"""
    UPDATE physical_copy SET status = 'verified', deleted_at = NULL
    WHERE data_location_id = 'ccat.buffer' AND raw_data_package_id IN (SELECT {_PACKAGE} FROM {_LATEST})
    """,
    f"""
    UPDATE physical_copy SET waiting_reason = 'route_disabled', waiting_since = {_LONG_AGO}
    FROM {_LATEST}
    WHERE data_location_id = 'ccat.buffer' AND raw_data_package_id = {_PACKAGE} AND p %% 10 = 9
    """,
    f"""
    WITH made AS (SELECT {_PACKAGE} AS id FROM {_LATEST} WHERE p %% 10 = 6),
    gone AS (
        DELETE FROM physical_copy
        WHERE data_location_id = 'ccat.buffer' AND raw_data_package_id IN (SELECT id FROM made)
    ),
    opened AS (
        UPDATE package_creation SET status = 'pending', finished_at = NULL, bytes_done = 0
        WHERE raw_data_package_id IN (SELECT id FROM made)
    )
    UPDATE raw_data_package SET sealed_at = NULL, size = NULL, checksum = NULL, manifest_checksum = NULL,
        index_checksum = NULL
    WHERE id IN (SELECT id FROM made)
    """,
    f"""
    INSERT INTO data_transfer (id, site_id, status, priority, created_at, attempt, interruptions,
        dispatches, fencing, bytes_done, bytes_total, partial_bytes, raw_data_package_id, source_copy_id,
        source_location_id, destination_location_id, destination_path, final_site_id, data_transfer_route_id,
        lease_owner, lease_expires_at, finished_at, error_class, error_category, error_message,
        waiting_reason, waiting_since)
    SELECT md5('transfer' || p)::uuid, 'ccat',
           CASE WHEN p %% 200 = 7 THEN 'failed' WHEN p %% 100 = 5 THEN 'in_progress' ELSE 'pending' END,
           0, {_LONG_AGO}, 0, 0, 0, 1, 0, 1050000, 0, {_PACKAGE}, md5('copy' || 'ccat.buffer' || p)::uuid,
           'ccat.buffer', 'cologne.lta', '2026/01/01/' || {_PACKAGE} || '.tar', 'cologne', 'ccat-cologne',
           CASE WHEN p %% 100 = 5 THEN 'worker-1' END,
           CASE WHEN p %% 100 = 5 THEN {_LONG_AGO} END,
           CASE WHEN p %% 200 = 7 THEN {_LONG_AGO} END,
           CASE WHEN p %% 200 = 7 THEN 'configuration' END,
           CASE WHEN p %% 200 = 7 THEN 'bucket_missing' END,
           CASE WHEN p %% 200 = 7 THEN 'there is no bucket' END,
           CASE WHEN p %% 200 <> 7 AND p %% 100 <> 5 THEN 'link_window_closed' END,
           CASE WHEN p %% 200 <> 7 AND p %% 100 <> 5 THEN {_LONG_AGO} END
    FROM {_LATEST} WHERE p %% 10 NOT IN (6, 8, 9)
    """,
    f"""
    INSERT INTO long_term_archive_transfer (id, site_id, status, priority, created_at, attempt, interruptions,
        dispatches, fencing, bytes_done, bytes_total, partial_bytes, raw_data_package_id, source_copy_id,
        destination_location_id, waiting_reason, waiting_since)
    SELECT md5('archive' || p)::uuid, 'cologne', 'pending', 0, {_LONG_AGO}, 0, 0, 0, 1, 0, 1050000, 0,
           {_PACKAGE}, md5('copy' || 'ccat.buffer' || p)::uuid, 'cologne.lta', 'concurrency_limit',
           {_LONG_AGO}
    FROM {_LATEST} WHERE p %% 10 = 8
    """,
    """
    INSERT INTO verification (id, site_id, physical_copy_id, number, work_table, work_id, fencing, reason,
        method, finding, size_found, checksum_found, identity, members_checked, place_marker_id, worker,
        worker_clock, begun_at, recorded_at, proved_at, bytes_read, duration_ms)
    SELECT c.id, c.site_id, c.id, 1, 'fixity_check', c.id, 1, 'arrival', 'full_read', 'right', p.size,
           p.checksum, 'bench', false, md5(c.data_location_id)::uuid, 'bench', c.created_at, c.created_at,
           c.created_at, c.created_at, p.size, 1000
    FROM physical_copy c JOIN raw_data_package p ON p.id = c.raw_data_package_id
    WHERE c.status = 'verified'
    """,
)
